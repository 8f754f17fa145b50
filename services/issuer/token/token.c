#include "token/token.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "pki/der.h"
#include "service/metrics.h"
#include "token/pool.h"

struct token {
    struct arena arena; /* options and keys; under `lock` once calls run */
    struct connection connection;
    struct pool *pool;
    bool session_copy;
    pthread_mutex_t lock;
    struct token_key *keys[SESSION_KEYS_MAX];
    size_t key_count;
    int spoil_every; /* test builds: this many signatures to a wrong one; 0: none is */
};

/* Making an RSA key takes seconds. */
#define MAKING seconds(60)

#ifdef TESTING
/* A wrong signature on demand, so that a test can see that it is caught. For test tokens only. */
static int spoil_setting(const char *label)
{
    const char *every = getenv("CHANCERY_TEST_BAD_SIGNATURE");
    int64_t n;

    return every && strncmp(label, "test", 4) == 0 && int64_read(every, &n) ? (int)n : 0;
}

static void spoil(const struct token *token, struct task *task)
{
    static atomic_int made;

    if (token->spoil_every > 0 && (atomic_fetch_add(&made, 1) + 1) % token->spoil_every == 0)
        task->raw[task->raw_size - 1] ^= 1;
}
#else
static int spoil_setting(const char *label)
{
    (void)label;
    return 0;
}

static void spoil(const struct token *token, struct task *task)
{
    (void)token, (void)task;
}
#endif

static struct duration duration_or(struct duration given, struct duration otherwise)
{
    return given.us > 0 ? given : otherwise;
}

/* Entering the session has done nearly all; a token that was pulled out answers otherwise here. */
static CK_RV connect_run(struct session *s, struct task *task)
{
    (void)task;
    return session_logged_in(s);
}

struct token *token_open(const struct token_options *options)
{
    struct token *token = calloc(1, sizeof *token);
    arena_init(&token->arena);
    pthread_mutex_init(&token->lock, NULL);
    token->session_copy = options->session_copy;
    token->spoil_every = spoil_setting(options->label);
    connection_init(&token->connection, arena_strdup(&token->arena, options->module),
                    arena_strdup(&token->arena, options->label), options->pin);
    token->pool = pool_new(&token->connection,
                           &(struct pool_options){
                               .threads = options->sessions > 0 ? options->sessions : 2,
                               .patience = duration_or(options->patience, seconds(5)),
                               .breaker = { .limit = options->failures > 0 ? options->failures : 5,
                                            .rest = duration_or(options->rest, seconds(5)) },
                               .probe = connect_run,
                               .became_ready = options->became_ready,
                               .context = options->context,
                           });
    return token;
}

void token_close(struct token *token)
{
    if (!token || !pool_free(token->pool))
        return; /* threads that hang in the module still use all this */
    connection_close(&token->connection);
    pthread_mutex_destroy(&token->lock);
    arena_free(&token->arena);
    free(token);
}

bool token_connect(struct token *token, struct tick deadline, struct fault *f)
{
    struct batch *batch = batch_new(1);

    batch->tasks[0].run = connect_run;
    bool good = pool_run(token->pool, batch, deadline, f);
    pool_release(token->pool, batch);
    return good;
}

bool token_ready(struct token *token, struct fault *why)
{
    return pool_ready(token->pool, why);
}

static CK_RV find_run(struct session *s, struct task *task)
{
    return key_find(s, &task->batch->arena, task->label, &task->found, &task->fault);
}

static CK_RV make_run(struct session *s, struct task *task)
{
    return key_make(s, task->label, task->kind, task->token->session_copy, &task->fault);
}

static const struct token_key *known_key(const struct token *token, const char *label)
{
    for (size_t i = 0; i < token->key_count; i++)
        if (strcmp(token->keys[i]->label, label) == 0)
            return token->keys[i];
    return NULL;
}

static const struct token_key *add_key(struct token *token, const struct token_key *found)
{
    struct token_key *key;

    if (token->key_count == SESSION_KEYS_MAX)
        return NULL;
    key = arena_new(&token->arena, struct token_key);
    *key = (struct token_key){
        .index = token->key_count,
        .label = arena_strdup(&token->arena, found->label),
        .kind = found->kind,
        .public = { arena_copy(&token->arena, found->public.data, found->public.size),
                    found->public.size },
    };
    return token->keys[token->key_count++] = key;
}

/* Two callers may have looked for the same key at once: both get the one that was first. */
static bool remember_key(struct token *token, const struct token_key *found,
                         const struct token_key **key, struct fault *f)
{
    pthread_mutex_lock(&token->lock);
    *key = known_key(token, found->label);
    if (!*key)
        *key = add_key(token, found);
    pthread_mutex_unlock(&token->lock);
    return *key || fault_set(f, FAULT_INTERNAL, NULL, "more than %d keys", SESSION_KEYS_MAX);
}

bool token_find_key(struct token *token, const char *label, struct tick deadline,
                    const struct token_key **key, struct fault *f)
{
    pthread_mutex_lock(&token->lock);
    *key = known_key(token, label);
    pthread_mutex_unlock(&token->lock);
    if (*key)
        return true;

    struct batch *batch = batch_new(1);
    batch->tasks[0].run = find_run;
    batch->tasks[0].label = arena_strdup(&batch->arena, label);
    bool good = pool_run(token->pool, batch, deadline, f) &&
                remember_key(token, &batch->tasks[0].found, key, f);
    pool_release(token->pool, batch);
    return good;
}

bool token_make_key(struct token *token, const char *label, const char *kind, struct tick deadline,
                    const struct token_key **key, struct fault *f)
{
    struct batch *batch = batch_new(1);
    struct task *task = &batch->tasks[0];

    task->run = make_run;
    task->token = token;
    task->label = arena_strdup(&batch->arena, label);
    task->kind = key_kind_find(kind);
    task->patience = MAKING;
    bool good = task->kind ? pool_run(token->pool, batch, deadline, f)
                           : fault_set(f, FAULT_INVALID, NULL, "no kind of key: %s", kind);
    pool_release(token->pool, batch);
    return good && token_find_key(token, label, deadline, key, f);
}

const char *token_key_label(const struct token_key *key)
{
    return key->label;
}

const char *token_key_kind(const struct token_key *key)
{
    return key->kind->name;
}

struct bytes token_key_public(const struct token_key *key)
{
    return key->public;
}

/* The last moment at which the evidence behind these bytes still counts is looked at here, next to
 * the signature: the queue took time. */
static bool in_time(struct task *task)
{
    return task->sign_before.us == 0 || instant_before(clock_now(), task->sign_before) ||
           fault_set(&task->fault, FAULT_CONFLICT, NULL, "it became too late to sign this");
}

static CK_RV sign_run(struct session *s, struct task *task)
{
    const struct key_kind *kind = task->key->kind;
    struct scheme_input in;
    CK_OBJECT_HANDLE handle;

    CK_RV rv = key_handle(s, task->key, task->token->session_copy, &handle, &task->fault);
    if (rv != CKR_OK || task->fault.code != FAULT_NONE || !in_time(task))
        return rv;
    if (!scheme_prepare(s->connection->schemes, kind->type, task->hash, task->data, &in))
        return session_called(s, "C_GetMechanismList", CKR_MECHANISM_INVALID);
    if ((rv = s->calls->C_SignInit(s->handle, &in.mechanism, handle)) != CKR_OK)
        return session_called(s, "C_SignInit", rv);
    /* C_Sign's input is not const, and not changed */
    union {
        const uint8_t *borrowed;
        CK_BYTE *pkcs11;
    } data = { .borrowed = in.data.data };
    task->raw_size = sizeof task->raw;
    struct tick began = tick_now();
    rv = s->calls->C_Sign(s->handle, data.pkcs11, in.data.size, task->raw, &task->raw_size);
    metric_observe(METRIC_SIGN_SECONDS, (struct duration){ tick_now().us - began.us });
    if (rv == CKR_OK && task->raw_size != (kind->type == CKK_EC ? 2 : 1) * kind->bits / 8)
        rv = CKR_DEVICE_ERROR;
    if (rv == CKR_OK)
        spoil(task->token, task);
    return session_called(s, "C_Sign", rv);
}

static void task_fill(struct task *task, const struct token *token, struct arena *a,
                      const struct token_signing *in)
{
    task->run = sign_run;
    task->token = token;
    task->key = in->key;
    task->hash = in->hash;
    task->sign_before = in->sign_before;
    task->data = (struct bytes){ arena_copy(a, in->data.data, in->data.size), in->data.size };
}

static struct bytes signature_of(const struct task *task, struct arena *a)
{
    struct bytes raw = { task->raw, task->raw_size };
    struct text t;

    text_init(&t, a);
    if (task->key->kind->type == CKK_EC)
        scheme_ecdsa_der(&t, raw);
    else
        der_add_raw(&t, raw);
    return der_written(&t);
}

static void signing_answer(struct token_signing *out, const struct task *task, struct arena *a)
{
    out->signature = (struct bytes){ NULL, 0 };
    out->fault = task->answer;
    if (out->fault.code == FAULT_NONE)
        out->signature = signature_of(task, a);
}

bool token_sign_all(struct token *token, struct token_signing *all, size_t count,
                    struct tick deadline, struct arena *a)
{
    struct batch *batch = batch_new(count);
    struct fault first;

    for (size_t i = 0; i < count; i++)
        task_fill(&batch->tasks[i], token, &batch->arena, &all[i]);
    bool good = pool_run(token->pool, batch, deadline, &first);
    for (size_t i = 0; i < count; i++)
        signing_answer(&all[i], &batch->tasks[i], a);
    pool_release(token->pool, batch);
    return good;
}

bool token_sign(struct token *token, const struct token_key *key, enum token_hash hash,
                struct bytes data, struct tick deadline, struct arena *a, struct bytes *signature,
                struct fault *f)
{
    struct token_signing one = { .key = key, .hash = hash, .data = data };
    bool good = token_sign_all(token, &one, 1, deadline, a);

    if (!good)
        *f = one.fault;
    *signature = one.signature;
    return good;
}
