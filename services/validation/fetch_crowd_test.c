/* Many files at once: each is answered once and in time, also when all of it ends. */
#define HERE "127.77.26.80"
#include "fetch_rig.h"

enum { MANY = 300 };

static int set_up(void **state)
{
    static const char slow[] = "HTTP/1.1 200 OK\r\n";
    struct fault f = { 0 };

    (void)state;
    if (world_start("127.77.26.53") != 0)
        return 1;
    web_rig_set(&web, "hang.example.com", "hang", slow, strlen(slow));
    web_rig_set(&web, "good.example.com", "reply", FOUND(VALUE), strlen(FOUND(VALUE)));
    return dns_rig_load(&dns, "hang.example.com A " HERE "\ngood.example.com A " HERE "\n", &f) ? 0
                                                                                                : 1;
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

static struct seen all[MANY];

static void hundreds_at_once(void **state)
{
    static char lines[MANY * 64];
    struct fault f = { 0 };
    char domain[64];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        n += (size_t)snprintf(lines + n, sizeof lines - n, "p%d.example.org A " HERE "\n", i);
        snprintf(domain, sizeof domain, "p%d.example.org", i);
        if (i % 2 == 0)
            web_rig_set(&web, domain, "reply", FOUND(VALUE), strlen(FOUND(VALUE)));
    }
    assert_true(dns_rig_load(&dns, lines, &f));
    for (int i = 0; i < MANY; i++) {
        struct probe_request request = request_for(domain);

        snprintf(domain, sizeof domain, "p%d.example.org", i);
        request.deadline = tick_after(seconds(60));
        probe_start(&prober, &request, note, &all[i]);
    }
    await_results(MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].calls, 1);
        if (all[i].result.found != (i % 2 == 0))
            fail_msg("p%d: %s", i, all[i].result.reason);
    }
}

/* More than may be under way: those whose turn does not come end at their deadline as well. */
static void who_waits_too_long_is_told(void **state)
{
    struct tick begun = tick_now();

    (void)state;
    for (int i = 0; i < 100; i++) {
        struct probe_request request = request_for("hang.example.com");

        all[i].calls = 0;
        request.deadline = tick_after(milliseconds(800));
        probe_start(&prober, &request, note, &all[i]);
    }
    await_results(100);
    assert_true(tick_now().us - begun.us < 800000 + SLACK_US);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(all[i].calls, 1);
        assert_true(all[i].result.failed);
    }
}

static void stopping_ends_fetches(void **state)
{
    static const char *const hosts[] = { "hang.example.com", "a.silent.example.net",
                                         "good.example.com" };
    static struct seen doomed[90];

    (void)state;
    for (int i = 0; i < 90; i++) {
        struct probe_request request = request_for(hosts[i % 3]);

        request.deadline = tick_after(seconds(60));
        probe_start(&prober, &request, note, &doomed[i]);
    }
    fetcher_cut(prober.fetcher);
    resolver_stop(prober.resolver);
    fetcher_stop(prober.fetcher);
    prober.resolver = NULL;
    prober.fetcher = NULL;
    await_results(90);
    for (int i = 0; i < 90; i++)
        assert_int_equal(doomed[i].calls, 1);
    assert_non_null(strstr(doomed[1].result.reason, "interrupted"));
    assert_true(doomed[1].result.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hundreds_at_once),
        cmocka_unit_test(who_waits_too_long_is_told),
        cmocka_unit_test(stopping_ends_fetches),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
