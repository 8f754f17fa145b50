/* Rounds with three real logs: what is stored, and what comes next. */
#include "fixture_test.h"

#include "ct_rig.h"

#define ADDRESS "127.77.52.53"
#define LOGS    "127.77.52.54"

/* ---- the policy's list, and what is shown to it */

static const char *list_of_logs(void)
{
    struct text t;

    text_init(&t, &arena);
    text_add(&t, "{\"operators\":[");
    for (int i = 0; i < PEERS; i++)
        text_format(
            &t,
            "%s{\"name\":\"%s\",\"email\":[],\"logs\":[{\"description\":\"%s\",\"log_id\":\"%s\","
            "\"key\":\"%s\",\"url\":\"%s\",\"mmd\":86400,\"state\":{\"usable\":{\"timestamp\":"
            "\"2018-01-01T00:00:00Z\"}}}],\"tiled_logs\":[]}",
            i ? "," : "", logs[i].operator_name, peer_names[i], base64_write(&arena, logs[i].id),
            base64_write(&arena, logs[i].key), logs[i].url);
    text_add(&t, "]}");
    return t.data;
}

/* A new version with this list, and so many timestamps. */
static void policy_put(const char *list, int scts)
{
    run_sql(arena_format(
        &arena,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) SELECT "
        "sha256(max(id)::text::bytea), '2020-01-01' FROM policy_version;"
        "INSERT INTO policy_rule (version, id, scope, parameter, value, level, valid_from, "
        "valid_till, statement, source)"
        " SELECT max(v.id), p, 'TLS', p, n, 'M', '-infinity', 'infinity', 's', 's' FROM "
        "policy_version v,"
        " (VALUES ('ct.scts.le180', '%d'), ('ct.operators', '2'), ('ct.rfc6962', '1')) AS r (p, n) "
        "GROUP BY p, n;"
        "INSERT INTO policy_document (version, kind, name, document, sha256)"
        " SELECT max(v.id), 'logs', 'tls', l.t::json, sha256(l.t::bytea) FROM policy_version v, "
        "(VALUES ('%s')) AS l (t) GROUP BY l.t;"
        "INSERT INTO policy_active SELECT true, max(id), '2020-01-01' FROM policy_version"
        " ON CONFLICT (one) DO UPDATE SET version = excluded.version; COMMIT",
        scts, list));
}

static void authority_put(void)
{
    run_sql(arena_format(
        &arena,
        "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
        " VALUES ('00112233AABBCCDD', 'test', 'test', 'p256', '\\x%s', true, true, '2020-01-01')",
        hex_lower(&arena, root)));
}

/* A request whose precertificate is signed, with its job; it has promises of so many logs already. */
static long long signed_for(const char *name)
{
    long long id = request_put(&usual, name);

    run_sql(arena_format(
        &arena,
        "INSERT INTO issuance SELECT %lld, %lld, %d, '00112233AABBCCDD', '\\x%016llx', 0, "
        "'precert_signed', 1, 1, 1, '',"
        " '{}', now(), now() + interval '90 days', now();"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, "
        "complete_before) SELECT id, request_id, account_id, ca_id, serial, '\\x%s', now(), now() "
        "+ "
        "interval '2 days' FROM issuance WHERE id = %lld;"
        "INSERT INTO job (lane, subject, run_at, idem_key, traceparent)"
        " VALUES ('ct', %lld, now() + interval '1 hour', 'ct/%lld', 'trace')",
        id, id, ACCOUNT, id, hex_lower(&arena, poisoned), id, id, id));
    return id;
}

/* "2 timestamps, logged, 0 ct, 1 issue" */
static const char *standing_of(long long id)
{
    return ask("SELECT concat((SELECT count(*) FROM sct WHERE issuance_id = %lld), ' timestamps, ',"
               " (SELECT CASE WHEN logged_at IS NULL THEN 'open' ELSE 'logged' END FROM "
               "precertificate WHERE id = %lld), ', ',"
               " (SELECT count(*) FROM job WHERE lane = 'ct' AND subject = %lld), ' ct, ',"
               " (SELECT count(*) FROM job WHERE lane = 'issue' AND subject = %lld), ' issue')",
               id, id, id, id);
}

/* ---- */

static void enough_is_logged_and_issued(void **state)
{
    long long id = signed_for("enough.example.com");
    const JobOutcome *o = lane_run("ct", id);

    (void)state;
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(o->next_lane, "issue");
    assert_string_equal(standing_of(id), "2 timestamps, logged, 0 ct, 1 issue");
    assert_sql("-", "SELECT looked FROM precertificate WHERE id = %lld", id);
    assert_sql("t",
               "SELECT bool_and(substr(sct, 2, 32) = log_id AND abs(extract(epoch FROM received_at "
               "- at)) < 120) FROM sct"
               " WHERE issuance_id = %lld",
               id);
    assert_sql("-", "SELECT string_agg(kind, ',') FROM request_open_task(ARRAY[%lld], now())", id);
}

static void what_is_missing_is_asked_for_again(void **state)
{
    long long id = signed_for("missing.example.com");
    const JobOutcome *o;
    int64_t entries;

    (void)state;
    assert_true(ct_peer_behave(&peers[FIG], "status/500") && ct_peer_behave(&peers[ELM], "wrong"));
    o = lane_run("ct", id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__WAITING);
    assert_false(o->has_next_job_id);
    assert_string_equal(standing_of(id), "1 timestamps, open, 1 ct, 0 issue");
    assert_sql("elm of Gamma t, fig of Beta t",
               "SELECT string_agg(concat(l ->> 'log', ' of ', l ->> 'operator', ' ', l ->> "
               "'detail' ~ '500|no timestamp'), ', '"
               " ORDER BY l ->> 'log') FROM precertificate p, jsonb_array_elements(p.looked) l "
               "WHERE p.id = %lld",
               id);
    assert_sql("1 t",
               "SELECT attempt || ' ' || (run_at < now() + interval '3 seconds' AND lease_owner IS "
               "NULL)::text::char FROM job"
               " WHERE idem_key = 'ct/%lld'",
               id);
    assert_sql(
        "transparency ca",
        "SELECT string_agg(kind || ' ' || owner, ',') FROM request_open_task(ARRAY[%lld], now())",
        id);
    logs_behave("good");
    entries = ct_peer_number(&peers[OAK], "asked");
    await_that(lane_run("ct", id)->result == JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing_of(id), "2 timestamps, logged, 0 ct, 1 issue");
    assert_int_equal(ct_peer_number(&peers[OAK], "asked"), entries);
}

/* A list is known a second after it was loaded. */
static long long first_that_waits(void)
{
    long long id;

    do {
        id = signed_for("list.example.com");
        patience_nap();
    } while (lane_run("ct", id)->result == JOB_OUTCOME__RESULT__DONE);
    return id;
}

static void lists_that_do_not_do_wait(void **state)
{
    long long id;

    (void)state;
    policy_put("{\"operators\":[]}", 2);
    id = first_that_waits();
    assert_sql("policy/logs.json: has too few logs that take it",
               "SELECT concat(looked -> 0 ->> 'log', ': ', looked -> 0 ->> 'detail') FROM "
               "precertificate WHERE id = %lld",
               id);
    policy_put(list_of_logs(), 3);
    await_that(lane_run("ct", id)->result == JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing_of(id), "3 timestamps, logged, 0 ct, 1 issue");
    policy_put(list_of_logs(), 2);
}

static void what_is_logged_needs_nothing(void **state)
{
    long long id = signed_for("logged.example.com");
    int64_t before = ct_peer_number(&peers[OAK], "asked") + ct_peer_number(&peers[FIG], "asked");

    (void)state;
    run_sql(
        arena_format(&arena, "UPDATE precertificate SET logged_at = now() WHERE id = %lld", id));
    assert_int_equal(lane_run("ct", id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing_of(id), "0 timestamps, logged, 0 ct, 0 issue");
    assert_int_equal(ct_peer_number(&peers[OAK], "asked") + ct_peer_number(&peers[FIG], "asked"),
                     before);
}

/* No certificate may be made of it any more: it is not published. */
static void what_is_too_old_is_given_to_no_log(void **state)
{
    long long id = signed_for("old.example.com");
    int64_t before = ct_peer_number(&peers[OAK], "asked") + ct_peer_number(&peers[FIG], "asked");

    (void)state;
    run_sql(arena_format(&arena,
                         "UPDATE precertificate SET complete_before = now() WHERE id = %lld", id));
    assert_int_equal(lane_run("ct", id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing_of(id), "0 timestamps, open, 0 ct, 0 issue");
    assert_int_equal(ct_peer_number(&peers[OAK], "asked") + ct_peer_number(&peers[FIG], "asked"),
                     before);
}

static struct waiting *lane_begin(long long id)
{
    static struct waiting w;
    JobRef ref = JOB_REF__INIT;

    ref.id = strtoll(ask("SELECT id FROM job WHERE idem_key = 'ct/%lld'", id), NULL, 10);
    ref.lane = (char[]){ "ct" };
    jobs_service.run(&jobs_service, &ref, outcome_told, call_begin(&w, patience()));
    return &w;
}

static int64_t held(void)
{
    int64_t sum = 0;

    for (int i = 0; i < PEERS; i++)
        sum += ct_peer_number(&peers[i], "held");
    return sum;
}

static void who_has_lost_its_lease_stores_nothing(void **state)
{
    long long id = signed_for("lost.example.com");
    struct waiting *w;

    (void)state;
    logs_behave("held");
    w = lane_begin(id);
    await_that(held() >= 2);
    run_sql(arena_format(
        &arena, "UPDATE job SET lease_epoch = lease_epoch + 1 WHERE idem_key = 'ct/%lld'", id));
    logs_behave("good");
    assert_int_equal(((const JobOutcome *)call_await(w))->result, JOB_OUTCOME__RESULT__GONE);
    assert_string_equal(standing_of(id), "0 timestamps, open, 1 ct, 0 issue");
}

/* Others may have it at once. */
static void a_stop_puts_it_back(void **state)
{
    long long id = signed_for("stop.example.com");

    (void)state;
    logs_behave("held");
    lane_begin(id);
    await_that(held() >= 2);
    parts_stop(milliseconds(1));
    assert_string_equal(standing_of(id), "0 timestamps, open, 1 ct, 0 issue");
    assert_sql("t",
               "SELECT run_at <= now() + interval '1 second' AND lease_owner IS NULL FROM job "
               "WHERE idem_key = 'ct/%lld'",
               id);
    logs_behave("good");
    parts_start(patience());
    assert_int_equal(lane_run("ct", id)->result, JOB_OUTCOME__RESULT__DONE);
}

static int set_up(void **state)
{
    (void)state;
    if (world_start(ADDRESS) != 0)
        return 1;
    arena_free(&arena);
    if (logs_start(LOGS) != 0)
        return 1;
    authority_put();
    policy_put(list_of_logs(), 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    logs_stop();
    return world_stop();
}

static int before_each(void **state)
{
    (void)state;
    logs_behave("good");
    logs_settings =
        (struct logs_settings){ .ca_file = shared.ca_file, .slow = patience(), .loopback = true };
    parts_start(patience());
    return 0;
}

static int after_each(void **state)
{
    (void)state;
    parts_stop(seconds(10));
    logs_behave("good");
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, before_each, after_each)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(enough_is_logged_and_issued),
        CASE(what_is_missing_is_asked_for_again),
        CASE(lists_that_do_not_do_wait),
        CASE(what_is_logged_needs_nothing),
        CASE(what_is_too_old_is_given_to_no_log),
        CASE(who_has_lost_its_lease_stores_nothing),
        CASE(a_stop_puts_it_back),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
