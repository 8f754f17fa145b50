#include "figures.h"

#include "ledger/figures.sql.h"
#include "service/metrics.h"

#include "fixture_test.h"

static void written(const char *line)
{
    struct text out;
    text_init(&out, &arena);
    metrics_write(&out);
    if (!strstr(out.data, line))
        fail_msg("no %s in %s", line, out.data);
}

static void not_written(const char *word)
{
    struct text out;
    text_init(&out, &arena);
    metrics_write(&out);
    assert_null(strstr(out.data, word));
}

static void take(void)
{
    must(figures_take(store, &f));
}

/* ---- what is counted */

static void jobs(void **state)
{
    (void)state;
    execute("INSERT INTO job (lane, subject, run_at, lease_until) VALUES"
            " ('issue', 1, now() - interval '90 seconds', NULL)," /* lease_until */
            " ('issue', 2, now() - interval '50 seconds', now() - interval '1 s'),"
            " ('issue', 3, now() - interval '2 hours', now() + interval '1 hour'),"
            " ('issue', 4, now() + interval '1 hour', NULL),"
            " ('deliver', 5, now() + interval '1 hour', NULL),"
            " ('deliver', 6, now() - interval '1 second', now() + interval '1 hour')");
    execute(
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES"
        " (1, 'dcv', 5, '2026-01-01', 10, 0, 'x', '2026-01-01'),"
        " (2, 'dcv', 5, '2026-01-01', 10, 0, 'x', '2026-01-01')");
    take();
    assert_int_equal(metric_get(METRIC_JOBS_DUE_issue), 2);
    assert_int_equal(metric_get(METRIC_JOBS_HELD_issue), 1);
    assert_int_equal(metric_get(METRIC_JOBS_LATER_issue), 1);
    assert_in_range(metric_get(METRIC_JOBS_AGE_issue), 90, 150);
    assert_int_equal(metric_get(METRIC_JOBS_DEAD_dcv), 2);
    assert_int_equal(metric_get(METRIC_JOBS_DEAD_issue), 0);
    assert_int_equal(metric_get(METRIC_JOBS_AGE_dcv), 0);
    assert_int_equal(metric_get(METRIC_DELIVERIES_WAITING), 2);
    written("chancery_jobs_due{lane=\"issue\"} 2\n");
}

/* A lane with a million jobs costs as much as one with ten thousand. */
static void counting_ends(void **state)
{
    (void)state;
    execute("INSERT INTO job (lane, subject, run_at)"
            " SELECT 'dcv', n, now() + interval '1 day' FROM generate_series(1, 12000) n");
    take();
    assert_int_equal(metric_get(METRIC_JOBS_LATER_dcv), 10000);
}

static void orders_that_wait(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 3; id++)
        order_put_apart(id, id == 3 ? "canceled" : "pending");
    execute(
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES"
        " (1, 'issue', 5001, '2026-01-01', 10, 0, 'x', '2026-01-01'),"
        " (2, 'deliver', 5, '2026-01-01', 10, 0, 'x', '2026-01-01');"
        "INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
        "found_at, settled_at)"
        " VALUES ('12345678', 'a', 1, 1, true, '', '2026-01-01', NULL),"
        " ('12345679', 'a', 1, 1, true, '', '2026-01-01', '2026-01-01')");
    take();
    assert_int_equal(metric_get(METRIC_ORDERS_WAITING), 2);
    assert_int_equal(metric_get(METRIC_HELD_UP), 1);
    assert_int_equal(metric_get(METRIC_QUARANTINED), 1);
}

static void attempt_put(int id, const char *state, const char *signed_ago, bool logged)
{
    execute(arena_format(
        &arena,
        "INSERT INTO issuance VALUES (%d, %d, 900, 'x', int8send(%d), 0, '%s', 1, 1, "
        "1, '', '{}', now(), now(), now());"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, "
        "signed_at, complete_before, logged_at)"
        " SELECT id, request_id, account_id, ca_id, serial, '', now() - interval '%s',"
        " now() + interval '2 days', CASE WHEN %s THEN now() END FROM issuance WHERE id = %d",
        id, id, id, state, signed_ago, logged ? "true" : "false", id));
}

/* Of those that are logged, or given up, nobody waits for logs. */
static void precertificates_that_wait(void **state)
{
    (void)state;
    attempt_put(1, "ghost", "9 days", false);
    attempt_put(2, "precert_signed", "8 days", true);
    attempt_put(3, "issued", "7 days", true);
    take();
    assert_int_equal(metric_get(METRIC_UNLOGGED_AGE), 0);
    attempt_put(4, "precert_signed", "1 minute", false);
    attempt_put(5, "precert_signed", "1 hour", false);
    take();
    assert_in_range(metric_get(METRIC_UNLOGGED_AGE), 3600, 3700);
    written("chancery_precertificates_unlogged_seconds 36");
}

static void certificates_and_webhooks(void **state)
{
    (void)state;
    execute("INSERT INTO certificate SELECT n, n, n, 900, 'x', int8send(n),"
            " substr(sha256(int8send(n)), 1, 20), now(), now() + n * interval '1 day', now(), ''"
            " FROM generate_series(-3, 40) n");
    execute("INSERT INTO account (id, name, status, dcv_scope, created_at) OVERRIDING SYSTEM VALUE"
            " VALUES (900, 'a', 'active', 'fqdn', now())");
    execute("INSERT INTO webhook (account_id, endpoint, events, status, instant, chain, "
            "instant_chain, frequency, failing_since, created_at)"
            " SELECT 900, 'https://a.example/', '{}', s, false, false, false, '{}', t, now()"
            "   FROM (VALUES ('active', now()), ('active', NULL), ('inactive', now())) w (s, t)");
    take();
    assert_in_range(metric_get(METRIC_EXPIRING_7), 6, 7);
    assert_in_range(metric_get(METRIC_EXPIRING_30), 29, 30);
    assert_int_equal(metric_get(METRIC_WEBHOOKS_FAILING), 1);
    written("chancery_certificates_expiring{days=\"30\"}");
}

static void audit_tail(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        execute("INSERT INTO audit (at, source, activity) VALUES"
                " (now() - interval '2 minutes', 'system', 'row')");
    take();
    assert_int_equal(metric_get(METRIC_AUDIT_UNSEALED), 3);
    assert_in_range(metric_get(METRIC_AUDIT_AGE), 120, 200);
    must(run_once(seal_run, NULL));
    take();
    assert_int_equal(metric_get(METRIC_AUDIT_UNSEALED), 0);
    assert_int_equal(metric_get(METRIC_AUDIT_AGE), 0);
}

/* ---- what cannot be asked */

static void the_unknown_is_not_shown(void **state)
{
    (void)state;
    take();
    written("chancery_audit_unsealed_rows 0\n");
    execute("REVOKE SELECT ON audit_seal FROM chancery_scheduler");
    assert_false(figures_take(store, &f));
    not_written("chancery_jobs_due");
    not_written("chancery_audit_unsealed");
    execute("GRANT SELECT ON audit_seal TO chancery_scheduler");
    take();
    written("chancery_jobs_due{lane=\"issue\"} 0\n");
}

/* ---- what it costs */

/* Does the scheduler's plan of a statement read a table whole? */
static bool reads_all(const struct sql *sql, const char *types, const char *values)
{
    struct script *as = script_open((struct secret){ database_url(database, "scheduler") }, &f);
    const char *plan = NULL;
    assert_non_null(as);
    if (!script_run(as, arena_format(&arena, "PREPARE asked (%s) AS %s", types, sql->text), &f) ||
        !script_ask(as, &arena,
                    arena_format(&arena, "EXPLAIN (FORMAT JSON) EXECUTE asked (%s)", values), NULL,
                    0, &plan, &f) ||
        !plan)
        fail_msg("%s: %s", sql->name, f.detail);
    script_close(as);
    return plan && strstr(plan, "Seq Scan");
}

static void nothing_is_read_whole(void **state)
{
    static const char lanes[] = "timestamptz, bigint, text[]", issue[] = "now(), 10, '{issue}'";
    (void)state;
    assert_false(reads_all(&sql_figures_lanes, lanes, issue));
    assert_false(reads_all(&sql_figures_ledger, "bigint, timestamptz", "10, now()"));
    assert_false(reads_all(&sql_figures_expiry, "timestamptz, bigint", "now(), 10"));
    execute("DROP INDEX job_dead_subject");
    assert_true(reads_all(&sql_figures_lanes, lanes, issue));
}

/* ---- the thread */

static void it_counts_by_itself(void **state)
{
    (void)state;
    struct figures *g = figures_start(&options, milliseconds(20));
    execute(
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES"
        " (1, 'mail', 5, '2026-01-01', 10, 0, 'x', '2026-01-01')");
    await_that(metric_get(METRIC_JOBS_DEAD_mail) == 1);
    figures_stop(g);
    figures_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(jobs),
        FRESH(counting_ends),
        FRESH(orders_that_wait),
        FRESH(precertificates_that_wait),
        FRESH(certificates_and_webhooks),
        FRESH(audit_tail),
        FRESH(the_unknown_is_not_shown),
        FRESH(nothing_is_read_whole),
        FRESH(it_counts_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
