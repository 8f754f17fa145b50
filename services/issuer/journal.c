#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pki/digest.h"

struct journal {
    int fd;
    atomic_int error; /* errno of what failed last, 0 when all is well */
    atomic_bool dirty;
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool ending;
    pthread_t thread;
};

static void sync_now(struct journal *j)
{
    if (!atomic_exchange(&j->dirty, false))
        return;
    int error = fdatasync(j->fd) == 0 ? 0 : errno;
    if (error)
        log_error("the journal cannot be synced", LOG_TEXT("error", strerrorname_np(error)));
    if (error || atomic_load(&j->error) == 0)
        atomic_store(&j->error, error);
}

static void *sync_thread(void *data)
{
    struct journal *j = data;
    pthread_mutex_lock(&j->lock);
    while (!j->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec++;
        pthread_cond_timedwait(&j->end, &j->lock, &until);
        pthread_mutex_unlock(&j->lock);
        sync_now(j);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

struct journal *journal_open(const char *path, struct fault *f)
{
    pthread_condattr_t monotonic;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        fault_set(f, FAULT_INVALID, "CHANCERY_JOURNAL", "%s: %s", path, strerrorname_np(errno));
        return NULL;
    }
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        abort();
    j->fd = fd;
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&j->thread, NULL, sync_thread, j) != 0)
        abort();
    return j;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    pthread_mutex_lock(&j->lock);
    j->ending = true;
    pthread_cond_signal(&j->end);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    sync_now(j);
    close(j->fd);
    pthread_cond_destroy(&j->end);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

/* One write for all lines: O_APPEND keeps those of several threads whole. */
static void append(struct journal *j, const struct text *lines)
{
    if (lines->length == 0)
        return;
    ssize_t n = write(j->fd, lines->data, lines->length);
    int error = n < 0 ? errno : (size_t)n < lines->length ? ENOSPC : 0;
    if (error)
        log_error("the journal cannot be written", LOG_TEXT("error", strerrorname_np(error)));
    atomic_store(&j->error, error);
    atomic_store(&j->dirty, true);
}

void journal_intents(struct journal *j, const struct attempt *attempts, size_t count,
                     struct instant now)
{
    struct arena a;
    struct text lines;
    arena_init(&a);
    text_init(&lines, &a);
    for (size_t i = 0; i < count; i++) {
        const struct attempt *t = &attempts[i];
        uint8_t hash[SHA256_SIZE];
        if (t->step != ATTEMPT_RESERVE && t->step != ATTEMPT_SIGN)
            continue;
        digest_sha256(t->tbs, hash);
        text_format(&lines, "intent %lld %lld %lld %s %s %s\n", (long long)now.us,
                    (long long)t->issuance_id, (long long)t->intent->order_id, t->intent->ca_id,
                    hex_lower(&a, t->serial), hex_lower(&a, (struct bytes){ hash, sizeof hash }));
    }
    append(j, &lines);
    arena_free(&a);
}

void journal_signatures(struct journal *j, const struct attempt *attempts, size_t count,
                        struct instant now)
{
    struct arena a;
    struct text lines;
    arena_init(&a);
    text_init(&lines, &a);
    for (size_t i = 0; i < count; i++)
        if (attempts[i].signature.data)
            text_format(&lines, "signature %lld %lld %s\n", (long long)now.us,
                        (long long)attempts[i].issuance_id, hex_lower(&a, attempts[i].signature));
    append(j, &lines);
    arena_free(&a);
}

bool journal_good(const struct journal *j, struct fault *f)
{
    int error = atomic_load(&j->error);
    return error == 0 ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "the journal: %s", strerrorname_np(error));
}
