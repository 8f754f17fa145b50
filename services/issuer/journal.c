#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "pki/digest.h"
#include "x509/certificate.h"

enum { TURN_AT = 64 << 20, FILES_MAX = 999999, PATH_SIZE = 4096 };

struct journal {
    char *path;
    int64_t turn_at;
    pthread_mutex_t turn; /* of journal_sync(), which alone changes the file */

    pthread_mutex_t lock; /* of what follows */
    int fd;
    bool dirty, torn; /* the last line is cut off */
    uint64_t failures;
    pthread_cond_t end;
    bool ending;

    atomic_int
        error; /* errno of what failed; 0 once the file was opened anew and synced after it */
    pthread_t thread;
};

static void failed(struct journal *j, const char *what, int error)
{
    log_error("the journal fails", LOG_TEXT("at", what), LOG_TEXT("error", strerrorname_np(error)));
    pthread_mutex_lock(&j->lock);
    j->failures++;
    pthread_mutex_unlock(&j->lock);
    atomic_store(&j->error, error);
}

/* ---- the file */

static int file_open(const char *path)
{
    return open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* A file is there after a crash only when its folder says so. */
static void folder_sync(const char *path)
{
    char copy[PATH_SIZE];

    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static bool ends_torn(int fd)
{
    struct stat st;
    char last;

    return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 &&
           last != '\n';
}

/* Writers go on with the new file; the old one is theirs no more. */
static int file_replace(struct journal *j, int fd)
{
    pthread_mutex_lock(&j->lock);
    int old = j->fd;
    j->fd = fd;
    j->torn = ends_torn(fd);
    j->dirty = true;
    pthread_mutex_unlock(&j->lock);
    return old;
}

static bool reopen(struct journal *j)
{
    int fd = file_open(j->path);

    if (fd < 0) {
        failed(j, "open", errno);
        return false;
    }
    close(file_replace(j, fd));
    return true;
}

/* FILE.000001 is the oldest. A name that is taken is never written over. */
static bool set_aside(struct journal *j)
{
    char name[PATH_SIZE];

    for (int n = 1; n <= FILES_MAX; n++) {
        snprintf(name, sizeof name, "%s.%06d", j->path, n);
        if (renameat2(AT_FDCWD, j->path, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    failed(j, "rename", errno);
    return false;
}

static bool is_large(const struct journal *j)
{
    struct stat st;

    return fstat(j->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= j->turn_at;
}

static void turn_over(struct journal *j)
{
    if (!set_aside(j))
        return;
    int fd = file_open(j->path);
    if (fd < 0) {
        failed(j, "open", errno);
        return; /* writers stay with the old one */
    }
    int old = file_replace(j, fd);
    folder_sync(j->path);
    if (fdatasync(old) != 0)
        failed(j, "sync", errno);
    close(old);
}

/* ---- each second */

static bool take_dirty(struct journal *j, uint64_t *failures)
{
    pthread_mutex_lock(&j->lock);
    bool dirty = j->dirty;
    j->dirty = false;
    *failures = j->failures;
    pthread_mutex_unlock(&j->lock);
    return dirty;
}

/* What failed in between is not healed by this sync. */
static void heal(struct journal *j, uint64_t failures)
{
    pthread_mutex_lock(&j->lock);
    if (j->failures == failures)
        atomic_store(&j->error, 0);
    pthread_mutex_unlock(&j->lock);
}

void journal_sync(struct journal *j)
{
    uint64_t failures;

    pthread_mutex_lock(&j->turn);
    bool fresh = atomic_load(&j->error) != 0 && reopen(j);
    if (is_large(j))
        turn_over(j);
    if (take_dirty(j, &failures)) {
        if (fdatasync(j->fd) != 0)
            failed(j, "sync", errno);
        else if (fresh)
            heal(j, failures);
    }
    pthread_mutex_unlock(&j->turn);
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
        journal_sync(j);
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

struct journal *journal_open(const char *path, struct fault *f)
{
    pthread_condattr_t monotonic;
    int fd = file_open(path);
    if (fd < 0) {
        fault_set(f, FAULT_INVALID, "CHANCERY_JOURNAL", "%s: %s", path, strerrorname_np(errno));
        return NULL;
    }
    struct journal *j = calloc(1, sizeof *j);
    j->path = strdup(path);
    folder_sync(path);
    j->fd = fd;
    j->torn = ends_torn(fd);
    j->turn_at = TURN_AT;
    pthread_mutex_init(&j->lock, NULL);
    pthread_mutex_init(&j->turn, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&j->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&j->thread, NULL, sync_thread, j) != 0)
        abort();
    return j;
}

void journal_turn_at(struct journal *j, int64_t size)
{
    pthread_mutex_lock(&j->turn);
    j->turn_at = size;
    pthread_mutex_unlock(&j->turn);
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
    journal_sync(j);
    close(j->fd);
    pthread_cond_destroy(&j->end);
    pthread_mutex_destroy(&j->turn);
    pthread_mutex_destroy(&j->lock);
    free(j->path);
    free(j);
}

/* ---- lines */

/* All lines in one write, or two when a cut line has to be ended first. */
static int write_lines(struct journal *j, const struct text *lines)
{
    if (j->torn && write(j->fd, "\n", 1) != 1)
        return errno;
    j->torn = false;
    ssize_t n = write(j->fd, lines->data, lines->length);
    if (n == (ssize_t)lines->length)
        return 0;
    j->torn = n > 0;
    return n < 0 ? errno : ENOSPC;
}

static void append(struct journal *j, const struct text *lines)
{
    if (lines->length == 0)
        return;
    pthread_mutex_lock(&j->lock);
    int error = write_lines(j, lines);
    j->dirty = true;
    pthread_mutex_unlock(&j->lock);
    if (error)
        failed(j, "write", error);
}

static void add_names(struct text *lines, const Intent *in)
{
    for (size_t i = 0; i < in->n_names; i++)
        text_format(lines, "%s%s", i ? "," : "", in->names[i]);
    text_add_char(lines, '\n');
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
        if (!attempt_signs(t))
            continue;
        digest_sha256(t->tbs, hash);
        text_format(&lines, "%s %lld %lld %lld %s %s %s %lld ",
                    t->precertificate ? "precert_intent" : "intent", (long long)now.us,
                    (long long)t->issuance_id, (long long)t->intent->request_id, t->intent->ca_id,
                    hex_lower(&a, t->serial), hex_lower(&a, (struct bytes){ hash, sizeof hash }),
                    (long long)t->intent->account_id);
        add_names(&lines, t->intent);
    }
    append(j, &lines);
    arena_free(&a);
}

/* The certificate is put together here, since whoever reads it has nothing but this file. */
static void add_signature(struct text *lines, const struct attempt *t, struct instant now)
{
    struct fault ignored = { 0 };
    struct bytes der;
    text_format(lines, "%s %lld %lld ", t->precertificate ? "precert_signature" : "signature",
                (long long)now.us, (long long)t->issuance_id);
    text_add_hex(lines, t->signature);
    text_add_char(lines, ' ');
    if (certificate_assemble(lines->arena, t->tbs, t->signature, &der, &ignored))
        text_add_hex(lines, der);
    text_add_char(lines, '\n');
}

/* What add_signature() writes of them, and a little more. */
static size_t signatures_size(const struct attempt *attempts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += 2 * attempts[i].tbs.size + 4 * attempts[i].signature.size + 160;
    return size;
}

void journal_signatures(struct journal *j, const struct attempt *attempts, size_t count,
                        struct instant now)
{
    struct arena a;
    struct text lines;
    arena_init(&a);
    text_init(&lines, &a);
    text_make_room(&lines, signatures_size(attempts, count));
    for (size_t i = 0; i < count; i++)
        if (attempts[i].signature.data)
            add_signature(&lines, &attempts[i], now);
    append(j, &lines);
    arena_free(&a);
}

bool journal_good(const struct journal *j, struct fault *f)
{
    int error = atomic_load(&j->error);
    return error == 0 ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "the journal: %s", strerrorname_np(error));
}
