/* calibrate - what the parts can do alone, on this machine and in this minute.
 *
 *   calibrate sign LABEL P256-KEY RSA-KEY SECONDS   signatures by the token, one and two threads
 *   calibrate commit SECONDS                        durable commits, one and eight connections
 *
 * `sign` takes module, PIN and session copies from the issuer's settings in the environment;
 * `commit` the database from CHANCERY_DATABASE_URL, where it needs the tables bench_one (id bigint
 * PRIMARY KEY, text text) and bench_two (id bigint, text text). A JSON object comes out.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.pb-c.h"
#include "store/store.h"
#include "token/token.h"

enum { BATCH = 32, THREADS_MAX = 8 };

/* A thread that works until the time is over; counts what it has done, < 0 when it failed. */
struct worker {
    pthread_t thread;
    struct tick end;
    long done;
    struct token *token;
    const struct token_key *key;
    int number;
};

static double run(struct worker *all, int count, void *(*work)(void *), struct duration length)
{
    struct tick began = tick_now();
    long done = 0;
    for (int i = 0; i < count; i++) {
        all[i].end = tick_after(length);
        all[i].number = i;
        if (pthread_create(&all[i].thread, NULL, work, &all[i]) != 0)
            abort();
    }
    for (int i = 0; i < count; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].done < 0)
            exit(1);
        done += all[i].done;
    }
    return (double)done * 1e6 / (double)(tick_now().us - began.us);
}

/* ---- the token */

/* As the issuer has it done: batches, spread over the token's threads. */
static void *sign(void *data)
{
    struct worker *w = data;
    struct token_signing all[BATCH];
    struct arena a;
    uint8_t bytes[512] = { 0 };
    arena_init(&a);
    while (tick_left(w->end).us > 0 && w->done >= 0) {
        for (int i = 0; i < BATCH; i++)
            all[i] = (struct token_signing){ .key = w->key,
                                             .hash = TOKEN_SHA256,
                                             .data = { bytes, sizeof bytes } };
        bool ok = token_sign_all(w->token, all, BATCH, tick_after(seconds(5)), &a);
        w->done = ok ? w->done + BATCH : -1;
        arena_free(&a);
    }
    if (w->done < 0)
        fprintf(stderr, "calibrate: %s\n", all[0].fault.detail);
    return NULL;
}

static double sign_rate(struct token_options *o, int threads, const char *label,
                        struct duration length)
{
    struct worker w[2] = { 0 };
    struct fault f = { 0 };
    o->sessions = threads;
    struct token *token = token_open(o);
    const struct token_key *key = NULL;
    if (!token_find_key(token, label, tick_after(seconds(5)), &key, &f)) {
        fprintf(stderr, "calibrate: %s: %s\n", label, f.detail);
        exit(1);
    }
    for (int i = 0; i < 2; i++)
        w[i] = (struct worker){ .token = token, .key = key };
    double rate = run(w, threads, sign, length);
    token_close(token);
    return rate;
}

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static int signs(char **argv)
{
    struct token_options o = {
        .module = setting("CHANCERY_TOKEN_MODULE", "/usr/lib/softhsm/libsofthsm2.so"),
        .label = argv[2],
        .pin = { setting("CHANCERY_TOKEN_PIN", "") },
        .session_copy = strcmp(setting("CHANCERY_TOKEN_SESSION_COPY", "no"), "yes") == 0,
    };
    struct duration length = milliseconds((int64_t)(strtod(argv[5], NULL) * 1000));
    printf("{\"sign_p256_1\":%.0f,", sign_rate(&o, 1, argv[3], length));
    printf("\"sign_p256_2\":%.0f,", sign_rate(&o, 2, argv[3], length));
    printf("\"sign_rsa2048_1\":%.0f,", sign_rate(&o, 1, argv[4], length));
    printf("\"sign_rsa2048_2\":%.0f}\n", sign_rate(&o, 2, argv[4], length));
    return 0;
}

/* ---- the database */

static const struct sql insert = {
    .name = "bench_insert",
    .file = __FILE__,
    .text = "WITH one AS (INSERT INTO bench_one (id, text) VALUES ($1, $2) RETURNING id) "
            "INSERT INTO bench_two (id, text) SELECT id, 'x' FROM one",
    .in = &row__descriptor,
    .out = &row__descriptor,
    .rows = SQL_NONE,
    .params = { "id", "text", NULL },
};

static void *commit(void *data)
{
    struct worker *w = data;
    struct store_options o = { .url = { setting("CHANCERY_DATABASE_URL", "") },
                               .prepare = true,
                               .timeout = seconds(5),
                               .application = "bench" };
    static _Atomic int64_t id;
    struct store *s = store_new(&o);
    struct fault f = { 0 };
    struct arena a;
    Row row = ROW__INIT;
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    row.text = text;
    arena_init(&a);
    while (tick_left(w->end).us > 0 && w->done >= 0) {
        row.id = clock_now().us * THREADS_MAX + atomic_fetch_add(&id, 1) % THREADS_MAX;
        w->done = store_run(s, &a, &insert, &row.base, NULL, &f) ? w->done + 1 : -1;
        arena_free(&a);
    }
    if (w->done < 0)
        fprintf(stderr, "calibrate: %s\n", f.detail);
    store_free(s);
    return NULL;
}

static int commits(char **argv)
{
    struct worker w[THREADS_MAX] = { 0 };
    struct duration length = milliseconds((int64_t)(strtod(argv[2], NULL) * 1000));
    printf("{\"commit_1\":%.0f,", run(w, 1, commit, length));
    memset(w, 0, sizeof w);
    printf("\"commit_8\":%.0f}\n", run(w, THREADS_MAX, commit, length));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "sign") == 0)
        return signs(argv);
    if (argc == 3 && strcmp(argv[1], "commit") == 0)
        return commits(argv);
    fprintf(stderr, "usage: calibrate sign LABEL P256-KEY RSA-KEY SECONDS | commit SECONDS\n");
    return 2;
}
