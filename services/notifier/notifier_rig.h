/* notifier_rig - what the tests of deliveries and messages share: a database, a server under a
 * private CA, the notifier's parts, and calls that wait for their answer. Included by tests only.
 */
#ifndef NOTIFIER_NOTIFIER_RIG_H
#define NOTIFIER_NOTIFIER_RIG_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "deliveries.h"
#include "mails.h"
#include "message/json.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/https_sink.h"
#include "testing/patience.h"

enum { ACCOUNT = 900 };
#define RIG_SECRET "0123456789abcdef0123456789abcdef"
#define SHARED     static __attribute__((unused))

static struct arena arena;
static struct database *database;
static struct script *script;
static struct https_sink sink;
static struct store_options store;

/* ---- SQL as the administrator */

SHARED char *ask(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The first column of the first row, as text; "" when there is none or it is NULL. */
SHARED char *ask(const char *fmt, ...)
{
    char text[4096];
    const char *first = NULL;
    struct fault f = { 0 };
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!script_ask(script, &arena, text, NULL, 0, &first, &f))
        fail_msg("%s: %s", text, f.detail);
    return arena_strdup(&arena, first ? first : "");
}

SHARED long long number(const char *text)
{
    return strtoll(text, NULL, 10);
}

/* ---- calls that wait */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct asked {
    struct call call;
    bool done;
    JobOutcome__Result result; /* of a job */
    bool ok;                   /* of a message */
    int64_t code;
    char reason[POST_REASON_SIZE];
    struct fault fault;
};

SHARED void asked_finish(struct call *call, const ProtobufCMessage *answer)
{
    struct asked *a = call->door;
    pthread_mutex_lock(&lock);
    a->fault = call->fault;
    if (answer && answer->descriptor == &job_outcome__descriptor)
        a->result = ((const JobOutcome *)answer)->result;
    if (answer && answer->descriptor == &webhook_sent__descriptor) {
        const WebhookSent *sent = (const WebhookSent *)answer;
        a->ok = sent->ok;
        a->code = sent->response_code;
        snprintf(a->reason, sizeof a->reason, "%s", sent->reason ? sent->reason : "");
    }
    a->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

SHARED struct call *asked_call(struct asked *a)
{
    *a = (struct asked){ 0 };
    arena_init(&a->call.arena);
    a->call.finish = asked_finish;
    a->call.door = a;
    return &a->call;
}

SHARED void asked_await(struct asked *a)
{
    await_under(&lock, &changed, a->done);
    arena_free(&a->call.arena);
}

SHARED void on_outcome(const JobOutcome *outcome, void *call)
{
    call_answer(&outcome->base, call);
}

SHARED void job_begin_in(struct asked *a, const char *lane, long long job_id)
{
    JobRef ref = JOB_REF__INIT;
    ref.id = job_id;
    ref.lane = arena_strdup(&arena, lane);
    jobs_service.run(&jobs_service, &ref, on_outcome, asked_call(a));
}

SHARED void job_begin(struct asked *a, long long job_id)
{
    job_begin_in(a, "deliver", job_id);
}

SHARED JobOutcome__Result job_await(struct asked *a)
{
    asked_await(a);
    assert_int_equal(a->fault.code, FAULT_NONE);
    return a->result;
}

SHARED JobOutcome__Result job_done(long long job_id)
{
    struct asked a;
    job_begin(&a, job_id);
    return job_await(&a);
}

/* ---- the server's log */

/* The n-th request (from 0) for this path, as its line of the log; NULL if there is none. */
SHARED char *request_to(const char *path, int n)
{
    char *rest = NULL, *mark = arena_format(&arena, "\"path\":\"%s\"", path);
    for (char *line = strtok_r(https_sink_log(&sink, &arena), "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        if (strstr(line, mark) && n-- == 0)
            return line;
    return NULL;
}

SHARED int requests_to(const char *path)
{
    int n = 0;
    while (request_to(path, n))
        n++;
    return n;
}

/* The server writes its log before it answers; there is no signal for that. */
SHARED void request_await(const char *path)
{
    await_that(request_to(path, 0) != NULL);
}

SHARED bool has(const char *line, const char *key, const char *value)
{
    struct text t;
    text_init(&t, &arena);
    text_format(&t, "\"%s\":", key);
    json_add_string(&t, value);
    return line && strstr(line, t.data);
}

SHARED char *header(const char *line, const char *name)
{
    const char *mark = arena_format(&arena, "\"%s\":\"", name);
    const char *at = line ? strstr(line, mark) : NULL;
    if (!at)
        return NULL;
    at += strlen(mark);
    return arena_strndup(&arena, at, strcspn(at, "\""));
}

/* ---- up and down */

static struct lane lanes_table[] = {
    { .name = "deliver", .batch = 32, .room = 50, .attempts = 30, .run = deliveries_run },
    { .name = "mail", .batch = 8, .room = 8, .attempts = 30, .run = mails_run },
    { 0 },
};
static struct lanes *lanes;

SHARED void seal_key_write(const char *path)
{
    umask(077);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (int i = 0; i < 32; i++)
        fprintf(file, "%02x", i);
    fclose(file);
}

/* One post to a host at a time and one behind it, three of an account. */
SHARED int rig_open(void **state)
{
    struct fault f = { 0 };
    (void)state;
    struct notifier_options o = { .store = &store,
                                  .seal_key = arena_format(&arena, "%s/seal.key", sink.folder),
                                  .committers = 1,
                                  .sender = { .guard = { .loopback = true },
                                              .ca_file = sink.ca_file,
                                              .timeout = patience(),
                                              .per_account = 3,
                                              .per_host = 1,
                                              .waiting_per_host = 1 } };
    ask("TRUNCATE account, webhook, event, delivery, delivery_attempt, job, job_dead, audit, "
        "certificate, authority, orders, request, request_name CASCADE");
    ask("INSERT INTO account (id, name, status, dcv_scope, created_at) OVERRIDING SYSTEM VALUE "
        "VALUES (%d, 'A', 'active', 'fqdn', '2026-01-01')",
        ACCOUNT);
    if (!notifier_open(&o, &f))
        fail_msg("%s", f.detail);
    lanes_table[0].lease = lanes_table[1].lease = seconds(90);
    lanes = lanes_start(&(struct lanes_options){ .lanes = lanes_table,
                                                 .store = &store,
                                                 .owner = "notifier/test/1",
                                                 .workers = 2,
                                                 .poll = seconds(3600) });
    lanes_serve(lanes);
    return 0;
}

SHARED int rig_close(void **state)
{
    (void)state;
    if (notifier.sender)
        notifier_drain();
    lanes_stop(lanes);
    notifier_close();
    return 0;
}

SHARED int rig_start(const char *address)
{
    struct fault f = { 0 };
    arena_init(&arena);
    log_start("notifier_test", LOG_ERROR);
    database = database_new("db/migrations");
    script = script_open((struct secret){ database_url(database, NULL) }, &f);
    store = (struct store_options){ .url = { database_url(database, "notifier") },
                                    .prepare = true,
                                    .timeout = patience(),
                                    .application = "notifier_test" };
    if (!script || !https_sink_start(&sink, address, NULL, &f))
        fail_msg("%s", f.detail);
    seal_key_write(arena_format(&arena, "%s/seal.key", sink.folder));
    return 0;
}

SHARED int rig_stop(void **state)
{
    (void)state;
    https_sink_stop(&sink);
    script_close(script);
    database_free(database);
    arena_free(&arena);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, rig_open, rig_close)

#endif
