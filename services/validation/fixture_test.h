/* fixture_test - what the tests of this service share: a scratch database with rules and requests, a
 * world of DNS, the service's parts between them, and calls that wait for their answer. */
#ifndef VALIDATION_FIXTURE_TEST_H
#define VALIDATION_FIXTURE_TEST_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "caa_round.h"
#include "ct_round.h"
#include "domains.h"
#include "message/field.h"
#include "reuse.h"
#include "share.h"
#include "store/script.h"
#include "sweep.h"
#include "testing/database.h"
#include "testing/dns.h"
#include "testing/patience.h"
#include "validation.h"

#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define TARGET "dcv.chancery.example"

enum { ACCOUNT = 900, POOR, THIEF };

static struct database *database;
static struct dns_rig rig;
static struct arena arena;
static struct arena answers; /* under waiting_lock: whatever thread answers writes here */
static struct script *script;
static struct lanes *lanes;

static struct store_options store_options;
static struct logs_settings logs_settings; /* of parts_start() */
static struct lane lane_table[] = {
    { .name = "dcv",
      .batch = 32,
      .room = ROUNDS_ROOM,
      .weight = SWEEP_AT_ONCE,
      .attempts = 20,
      .run = domains_run },
    { .name = "reuse", .batch = 8, .room = 64, .attempts = 20, .run = reuse_run },
    { .name = "caa",
      .batch = 32,
      .room = ROUNDS_ROOM,
      .weight = SWEEP_AT_ONCE,
      .attempts = 20,
      .run = caa_run },
    { .name = "ct", .batch = 32, .room = 64, .attempts = 20, .run = ct_run },
    { 0 }
};

/* ---- the database */

static inline void run_sql(const char *text)
{
    struct fault f = { 0 };
    if (!script_run(script, text, &f))
        fail_msg("%s: %s", text, f.detail);
}

/* The first column of the first row, NULL if there is none. */
static inline const char *ask(const char *format, ...)
{
    struct fault f = { 0 };
    const char *answer = NULL;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!script_ask(script, &arena, text, NULL, 0, &answer, &f))
        fail_msg("%s: %s", text, f.detail);
    return answer;
}

#define assert_sql(expected, ...)                                                                  \
    do {                                                                                           \
        const char *got_ = ask(__VA_ARGS__);                                                       \
        assert_string_equal(got_ ? got_ : "-", expected);                                          \
    } while (0)

// clang-format off
static const char rules[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('\\x00'), '2020-01-01');"
    "INSERT INTO policy_active SELECT true, id, '2020-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, valid_till, statement, source)"
    " SELECT v.id, r.parameter, 'TLS', r.parameter, r.value, r.unit, 'M', '-infinity', 'infinity', 's', 's'"
    "   FROM policy_version v,"
    "        (VALUES ('random.life', '30', 'd'), ('token.life', '30', 'd'), ('reuse.dcv', '398', 'd'),"
    "                ('dcv.poll', '1m/15m 5m/1h 15m/1d 1h/10d', NULL)) AS r (parameter, value, unit);"
    "INSERT INTO account (name, status, dcv_scope, created_at)"
    " SELECT 'a' || n, 'active', 'base_domain', now() FROM generate_series(1, 3) n;";
// clang-format on

/* The policy with one rule more, as its next version: id, scope, parameter, level, value. */
static inline void rule_add(const char *rule)
{
    run_sql(arena_format(
        &arena,
        "INSERT INTO policy_version (sha256, loaded_at)"
        " SELECT sha256(max(id)::text::bytea), '2020-01-01' FROM policy_version;"
        "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
        " valid_till, statement, source)"
        " SELECT (SELECT max(id) FROM policy_version), id, scope, parameter, value, unit, level,"
        " valid_from, valid_till, statement, source"
        " FROM policy_rule WHERE version = (SELECT version FROM policy_active);"
        "INSERT INTO policy_rule (version, id, scope, parameter, level, value, valid_from,"
        " valid_till, statement, source)"
        " SELECT max(v.id), %s, '-infinity', 'infinity', 's', 's' FROM policy_version v;"
        "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version)",
        rule));
}

static inline void records_start(void)
{
    struct fault f = { 0 };
    arena_init(&arena);
    arena_init(&answers);
    database = database_new("db/migrations");
    store_options = (struct store_options){ .url = { database_url(database, "validation") },
                                            .prepare = true,
                                            .timeout = patience(),
                                            .application = "validation_test" };
    script = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(script);
    run_sql(rules);
}

/* ---- requests and their challenges */

struct setup {
    const char *method; /* NULL: dns-txt-token */
    const char *status; /* NULL: pending */
    const char *value;  /* NULL: VALUE */
    int value_days;     /* its age */
    int poll_days;      /* since polling began */
};

static const struct setup usual __attribute__((unused));

/* The job of a challenge is claimed by its id and not due: the poller looks once when it starts. */
static inline void job_put(int64_t challenge)
{
    long long id = challenge;
    run_sql(
        arena_format(&arena,
                     "INSERT INTO job (lane, subject, run_at, idem_key, traceparent)"
                     " VALUES ('dcv', %lld, now() + interval '1 hour', 'dcv/%lld', 'trace-%lld')",
                     id, id, id));
}

/* A challenge with its job; `subject` and `identifier` are SQL. */
static inline int64_t challenge_put(const struct setup *s, const char *asked_by, int64_t subject,
                                    const char *identifier)
{
    int64_t id = strtoll(
        ask("INSERT INTO challenge (account_id, asked_by, subject, identifier, rule_scope, method,"
            " random_value, random_value_at, poll_from) VALUES (%d, '%s', %lld, %s, 'TLS', '%s',"
            " '%s', now() - interval '%d days', now() - interval '%d days') RETURNING id",
            ACCOUNT, asked_by, (long long)subject, identifier,
            s->method ? s->method : "dns-txt-token", s->value ? s->value : VALUE, s->value_days,
            s->poll_days),
        NULL, 10);
    job_put(id);
    return id;
}

/* A request for these domains (with a space between), and its order. */
static inline int64_t request_put(const struct setup *s, const char *domains)
{
    static int64_t last = 1000;
    int64_t id = ++last;
    const char *status = s->status ? s->status : "pending";
    run_sql(arena_format(
        &arena,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
        " certificate_id, valid_till, created_at, answer_by, status_at)"
        " VALUES (%lld, %d, 1, 'ssl_dv_geotrust', '%s', %lld + 500000, 1, now(), now(), now(),"
        " now());"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, csr,"
        " csr_sha256, signature_hash, ca_id, dcv_method, dcv_scope, requester_id, created_at)"
        " VALUES (%lld + 500000, %lld, %d, 1, 'new_request', 'approved', 'TLS', '\\x00',"
        " sha256('\\x00'), 'sha256', 'ca', '%s', 'base_domain', 1, now());"
        "INSERT INTO request_name (request_id, position, account_id, kind, name, domain)"
        " SELECT %lld + 500000, n - 1, %d, 'dns', d, d"
        "   FROM string_to_table('%s', ' ') WITH ORDINALITY AS t (d, n)",
        (long long)id, ACCOUNT, status, (long long)id, (long long)id, (long long)id, ACCOUNT,
        s->method ? s->method : "dns-txt-token", (long long)id, ACCOUNT, domains));
    return id + 500000;
}

/* The challenge of a request for these domains. */
static inline int64_t challenge_for(const struct setup *s, const char *domains)
{
    return challenge_put(s, "request", request_put(s, domains), "NULL");
}

#define REQUEST_OF "(SELECT subject FROM challenge WHERE id = %lld)"
#define ORDER_OF   "(SELECT order_id FROM request WHERE id = " REQUEST_OF ")"

/* "1 evidence, 0 issue, 1 dcv": what there is for a challenge. */
static inline const char *standing(int64_t challenge)
{
    long long n = challenge;
    return ask("SELECT (SELECT count(*) FROM validation WHERE challenge_id = %lld) || ' evidence, '"
               "    || (SELECT count(*) FROM job WHERE lane = 'issue' AND subject = " REQUEST_OF
               ") || ' issue, '"
               "    || (SELECT count(*) FROM job WHERE lane = 'dcv' AND subject = %lld) || ' dcv'",
               n, n, n);
}

/* ---- the parts */

static inline void write_seal_key(char *path, size_t size)
{
    snprintf(path, size, "%s/seal.key", rig.folder);
    umask(077);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 32; i++)
        fprintf(file, "%02x", i);
    assert_int_equal(fclose(file), 0);
}

static inline void parts_start(struct duration timeout)
{
    static char seal_key[128];
    struct fault f = { 0 };
    struct validation_settings s = { .look = { .anchor = rig.anchor,
                                               .hints = rig.hints,
                                               .perspective = "test",
                                               .loopback = true },
                                     .logs = logs_settings,
                                     .cname_target = TARGET,
                                     .seal_key = seal_key,
                                     .timeout = timeout };
    write_seal_key(seal_key, sizeof seal_key);
    if (!validation_open(&s, &store_options, &f))
        fail_msg("%s", f.detail);
    /* Nothing runs but what a test runs: the poller sleeps. */
    for (struct lane *lane = lane_table; lane->name; lane++)
        lane->lease = seconds(60);
    lanes = lanes_start(&(struct lanes_options){ .lanes = lane_table,
                                                 .store = &store_options,
                                                 .owner = "test",
                                                 .workers = 2,
                                                 .poll = seconds(86400) });
    lanes_serve(lanes);
}

static inline void parts_stop(struct duration wait)
{
    validation_close(wait);
    assert_true(lanes_drain(lanes, patience()));
    lanes_stop(lanes);
}

/* `address` is this program's own. */
static inline int world_start(const char *address)
{
    struct fault f = { 0 };
    if (!dns_rig_start(&rig, address, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    records_start();
    return 0;
}

static inline int world_stop(void)
{
    script_close(script);
    database_free(database);
    dns_rig_stop(&rig);
    arena_free(&answers);
    arena_free(&arena);
    return 0;
}

/* ---- calls */

struct waiting {
    struct call *call;
    ProtobufCMessage *answer; /* NULL: the fault says why */
    struct fault fault;
    bool over;
};

static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t waiting_over = PTHREAD_COND_INITIALIZER;

static inline void call_over(struct call *call, const ProtobufCMessage *answer)
{
    struct waiting *w = call->door;
    pthread_mutex_lock(&waiting_lock);
    w->answer = answer ? message_copy(&answers, answer) : NULL;
    w->fault = call->fault;
    w->over = true;
    arena_free(&call->arena);
    free(call);
    pthread_cond_broadcast(&waiting_over);
    pthread_mutex_unlock(&waiting_lock);
}

static inline struct call *call_begin(struct waiting *w, struct duration patience)
{
    struct call *call = calloc(1, sizeof *call);
    assert_non_null(call);
    arena_init(&call->arena);
    call->deadline = tick_after(patience);
    call->finish = call_over;
    call->door = w;
    *w = (struct waiting){ .call = call };
    return call;
}

static inline const void *call_await(struct waiting *w)
{
    pthread_mutex_lock(&waiting_lock);
    while (!w->over)
        pthread_cond_wait(&waiting_over, &waiting_lock);
    pthread_mutex_unlock(&waiting_lock);
    return w->answer;
}

static inline void outcome_told(const JobOutcome *outcome, void *call)
{
    call_answer(&outcome->base, call);
}

/* Runs the job of a lane that a challenge has, and waits for what becomes of it. */
static inline const JobOutcome *lane_run(const char *lane, int64_t challenge)
{
    struct waiting w;
    JobRef ref = JOB_REF__INIT;
    ref.id = strtoll(
        ask("SELECT id FROM job WHERE idem_key = '%s/%lld'", lane, (long long)challenge), NULL, 10);
    ref.lane = arena_strdup(&arena, lane);
    jobs_service.run(&jobs_service, &ref, outcome_told, call_begin(&w, patience()));
    const JobOutcome *outcome = call_await(&w);
    assert_non_null(outcome);
    return outcome;
}

#endif
