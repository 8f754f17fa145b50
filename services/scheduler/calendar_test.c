#include "calendar.h"

#include "fixture_test.h"

// clang-format off
static const struct lane table[] = {
    { .name = "seal",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "ghosts", .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "dead",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "sweep",  .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { 0 },
};
// clang-format on

static const char *calendar_now(void)
{
    return answer("SELECT string_agg(lane || ' ' || idem_key, ', ' ORDER BY lane) FROM job");
}

/* ---- the cadences have their jobs. The calendar's store is of the process, so one test has it. */

static void calendar_is_kept(void **state)
{
    static const char all[] = "dead cadence/dead, ghosts cadence/ghosts, seal cadence/seal, "
                              "sweep cadence/sweep, tally cadence/tally";
    (void)state;
    calendar_open(&options);
    must(calendar_kept(NULL, &f));
    assert_string_equal(calendar_now(), all);
    int64_t first = number("SELECT sum(id)::bigint FROM job");
    must(calendar_kept(NULL, &f));
    assert_int_equal(number("SELECT sum(id)::bigint FROM job"), first);
    execute("DELETE FROM job WHERE lane IN ('seal', 'sweep')");
    must(calendar_kept(NULL, &f));
    assert_string_equal(calendar_now(), all);
}

#define CADENCES                                                                                   \
    "INSERT INTO job (lane, subject, run_at, idem_key) SELECT l, 0, '2026-01-01', 'cadence/' || l" \
    "  FROM unnest(ARRAY['seal', 'ghosts', 'dead', 'sweep']) l;"

/* Two schedulers with one calendar: everything is done, and each job is put back. */
static void cadences_run(void **state)
{
    struct lanes_options o = {
        .lanes = table, .store = &options, .workers = 2, .poll = milliseconds(20)
    };
    struct lanes *both[2];
    (void)state;
    scheduler.seal_every = milliseconds(20);
    execute(CADENCES);
    execute("INSERT INTO job_dead (id, lane, subject, run_at, attempt, story, buried_at)"
            " VALUES (1, 'deliver', 5, '2026-01-01', 10, 'nobody answers', '2026-01-01')");
    for (int i = 0; i < 2; i++) {
        o.owner = i ? "test/2" : "test/1";
        both[i] = lanes_start(&o);
    }
    await_number("SELECT count(*) FROM job_dead WHERE reported", 1);
    for (int i = 0; i < 20; i++)
        execute("INSERT INTO audit (at, source, activity) VALUES ('2026-01-01', 'system', 'row')");
    await_number("SELECT coalesce(sum(count), 0)::bigint FROM audit_seal", 21);
    await_number("SELECT count(*) FROM job WHERE run_at > '2026-02-01' AND attempt <= 1", 4);
    for (int i = 0; i < 2; i++) {
        assert_true(lanes_drain(both[i], seconds(20)));
        lanes_stop(both[i]);
    }
    assert_int_equal(number("SELECT count(*) FROM job"), 4);
}

/* ---- what they do */

static void ghosts(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        order_put(id, "pending");
    execute(attempt_sql(10, 1, "2026-01-01")); /* its order has another job */
    execute(attempt_sql(20, 2, "2026-01-01")); /* its job lives */
    execute("UPDATE issuance SET job_id = 7 WHERE id = 20");
    execute("INSERT INTO job (id, lane, subject, run_at) VALUES (7, 'issue', 2, '2026-01-01')");
    execute("INSERT INTO job (id, lane, subject, run_at) VALUES (8, 'issue', 1, '2026-01-01')");
    execute(attempt_sql(30, 3, "2026-01-01")); /* is signed */
    execute("UPDATE to_sign SET signature = 'x' WHERE issuance_id = 30");
    execute(attempt_sql(40, 4, "2999-01-01")); /* is young */
    must(run_once(ghosts_run, NULL));
    assert_string_equal(
        answer("SELECT string_agg(id || ' ' || state, ', ' ORDER BY id) FROM issuance"),
        "10 ghost, 20 reserved, 30 reserved, 40 reserved");
    assert_string_equal(answer("SELECT string_agg(activity || ' ' || subject || ' ' || (detail ->> "
                               "'serial'), ', ') FROM audit"),
                        "serial abandoned order/1 000000000000000a");
    must(run_once(ghosts_run, NULL));
    assert_int_equal(number("SELECT count(*) FROM audit"), 1);
}

static void dead_jobs_are_told_once(void **state)
{
    bool more;
    (void)state;
    execute("INSERT INTO job_dead (id, lane, subject, run_at, attempt, story, buried_at)"
            " SELECT n, 'deliver', n, '2026-01-01', 10, 'story ' || n, '2026-01-01' FROM "
            "generate_series(1, 130) n");
    must(run_once(dead_run, &more));
    assert_true(more);
    must(run_once(dead_run, &more));
    assert_false(more);
    must(run_once(dead_run, &more));
    assert_int_equal(number("SELECT count(*) FROM job_dead WHERE reported"), 130);
    assert_int_equal(
        number("SELECT count(DISTINCT subject) FROM audit WHERE activity = 'job given up'"
               " AND detail ->> 'story' = 'story ' || (detail ->> 'subject')"),
        130);
    assert_int_equal(number("SELECT count(*) FROM audit"), 130);
}

static void old_keys_are_swept(void **state)
{
    (void)state;
    execute("INSERT INTO idempotency (account_id, idem_key, body_sha256, order_id, expires_at)"
            " SELECT 900 + n % 3, sha256(n::text::bytea), sha256(''), n,"
            "        CASE WHEN n % 2 = 0 THEN timestamptz '2026-01-01' ELSE '2999-01-01' END"
            "   FROM generate_series(1, 12001) n");
    must(run_once(sweep_run, NULL));
    assert_int_equal(number("SELECT count(*) FROM idempotency"), 6001);
    assert_int_equal(number("SELECT count(*) FROM idempotency WHERE expires_at < '2999-01-01'"), 0);
    must(run_once(sweep_run, NULL));
    assert_int_equal(number("SELECT count(*) FROM idempotency"), 6001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(calendar_is_kept),        FRESH(cadences_run),       FRESH(ghosts),
        FRESH(dead_jobs_are_told_once), FRESH(old_keys_are_swept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
