/* The lane `issue` against a real database and a real token: each test is a way in which an attempt
 * can end, and what the next one makes of it. */
#include "issuance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sched.h>

#include "issuance.sql.h"
#include "issuer.h"
#include "journal.h"
#include "pki/certificate.h"
#include "pki/csr_make.h"
#include "pki/digest.h"
#include "store/script.h"
#include "testdata/house.h"
#include "testing/database.h"

static struct house house;
static struct database *database;
static struct script *admin;
static struct service_run running;
static struct arena memory;
static int64_t order_id;
static char run_at[40] = "now() + interval '1 hour'"; /* only called, never polled */

// clang-format off
static struct lane lanes[] = {
    { .name = "issue", .batch = 32, .room = 64, .lease = { 30000000 }, .attempts = 5, .claims_itself = true, .run = issuance_run },
    { 0 },
};
// clang-format on

static const char *text(const char *sql)
{
    struct fault f = { 0 };
    const char *out = NULL;
    if (!script_ask(admin, &memory, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out;
}

static int64_t number(const char *sql)
{
    const char *out = text(sql);
    assert_non_null(out);
    return strtoll(out, NULL, 10);
}

static void execute(const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* ---- a policy, an authority, an account that has proved example.com */

static const char *file_read(const char *path)
{
    char *out = arena_alloc(&memory, 64 * 1024);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_true(fread(out, 1, 64 * 1024 - 1, f) > 0);
    fclose(f);
    return out;
}

static void policy_fill(void)
{
    execute("INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('test'), '2026-01-01')");
    execute(
        "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
        "valid_till, statement, source) "
        "VALUES (1, 'advised', 'TLS', 'validity.advised', '199', 'd', 'S', '-infinity', "
        "'infinity', '', ''),"
        "       (1, 'max', 'TLS', 'validity.max', '200', 'd', 'M', '-infinity', 'infinity', '', "
        "''),"
        "       (1, 'reuse', 'TLS', 'reuse.dcv', '200', 'd', 'M', '-infinity', 'infinity', '', ''),"
        "       (1, 'random', 'TLS', 'random.life', '30', 'd', 'M', '-infinity', 'infinity', '', "
        "''),"
        "       (1, 'pending', 'TLS', 'order.pending', '90', 'd', 'S', '-infinity', 'infinity', "
        "'', '')");
    static const char *const documents[][3] = {
        { "product", "ssl_dv_geotrust_flex", "policy/products/ssl_dv_geotrust_flex.json" },
        { "profile", "tls-dv", "policy/profiles/tls-dv.json" },
    };
    for (int i = 0; i < 2; i++)
        execute(arena_format(
            &memory, "INSERT INTO policy_document VALUES (1, '%s', '%s', %s, sha256('x'))",
            documents[i][0], documents[i][1], script_literal(&memory, file_read(documents[i][2]))));
    execute("INSERT INTO policy_active VALUES (true, 1)");
}

static void authorities_fill(void)
{
    for (int i = 0; i < HOUSE_CAS; i++) {
        const Authority *a = house.rows[i];
        const char *der = hex_lower(&memory, (struct bytes){ a->der.data, a->der.len });
        const char *parent = a->parent_id ? arena_format(&memory, "'%s'", a->parent_id) : "NULL";
        execute(arena_format(
            &memory, "INSERT INTO authority VALUES ('%s', %s, '%s', '%s', %s, '\\x%s', %s, now())",
            a->id, script_literal(&memory, a->name), a->key_label, a->key_type, parent, der,
            a->may_sign ? "true" : "false"));
    }
}

static void order_new(const char *status, const char *domain)
{
    struct evp_pkey_st *key = csr_make_key("P-256");
    const char *names[] = { arena_format(&memory, "www.%s", domain),
                            arena_format(&memory, "*.%s", domain) };
    struct bytes csr = csr_make(&memory, key, names, 2);
    uint8_t hash[SHA256_SIZE];
    digest_sha256(csr, hash);
    order_id++;
    execute(arena_format(&memory,
                         "INSERT INTO orders (id, account_id, user_id, product_name_id, "
                         "rule_scope, status, common_name, csr, csr_sha256, key_type,"
                         " key_size, signature_hash, ca_id, dcv_method, dcv_scope, random_value, "
                         "random_value_at, poll_from, valid_till, created_at,"
                         " answer_by, status_at) VALUES (%lld, 1, 1, 'ssl_dv_geotrust_flex', "
                         "'TLS', '%s', '%s', '\\x%s', '\\x%s', 'ecdsa',"
                         " 256, 'sha256', '%s', 'dns-txt-token', 'base_domain', 'r', now(), now(), "
                         "now() + interval '365 days', now(),"
                         " now() + interval '10 s', now())",
                         (long long)order_id, status, names[0], hex_lower(&memory, csr),
                         hex_lower(&memory, (struct bytes){ hash, sizeof hash }),
                         house.rows[HOUSE_P256]->id));
    for (int i = 0; i < 2; i++)
        execute(arena_format(&memory, "INSERT INTO order_name VALUES (%lld, %d, 1, '%s', '%s')",
                             (long long)order_id, i, names[i], domain));
    execute(arena_format(&memory,
                         "INSERT INTO job (lane, subject, run_at) VALUES ('issue', %lld, %s)",
                         (long long)order_id, run_at));
    csr_make_key_free(key);
}

/* ---- a caller of the lane */

static JobOutcome__Result result;
static int64_t certificate_id;
static bool answered_;

static void answered(struct call *call, const ProtobufCMessage *answer)
{
    const JobOutcome *o = (const JobOutcome *)answer;
    result = o->result;
    certificate_id = o->certificate ? o->certificate->id : 0;
    answered_ = true;
    arena_free(&call->arena);
    free(call);
}

static int64_t job_of_order(int64_t id)
{
    return number(arena_format(
        &memory, "SELECT id FROM job WHERE lane = 'issue' AND subject = %lld", (long long)id));
}

static struct lanes *lanes_open(int workers, struct duration poll)
{
    struct lanes_options o = { .lanes = lanes,
                               .store = &running.store,
                               .owner = "issuer/test/1",
                               .workers = workers,
                               .poll = poll };
    struct lanes *l = lanes_start(&o);
    lanes_serve(l);
    return l;
}

static void job_call(int64_t id)
{
    struct call *call = calloc(1, sizeof *call);
    JobRef in = JOB_REF__INIT;
    assert_non_null(call);
    arena_init(&call->arena);
    call->finish = answered;
    in.id = id;
    in.lane = (char[]){ "issue" };
    jobs_service.run(&jobs_service, &in, (JobOutcome_Closure)call_answer, call);
}

static void lanes_close(struct lanes *l)
{
    assert_true(lanes_drain(l, seconds(30)));
    lanes_stop(l);
}

/* Runs all jobs of the order now and waits for what became of the last. */
static void issue(void)
{
    struct lanes *l = lanes_open(2, seconds(60));
    answered_ = false;
    job_call(job_of_order(order_id));
    lanes_close(l);
    assert_true(answered_);
}

static int64_t count(const char *what)
{
    return number(arena_format(&memory, "SELECT count(*) FROM %s AND order_id = %lld", what,
                               (long long)order_id));
}

#define ISSUED "issuance WHERE state = 'issued'"
#define GHOSTS "issuance WHERE state = 'ghost'"
#define STORED "certificate WHERE true"
#define EVENTS "event WHERE name = 'certificate_issued'"

static void assert_issued_once(void)
{
    assert_int_equal(result, JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(count(ISSUED), 1);
    assert_int_equal(count(STORED), 1);
    assert_int_equal(count(EVENTS), 1);
    assert_string_equal(text(arena_format(&memory, "SELECT status FROM orders WHERE id = %lld",
                                          (long long)order_id)),
                        "issued");
    assert_int_equal(
        number(arena_format(&memory,
                            "SELECT count(*) FROM job WHERE lane = 'issue' AND subject = %lld",
                            (long long)order_id)),
        0);
}

/* ---- tests */

static void order_is_issued_for_what_policy_advises(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    assert_int_equal(certificate_id, number("SELECT max(id) FROM certificate"));
    assert_int_equal(number("SELECT extract(epoch FROM not_after - not_before) + 1 FROM "
                            "certificate ORDER BY id DESC LIMIT 1"),
                     199 * 86400);
    assert_int_equal(
        number("SELECT count(*) FROM to_sign t JOIN certificate c ON c.id = t.issuance_id WHERE "
               "position(t.tbs IN c.der) = 5 "
               "AND position(t.signature IN c.der) > 0 AND sha256(t.tbs) = t.tbs_sha256"),
        number("SELECT count(*) FROM certificate"));
}

/* Immediate is what goes out in the answer to the order. Nobody called for a job that was polled:
 * the webhooks must tell of it, however much time there would have been. */
static void only_who_waits_is_told_in_the_answer(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_int_equal(count("event WHERE instant"), 1);
    order_new("pending", "example.com");
    execute(arena_format(&memory,
                         "UPDATE job SET run_at = now() - interval '1 s' WHERE subject = %lld",
                         (long long)order_id));
    struct lanes *l = lanes_open(1, milliseconds(20));
    struct tick until = tick_after(seconds(20));
    while (count(ISSUED) == 0 && tick_left(until).us > 0)
        sched_yield();
    lanes_close(l);
    assert_int_equal(count(ISSUED), 1);
    assert_int_equal(count("event WHERE NOT instant"), 1);
}

static void customers_own_end_is_kept(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute(arena_format(
        &memory,
        "UPDATE orders SET cert_not_after = created_at + interval '30 days' WHERE id = %lld",
        (long long)order_id));
    issue();
    assert_issued_once();
    assert_int_equal(
        number("SELECT (not_after < o.cert_not_after AND not_after > o.cert_not_after - interval "
               "'2 s')::int "
               "FROM certificate c JOIN orders o ON o.id = c.order_id ORDER BY c.id DESC LIMIT 1"),
        1);
}

/* Nothing is signed while something is left to do; the order goes back to domain control. */
static void open_task_sends_it_back(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(count("issuance WHERE true"), 0);
    assert_int_equal(
        number(arena_format(
            &memory, "SELECT count(*) FROM job WHERE idem_key IN ('dcv/%lld', 'order_expire/%lld')",
            (long long)order_id, (long long)order_id)),
        2);
    assert_int_equal(
        number(arena_format(&memory,
                            "SELECT count(*) FROM job WHERE lane = 'issue' AND subject = %lld",
                            (long long)order_id)),
        0);
}

/* Looked at just now: nobody is told, and the next look is a minute after the last. */
static void evidence_that_does_not_count_is_not_sought_at_once(void **state)
{
    (void)state;
    order_new("pending", "example.net");
    execute(arena_format(&memory, "INSERT INTO order_check VALUES (%lld, now(), NULL, NULL)",
                         (long long)order_id));
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number(arena_format(
                         &memory,
                         "SELECT count(*) FROM job j JOIN order_check c ON c.order_id = j.subject"
                         " WHERE j.lane = 'dcv' AND j.subject = %lld"
                         "   AND j.run_at = c.checked_at + interval '1 minute'",
                         (long long)order_id)),
                     1);
}

/* One old ingredient makes the validation old: 200 days, and not a second more. */
static void quarantined_order_waits(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute(arena_format(&memory,
                         "INSERT INTO quarantine (serial, ca_id, order_id, issuance_id, signed, "
                         "tbs_sha256, found_at) "
                         "VALUES (decode(md5('%lld'), 'hex'), 'CA', %lld, 1, true, '', now())",
                         (long long)order_id, (long long)order_id));
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(count("issuance WHERE true"), 0);
}

static void old_validation_does_not_count(void **state)
{
    (void)state;
    order_new("pending", "example.org");
    execute(
        "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence) "
        "VALUES (1, 'example.org', 'dns-txt-token', '3.2.2.4.7', now() - interval '200 days 1 "
        "second', '{}')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    execute("DELETE FROM validation WHERE domain = 'example.org'");
}

static void others_validation_does_not_count(void **state)
{
    (void)state;
    order_new("pending", "example.org");
    execute(
        "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence) "
        "VALUES (2, 'example.org', 'dns-txt-token', '3.2.2.4.7', now(), '{}')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    execute("DELETE FROM validation WHERE domain = 'example.org'");
}

static void prohibited_method_does_not_count(void **state)
{
    (void)state;
    order_new("pending", "example.org");
    execute(
        "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence) "
        "VALUES (1, 'example.org', 'email', '3.2.2.4.4', now(), '{}');"
        "INSERT INTO policy_rule (version, id, scope, parameter, level, valid_from, valid_till, "
        "statement, source) "
        "VALUES (1, 'dcv-04', 'TLS', 'dcv.method.4', 'X', now() - interval '1 day', 'infinity', "
        "'', '')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    execute("DELETE FROM validation WHERE domain = 'example.org'");
}

static void cancelled_order_is_left_alone(void **state)
{
    (void)state;
    order_new("canceled", "example.com");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(count("issuance WHERE true"), 0);
    assert_int_equal(number(arena_format(&memory, "SELECT count(*) FROM job WHERE subject = %lld",
                                         (long long)order_id)),
                     0);
}

static void second_job_finds_it_issued(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    execute(arena_format(&memory,
                         "INSERT INTO job (lane, subject, run_at) VALUES ('issue', %lld, %s)",
                         (long long)order_id, run_at));
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__GONE);
    assert_int_equal(count(ISSUED), 1);
    assert_int_equal(count(STORED), 1);
}

/* What a worker leaves that died after C2: an attempt without signature, a lease that ran out. */
static void attempt_left(const char *signature)
{
    execute(arena_format(&memory,
                         "INSERT INTO issuance SELECT nextval('issuance_block'), id, 1, "
                         "account_id, ca_id, decode(md5(id::text), 'hex'), 'reserved', -77, 7, 1,"
                         " sha256('x'), date_trunc('second', now()), date_trunc('second', now()) + "
                         "interval '10 days', now() FROM orders WHERE id = %lld;"
                         "INSERT INTO to_sign SELECT x.id, 'final', '\\x3000', sha256('\\x3000'), "
                         "%s FROM issuance x WHERE order_id = %lld;"
                         "UPDATE job SET lease_epoch = 7, attempt = 1, lease_until = now() - "
                         "interval '1 s' WHERE subject = %lld",
                         (long long)order_id, signature, (long long)order_id, (long long)order_id));
}

static void dead_lease_leaves_a_ghost(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    attempt_left("NULL");
    issue();
    assert_issued_once();
    assert_int_equal(count(GHOSTS), 1);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE activity = 'serial abandoned' AND "
                            "subject = 'order/' || "
                            "(SELECT max(order_id) FROM issuance)"),
                     1);
}

/* Two jobs for one order: the attempt of the other's worker, which lives, is no ghost. */
static void attempt_of_a_living_lease_is_waited_for(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    attempt_left("NULL");
    execute("INSERT INTO job (id, lane, subject, run_at, lease_epoch, lease_until) VALUES (-77, "
            "'other', 0, "
            "now(), 7, now() + interval '1 hour')");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(count(GHOSTS), 0);
    assert_int_equal(count(STORED), 0);
    execute("DELETE FROM job WHERE lane = 'other'");
    issue();
    assert_issued_once();
    assert_int_equal(count(GHOSTS), 1);
}

/* C3 of a batch in which the database refuses one certificate: the others are issued, and the
 * signature of that one is kept, so that the next claim finishes it instead of signing anew. */
static void refused_certificate_falls_out_alone(void **state)
{
    struct fault f = { 0 };
    struct script *blocker = script_open((struct secret){ database_url(database, NULL) }, &f);
    (void)state;
    assert_non_null(blocker);
    order_new("pending", "example.com");
    int64_t first = order_id;
    order_new("pending", "example.com");
    int64_t bad = order_id;
    order_new("pending", "example.com");
    execute(arena_format(&memory,
                         "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;"
                         "CREATE TRIGGER refused BEFORE INSERT ON certificate FOR EACH ROW "
                         "WHEN (new.order_id = %lld) EXECUTE FUNCTION refuse()",
                         (long long)bad));
    /* While the only worker waits for the first order, the other two queue up as one batch. */
    assert_true(
        script_run(blocker,
                   arena_format(&memory, "BEGIN; SELECT FROM orders WHERE id = %lld FOR UPDATE",
                                (long long)first),
                   &f));
    struct lanes *l = lanes_open(1, seconds(60));
    job_call(job_of_order(first));
    while (number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND "
                  "datname = current_database()") == 0)
        sched_yield();
    job_call(job_of_order(bad));
    job_call(job_of_order(order_id));
    assert_true(script_run(blocker, "COMMIT", &f));
    lanes_close(l);
    script_close(blocker);
    assert_int_equal(count(ISSUED), 1);
    int64_t last = order_id;
    order_id = bad;
    assert_int_equal(count(STORED), 0);
    assert_int_equal(count("issuance x JOIN to_sign t ON t.issuance_id = x.id WHERE t.signature IS "
                           "NOT NULL AND x.state = 'reserved'"),
                     1);
    execute("DROP TRIGGER refused ON certificate");
    issue();
    assert_issued_once();
    assert_int_equal(count(GHOSTS), 0);
    order_id = last;
}

/* Signed by a worker that died before C3: only the effects are missing. */
static void signature_of_a_dead_lease_is_used(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    /* The bytes and their signature come from an issue that is then taken back. */
    issue();
    assert_issued_once();
    execute(arena_format(
        &memory,
        "DELETE FROM certificate WHERE order_id = %lld; DELETE FROM event WHERE order_id = %lld;"
        "UPDATE issuance SET state = 'reserved' WHERE order_id = %lld;"
        "UPDATE orders SET status = 'pending' WHERE id = %lld;"
        "INSERT INTO job (lane, subject, run_at, lease_epoch) VALUES ('issue', %lld, %s, 3)",
        (long long)order_id, (long long)order_id, (long long)order_id, (long long)order_id,
        (long long)order_id, run_at));
    int64_t before = number(arena_format(&memory, "SELECT id FROM issuance WHERE order_id = %lld",
                                         (long long)order_id));
    issue();
    assert_issued_once();
    assert_int_equal(certificate_id, before);
    assert_int_equal(count(GHOSTS), 0);
}

static void authority_without_the_right_signs_nothing(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute("UPDATE authority SET may_sign = false");
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(count("issuance WHERE true"), 0);
    execute(arena_format(&memory, "UPDATE authority SET may_sign = true WHERE id = '%s'",
                         house.rows[HOUSE_P256]->id));
}

static void worn_out_order_is_buried(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    execute(arena_format(&memory, "UPDATE job SET attempt = 5 WHERE subject = %lld",
                         (long long)order_id));
    issue();
    assert_int_equal(result, JOB_OUTCOME__RESULT__FAILED);
    assert_int_equal(count(STORED), 0);
    assert_int_equal(
        number(arena_format(&memory, "SELECT count(*) FROM job_dead WHERE subject = %lld",
                            (long long)order_id)),
        1);
}

/* ---- the world */

static const char *journal_path(void)
{
    return arena_format(&memory, "/tmp/chancery-journal-%d", (int)getpid());
}

/* What the journal has of the last certificate: its intent before its signature. */
static void journal_has_intent_and_signature(void **state)
{
    (void)state;
    order_new("pending", "example.com");
    issue();
    assert_issued_once();
    const char *all = file_read(journal_path());
    const char *intent = strstr(
        all, arena_format(&memory, " %lld %lld ", (long long)certificate_id, (long long)order_id));
    const char *signature = strstr(
        all,
        arena_format(
            &memory, " %lld %s\n", (long long)certificate_id,
            text(arena_format(
                &memory, "SELECT encode(signature, 'hex') FROM to_sign WHERE issuance_id = %lld",
                (long long)certificate_id))));
    assert_non_null(intent);
    assert_non_null(signature);
    assert_true(intent < signature);
    assert_non_null(strstr(
        intent,
        text(arena_format(&memory, "SELECT encode(serial, 'hex') FROM certificate WHERE id = %lld",
                          (long long)certificate_id))));
    struct fault f = { 0 };
    assert_true(journal_good(issuer.journal, &f));
    assert_null(journal_open("/nonexistent/journal", &f));
}

static int open_all(void **state)
{
    (void)state;
    struct fault f = { 0 };
    arena_init(&memory);
    house_open(&house, clock_now());
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    policy_fill();
    authorities_fill();
    execute(
        "INSERT INTO validation (account_id, domain, method, br_method, completed_at, evidence) "
        "VALUES (1, 'example.com', 'dns-txt-token', '3.2.2.4.7', now(), '{}')");
    order_id = 1000;
    running.store = (struct store_options){ .url = { database_url(database, "issuer") },
                                            .prepare = true,
                                            .timeout = seconds(5) };
    snprintf(running.owner, sizeof running.owner, "issuer/test/1");
    issuer.run = &running;
    issuer.token = house.token;
    issuer.journal = journal_open(journal_path(), &f);
    assert_non_null(issuer.journal);
    issuer.status_host = HOUSE_STATUS;
    issuer.lease = lanes[0].lease;
    issuer.issuance_ids = ids_new(&sql_issuance_id_block);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    script_close(admin);
    ids_free(issuer.issuance_ids);
    journal_close(issuer.journal);
    unlink(journal_path());
    database_free(database);
    house_close(&house);
    arena_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_issued_for_what_policy_advises),
        cmocka_unit_test(only_who_waits_is_told_in_the_answer),
        cmocka_unit_test(journal_has_intent_and_signature),
        cmocka_unit_test(customers_own_end_is_kept),
        cmocka_unit_test(open_task_sends_it_back),
        cmocka_unit_test(evidence_that_does_not_count_is_not_sought_at_once),
        cmocka_unit_test(quarantined_order_waits),
        cmocka_unit_test(old_validation_does_not_count),
        cmocka_unit_test(others_validation_does_not_count),
        cmocka_unit_test(prohibited_method_does_not_count),
        cmocka_unit_test(cancelled_order_is_left_alone),
        cmocka_unit_test(second_job_finds_it_issued),
        cmocka_unit_test(dead_lease_leaves_a_ghost),
        cmocka_unit_test(attempt_of_a_living_lease_is_waited_for),
        cmocka_unit_test(refused_certificate_falls_out_alone),
        cmocka_unit_test(signature_of_a_dead_lease_is_used),
        cmocka_unit_test(authority_without_the_right_signs_nothing),
        cmocka_unit_test(worn_out_order_is_buried),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
