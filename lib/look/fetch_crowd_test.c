/* Many files at once: each is answered once and in time, also when all of it ends. */
#define HERE "127.77.26.80"
#include "look/fetch_rig.h"

enum { MANY = 300 };

static int set_up(void **state)
{
    static const char slow[] = "HTTP/1.1 200 OK\r\n";
    static char lines[2048] = "hang.example.com A " HERE "\ngood.example.com A " HERE "\n"
                              "passing.example.com A 127.77.26.81\n";
    size_t n = strlen(lines);
    struct fault f = { 0 };
    char domain[64];

    (void)state;
    if (world_start("127.77.26.53") != 0)
        return 1;
    web_rig_set(&web, "hang.example.com", "hang", slow, strlen(slow));
    web_rig_set(&web, "good.example.com", "reply", FOUND(VALUE), strlen(FOUND(VALUE)));
    for (int i = 0; i < 20; i++) {
        n += (size_t)snprintf(lines + n, sizeof lines - n, "stuck%d.example.com A " HERE "\n", i);
        snprintf(domain, sizeof domain, "stuck%d.example.com", i);
        web_rig_set(&web, domain, "hang", slow, strlen(slow));
    }
    return dns_rig_load(&dns, lines, &f) ? 0 : 1;
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
        request.deadline = tick_after(patience());
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

/* ---- turns */

static int asked_for(const struct web_rig *of, const char *host)
{
    char path[96], line[256];
    int count = 0;

    snprintf(path, sizeof path, "%s/log", of->folder);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        count += strstr(line, host) != NULL;
    if (file)
        fclose(file);
    return count;
}

static struct prober prober_sharing(const struct fetch_options *shares)
{
    struct fetch_options options = *shares;
    struct prober p = prober;
    struct fault f = { 0 };

    options.resolver = prober.resolver;
    options.loopback = true;
    options.connect = options.hop = seconds(600); /* as the probes */
    p.fetcher = fetcher_start(&options, &f);
    assert_non_null(p.fetcher);
    return p;
}

static void probe_for(const struct prober *p, int64_t account, const char *domain, struct seen *s)
{
    struct probe_request request = request_for(domain);

    s->calls = 0;
    request.account_id = account;
    request.deadline = tick_after(seconds(600));
    probe_start(p, &request, note, s);
}

/* Whoever asks, and whatever name leads there; what goes elsewhere passes by. None of those that hang has
 * come back when the others have. */
static void an_address_is_asked_by_few_at_once(void **state)
{
    enum { HANGING = 20, AT_ONCE = 4 };
    struct prober p = prober_sharing(&(struct fetch_options){ .per_address = AT_ONCE });
    static struct seen hanging[HANGING], good[HANGING];
    struct web_rig other;
    char domain[64];

    (void)state;
    assert_true(web_rig_start(&other, "127.77.26.81"));
    web_rig_set(&other, "passing.example.com", "reply", FOUND(VALUE), strlen(FOUND(VALUE)));
    for (int i = 0; i < HANGING; i++) {
        snprintf(domain, sizeof domain, "stuck%d.example.com", i);
        probe_for(&p, i, domain, &hanging[i]);
    }
    for (int i = 0; i < HANGING; i++)
        probe_for(&p, i, "passing.example.com", &good[i]);
    await_results(HANGING);
    for (int i = 0; i < HANGING; i++) {
        assert_true(good[i].result.found);
        assert_int_equal(hanging[i].calls, 0);
    }
    fetcher_cut(p.fetcher);
    fetcher_stop(p.fetcher);
    await_results(HANGING);
    assert_in_range(asked_for(&web, "stuck"), 1, AT_ONCE);
    web_rig_stop(&other);
}

/* An account whose servers hang has its share of the connections. */
static void one_account_starves_nobody(void **state)
{
    struct prober p = prober_sharing(&(struct fetch_options){ .most = 6, .per_account = 4 });
    static struct seen hanging[20], good[20];

    (void)state;
    for (int i = 0; i < 20; i++)
        probe_for(&p, 1, "hang.example.com", &hanging[i]);
    for (int i = 0; i < 20; i++)
        probe_for(&p, 2, "good.example.com", &good[i]);
    await_results(20);
    for (int i = 0; i < 20; i++) {
        assert_true(good[i].result.found);
        assert_int_equal(hanging[i].calls, 0);
    }
    fetcher_cut(p.fetcher);
    fetcher_stop(p.fetcher);
    await_results(20);
    assert_non_null(strstr(hanging[0].result.reason, "interrupted"));
}

/* Whose turn does not come is told so, and not that the server is slow. */
static void who_was_not_asked_is_told_so(void **state)
{
    struct prober p = prober_sharing(&(struct fetch_options){ .per_address = 1 });
    struct probe_request request = request_for("hang.example.com");

    (void)state;
    request.deadline = tick_after(seconds(5));
    for (int i = 0; i < 2; i++)
        probe_start(&p, &request, note, &all[i]);
    await_results(2);
    fetcher_cut(p.fetcher);
    fetcher_stop(p.fetcher);
    assert_non_null(strstr(all[1].result.reason, HERE ": not asked in time, too many requests"));
}

static void stopping_ends_fetches(void **state)
{
    static const char *const hosts[] = { "hang.example.com", "a.silent.example.net",
                                         "good.example.com" };
    static struct seen doomed[90];

    (void)state;
    for (int i = 0; i < 90; i++) {
        struct probe_request request = request_for(hosts[i % 3]);

        request.deadline = tick_after(patience());
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
        cmocka_unit_test(an_address_is_asked_by_few_at_once),
        cmocka_unit_test(one_account_starves_nobody),
        cmocka_unit_test(who_was_not_asked_is_told_so),
        cmocka_unit_test(stopping_ends_fetches),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
