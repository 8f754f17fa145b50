/* issuing - the lane `issue` in a process of its own: a database, a token, a policy, an authority, an account that has
 * proved example.com, its orders, and a caller. Include once in a test program; everything is static.
 */
#ifndef TESTDATA_ISSUING_H
#define TESTDATA_ISSUING_H

#include "issuance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "issuance.sql.h"
#include "issuer.h"
#include "journal.h"
#include "pki/certificate.h"
#include "pki/csr_make.h"
#include "pki/der.h"
#include "pki/digest.h"
#include "service/metrics.h"
#include "signers.h"
#include "store/script.h"
#include "testdata/house.h"
#include "testing/database.h"
#include "testing/patience.h"

static struct house house;
static struct database *database;
static struct script *admin;
static struct service_run running;
static struct arena memory;
static int64_t order_id, request_id; /* of the last one; the request's is the order's and 500000 */
static char run_at[40] = "now() + interval '1 hour'"; /* only called, never polled */

// clang-format off
static struct lane lanes[] = {
    { .name = "issue", .batch = 32, .room = 64, .lease = { 30000000 }, .attempts = 5, .claims_itself = true, .run = issuance_run },
    { 0 },
};
// clang-format on

/* `sql` with {o} and {r} as the numbers of the last order and its request. */
static const char *filled(const char *sql)
{
    struct text t;
    text_init(&t, &memory);
    for (; *sql; sql++) {
        bool order = strncmp(sql, "{o}", 3) == 0;
        if (order || strncmp(sql, "{r}", 3) == 0) {
            text_format(&t, "%lld", (long long)(order ? order_id : request_id));
            sql += 2;
        } else {
            text_add_char(&t, *sql);
        }
    }
    return t.data;
}

static const char *text(const char *sql)
{
    struct fault f = { 0 };
    const char *out = NULL;
    if (!script_ask(admin, &memory, filled(sql), NULL, 0, &out, &f))
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
    if (!script_run(admin, filled(sql), &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* ---- a policy, an authority, an account that has proved example.com */

static const char *file_read(const char *path)
{
    enum { SIZE = 1024 * 1024 };
    char *out = arena_alloc(&memory, SIZE);
    memset(out, 0, SIZE);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_true(fread(out, 1, SIZE - 1, f) > 0);
    fclose(f);
    return out;
}

/* A version is whole or none, so it is one transaction. */
static void policy_fill(void)
{
    static const char *const documents[][3] = {
        { "product", "ssl_dv_geotrust_flex", "policy/products/ssl_dv_geotrust_flex.json" },
        { "profile", "tls-dv", "policy/profiles/tls-dv.json" },
    };
    struct text t;
    text_init(&t, &memory);
    text_add(
        &t,
        "BEGIN;"
        "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('test'), '2026-01-01');"
        "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
        "valid_till, statement, source, check_name) VALUES"
        " (1, 'advised', 'TLS', 'validity.advised', '199', 'd', 'S', '-infinity', 'infinity', '', "
        "'', NULL),"
        " (1, 'max', 'TLS', 'validity.max', '200', 'd', 'M', '-infinity', 'infinity', '', '', "
        "'validity_max'),"
        " (1, 'reuse', 'TLS', 'reuse.dcv', '200', 'd', 'M', '-infinity', 'infinity', '', '', NULL),"
        " (1, 'random', 'TLS', 'random.life', '30', 'd', 'M', '-infinity', 'infinity', '', '', "
        "NULL),"
        " (1, 'mail', 'TLS', 'dcv.method.3.2.2.4.4', NULL, NULL, 'X', now() - interval '1 day', "
        "'infinity', '', '', NULL),"
        " (1, 'csr', 'TLS', 'csr.sha1', '1', 'bool', 'S', '-infinity', 'infinity', '', '', NULL),"
        " (1, 'pending', 'TLS', 'order.pending', '90', 'd', 'S', '-infinity', 'infinity', '', '', "
        "NULL);");
    for (int i = 0; i < 2; i++) {
        const char *literal = script_literal(&memory, file_read(documents[i][2]));
        text_format(&t,
                    "INSERT INTO policy_document VALUES (1, '%s', '%s', %s, sha256(convert_to(%s, "
                    "'UTF8')));",
                    documents[i][0], documents[i][1], literal, literal);
    }
    text_add(&t, "INSERT INTO policy_active VALUES (true, 1, '2026-01-01'); COMMIT");
    execute(t.data);
}

static void authorities_fill(void)
{
    for (int i = 0; i < HOUSE_CAS; i++) {
        const Authority *a = house.rows[i];
        const char *der = hex_lower(&memory, (struct bytes){ a->der.data, a->der.len });
        const char *parent = a->parent_id ? arena_format(&memory, "'%s'", a->parent_id) : "NULL";
        execute(arena_format(
            &memory,
            "INSERT INTO authority VALUES ('%s', %s, '%s', '%s', %s, '\\x%s', true, %s, now())",
            a->id, script_literal(&memory, a->name), a->key_label, a->key_type, parent, der,
            a->may_sign ? "true" : "false"));
    }
}

static void order_new(const char *status, const char *domain)
{
    struct evp_pkey_st *key = csr_make_key("P-256");
    const char *names[] = { arena_format(&memory, "www.%s", domain),
                            arena_format(&memory, "*.%s", domain) };
    const char *csr = hex_lower(&memory, csr_make(&memory, key, names, 2));
    order_id++;
    request_id = order_id + 500000;
    execute(arena_format(
        &memory,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
        " certificate_id, valid_till, created_at, answer_by, status_at)"
        " VALUES ({o}, 1, 1, 'ssl_dv_geotrust_flex', '%s', {r}, 0, now() + interval '365 days',"
        " now(), now() + interval '10 s', now());"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, csr,"
        " csr_sha256, spki_sha256, key_type, key_size, signature_hash, ca_id, dcv_method,"
        " dcv_scope, requester_id, created_at)"
        " VALUES ({r}, {o}, 1, 1, 'new_request', 'approved', 'TLS', '\\x%s', sha256('\\x%s'),"
        " sha256('{o}'), 'ecdsa', 256, 'sha256', '%s', 'dns-txt-token', 'base_domain', 1, now());"
        "INSERT INTO request_name VALUES ({r}, 0, 1, 'dns', '%s', '%s'),"
        " ({r}, 1, 1, 'dns', '%s', '%s');"
        "INSERT INTO job (lane, subject, run_at, idem_key) VALUES ('issue', {r}, %s, 'issue/{r}')",
        status, csr, csr, house.rows[HOUSE_P256]->id, names[0], domain, names[1], domain, run_at));
    csr_make_key_free(key);
}

/* ---- a caller of the lane */

static JobOutcome__Result result;
static int64_t certificate_id;
static char next_lane[16]; /* of the job that follows; "" for none */
static bool answered_;

static void answered(struct call *call, const ProtobufCMessage *answer)
{
    const JobOutcome *o = (const JobOutcome *)answer;
    result = o->result;
    certificate_id = o->certificate ? o->certificate->id : 0;
    snprintf(next_lane, sizeof next_lane, "%s", o->has_next_job_id ? o->next_lane : "");
    answered_ = true;
    arena_free(&call->arena);
    free(call);
}

static int64_t job_of(int64_t order)
{
    return number(arena_format(&memory, "SELECT id FROM job WHERE idem_key = 'issue/%lld'",
                               (long long)order + 500000));
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
    assert_true(lanes_drain(l, patience()));
    lanes_stop(l);
}

/* Runs all jobs of the order now and waits for what became of the last. */
static void issue(void)
{
    struct lanes *l = lanes_open(2, seconds(60));
    answered_ = false;
    job_call(job_of(order_id));
    lanes_close(l);
    assert_true(answered_);
}

#define ISSUED   "SELECT count(*) FROM issuance WHERE state = 'issued' AND request_id = {r}"
#define GHOSTS   "SELECT count(*) FROM issuance WHERE state = 'ghost' AND request_id = {r}"
#define ATTEMPTS "SELECT count(*) FROM issuance WHERE request_id = {r}"
#define STORED   "SELECT count(*) FROM certificate WHERE request_id = {r}"
#define EVENTS   "SELECT count(*) FROM event WHERE name = 'certificate_issued' AND order_id = {o}"
#define JOBS     "SELECT count(*) FROM job WHERE lane = 'issue' AND subject = {r}"
#define DEAD     "SELECT count(*) FROM job_dead WHERE lane = 'issue' AND subject = {r}"
#define STATUS   "SELECT status FROM orders WHERE id = {o}"

static void assert_issued_once(void)
{
    assert_int_equal(result, JOB_OUTCOME__RESULT__DONE);
    assert_int_equal(number(ISSUED), 1);
    assert_int_equal(number(STORED), 1);
    assert_int_equal(number(EVENTS), 1);
    assert_int_equal(number(JOBS), 0);
    assert_string_equal(text(STATUS), "issued");
    assert_int_equal(number("SELECT certificate_id FROM orders WHERE id = {o}"), certificate_id);
}

__attribute__((unused)) static void assert_waits_unsigned(void)
{
    assert_int_equal(result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(number(ATTEMPTS), 0);
    assert_string_equal(text(STATUS), "pending");
}

/* ---- the world */

static const char *journal_path(void)
{
    return arena_format(&memory, "%s/journal", scratch_token_dir());
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
    execute("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
            "evidence) "
            "VALUES (1, 'example.com', 'dns-txt-token', '3.2.2.4.7', now(), '{}')");
    order_id = 1000;
    running.store = (struct store_options){ .url = { database_url(database, "issuer") },
                                            .prepare = true,
                                            .timeout = patience() };
    snprintf(running.owner, sizeof running.owner, "issuer/test/1");
    issuer.run = &running;
    issuer.token = house.token;
    issuer.journal = journal_open(journal_path(), &f);
    assert_non_null(issuer.journal);
    issuer.status_host = HOUSE_STATUS;
    issuer.lease = lanes[0].lease;
    issuer.issuance_ids = ids_new(&sql_issuance_id_block);
    signers_open(&running.store);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    signers_close();
    script_close(admin);
    ids_free(issuer.issuance_ids);
    journal_close(issuer.journal);
    unlink(journal_path());
    database_free(database);
    house_close(&house);
    arena_free(&memory);
    return 0;
}

#endif
