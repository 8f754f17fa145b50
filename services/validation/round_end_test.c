/* When a round is due again, and until when it looks. */
#include "round_end.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate.h"
#include "validation.h"

/* Minutes since the cadence has begun; the next look so many seconds later, -1: none. A failed look is tried after a
 * pause, which is `soonest` at the least. */
// clang-format off
static const struct {
    int at_min;
    bool failed, beyond, cut;
    int64_t soonest_s, latest_s;
} cases[] = {
    { 0,  false, false, false,   60,   60 },
    { 20, false, false, false,  300,  300 },
    { 75, false, false, false,   -1,   -1 },
    { 75, true,  false, false,   -1,   -1 },
    { 75, false, true,  false, 3600, 3600 },
    { 75, true,  true,  false,    1,  300 },
    { 20, true,  false, false,    1,  299 },
    { 20, false, false, true,   300,  300 }, /* what did not fail has no reason to hurry */
    { 75, false, false, true,    -1,   -1 },
    { 20, true,  false, true,     0,    0 },
    { 75, true,  false, true,     0,    0 },
};
// clang-format on

static struct lane_item *item_of(void)
{
    static Job job = JOB__INIT;
    static struct lane_item item = { .job = &job };

    return &item;
}

static void a_round_is_due_again(void **state)
{
    struct instant from = instant_from_unix(1700000000);
    struct cadence cadence;

    (void)state;
    assert_true(cadence_read("1m/15m 5m/1h", &cadence));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct instant now = instant_add(from, seconds(60 * cases[i].at_min)), next = now;
        struct round_due due = { &cadence, from, cases[i].failed, cases[i].beyond };

        gate_open();
        if (cases[i].cut)
            gate_cut();
        bool again = round_end_due(item_of(), &due, now, &next);
        int64_t pause_s = again ? (next.us - now.us) / 1000000 : -1;
        if (pause_s < cases[i].soonest_s || pause_s > cases[i].latest_s)
            fail_msg("case %zu: %lld s", i, (long long)pause_s);
    }
}

/* It was asked between the two: then it is so long after the first at the least, and after the second at the most. */
static void deadline_is(const struct lane_item *item, struct duration after)
{
    struct tick before = tick_now(), deadline = round_end_deadline(item);

    assert_true(deadline.us >= before.us + after.us);
    assert_true(deadline.us <= tick_now().us + after.us);
}

/* A second before who waits goes, and never too soon for a look-up that is well. */
static void a_round_looks_until_its_caller_goes(void **state)
{
    struct call waiter = { .deadline = tick_after(seconds(30)) };
    struct lane_item item = *item_of();

    (void)state;
    validation.timeout = seconds(60);
    deadline_is(&item, seconds(60));
    item.waiter = &waiter;
    assert_int_equal(round_end_deadline(&item).us, waiter.deadline.us - seconds(1).us);
    waiter.deadline = tick_now();
    deadline_is(&item, seconds(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_is_due_again),
        cmocka_unit_test(a_round_looks_until_its_caller_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
