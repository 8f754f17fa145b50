/* Endpoints that fail for a while, for days, or for good. */
#include "deliveries_rig.h"

/* ---- an outage ends */

/* Two deliveries fail by the first path, then a third is taken by another, after the webhook has been
 * failing for so long. How many of the two are due within a second of that. */
static int woken_after(const char *path, const char *outage)
{
    long long webhook = webhook_add(path);
    for (int i = 0; i < 2; i++)
        assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__WAITING);
    ask("UPDATE job SET run_at = '2100-01-01'");
    ask("UPDATE webhook SET endpoint = '%s/ok%s', failing_since = now() - interval "
        "'%s'",
        sink.url, path, outage);
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__DONE);
    int woken = (int)number(
        ask("SELECT count(*) FROM job j, (SELECT max(received_at) AS at FROM delivery_attempt) a "
            "WHERE j.run_at BETWEEN a.at AND a.at + interval '1 second'"));
    if (woken == 2)
        assert_string_equal(ask("SELECT string_agg(subject::text, ' ' ORDER BY run_at) = "
                                "string_agg(subject::text, ' ' ORDER BY subject) FROM job"),
                            "t");
    ask("TRUNCATE webhook, event, delivery, delivery_attempt, job");
    return woken;
}

static void success_wakes_the_others(void **state)
{
    static const struct {
        const char *path, *outage;
        int woken;
    } cases[] = {
        { "/status/503", "10 minutes", 2 },       { "/close", "10 minutes", 2 },
        { "/status/503", "10 seconds", 0 },       /* no outage */
        { "/retry-after/3600", "10 minutes", 0 }, /* the endpoint has said when */
        { "/status/500", "10 minutes", 0 },       /* the message may be what fails */
        { "/status/404", "10 minutes", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int woken = woken_after(cases[i].path, cases[i].outage);
        if (woken != cases[i].woken)
            fail_msg("%s after %s: %d", cases[i].path, cases[i].outage, woken);
    }
}

/* ---- never again */

static void endpoint_is_gone(void **state)
{
    (void)state;
    long long webhook = webhook_add("/status/410");
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__FAILED);
    assert_state("failed");
    assert_jobs(0);
    assert_string_equal(ask("SELECT status FROM webhook"), "inactive");
    assert_string_equal(ask("SELECT activity || ' ' || (detail ->> 'gone') FROM audit"),
                        "webhook disabled true");
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(requests_to("/status/410"), 1);
}

/* ---- what fails for days */

static void failing_for(const char *interval)
{
    char now[INSTANT_TEXT_SIZE];
    ask("UPDATE webhook SET failing_since = '%s'::timestamptz - interval '%s'",
        instant_text(clock_now(), now), interval);
}

static void owner_is_warned(void **state)
{
    static const struct {
        const char *failing, *audited;
    } cases[] = {
        { "23 h", "" },    { "25 h", "1" },     { "73 h", "1 2" },
        { "74 h", "1 2" }, { "97 h", "1 2 3" }, { "119 h", "1 2 3" },
    };
    (void)state;
    long long webhook = webhook_add("/status/503");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        failing_for(cases[i].failing);
        assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__WAITING);
        const char *audited = ask("SELECT string_agg(detail->>'warnings', ' ' ORDER BY id) FROM "
                                  "audit WHERE activity = 'webhook failing' AND source = 'system' "
                                  "AND subject = 'webhook/%lld' AND account_id = %d",
                                  webhook, ACCOUNT);
        if (strcmp(audited, cases[i].audited) != 0)
            fail_msg("%s: %s", cases[i].failing, audited);
    }
    assert_string_equal(ask("SELECT status FROM webhook"), "active");
}

static void is_switched_off(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/status/502"), false);
    failing_for("121 h");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(ask("SELECT status FROM webhook"), "inactive");
    assert_string_equal(ask("SELECT activity FROM audit"), "webhook disabled");
    assert_int_equal(requests_to("/status/502"), 1);
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(requests_to("/status/502"), 1);
    assert_state("failed");
    assert_string_equal(ask("SELECT reason FROM delivery_attempt ORDER BY id DESC"),
                        "the webhook is inactive");
    assert_int_equal(number(ask("SELECT count(*) FROM audit")), 1);
}

/* It worked again after this attempt had begun: that attempt is only the first failure since. */
static void recovers_meanwhile(void **state)
{
    (void)state;
    struct asked a;
    long long webhook = webhook_add("/held/500");
    failing_for("121 h");
    job_begin(&a, event_add(webhook, false));
    request_await("/held/500");
    ask("UPDATE webhook SET failing_since = NULL, warnings = 0");
    https_sink_let_go(&sink);
    assert_int_equal(job_await(&a), JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(ask("SELECT status || ' ' || (w.failing_since = a.sent_at) "
                            "FROM webhook w, delivery_attempt a"),
                        "active true");
    assert_int_equal(number(ask("SELECT count(*) FROM audit")), 0);
}

static int start(void **state)
{
    (void)state;
    return rig_start("127.9.8.4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(success_wakes_the_others), CASE(endpoint_is_gone),   CASE(owner_is_warned),
        CASE(is_switched_off),          CASE(recovers_meanwhile),
    };
    return cmocka_run_group_tests(tests, start, rig_stop);
}
