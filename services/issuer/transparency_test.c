/* The lane `issue` where certificates are logged first: from the precertificate to the certificate, with logs of the
 * test's own, and what an attempt makes of promises, policies, rows and leases that are not as they should be. */
#include "testdata/issuing.h"

#include "ledger/policy.h"
#include "message/convert.h"
#include "pki/precertificate.h"
#include "pki/sct.h"
#include "pki/sct_make.h"
#include "x509/certificate.h"
#include "x509/tbs.h"

/* ---- logs: two of one operator, one of another, one that no list has */

enum { LOG_A, LOG_B, LOG_C, LOG_STRANGER, LOGS };

static struct a_log {
    const char *operator_name;
    struct evp_pkey_st *key;
    struct bytes spki, id;
} logs[LOGS] = { { "One" }, { "Two" }, { "Two" }, { "Three" } };

static void logs_make(void)
{
    for (int i = 0; i < LOGS; i++) {
        uint8_t id[SHA256_SIZE];
        logs[i].key = csr_make_key("P-256");
        logs[i].spki = csr_make_spki(&memory, logs[i].key);
        digest_sha256(logs[i].spki, id);
        logs[i].id = (struct bytes){ arena_copy(&memory, id, sizeof id), sizeof id };
    }
}

/* A browser's list of those whose bit is set; `more` are members of each. */
static const char *list_of(unsigned which, const char *more)
{
    struct text t;
    text_init(&t, &memory);
    text_add(&t, "{\"operators\":[");
    for (int i = 0; i < LOGS; i++)
        if (which & 1U << i)
            text_format(&t,
                        "%s{\"name\":\"%s\",\"logs\":[{\"description\":\"log "
                        "%d\",\"log_id\":\"%s\",\"key\":\"%s\","
                        "\"url\":\"https://log.example/%d/"
                        "\",\"mmd\":86400,\"state\":{\"usable\":{\"timestamp\":"
                        "\"2020-01-01T00:00:00Z\"}}%s}]}",
                        t.data[t.length - 1] == '[' ? "" : ",", logs[i].operator_name, i,
                        base64_write(&memory, logs[i].id), base64_write(&memory, logs[i].spki), i,
                        more);
    text_add(&t, "]}");
    return t.data;
}

/* A version as the first, but with that list, and so many timestamps that are needed; it is in force from now on. */
static void policy_with(const char *list, const char *scts)
{
    static int number;
    const char *logs_literal = script_literal(&memory, list);
    execute(arena_format(
        &memory,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('logs %d'), "
        "'2026-01-02');"
        "INSERT INTO policy_rule SELECT v.id, r.id, r.scope, r.parameter, r.value, r.unit, "
        "r.level, r.valid_from,"
        " r.valid_till, r.statement, r.source, r.check_name FROM policy_rule r, (SELECT max(id) AS "
        "id FROM policy_version) v"
        " WHERE r.version = 1;"
        "INSERT INTO policy_rule SELECT v.id, c.p, 'TLS', c.p, c.n, NULL, 'M', '-infinity', "
        "'infinity', '', '', NULL"
        "  FROM (SELECT max(id) AS id FROM policy_version) v,"
        "       (VALUES ('ct.scts.le180', '%s'), ('ct.scts.gt180', '%s'), ('ct.operators', '2'), "
        "('ct.rfc6962', '1')) c (p, n);"
        "INSERT INTO policy_document SELECT v.id, kind, name, d.text::json, "
        "sha256(convert_to(d.text, "
        "'UTF8'))"
        "  FROM policy_document, (SELECT max(id) AS id FROM policy_version) v,"
        "       LATERAL (SELECT CASE kind WHEN 'product' THEN (document::jsonb || "
        "'{\"transparency\": true}')::text"
        "                                 ELSE document::text END AS text) d WHERE version = 1;"
        "INSERT INTO policy_document SELECT max(id), 'logs', 'tls', %s, sha256(convert_to(%s, "
        "'UTF8')) FROM policy_version;"
        "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version); COMMIT",
        number++, scts, scts, logs_literal, logs_literal));
}

enum { IN_LIST = 1U << LOG_A | 1U << LOG_B | 1U << LOG_C };

static void policy_usual(void)
{
    policy_with(list_of(IN_LIST, ""), "2");
}

/* ---- what validation does */

static struct bytes bytes_asked(const char *sql)
{
    struct bytes out;
    assert_true(
        hex_read(&memory, text(arena_format(&memory, "SELECT encode((%s), 'hex')", sql)), &out));
    return out;
}

static struct certificate parsed(const char *sql)
{
    struct certificate out;
    struct fault f = { 0 };
    if (!certificate_read(bytes_asked(sql), &out, &f, "certificate"))
        fail_msg("%s: %s", sql, f.detail);
    return out;
}

#define PRECERTIFICATE                                                                             \
    "SELECT der FROM precertificate WHERE request_id = {r} ORDER BY id DESC LIMIT 1"
#define CERTIFICATE "SELECT der FROM certificate WHERE request_id = {r}"

static const char *authority_id(void)
{
    return text("SELECT ca_id FROM request WHERE id = {r}");
}

static const struct ca *authority(void)
{
    const struct ca *ca;
    struct fault f = { 0 };
    if (!signer_authority(authority_id(), &ca, &f))
        fail_msg("%s", f.detail);
    return ca;
}

/* What a log says of the last precertificate, so much later than now. */
static struct bytes promise_of(int log, struct duration later)
{
    struct certificate pre = parsed(PRECERTIFICATE);
    struct fault f = { 0 };
    struct certificate ca =
        parsed("SELECT der FROM authority WHERE id = (SELECT ca_id FROM request WHERE id = {r})");
    struct sct_promise promise = { .timestamp_ms =
                                       (uint64_t)(instant_add(clock_now(), later).us / 1000),
                                   .issuer_spki = ca.spki };
    assert_true(precertificate_logged(pre.tbs, &memory, &promise.tbs, &f));
    return sct_make(&memory, logs[log].key, &promise);
}

static void promise_store(int log, struct bytes sct)
{
    execute(arena_format(
        &memory,
        "INSERT INTO sct SELECT max(id), '\\x%s', now(), '\\x%s', now() FROM precertificate"
        " WHERE request_id = {r}",
        hex_lower(&memory, logs[log].id), hex_lower(&memory, sct)));
}

static void promise(int log)
{
    promise_store(log, promise_of(log, seconds(0)));
}

/* The round with the logs ends: it says that these are enough. */
static void logged(void)
{
    execute(
        "DELETE FROM job WHERE idem_key = 'ct/{r}';"
        "UPDATE precertificate SET logged_at = now() WHERE request_id = {r} AND logged_at IS NULL;"
        "SELECT request_advance(ARRAY[{r}::bigint], now(), NULL)");
}

/* ---- where a request stands */

#define STATE    "SELECT string_agg(state, ' ' ORDER BY id) FROM issuance WHERE request_id = {r}"
#define CT_JOBS  "SELECT count(*) FROM job WHERE idem_key = 'ct/{r}'"
#define PRECERTS "SELECT count(*) FROM precertificate WHERE request_id = {r}"
#define SCTS                                                                                       \
    "SELECT count(*) FROM sct s JOIN precertificate p ON p.id = s.issuance_id WHERE p.request_id " \
    "= {r}"
#define FINALS                                                                                     \
    "SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id WHERE t.kind = "       \
    "'final' AND x.request_id = {r}"

static void order_precertified(void)
{
    order_new("pending", "example.com");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(next_lane, "ct");
    assert_string_equal(text(STATE), "precert_signed");
    assert_int_equal(number(PRECERTS), 1);
    assert_int_equal(number(CT_JOBS), 1);
    assert_int_equal(number(JOBS), 0);
}

static void order_logged(void)
{
    order_precertified();
    promise(LOG_A);
    promise(LOG_B);
    logged();
    assert_int_equal(number(JOBS), 1);
}

/* The certificate is its precertificate with these many timestamps, and nothing else was signed for the request. */
static void assert_issued_logged(size_t scts)
{
    struct bytes value, list[SCTS_MAX];
    struct fault f = { 0 };
    size_t count;
    bool critical;
    assert_issued_once();
    struct certificate pre = parsed(PRECERTIFICATE), final = parsed(CERTIFICATE);
    if (!precertificate_matches(pre.tbs, final.tbs, &f))
        fail_msg("%s", f.detail);
    assert_true(bytes_equal(pre.serial, final.serial));
    assert_true(certificate_verify(pre.der, authority(), &f));
    assert_true(certificate_verify(final.der, authority(), &f));
    assert_true(certificate_extension(&final, oid_sct_list, &value, &critical));
    assert_true(sct_list_read(value, list, &count, &f, "scts"));
    assert_int_equal(count, scts);
    assert_int_equal(number(CT_JOBS), 0);
    assert_int_equal(number("SELECT count(*) FROM precertificate p JOIN certificate c USING (id, "
                            "request_id, serial, ca_id)"
                            " WHERE p.request_id = {r}"),
                     1);
}

/* ---- the way */

static void logged_order_is_issued_with_its_timestamps(void **state)
{
    (void)state;
    order_precertified();
    assert_string_equal(
        text("SELECT kind || ' ' || owner FROM request_open_task(ARRAY[{r}::bigint], now())"),
        "transparency ca");
    assert_string_equal(text("SELECT request_frozen({r})::text"), "true");
    assert_int_equal(
        number("SELECT count(*) FROM audit a JOIN precertificate p ON p.request_id = {r}"
               " WHERE a.activity = 'precertificate signed' AND a.subject = 'order/{o}'"
               "   AND (a.detail ->> 'issuance_id')::bigint = p.id"
               "   AND a.detail ->> 'der_sha256' = encode(sha256(p.der), 'hex')"),
        1);
    promise(LOG_A);
    promise(LOG_B);
    promise(LOG_C); /* as few as are needed are used */
    logged();
    issue();
    assert_issued_logged(2);
}

/* The precertificate binds: what names needed was judged with it. */
static void names_are_judged_once(void **state)
{
    (void)state;
    order_logged();
    execute("UPDATE validation SET completed_at = now() - interval '3 years'");
    issue();
    execute("UPDATE validation SET completed_at = now()");
    assert_issued_logged(2);
}

static void end_that_has_passed_stops_no_precertificate(void **state)
{
    (void)state;
    order_logged();
    execute("UPDATE orders SET valid_till = now() - interval '1 s' WHERE id = {o}");
    issue();
    assert_issued_logged(2);
}

static void authority_with_rsa(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute(arena_format(&memory, "UPDATE request SET ca_id = '%s' WHERE id = {r}",
                         house.rows[HOUSE_RSA]->id));
    issue();
    assert_string_equal(text(STATE), "precert_signed");
    promise(LOG_B);
    promise(LOG_A);
    logged();
    issue();
    assert_issued_logged(2);
}

/* ---- what is not logged */

static void assert_issued_unlogged(void)
{
    issue();
    assert_issued_once();
    assert_int_equal(number(PRECERTS), 0);
    assert_int_equal(number("SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id"
                            " WHERE t.kind = 'precert' AND x.request_id = {r}"),
                     0);
    struct certificate c = parsed(CERTIFICATE);
    struct bytes value;
    bool critical;
    assert_false(certificate_extension(&c, oid_sct_list, &value, &critical));
    assert_false(certificate_extension(&c, oid_ct_poison, &value, &critical));
}

static void order_that_says_so_is_not_logged(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE orders SET disable_ct = true WHERE id = {o}");
    assert_issued_unlogged();
}

/* As a gateway places it that knows no column for it, beside a schema that has one. */
static void order_place_as_before(const char *options)
{
    order_new("pending", "example.com");
    execute(arena_format(
        &memory,
        "CREATE TEMPORARY TABLE placed AS SELECT * FROM orders WHERE id = {o};"
        "DELETE FROM orders WHERE id = {o};"
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "certificate_id, valid_till, options, created_at, answer_by, status_at)"
        " SELECT id, account_id, user_id, product_name_id, status, request_id, certificate_id, "
        "valid_till, '%s', created_at, answer_by, status_at FROM placed;"
        "DROP TABLE placed",
        options));
}

static void order_of_a_gateway_of_before_is_not_logged(void **state)
{
    (void)state;
    order_place_as_before("{\"disable_ct\": true}");
    assert_issued_unlogged();
    static const char *const others[] = { "{\"disable_ct\": false}", "{\"disable_ct\": null}",
                                          "{}" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        order_place_as_before(others[i]);
        issue();
        assert_string_equal(text(STATE), "precert_signed");
    }
}

/* Of before the column: the options say it, and the column does not yet. */
static void order_of_before_is_not_logged(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE orders SET options = '{\"disable_ct\": true}' WHERE id = {o};"
            "UPDATE orders SET options = '{\"disable_ct\": false}' WHERE id = {o} - 1");
    execute(file_read("db/migrations/0032_transparency_orders.sql"));
    assert_string_equal(text("SELECT disable_ct::text FROM orders WHERE id = {o} - 1"), "false");
    assert_issued_unlogged();
}

static void list_without_logs_logs_nothing(void **state)
{
    (void)state;
    policy_with(list_of(0, ""), "2");
    order_new("pending", "example.com");
    assert_issued_unlogged();
    policy_usual();
}

/* Whatever product and policy say. */
static void private_hierarchy_is_never_logged(void **state)
{
    (void)state;
    execute("UPDATE authority SET public = false, changed_at = now()");
    order_new("pending", "example.com");
    issue();
    execute("UPDATE authority SET public = true, changed_at = now()");
    assert_int_equal(number(PRECERTS), 0);
    assert_int_equal(number("SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id"
                            " WHERE t.kind = 'precert' AND x.request_id = {r}"),
                     0);
}

/* What binds is not signed when no logs would take it. */
static void what_cannot_be_logged_is_not_signed(void **state)
{
    static const struct {
        unsigned which;
        const char *more;
    } lists[] = {
        { 1U << LOG_B | 1U << LOG_C, "" },
        { IN_LIST, ",\"temporal_interval\":{\"start_inclusive\":\"2001-01-01T00:00:00Z\",\"end_"
                   "exclusive\":\"2002-01-01T00:00:00Z\"}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        policy_with(list_of(lists[i].which, lists[i].more), "2");
        order_new("pending", "example.com");
        issue();
        policy_usual();
        assert_waits_unsigned();
        assert_int_equal(number(JOBS), 1);
        issue();
        assert_string_equal(text(STATE), "precert_signed");
    }
}

/* ---- promises that are none */

static struct bytes spoilt(struct bytes sct)
{
    uint8_t *out = arena_copy(&memory, sct.data, sct.size);
    out[sct.size - 1] ^= 1;
    return (struct bytes){ out, sct.size };
}

static void store_spoilt(void)
{
    promise_store(LOG_A, spoilt(promise_of(LOG_A, seconds(0))));
}

static void store_strangers(void)
{
    promise(LOG_STRANGER);
}

static void store_future(void)
{
    promise_store(LOG_A, promise_of(LOG_A, seconds(3600)));
}

/* Of before the log could be used. */
static void store_past(void)
{
    promise_store(LOG_A, promise_of(LOG_A, days(-36500 / 2)));
}

static void store_others(void)
{
    promise_store(LOG_A, promise_of(LOG_B, seconds(0)));
}

static void store_no_version_1(void)
{
    uint8_t *other = arena_copy(&memory, promise_of(LOG_A, seconds(0)).data, 60);
    other[0] = 1;
    promise_store(LOG_A, (struct bytes){ other, 60 });
}

/* The second is of the operator of LOG_B. */
static void store_too_much_alike(void)
{
    promise(LOG_C);
}

static void store_none(void)
{
}

static const struct {
    const char *what;
    void (*store)(void);
    int left; /* timestamps, of which one is good */
} wanting[] = {
    { "a wrong signature", store_spoilt, 1 },      { "a log of no list", store_strangers, 1 },
    { "of the future", store_future, 1 },          { "of before the log", store_past, 1 },
    { "another log's", store_others, 1 },          { "not of version 1", store_no_version_1, 1 },
    { "too much alike", store_too_much_alike, 2 }, { "too few", store_none, 1 },
};

static void assert_sent_back(int left)
{
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(text(STATE), "precert_signed");
    assert_int_equal(number(FINALS), 0);
    assert_int_equal(number(SCTS), left);
    assert_int_equal(number(JOBS), 0);
    assert_int_equal(
        number("SELECT count(*) FROM job j JOIN precertificate p ON p.request_id = {r}"
               " WHERE j.idem_key = 'ct/{r}' AND j.run_at = p.refused_at + interval '1 minute'"
               " AND p.logged_at IS NULL"),
        1);
}

static void timestamps_that_do_not_count_go_back_to_the_logs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wanting / sizeof *wanting; i++) {
        order_precertified();
        promise(LOG_B);
        wanting[i].store();
        logged();
        print_message("%s\n", wanting[i].what);
        issue();
        assert_sent_back(wanting[i].left);
        promise(LOG_A);
        logged();
        issue();
        assert_issued_logged(2);
    }
}

static void timestamps_that_do_not_count_are_counted(void **state)
{
    struct text metrics;
    (void)state;
    text_init(&metrics, &memory);
    metrics_write(&metrics);
    assert_non_null(strstr(metrics.data, "chancery_timestamps_refused_total{log=\"log 0\"}"));
    assert_non_null(
        strstr(metrics.data, "chancery_timestamps_refused_total{log=\"not in the list\"}"));
}

/* ---- policies that change between P and S */

static void log_that_left_the_list_counts_no_more(void **state)
{
    (void)state;
    order_logged();
    policy_with(list_of(1U << LOG_A | 1U << LOG_C, ""), "2");
    issue();
    assert_sent_back(1);
    promise(LOG_C);
    logged();
    issue();
    policy_usual();
    assert_issued_logged(2);
}

static void more_timestamps_are_needed(void **state)
{
    (void)state;
    order_logged();
    policy_with(list_of(IN_LIST, ""), "3");
    issue();
    assert_sent_back(2);
    promise(LOG_C);
    logged();
    issue();
    policy_usual();
    assert_issued_logged(3);
}

/* Nothing is thrown away: who has no list cannot judge. */
static void without_any_log_it_waits(void **state)
{
    (void)state;
    order_logged();
    policy_with(list_of(0, ""), "2");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number(SCTS), 2);
    assert_int_equal(number(JOBS), 1);
    policy_usual();
    issue();
    assert_issued_logged(2);
}

/* The product is gone, or is not logged any more: the precertificate binds. */
static void what_policy_says_of_the_product_does_not_matter_any_more(void **state)
{
    (void)state;
    order_logged();
    execute("UPDATE orders SET product_name_id = 'gone' WHERE id = {o}");
    issue();
    assert_issued_logged(2);
}

/* Nothing is signed of it; the calendar gives it up (calendar_test.c), and the order can be canceled. */
static void key_that_was_blocked_is_not_certified(void **state)
{
    (void)state;
    order_logged();
    execute("INSERT INTO blocked_key VALUES (sha256('{o}'), 'reported', now())");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(text(STATE), "precert_signed");
    assert_int_equal(number(FINALS) + number(JOBS) + number(CT_JOBS), 0);
    execute("SELECT precertificate_hopeless(10, now()); DELETE FROM blocked_key");
    assert_string_equal(text(STATE), "ghost");
    assert_int_equal(number("SELECT reason FROM revocation WHERE request_id = {r}"), 1);
    assert_string_equal(text("SELECT request_frozen({r})::text"), "false");
}

/* Until when it can be completed is stored with it. */
static void its_last_day_is_stored(void **state)
{
    (void)state;
    order_precertified();
    assert_string_equal(
        text("SELECT (p.complete_before - x.not_before)::text FROM precertificate p JOIN issuance "
             "x ON x.id = p.id WHERE p.request_id = {r}"),
        "2 days");
}

static void authority_that_was_stopped_signs_nothing(void **state)
{
    (void)state;
    order_logged();
    execute("UPDATE authority SET may_sign = false, changed_at = now()");
    issue();
    execute("UPDATE authority SET may_sign = true, changed_at = now()");
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number(FINALS), 0);
    issue();
    assert_issued_logged(2);
}

/* ---- leases that die */

#define JOB_AGAIN                                                                                  \
    "DELETE FROM job WHERE idem_key IN ('ct/{r}', 'issue/{r}');"                                   \
    "INSERT INTO job (lane, subject, run_at, lease_epoch, lease_until, idem_key) VALUES "          \
    "('issue', {r},"                                                                               \
    " now() + interval '1 hour', 3, now() - interval '1 s', 'issue/{r}');"
#define C3_NOT_COMMITTED                                                                           \
    "DELETE FROM certificate WHERE request_id = {r}; DELETE FROM event WHERE order_id = {o};"      \
    "UPDATE issuance SET state = 'final_reserved' WHERE request_id = {r};"                         \
    "UPDATE orders SET status = 'pending' WHERE id = {o};" JOB_AGAIN

static void precertificate_without_its_signature_is_a_ghost(void **state)
{
    (void)state;
    order_precertified();
    execute("DELETE FROM precertificate WHERE request_id = {r}; UPDATE issuance SET state = "
            "'reserved' WHERE request_id = {r};"
            "UPDATE to_sign SET signature = NULL WHERE issuance_id IN (SELECT id FROM issuance "
            "WHERE request_id = {r});" JOB_AGAIN);
    issue();
    assert_string_equal(text(STATE), "ghost precert_signed");
    assert_int_equal(
        number("SELECT count(*) FROM revocation v JOIN issuance x ON x.serial = v.serial"
               " WHERE x.request_id = {r} AND x.state = 'ghost'"),
        1);
}

/* P has not been committed, but for its fact. */
static void signature_of_a_precertificate_is_used(void **state)
{
    (void)state;
    order_precertified();
    struct certificate before = parsed(PRECERTIFICATE);
    execute("DELETE FROM precertificate WHERE request_id = {r}; UPDATE issuance SET state = "
            "'reserved' WHERE request_id = {r};" JOB_AGAIN);
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(text(STATE), "precert_signed");
    assert_true(bytes_equal(parsed(PRECERTIFICATE).der, before.der));
    promise(LOG_A);
    promise(LOG_B);
    logged();
    issue();
    assert_issued_logged(2);
}

static void lease_that_died_before_s_is_taken_over(void **state)
{
    (void)state;
    order_logged();
    execute(JOB_AGAIN);
    issue();
    assert_issued_logged(2);
    assert_int_equal(number(GHOSTS), 0);
}

/* The same bytes again; policy's list is not asked, since the promises are in them. */
static void lease_that_died_after_s_signs_the_same_bytes(void **state)
{
    (void)state;
    order_logged();
    issue();
    struct certificate before = parsed(CERTIFICATE);
    execute(C3_NOT_COMMITTED);
    execute("UPDATE to_sign SET signature = NULL WHERE kind = 'final' AND issuance_id IN (SELECT "
            "id FROM issuance WHERE request_id = {r})");
    policy_with(list_of(0, ""), "2");
    issue();
    policy_usual();
    assert_issued_logged(2);
    assert_true(bytes_equal(parsed(CERTIFICATE).tbs, before.tbs));
    assert_int_equal(number(ATTEMPTS), 1);
}

static void signature_of_a_certificate_is_used(void **state)
{
    (void)state;
    order_logged();
    issue();
    struct certificate before = parsed(CERTIFICATE);
    execute(C3_NOT_COMMITTED);
    issue();
    assert_issued_logged(2);
    assert_true(bytes_equal(parsed(CERTIFICATE).der, before.der));
}

static void key_that_was_blocked_after_s_is_held(void **state)
{
    (void)state;
    order_logged();
    issue();
    execute(C3_NOT_COMMITTED);
    execute("UPDATE to_sign SET signature = NULL WHERE kind = 'final' AND issuance_id IN (SELECT "
            "id FROM issuance WHERE request_id = {r});"
            "INSERT INTO blocked_key VALUES (sha256('{o}'), 'reported', now())");
    issue();
    assert_string_equal(text(STATE), "final_reserved");
    assert_int_equal(
        number("SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id"
               " WHERE t.kind = 'final' AND t.signature IS NOT NULL AND x.request_id = {r}"),
        0);
    execute("DELETE FROM blocked_key; SELECT request_advance(ARRAY[{r}::bigint], now(), NULL)");
    issue();
    assert_issued_logged(2);
}

/* ---- two runs that complete one precertificate: the first has lost its connection at COMMIT, and what it would have
 * signed are other bytes */

/* The other has completed it, holds the job with epoch 3 and has not signed yet. */
static int64_t completed_by_another(void)
{
    order_logged();
    issue();
    execute(C3_NOT_COMMITTED);
    execute("UPDATE to_sign SET signature = NULL WHERE kind = 'final' AND issuance_id IN (SELECT "
            "id FROM issuance WHERE request_id = {r})");
    return number("SELECT id FROM issuance WHERE request_id = {r}");
}

/* Is it told that it has reserved the attempt? */
static bool reserved_by(struct store *s, int64_t issuance_id, int64_t epoch)
{
    AttemptLease lease = ATTEMPT_LEASE__INIT;
    const ProtobufCMessage *in[] = { &lease.base };
    struct rows rows = { 0 };
    struct fault f = { 0 };
    lease.issuance_id = issuance_id;
    lease.job_id = job_of(order_id);
    lease.job_epoch = epoch;
    if (!store_set(s, &memory, &sql_issuance_reserved, in, 1, &rows, &f))
        fail_msg("%s", f.detail);
    return rows.count == 1;
}

static void commit_that_was_lost_is_not_anothers(void **state)
{
    (void)state;
    struct store *s = store_new(&running.store);
    int64_t id = completed_by_another();
    assert_false(reserved_by(s, id, 2));
    assert_true(reserved_by(s, id, 3));
    store_free(s);
    issue();
    assert_issued_logged(2);
}

static ProtobufCBinaryData hash_of(struct bytes in)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(in, hash);
    return bytes_message(&memory, (struct bytes){ hash, sizeof hash });
}

static bool signature_recorded(struct store *s, int64_t issuance_id, ProtobufCBinaryData hash)
{
    SignatureFact in = SIGNATURE_FACT__INIT;
    Reserved out = RESERVED__INIT;
    struct fault f = { 0 };
    bool found;
    in.issuance_id = issuance_id;
    in.kind = (char[]){ "final" };
    in.signature = hash;
    in.tbs_sha256 = hash;
    if (!store_maybe(s, &memory, &sql_issuance_record, &in.base, &out.base, &found, &f))
        fail_msg("%s", f.detail);
    return found;
}

/* C3 of a run whose lease is lost: nothing of it is more than a fact. */
static void finish_late(struct store *s, int64_t issuance_id, ProtobufCBinaryData hash)
{
    static Instant now = { PROTOBUF_C_MESSAGE_INIT(&instant__descriptor), 1788220800000000 };
    SignedCertificate c = SIGNED_CERTIFICATE__INIT;
    const ProtobufCMessage *in[] = { &c.base };
    struct rows rows = { 0 };
    struct fault f = { 0 };
    c.issuance_id = issuance_id;
    c.order_id = order_id;
    c.job_id = job_of(order_id);
    c.job_epoch = 2;
    c.thumbprint = c.signature = c.der = c.der_sha256 = c.tbs_sha256 = hash;
    c.now = &now;
    if (!store_set(s, &memory, &sql_issuance_finish, in, 1, &rows, &f))
        fail_msg("%s", f.detail);
    assert_int_equal(rows.count, 0);
}

#define SIGNED_FINALS                                                                              \
    "SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id"                       \
    " WHERE t.kind = 'final' AND t.signature IS NOT NULL AND x.request_id = {r}"

static void signature_stands_beside_its_own_bytes_only(void **state)
{
    (void)state;
    struct store *s = store_new(&running.store);
    int64_t id = completed_by_another();
    ProtobufCBinaryData other = hash_of(BYTES_OF("other bytes"));
    assert_false(signature_recorded(s, id, other));
    finish_late(s, id, other);
    assert_int_equal(number(SIGNED_FINALS), 0);
    issue();
    assert_issued_logged(2);

    id = completed_by_another();
    ProtobufCBinaryData own = hash_of(bytes_asked(
        "SELECT tbs FROM to_sign t JOIN issuance x ON x.id = t.issuance_id WHERE t.kind = 'final'"
        " AND x.request_id = {r}"));
    finish_late(s, id, own);
    assert_int_equal(number(SIGNED_FINALS), 1);
    assert_false(signature_recorded(s, id, own)); /* one is there */
    store_free(s);
}

/* ---- rows that are not the issuer's own */

/* As if the last precertificate's bytes had been these, signed by whom they name or not. */
static void precertificate_replace(struct bytes tbs, bool sign)
{
    struct certificate pre = parsed(PRECERTIFICATE);
    struct bytes signature = pre.signature, der;
    struct fault f = { 0 };
    if (sign)
        assert_true(token_sign(house.token, authority()->key, TOKEN_SHA256, tbs,
                               tick_after(patience()), &memory, &signature, &f));
    assert_true(certificate_assemble(&memory, tbs, signature, &der, &f));
    execute(
        arena_format(&memory,
                     "UPDATE precertificate SET der = '\\x%s' WHERE request_id = {r};"
                     "UPDATE to_sign SET tbs = '\\x%s' WHERE kind = 'precert' AND issuance_id IN"
                     " (SELECT id FROM issuance WHERE request_id = {r})",
                     hex_lower(&memory, der), hex_lower(&memory, tbs)));
}

/* With the first `from` in it replaced; both are as long. */
static struct bytes replaced(struct bytes in, struct bytes from, struct bytes to)
{
    uint8_t *out = arena_copy(&memory, in.data, in.size);
    uint8_t *at = memmem(out, in.size, from.data, from.size);
    assert_non_null(at);
    assert_int_equal(from.size, to.size);
    memcpy(at, to.data, to.size);
    return (struct bytes){ out, in.size };
}

static void assert_held_up_unsigned(const char *story)
{
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(number(STORED), 0);
    assert_int_equal(
        number("SELECT count(*) FROM to_sign t JOIN issuance x ON x.id = t.issuance_id"
               " WHERE t.kind = 'final' AND t.signature IS NOT NULL AND x.request_id = {r}"),
        0);
    if (!strstr(text("SELECT story FROM job_dead WHERE subject = {r}"), story))
        fail_msg("%s", text("SELECT story FROM job_dead WHERE subject = {r}"));
}

/* Who can write the rows, and has no key, gets nothing signed. */
static void precertificate_that_the_authority_has_not_signed(void **state)
{
    (void)state;
    order_precertified();
    struct bytes tbs = parsed(PRECERTIFICATE).tbs;
    precertificate_replace(replaced(tbs, BYTES_OF("www.example.com"), BYTES_OF("www.exampel.com")),
                           false);
    promise(LOG_A);
    promise(LOG_B);
    logged();
    assert_held_up_unsigned("the signature is not one of the key of");
}

static void stored_bytes_that_are_not_the_precertificates(void **state)
{
    (void)state;
    order_logged();
    issue();
    struct bytes tbs = parsed(CERTIFICATE).tbs;
    execute(C3_NOT_COMMITTED);
    execute(arena_format(
        &memory,
        "UPDATE to_sign SET signature = NULL, tbs = '\\x%s' WHERE kind = 'final' AND issuance_id IN"
        " (SELECT id FROM issuance WHERE request_id = {r})",
        hex_lower(&memory,
                  replaced(tbs, BYTES_OF("www.example.com"), BYTES_OF("www.exampel.com")))));
    assert_held_up_unsigned("certificate and precertificate differ");
}

/* ---- precertificates of which nothing becomes */

static struct bytes time_text(struct instant at)
{
    struct text t;
    text_init(&t, &memory);
    der_add_time(&t, at);
    return der_written(&t);
}

static void precertificate_aged(struct duration by)
{
    struct certificate pre = parsed(PRECERTIFICATE);
    struct instant before = instant_add(pre.not_before, (struct duration){ -by.us });
    precertificate_replace(replaced(pre.tbs, time_text(pre.not_before), time_text(before)), true);
}

/* BR 7.1.2.7: a certificate that begins more than two days ago may not be signed any more. */
static void precertificate_that_waited_too_long_is_given_up(void **state)
{
    (void)state;
    order_precertified();
    precertificate_aged(seconds(48 * 3600));
    promise(LOG_A);
    promise(LOG_B);
    logged();
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(text(STATE), "ghost");
    assert_int_equal(
        number("SELECT count(*) FROM revocation v JOIN precertificate p ON p.serial = v.serial"
               " WHERE p.request_id = {r}"),
        1);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'precertificate given up' "
                            "AND subject = 'request/{r}'"),
                     1);
    assert_int_equal(number(JOBS), 1);
    issue();
    assert_string_equal(text(STATE), "ghost precert_signed");
    promise(LOG_A);
    promise(LOG_B);
    logged();
    issue();
    assert_int_equal(number(ISSUED), 1);
    assert_int_equal(number(STORED), 1);
    assert_int_equal(number(PRECERTS), 2);
}

static void precertificate_that_waited_long_is_issued(void **state)
{
    (void)state;
    order_precertified();
    precertificate_aged(seconds(46 * 3600));
    promise(LOG_A);
    promise(LOG_B);
    logged();
    issue();
    assert_issued_logged(2);
}

/* By an operator, while it waits for logs: it is nobody's any more. */
static void precertificate_given_up_while_it_waits(void **state)
{
    (void)state;
    order_precertified();
    execute("SELECT precertificate_give_up(ARRAY(SELECT id FROM issuance WHERE request_id = {r}), "
            "now());"
            "SELECT request_advance(ARRAY[{r}::bigint], now(), NULL)");
    assert_string_equal(text(STATE), "ghost");
    assert_int_equal(number("SELECT count(*) FROM request_open_task(ARRAY[{r}::bigint], now())"),
                     0);
    assert_string_equal(text("SELECT request_frozen({r})::text"), "false");
    issue();
    assert_string_equal(text(STATE), "ghost precert_signed");
}

/* ---- the journal */

/* The line of the last certificate that begins so, behind `at`. */
static const char *line_find(const char *at, const char *word)
{
    const char *beginning = arena_format(&memory, "%s ", word);
    const char *id = arena_format(&memory, " %lld ", (long long)certificate_id);
    for (const char *line = at, *end; line && *line; line = end ? end + 1 : NULL) {
        end = strchr(line, '\n');
        const char *found = strstr(line, id);
        if (strncmp(line, beginning, strlen(beginning)) == 0 && found && (!end || found < end))
            return line;
    }
    return NULL;
}

static void journal_has_both(void **state)
{
    static const char *const words[] = { "precert_intent", "precert_signature", "intent",
                                         "signature" };
    (void)state;
    order_logged();
    issue();
    assert_issued_logged(2);
    const char *at = file_read(journal_path());
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        at = line_find(at, words[i]); /* each behind the one before */
        assert_non_null(at);
    }
    assert_non_null(strstr(at, hex_lower(&memory, parsed(CERTIFICATE).der)));
    assert_non_null(
        strstr(file_read(journal_path()), hex_lower(&memory, parsed(PRECERTIFICATE).der)));
}

static int open_logs(void **state)
{
    if (open_all(state))
        return -1;
    logs_make();
    policy_usual();
    return 0;
}

static int close_logs(void **state)
{
    for (int i = 0; i < LOGS; i++)
        csr_make_key_free(logs[i].key);
    return close_all(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logged_order_is_issued_with_its_timestamps),
        cmocka_unit_test(names_are_judged_once),
        cmocka_unit_test(end_that_has_passed_stops_no_precertificate),
        cmocka_unit_test(authority_with_rsa),
        cmocka_unit_test(order_that_says_so_is_not_logged),
        cmocka_unit_test(order_of_a_gateway_of_before_is_not_logged),
        cmocka_unit_test(order_of_before_is_not_logged),
        cmocka_unit_test(list_without_logs_logs_nothing),
        cmocka_unit_test(private_hierarchy_is_never_logged),
        cmocka_unit_test(what_cannot_be_logged_is_not_signed),
        cmocka_unit_test(timestamps_that_do_not_count_go_back_to_the_logs),
        cmocka_unit_test(timestamps_that_do_not_count_are_counted),
        cmocka_unit_test(log_that_left_the_list_counts_no_more),
        cmocka_unit_test(more_timestamps_are_needed),
        cmocka_unit_test(without_any_log_it_waits),
        cmocka_unit_test(what_policy_says_of_the_product_does_not_matter_any_more),
        cmocka_unit_test(key_that_was_blocked_is_not_certified),
        cmocka_unit_test(its_last_day_is_stored),
        cmocka_unit_test(authority_that_was_stopped_signs_nothing),
        cmocka_unit_test(precertificate_without_its_signature_is_a_ghost),
        cmocka_unit_test(signature_of_a_precertificate_is_used),
        cmocka_unit_test(lease_that_died_before_s_is_taken_over),
        cmocka_unit_test(lease_that_died_after_s_signs_the_same_bytes),
        cmocka_unit_test(signature_of_a_certificate_is_used),
        cmocka_unit_test(key_that_was_blocked_after_s_is_held),
        cmocka_unit_test(commit_that_was_lost_is_not_anothers),
        cmocka_unit_test(signature_stands_beside_its_own_bytes_only),
        cmocka_unit_test(precertificate_that_the_authority_has_not_signed),
        cmocka_unit_test(stored_bytes_that_are_not_the_precertificates),
        cmocka_unit_test(precertificate_that_waited_too_long_is_given_up),
        cmocka_unit_test(precertificate_that_waited_long_is_issued),
        cmocka_unit_test(precertificate_given_up_while_it_waits),
        cmocka_unit_test(journal_has_both),
    };
    return cmocka_run_group_tests(tests, open_logs, close_logs);
}
