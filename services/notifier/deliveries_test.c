#include "deliveries_rig.h"

#define BODY                                                                                       \
    "{\"event\":\"certificate_issued\",\"data\":{\"order_id\":700032,\"certificate_id\":990016"

static void secret_set(long long webhook_id, long long sealed_for)
{
    const char *aad = arena_format(&arena, WEBHOOK_SECRET_AAD, sealed_for);
    struct bytes sealed = seal(&arena, notifier.seal, BYTES_OF(aad), BYTES_OF(RIG_SECRET));
    ask("UPDATE webhook SET secret_sealed = '\\x%s' WHERE id = %lld", hex_lower(&arena, sealed),
        webhook_id);
}

static void certificate_add(void)
{
    ask("INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "certificate_id, valid_till, created_at, answer_by, status_at) VALUES (%d, %d, 1, 'p', "
        "'issued', %d, %d, '2027-01-01', '2026-01-01', '2026-01-01', '2026-01-01')",
        ORDER, ACCOUNT, REQUEST, CERTIFICATE);
    ask("INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
        "signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (%d, %d, %d, 1, "
        "'new_request', 'approved', 'TLS', 'sha256', 'BBBBBBBBBBBBBBBB', 'fqdn', 1, '2026-01-01')",
        REQUEST, ORDER, ACCOUNT);
    ask("INSERT INTO request_name (request_id, position, account_id, kind, name, domain) VALUES "
        "(%d, 0, %d, 'dns', 'www.example.com', 'example.com')",
        REQUEST, ACCOUNT);
    ask("INSERT INTO certificate (id, order_id, request_id, account_id, ca_id, serial, thumbprint, "
        "not_before, not_after, issued_at, der) VALUES (%d, %d, %d, %d, 'BBBBBBBBBBBBBBBB', "
        "'\\x0102030405060708', substr(sha256('x'), 1, 20), '2026-01-01', '2026-06-01', "
        "'2026-01-01', 'leaf')",
        CERTIFICATE, ORDER, REQUEST, ACCOUNT);
    ask("INSERT INTO authority (id, name, key_label, key_type, parent_id, der, public, may_sign, "
        "created_at) VALUES ('AAAAAAAAAAAAAAAA', 'Root', 'r', 'p384', NULL, 'root', true, false, "
        "'2026-01-01'), ('BBBBBBBBBBBBBBBB', 'Issuing', 'i', 'p256', 'AAAAAAAAAAAAAAAA', "
        "'issuing', true, true, '2026-01-01')");
}

/* ---- what is sent */

static void is_delivered(void **state)
{
    (void)state;
    long long webhook = webhook_add("/ok/delivered");
    secret_set(webhook, webhook);
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__DONE);
    char *line = request_to("/ok/delivered", 0);
    assert_true(has(line, "method", "POST"));
    assert_true(has(line, "body", BODY "}}"));
    assert_true(has(line, "x-webhook-key", RIG_SECRET));
    assert_true(has(line, "content-type", "application/json"));
    const char *id = arena_format(&arena, "evt_%s_%lld", ask("SELECT id FROM event"), webhook);
    assert_true(has(line, "webhook-id", id));
    struct instant at = instant_from_unix(number(header(line, "webhook-timestamp")));
    assert_string_equal(
        header(line, "webhook-signature"),
        webhook_signature(&arena, (struct secret){ RIG_SECRET }, id, at, BYTES_OF(BODY "}}")));
    assert_state("delivered");
    assert_jobs(0);
    assert_string_equal(ask("SELECT concat_ws(' ', event_name, ok, response_code, account_id, "
                            "data->>'order_id', data->>'certificate_id', received_at >= sent_at, "
                            "webhook_id = %lld, delivery_id = (SELECT id FROM delivery)) "
                            "FROM delivery_attempt",
                            webhook),
                        "certificate_issued t 200 900 700032 990016 t t t");
    assert_string_equal(ask("SELECT failing_since FROM webhook"), "");
}

/* For a day after a change, by the clock of who sends. */
static void is_signed_with_both_secrets(void **state)
{
    static const struct {
        const char *until;
        bool both;
    } cases[] = { { "1 hour", true }, { "-1 second", false } };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = arena_format(&arena, "/ok/both%zu", i);
        long long webhook = webhook_add(path);
        const char *aad = arena_format(&arena, WEBHOOK_SECRET_AAD, webhook);
        struct bytes sealed = seal(&arena, notifier.seal, BYTES_OF(aad), BYTES_OF("the old one"));
        char now[INSTANT_TEXT_SIZE];
        secret_set(webhook, webhook);
        ask("UPDATE webhook SET secret_before_sealed = '\\x%s', secret_before_until = "
            "'%s'::timestamptz + interval '%s' WHERE id = %lld",
            hex_lower(&arena, sealed), instant_text(clock_now(), now), cases[i].until, webhook);
        assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__DONE);
        char *line = request_to(path, 0);
        const char *id = header(line, "webhook-id");
        struct instant at = instant_from_unix(number(header(line, "webhook-timestamp")));
        struct bytes body = BYTES_OF(BODY "}}");
        const char *ours = webhook_signature(&arena, (struct secret){ RIG_SECRET }, id, at, body);
        const char *old = webhook_signature(&arena, (struct secret){ "the old one" }, id, at, body);
        assert_string_equal(header(line, "webhook-signature"),
                            cases[i].both ? arena_format(&arena, "%s %s", ours, old) : ours);
        assert_true(has(line, "x-webhook-key", RIG_SECRET));
    }
}

static void has_no_secret(void **state)
{
    (void)state;
    assert_int_equal(job_done(event_add(webhook_add("/ok/open"), false)),
                     JOB_OUTCOME__RESULT__DONE);
    assert_null(header(request_to("/ok/open", 0), "x-webhook-key"));
    assert_null(header(request_to("/ok/open", 0), "webhook-signature"));
}

/* What does not open is not sent without it. */
static void secret_of_another(void **state)
{
    (void)state;
    long long webhook = webhook_add("/ok/another");
    secret_set(webhook, webhook + 1);
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(requests_to("/ok/another"), 0);
    assert_state("waiting");
    assert_put_back(0);
}

static char *chain_body(void)
{
    return arena_strdup(
        &arena, BODY ",\"certificate_chain\":["
                     "{\"subject_common_name\":\"www.example.com\",\"pem\":\"-----BEGIN "
                     "CERTIFICATE-----\\r\\nbGVhZg==\\r\\n-----END CERTIFICATE-----\\r\\n\"},"
                     "{\"subject_common_name\":\"Issuing\",\"pem\":\"-----BEGIN "
                     "CERTIFICATE-----\\r\\naXNzdWluZw==\\r\\n-----END CERTIFICATE-----\\r\\n\"},"
                     "{\"subject_common_name\":\"Root\",\"pem\":\"-----BEGIN "
                     "CERTIFICATE-----\\r\\ncm9vdA==\\r\\n-----END CERTIFICATE-----\\r\\n\"}]}}");
}

static void has_chain(void **state)
{
    static const struct {
        const char *path, *set;
        bool instant, chain;
    } cases[] = {
        { "/chain/1", "chain = true", false, true },
        { "/chain/2", "chain = true", true, false },
        { "/chain/3", "instant_chain = true", true, true },
        { "/chain/4", "instant_chain = true", false, false },
    };
    (void)state;
    certificate_add();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long long webhook = webhook_add(cases[i].path);
        ask("UPDATE webhook SET %s WHERE id = %lld", cases[i].set, webhook);
        assert_int_equal(job_done(event_add(webhook, cases[i].instant)), JOB_OUTCOME__RESULT__DONE);
        if (!has(request_to(cases[i].path, 0), "body", cases[i].chain ? chain_body() : BODY "}}"))
            fail_msg("%s: %s", cases[i].path, request_to(cases[i].path, 0));
    }
}

/* ---- what fails */

static void is_tried_again(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/status/500"), false);
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_state("waiting");
    assert_put_back(1);
    assert_string_equal(ask("SELECT concat_ws(', ', ok, response_code, reason, cause) "
                            "FROM delivery_attempt"),
                        "f, 500, answered 500, answered with status 500");
    /* 5 s and a fifth more or less, from when the answer was there */
    assert_string_equal(ask("SELECT j.run_at - a.received_at BETWEEN '4 s' AND '10 s' "
                            "FROM job j, delivery_attempt a"),
                        "t");
    assert_string_equal(ask("SELECT w.failing_since = a.sent_at AND w.warnings = 0 "
                            "FROM webhook w, delivery_attempt a"),
                        "t");
    const char *since = ask("SELECT failing_since FROM webhook");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_put_back(2);
    assert_attempts(2);
    assert_string_equal(ask("SELECT run_at - (SELECT max(received_at) FROM delivery_attempt) "
                            "BETWEEN '4 min' AND '7 min' FROM job"),
                        "t");
    assert_string_equal(ask("SELECT failing_since FROM webhook"), since);
}

/* What befell the job is no failure of the endpoint: its first one is followed by the first pause. */
static void deaths_are_no_tries(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/status/503"), false);
    ask("UPDATE job SET attempt = 7, deaths = 1, alone = true");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_put_back(1);
    assert_string_equal(ask("SELECT j.run_at - a.received_at BETWEEN '4 s' AND '10 s' "
                            "FROM job j, delivery_attempt a"),
                        "t");
    assert_string_equal(ask("SELECT concat_ws(' ', attempt, deaths, alone) FROM job"), "0 0 f");
}

static void listens_to_retry_after(void **state)
{
    (void)state;
    assert_int_equal(job_done(event_add(webhook_add("/retry-after/3600"), false)),
                     JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(ask("SELECT j.run_at - a.received_at BETWEEN '59 min' AND '61 min' "
                            "FROM job j, delivery_attempt a"),
                        "t");
}

static void is_given_up(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/status/404"), false);
    ask("UPDATE delivery SET tries = %d", WEBHOOK_ATTEMPTS - 1);
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__FAILED);
    assert_state("failed");
    assert_jobs(0);
    assert_attempts(1);
}

/* The next attempt would be the same: this delivery ends, and the webhook goes on. */
static void is_never_taken(void **state)
{
    static const int statuses[] = { 413, 414, 415, 431 };
    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        ask("TRUNCATE webhook, event, delivery, delivery_attempt, job");
        const char *path = arena_format(&arena, "/status/%d", statuses[i]);
        long long webhook = webhook_add(path);
        assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__FAILED);
        assert_int_equal(requests_to(path), 1);
        assert_state("failed");
        assert_jobs(0);
        assert_string_equal(
            ask("SELECT concat_ws(', ', response_code, cause) FROM delivery_attempt"),
            arena_format(&arena, "%d, answered with status %d", statuses[i], statuses[i]));
        assert_string_equal(ask("SELECT concat_ws(' ', status, failing_since IS NOT NULL) "
                                "FROM webhook"),
                            "active t");
    }
}

static void is_refused(void **state)
{
    (void)state;
    long long webhook = webhook_add("");
    ask("UPDATE webhook SET endpoint = 'https://10.1.2.3/' WHERE id = %lld", webhook);
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(ask("SELECT concat_ws(' ', ok, response_code, received_at) "
                            "FROM delivery_attempt"),
                        "f");
    assert_string_equal(ask("SELECT failing_since IS NOT NULL FROM webhook"), "t");
}

static void success_clears(void **state)
{
    (void)state;
    long long webhook = webhook_add("/ok/again");
    ask("UPDATE webhook SET failing_since = '2020-01-01', warnings = 3");
    assert_int_equal(job_done(event_add(webhook, false)), JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(ask("SELECT concat_ws(' ', status, failing_since, warnings) FROM webhook"),
                        "active 0");
    assert_int_equal(number(ask("SELECT count(*) FROM audit")), 0);
}

/* ---- to whom nothing is sent */

static void webhook_is_deleted(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/ok/deleted"), false);
    ask("DELETE FROM webhook");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__FAILED);
    assert_state("failed");
    assert_jobs(0);
    assert_int_equal(requests_to("/ok/deleted"), 0);
    assert_string_equal(ask("SELECT reason FROM delivery_attempt"), "the webhook was deleted");
}

static void webhook_is_unverified(void **state)
{
    (void)state;
    long long job = event_add(webhook_add("/ok/pending"), false);
    ask("UPDATE webhook SET status = 'pending'");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(requests_to("/ok/pending"), 0);
    assert_string_equal(ask("SELECT failing_since FROM webhook"), "");
    ask("UPDATE webhook SET status = 'active'");
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(requests_to("/ok/pending"), 1);
}

/* ---- leases, queues, stops */

/* Whoever took over delivers again, under the same id; the first has no effect any more. */
static void lease_is_lost(void **state)
{
    (void)state;
    struct asked first;
    long long job = event_add(webhook_add("/held/200"), false);
    job_begin(&first, job);
    request_await("/held/200");
    ask("UPDATE job SET lease_epoch = nextval('lease_epoch'), lease_until = NULL");
    https_sink_let_go(&sink);
    assert_int_equal(job_await(&first), JOB_OUTCOME__RESULT__GONE);
    assert_state("waiting");
    assert_attempts(0);
    assert_jobs(1);
    https_sink_let_go(&sink);
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(requests_to("/held/200"), 2);
    assert_string_equal(header(request_to("/held/200", 0), "webhook-id"),
                        header(request_to("/held/200", 1), "webhook-id"));
    assert_state("delivered");
}

enum { JOBS = 3 };

static int count_done(const struct asked asked[JOBS])
{
    int count = 0;
    for (int i = 0; i < JOBS; i++)
        count += asked[i].done;
    return count;
}

/* One is under way and one stands behind it: there is no place for a third. */
static void host_is_busy(void **state)
{
    (void)state;
    struct asked asked[JOBS];
    long long webhook = webhook_add("/held/200"), jobs[JOBS];
    int delivered = 0;
    for (int i = 0; i < JOBS; i++)
        jobs[i] = event_add(webhook, false);
    for (int i = 0; i < JOBS; i++)
        job_begin(&asked[i], jobs[i]);
    await_under(&lock, &changed, count_done(asked) == 1);
    for (int i = 0; i < JOBS - 1; i++)
        https_sink_let_go(&sink);
    for (int i = 0; i < JOBS; i++)
        delivered += job_await(&asked[i]) == JOB_OUTCOME__RESULT__DONE;
    assert_int_equal(delivered, JOBS - 1);
    assert_attempts(JOBS - 1);
    assert_jobs(1);
    assert_put_back(0);
    assert_string_equal(ask("SELECT run_at < '2100-01-01' FROM job"), "t");
}

static void stops_in_between(void **state)
{
    (void)state;
    struct asked a;
    long long job = event_add(webhook_add("/held/200"), false);
    job_begin(&a, job);
    request_await("/held/200");
    notifier_drain();
    assert_int_equal(job_await(&a), JOB_OUTCOME__RESULT__WAITING);
    assert_put_back(0);
    assert_attempts(0);
    assert_int_equal(job_done(job), JOB_OUTCOME__RESULT__WAITING);
    assert_jobs(1);
}

static int start(void **state)
{
    (void)state;
    return rig_start("127.9.8.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(is_delivered),
        CASE(is_signed_with_both_secrets),
        CASE(has_no_secret),
        CASE(secret_of_another),
        CASE(has_chain),
        CASE(is_tried_again),
        CASE(listens_to_retry_after),
        CASE(deaths_are_no_tries),
        CASE(is_given_up),
        CASE(is_never_taken),
        CASE(is_refused),
        CASE(success_clears),
        CASE(webhook_is_deleted),
        CASE(webhook_is_unverified),
        CASE(lease_is_lost),
        CASE(host_is_busy),
        CASE(stops_in_between),
    };
    return cmocka_run_group_tests(tests, start, rig_stop);
}
