#include "token/breaker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* One event after the other: 'x' a failure, 'o' a success, 'p' a good probe, 'l' one that was
 * asked for at the start and is late, '?' asked and allowed, '!' asked and refused; the tick moves on by `after` microseconds before each. */
static void play(struct breaker *b, const char *events, int64_t after)
{
    struct tick now = { 1000 };
    for (const char *e = events; *e; e++) {
        now.us += after;
        if (*e == 'x' || *e == 'o')
            breaker_note(b, *e == 'o', now);
        else if (*e == 'p')
            breaker_probed(b, now);
        else if (*e == 'l')
            breaker_probed(b, (struct tick){ 1000 });
        else
            assert_int_equal(breaker_allows(b, now), *e == '?');
    }
}

static void breaker_follows_events(void **state)
{
    (void)state;
    static const struct {
        const char *events;
        int64_t after;
        bool open;
    } cases[] = {
        { "???", 1, false },          /* healthy */
        { "xx?", 1, false },          /* below the limit */
        { "xxox?", 1, false },        /* only failures in a row count */
        { "xxx!!", 1, true },         /* open */
        { "xxx?", 100, true },        /* one trial after the rest */
        { "xxx!?!?", 60, true },      /* and only one in each rest */
        { "xxx!?x!?", 60, true },     /* a failed trial starts the rest again */
        { "xxx!?o??", 60, false },    /* a good one closes it */
        { "xxx!?ox?", 60, false },    /* with all failures forgotten */
        { "xxxxxxxxxxo?", 1, false }, /* however many there were */
        { "xxx!p??", 1, false },      /* a good probe closes it as well */
        { "xxx!px!", 1, true },       /* until the next failure */
        { "xxx!pox??", 1, false },    /* but a success counts in full */
        { "xpx?px!", 1, true },       /* a probe hides no failures */
        { "xxxl!", 1, true },         /* a late one says nothing of what failed since */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct breaker b = { .limit = 3, .rest = { 100 } };
        play(&b, cases[i].events, cases[i].after);
        assert_int_equal(breaker_is_open(&b), cases[i].open);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(breaker_follows_events) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
