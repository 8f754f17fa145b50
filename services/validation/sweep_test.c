/* Many names by a real resolver: how many are asked for at a time, and what one zone does to others. */
#include "sweep.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gate.h"
#include "testing/dns.h"
#include "testing/patience.h"

#define VALUE "0123456789abcdefghijklmnopqrstuv"

enum { MOST = 60 };

static struct dns_rig rig;
static struct prober prober = { .perspective = "test", .cname_target = "dcv.chancery.example" };
static struct arena arena;
static struct sweep sweep;
static struct sweep_name names[MOST];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int over;

static const struct probe_wanted wanted = { .text = VALUE };

static void swept(struct sweep *s)
{
    assert_ptr_equal(s, &sweep);
    pthread_mutex_lock(&lock);
    over++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

/* Names "n0.ZONE" and so on, of each of these zones in turn. */
static void begin(const char *const *zones, size_t zone_count, size_t count, struct duration wait)
{
    over = 0;
    for (size_t i = 0; i < count; i++)
        names[i] = (struct sweep_name){
            .domain = arena_format(&arena, "n%zu.%s", i, zones[i % zone_count]), .wanted = &wanted
        };
    sweep = (struct sweep){ .prober = &prober,
                            .arena = &arena,
                            .request = { .method = probe_method(DCV_METHOD__VALUE__DNS_TXT_TOKEN),
                                         .deadline = tick_after(wait) },
                            .names = names,
                            .count = count,
                            .done = swept };
    sweep_start(&sweep);
}

static void await_end(void)
{
    pthread_mutex_lock(&lock);
    while (!over)
        pthread_cond_wait(&changed, &lock);
    assert_int_equal(over, 1);
    pthread_mutex_unlock(&lock);
}

static int with_reason(const char *text)
{
    int n = 0;

    for (size_t i = 0; i < sweep.count; i++)
        n += !names[i].found && strstr(names[i].reason, text) != NULL;
    return n;
}

/* While it runs. */
static int looked_at(void)
{
    int n = 0;

    for (size_t i = 0; i < MOST; i++)
        n += __atomic_load_n(&names[i].reason, __ATOMIC_RELAXED) != NULL;
    return n;
}

static int world_open(void **state)
{
    struct resolver_options options = { .cache = seconds(1), .most = 512, .loopback = true };
    struct fault f = { 0 };

    (void)state;
    options.anchor = rig.anchor;
    options.hints = rig.hints;
    arena_init(&arena);
    prober.resolver = resolver_start(&options, &f);
    gate_open();
    return prober.resolver ? 0 : 1;
}

static int world_close(void **state)
{
    (void)state;
    resolver_stop(prober.resolver);
    prober.resolver = NULL;
    arena_free(&arena);
    return 0;
}

/* What is under way then is interrupted, and what waits is not asked for any more. */
static void interrupt(void)
{
    gate_cut();
    resolver_stop(prober.resolver);
    prober.resolver = NULL;
    await_end();
}

static void each_name_is_found_by_itself(void **state)
{
    static const char *const zones[] = { "example.com", "example.org", "insecure.example.net" };
    struct fault f = { 0 };

    (void)state;
    assert_true(dns_rig_load(
        &rig, "n7.example.org TXT " VALUE "\n_dnsauth.n36.example.com TXT " VALUE "\n", &f));
    begin(zones, 3, MOST, seconds(60));
    await_end();
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(names[i].found, i == 7 || i == 36);
        assert_non_null(names[i].found ? names[i].proof : strstr(names[i].reason, "no such name"));
        assert_int_not_equal(names[i].at.us, 0);
    }
    assert_false(sweep.failed);
}

/* What is seen of thousands of names would fill the memory: of the first few it is kept. */
static void not_all_that_is_seen_is_kept(void **state)
{
    static const char *const zones[] = { "example.net" };
    struct fault f = { 0 };
    struct text lines;
    size_t kept = 0;

    (void)state;
    text_init(&lines, &arena);
    for (int i = 0; i < 4; i++)
        text_format(&lines, "*.example.net TXT %0250d\n", i);
    assert_true(dns_rig_load(&rig, lines.data, &f));
    begin(zones, 1, MOST, seconds(60));
    await_end();
    assert_true(dns_rig_del(&rig, "*.example.net", &f));
    for (size_t i = 0; i < MOST; i++) {
        assert_false(names[i].found);
        kept += names[i].proof ? strlen(names[i].proof) : 0;
    }
    assert_in_range(kept, SWEEP_KEPT_MAX / 2, SWEEP_KEPT_MAX);
}

/* Nothing is heard of a zone: a few names of it are asked for, and the others wait. */
static void what_is_not_heard_of_is_tried_with_a_few(void **state)
{
    static const char *const zones[] = { "silent.example.net" };

    (void)state;
    begin(zones, 1, MOST, seconds(600));
    interrupt();
    assert_int_equal(with_reason("TXT "), SWEEP_SILENT);
    assert_int_equal(with_reason("the check was interrupted"), MOST);
    assert_true(sweep.failed);
}

/* Servers that refuse are neither heard of nor silent: each name is asked for, a few at a time. */
static void who_refuses_is_asked_for_each_name(void **state)
{
    static const char *const zones[] = { "refused.example.net" };

    (void)state;
    begin(zones, 1, MOST, seconds(60));
    await_end();
    assert_int_equal(with_reason("no name server of the zone gave a usable answer; TXT"), MOST);
    assert_true(sweep.failed);
}

/* With half of its names answered for, a zone has what there is, which is not all. */
static void few_are_asked_for_at_a_time(void **state)
{
    static const char *const zones[] = { "silent.example.net", "insecure.example.net" };

    (void)state;
    begin(zones, 2, MOST, seconds(600));
    await_that(looked_at() >= SWEEP_AT_ONCE / 2);
    interrupt();
    assert_in_range(with_reason(".silent.example.net: the check was interrupted; TXT"), 1,
                    SWEEP_AT_ONCE);
}

static void a_silent_zone_is_left_alone(void **state)
{
    static const char *const zones[] = { "silent.example.net" };

    (void)state;
    begin(zones, 1, MOST, seconds(2));
    await_end();
    assert_int_equal(with_reason("did not answer in time; TXT"), SWEEP_SILENT);
    assert_int_equal(
        with_reason("not asked for: the name servers did not answer in time for 4 other "
                    "names of example.net"),
        MOST - SWEEP_SILENT);
    assert_true(sweep.failed);
}

/* Nor does it take the time of others. */
static void a_silent_zone_costs_no_other(void **state)
{
    static const char *const zones[] = { "silent.example.net", "example.com" };

    (void)state;
    begin(zones, 2, MOST, seconds(8));
    await_end();
    assert_int_equal(with_reason("no such name; TXT"), MOST / 2);
    assert_int_equal(with_reason("did not answer in time; TXT"), SWEEP_SILENT);
}

/* Ends at the deadline also when it comes before the first answer. */
static void no_time_is_no_time(void **state)
{
    static const char *const zones[] = { "silent.example.net" };

    (void)state;
    begin(zones, 1, MOST, seconds(0));
    await_end();
    assert_int_equal(with_reason("took all the time of the check"), MOST);
    assert_true(sweep.failed);
}

static int set_up(void **state)
{
    struct fault f = { 0 };

    (void)state;
    if (dns_rig_start(&rig, "127.77.19.53", &f))
        return 0;
    print_error("%s\n", f.detail);
    return 1;
}

static int tear_down(void **state)
{
    (void)state;
    dns_rig_stop(&rig);
    return 0;
}

#define SWEEP_TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SWEEP_TEST(each_name_is_found_by_itself),
        SWEEP_TEST(not_all_that_is_seen_is_kept),
        SWEEP_TEST(what_is_not_heard_of_is_tried_with_a_few),
        SWEEP_TEST(who_refuses_is_asked_for_each_name),
        SWEEP_TEST(few_are_asked_for_at_a_time),
        SWEEP_TEST(a_silent_zone_is_left_alone),
        SWEEP_TEST(a_silent_zone_costs_no_other),
        SWEEP_TEST(no_time_is_no_time),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
