#include "calendar.h"

#include "fixture_test.h"

// clang-format off
static const struct lane table[] = {
    { .name = "seal",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "ghosts", .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "dead",   .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
    { .name = "expire", .batch = 1, .room = 1, .lease = { 60000000 }, .run = calendar_run },
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
    static const char all[] = "dead dead/0, expire expire/0, ghosts ghosts/0, seal seal/0, "
                              "sweep sweep/0, tally tally/0";
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

    /* A clock an hour ahead has put them where nobody waits for them; one is under way. */
    execute("UPDATE job SET run_at = now() + interval '1 hour';"
            "UPDATE job SET run_at = now() + interval '9 minutes' WHERE lane = 'tally';"
            "UPDATE job SET lease_until = now() + interval '1 minute' WHERE lane = 'dead'");
    must(calendar_kept(NULL, &f));
    assert_string_equal(
        answer("SELECT string_agg(lane, ' ' ORDER BY lane) FROM job WHERE run_at <= now() + "
               "interval '1 minute'"),
        "expire ghosts seal sweep");
    assert_int_equal(number("SELECT count(*) FROM job"), 6);
}

#define CADENCES                                                                                   \
    "INSERT INTO job (lane, subject, run_at, idem_key) SELECT l, 0, '2020-01-01', l || '/0'"       \
    "  FROM unnest(ARRAY['seal', 'ghosts', 'dead', 'sweep', 'expire']) l;"

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
    execute("INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at)"
            " VALUES (1, 'deliver', 5, '2020-01-01', 10, 0, 'nobody answers', '2020-01-01')");
    for (int i = 0; i < 2; i++) {
        o.owner = i ? "test/2" : "test/1";
        both[i] = lanes_start(&o);
    }
    await_number("SELECT count(*) FROM job_dead WHERE reported", 1);
    for (int i = 0; i < 20; i++)
        execute("INSERT INTO audit (at, source, activity) VALUES ('2020-01-01', 'system', 'row')");
    await_number("SELECT coalesce(sum(count), 0)::bigint FROM audit_seal", 21);
    await_number("SELECT count(*) FROM job WHERE run_at > '2020-02-01' AND attempt = 0", 5);
    for (int i = 0; i < 2; i++) {
        assert_true(lanes_drain(both[i], patience()));
        lanes_stop(both[i]);
    }
    assert_int_equal(number("SELECT count(*) FROM job"), 5);
}

/* ---- what they do */

#define ATTEMPTS answer("SELECT string_agg(id || ' ' || state, ', ' ORDER BY id) FROM issuance")

/* An attempt with the job that made it, whose lease is SQL. */
static void attempt_put(int64_t id, const char *lease_until)
{
    order_put(id, "pending");
    execute(attempt_sql(id, id, "2999-01-01"));
    execute(arena_format(&arena,
                         "UPDATE issuance SET job_id = %lld, job_epoch = 7 WHERE id = %lld;"
                         "INSERT INTO job (id, lane, subject, run_at, lease_epoch, lease_until)"
                         " VALUES (%lld, 'issue', %lld, '2020-01-01', 7, %s)",
                         (long long)id, (long long)id, (long long)id, (long long)id + 5000,
                         lease_until));
}

static void ghosts(void **state)
{
    (void)state;
    for (int64_t id = 1; id <= 4; id++)
        order_put(id, "pending");
    execute(attempt_sql(10, 1, "2020-01-01")); /* its order has another job */
    execute("INSERT INTO job (id, lane, subject, run_at) VALUES (8, 'issue', 5001, '2020-01-01')");
    execute(attempt_sql(30, 3, "2020-01-01")); /* is signed */
    execute("UPDATE to_sign SET signature = 'x' WHERE issuance_id = 30");
    execute(attempt_sql(40, 4, "2999-01-01")); /* is young */
    must(run_once(ghosts_run, NULL));
    assert_string_equal(ATTEMPTS, "10 ghost, 30 reserved, 40 reserved");
    assert_string_equal(answer("SELECT string_agg(activity || ' ' || subject || ' ' || (detail ->> "
                               "'serial'), ', ') FROM audit"),
                        "serial abandoned request/5001 000000000000000a");
    must(run_once(ghosts_run, NULL));
    assert_int_equal(number("SELECT count(*) FROM audit"), 1);
    assert_string_equal(
        answer("SELECT string_agg(issuance_id || ' ' || encode(serial, 'hex') || ' ' || "
               "request_id, ', ') FROM revocation"),
        "10 000000000000000a 5001");
}

/* Nobody claims while the token is away. What a lease has left that is over holds no order until then, and
 * the worker, if it was only late, ends nothing. */
static void attempts_end_with_their_lease(void **state)
{
    struct script *issuer = another();
    (void)state;
    attempt_put(1, "now() + interval '1 hour'");
    attempt_put(2, "now() - interval '1 second'"); /* died */
    attempt_put(3, "NULL");                        /* was given back */
    attempt_put(4, "now() - interval '1 second'"); /* died, and has signed */
    attempt_put(5, "now() - interval '1 second'"); /* is being claimed */
    execute("UPDATE to_sign SET signature = 'x' WHERE issuance_id = 4");
    assert_true(script_run(issuer, "BEGIN; SELECT FROM job WHERE id = 5 FOR UPDATE", &f));
    must(run_once(ghosts_run, NULL));
    assert_true(script_run(issuer, "ROLLBACK", &f));
    script_close(issuer);
    assert_string_equal(ATTEMPTS, "1 reserved, 2 ghost, 3 ghost, 4 reserved, 5 reserved");
    assert_string_equal(answer("SELECT string_agg(id::text, ' ' ORDER BY id) FROM job WHERE "
                               "lease_epoch = 7"),
                        "1 4 5");
    assert_int_equal(number("SELECT count(*) FROM job WHERE lease_until < now()"), 3);
    assert_int_equal(number("SELECT count(*) FROM revocation WHERE issuance_id IN (2, 3)"), 2);
    assert_string_equal(
        answer("SELECT string_agg(c.changed::text, ' ' ORDER BY o.id) FROM orders o,"
               " order_cancel(900, o.id, 1, NULL, '2020-01-01') c"),
        "false true true false false");
}

/* An attempt with a precertificate that may be completed until then, and a job of that lane whose lease is SQL. */
static void precertificate_put(int64_t id, const char *complete_before, const char *lane,
                               const char *lease_until)
{
    order_put(id, "pending");
    execute(attempt_sql(id, id, "2020-01-01"));
    execute(arena_format(
        &arena,
        "UPDATE issuance SET state = 'precert_signed' WHERE id = %lld;"
        "DELETE FROM to_sign WHERE issuance_id = %lld;"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, "
        "complete_before) SELECT id, request_id, account_id, ca_id, serial, '', created_at, '%s' "
        "FROM issuance WHERE id = %lld;"
        "INSERT INTO job (id, lane, subject, run_at, lease_epoch, lease_until, idem_key)"
        " SELECT %lld, l, s, '2020-01-01', 7, %s, l || '/' || s FROM (VALUES ('%s', %lld)) v (l, s)"
        " WHERE l <> ''",
        (long long)id, (long long)id, complete_before, (long long)id, (long long)id + 9000,
        lease_until, lane, (long long)id + 5000));
}

static void key_blocked_of(int64_t id)
{
    execute(arena_format(&arena,
                         "UPDATE request SET spki_sha256 = sha256('k%lld') WHERE order_id = %lld;"
                         "INSERT INTO blocked_key VALUES (sha256('k%lld'), 'x', '2020-01-01')",
                         (long long)id, (long long)id, (long long)id));
}

/* What is too old, or of a key that others know, is revoked, and its request goes on; not while somebody works on it. */
static void precertificates_end(void **state)
{
    struct script *issuer = another();
    (void)state;
    precertificate_put(1, "2020-01-01", "ct", "NULL");
    precertificate_put(2, "infinity", "ct", "NULL"); /* is young */
    precertificate_put(3, "2020-01-01", "ct", "now() + interval '1 hour'");
    precertificate_put(4, "2020-01-01", "issue", "now() - interval '1 second'"); /* died */
    precertificate_put(5, "2020-01-01", "issue", "NULL"); /* is being claimed */
    precertificate_put(6, "2020-01-01", "issue", "NULL"); /* its certificate is signed */
    precertificate_put(7, "infinity", "", "NULL");
    precertificate_put(8, "infinity", "issue", "NULL"); /* its certificate's bytes are stored */
    key_blocked_of(7);
    key_blocked_of(8);
    execute("INSERT INTO to_sign VALUES (6, 'final', '', sha256(''), 'x'), (8, 'final', '', "
            "sha256(''), NULL);"
            "UPDATE issuance SET state = 'final_reserved' WHERE id IN (6, 8)");
    assert_true(script_run(issuer, "BEGIN; SELECT FROM job WHERE id = 9005 FOR UPDATE", &f));
    must(run_once(ghosts_run, NULL));
    assert_true(script_run(issuer, "ROLLBACK", &f));
    script_close(issuer);
    assert_string_equal(ATTEMPTS, "1 ghost, 2 precert_signed, 3 precert_signed, 4 ghost, 5 "
                                  "precert_signed, 6 final_reserved, 7 ghost, 8 ghost");
    assert_string_equal(answer("SELECT string_agg(issuance_id || ' ' || reason, ', ' ORDER BY "
                               "issuance_id) FROM revocation"),
                        "1 0, 4 0, 7 1, 8 1");
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'precertificate given "
                            "up'"),
                     4);
    assert_string_equal(answer("SELECT string_agg(id::text, ' ' ORDER BY id) FROM job WHERE "
                               "lease_epoch = 7"),
                        "9002 9003 9005 9006");
    assert_int_equal(number("SELECT count(*) FROM job WHERE subject = 5001 AND lane = 'ct'"), 0);
    assert_string_equal(
        answer("SELECT string_agg(c.changed::text, ' ' ORDER BY o.id) FROM orders o,"
               " order_cancel(900, o.id, 1, NULL, '2020-01-01') c"),
        "true false false true false false true true");
}

static void dead_jobs_are_told_once(void **state)
{
    bool more;
    (void)state;
    execute("INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at)"
            " SELECT n, 'deliver', n, '2020-01-01', 10, 0, 'story ' || n, '2020-01-01' FROM "
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

#define BURIED                                                                                     \
    "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, idem_key, reported, "       \
    "story, "                                                                                      \
    "buried_at) SELECT n, lane, subject, '2020-01-01', 10, deaths, lane || '/' || subject, "       \
    "reported, 'x', now() - hours * interval '61 minutes' FROM (VALUES "
#define AS_BURIED ") b (n, lane, subject, deaths, hours, reported)"

/* What holds up an order is tried again by itself, and not before somebody was told. */
static void what_holds_up_orders_comes_back(void **state)
{
    (void)state;
    order_put(1, "pending");
    order_put(2, "pending");
    execute(BURIED "(1, 'issue', 5001, 0, 1, true), (2, 'issue', 5009, 0, 0, true), "
                   "(3, 'issue', 5010, 0, 1, false), (4, 'issue', 5011, 3, 1, true), "
                   "(5, 'issue', 5012, 3, 6, true), (6, 'deliver', 7, 0, 9, true), "
                   "(7, 'dcv', 30001, 0, 1, true), (8, 'issue', 5002, 0, 1, true)" AS_BURIED);
    execute("SELECT challenge_begin(5001, 900, 'TLS', 'dns-txt-token', '2020-01-01');"
            "INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed, tbs_sha256, "
            "found_at)"
            " VALUES ('12345678', 'a', 5002, 1, true, '', '2020-01-01')");
    must(run_once(dead_run, NULL));
    assert_string_equal(answer("SELECT string_agg(idem_key, ' ' ORDER BY id) FROM job WHERE "
                               "attempt = 0 AND deaths = 0"),
                        "issue/5001 issue/5010 issue/5012 dcv/30001");
    assert_string_equal(answer("SELECT string_agg(id::text, ' ' ORDER BY id) FROM job_dead"),
                        "2 4 6 8");
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'job tried again'"), 4);
    execute("UPDATE quarantine SET settled_at = now(), changed_at = now()");
    must(run_once(dead_run, NULL));
    assert_string_equal(answer("SELECT string_agg(id::text, ' ' ORDER BY id) FROM job_dead"),
                        "2 4 6");
}

static void old_keys_are_swept(void **state)
{
    (void)state;
    execute("INSERT INTO idempotency (account_id, idem_key, body_sha256, order_id, expires_at)"
            " SELECT 900 + n % 3, sha256(n::text::bytea), sha256(''), n,"
            "        CASE WHEN n % 2 = 0 THEN timestamptz '2020-01-01' ELSE '2999-01-01' END"
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
        FRESH(calendar_is_kept),
        FRESH(cadences_run),
        FRESH(ghosts),
        FRESH(precertificates_end),
        FRESH(attempts_end_with_their_lease),
        FRESH(dead_jobs_are_told_once),
        FRESH(what_holds_up_orders_comes_back),
        FRESH(old_keys_are_swept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
