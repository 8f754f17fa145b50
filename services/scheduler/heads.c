#include "heads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "audit.pb-c.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "message/convert.h"
#include "services/scheduler/jobs/seal.sql.h"

/* A line has an id of 19 digits at most, 64 of the hash and 25 of the time; the tail holds two. */
enum { HEADS_A_PAGE = 500, TAIL_SIZE = 256 };

static bool unusable(const char *path, struct fault *f)
{
    return fault_set(f, FAULT_INTERNAL, "CHANCERY_AUDIT_HEADS", "%s: %s", path, strerror(errno));
}

static int heads_open(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

bool heads_usable(const char *path, struct fault *f)
{
    int fd = heads_open(path);
    if (fd < 0)
        return unusable(path, f);
    close(fd);
    return true;
}

struct head {
    int64_t id; /* 0: of the beginning, before the first seal */
    bool begun; /* false: the file is empty */
    char hash[2 * 32 + 1];
};

static bool head_parse(char *line, struct head *out)
{
    char *rest = NULL, *id = strtok_r(line, " ", &rest), *hash = strtok_r(NULL, " ", &rest);
    if (!id || !hash || strlen(hash) != sizeof out->hash - 1 || !int64_read(id, &out->id))
        return false;
    memcpy(out->hash, hash, sizeof out->hash);
    out->begun = true;
    return true;
}

/* The last whole line. A line that was cut off by a crash is removed: its head will be appended
 * again. */
static bool last_read(int fd, struct head *out)
{
    char tail[TAIL_SIZE + 1];
    off_t size = lseek(fd, 0, SEEK_END), from = size - TAIL_SIZE;
    from = from < 0 ? 0 : from;
    ssize_t got = pread(fd, tail, TAIL_SIZE, from);
    if (size < 0 || got != (ssize_t)(size - from))
        return false;
    while (got > 0 && tail[got - 1] != '\n')
        got--;
    if (from + got < size && ftruncate(fd, from + got) != 0)
        return false;
    *out = (struct head){ 0 };
    if (got == 0)
        return from == 0;
    tail[got - 1] = '\0';
    char *line = strrchr(tail, '\n');
    return head_parse(line ? line + 1 : tail, out);
}

static bool lines_append(int fd, const struct text *lines)
{
    for (size_t done = 0; done < lines->length;) {
        ssize_t n = write(fd, lines->data + done, lines->length - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return lines->length == 0 || fsync(fd) == 0;
}

static char *hash_text(struct arena *a, const AuditSeal *seal)
{
    return hex_lower(a, (struct bytes){ seal->hash.data, seal->hash.len });
}

static void line_add(struct text *lines, const AuditSeal *seal)
{
    char time[INSTANT_TEXT_SIZE];
    text_format(lines, "%lld %s %s\n", (long long)seal->id, hash_text(lines->arena, seal),
                instant_text((struct instant){ seal->sealed_at->us }, time));
}

static bool continues(const struct head *last, const struct rows *rows, struct arena *a)
{
    const AuditSeal *seal = rows->count ? (const AuditSeal *)rows->items[0] : NULL;
    return last->id == 0 ||
           (seal && seal->id == last->id && strcmp(hash_text(a, seal), last->hash) == 0);
}

/* Appends a page of the heads after `last`, which becomes the last of them. */
static bool page_copy(int fd, struct store *store, struct arena *a, struct head *last, bool *more,
                      struct fault *f)
{
    SealAfter in = SEAL_AFTER__INIT;
    struct rows rows;
    struct text lines;
    in.id = last->id;
    in.room = HEADS_A_PAGE;
    if (!store_all(store, a, &sql_seal_heads, &in.base, &rows, f))
        return false;
    if (!continues(last, &rows, a))
        return fault_set(f, FAULT_INTERNAL, NULL,
                         "seal %lld is not what was copied of it: run chancery audit verify",
                         (long long)last->id);
    text_init(&lines, a);
    for (size_t i = last->id ? 1 : 0; i < rows.count; i++)
        line_add(&lines, (const AuditSeal *)rows.items[i]);
    *more = rows.count == HEADS_A_PAGE;
    if (rows.count) {
        const AuditSeal *seal = (const AuditSeal *)rows.items[rows.count - 1];
        last->id = seal->id;
        snprintf(last->hash, sizeof last->hash, "%s", hash_text(a, seal));
    }
    return lines_append(fd, &lines) || unusable("cannot be written", f);
}

static bool head_last(int fd, const char *path, struct head *out, struct fault *f)
{
    return last_read(fd, out) || fault_set(f, FAULT_INTERNAL, "CHANCERY_AUDIT_HEADS",
                                           "%s: its last line is no head (ID HASH TIME)", path);
}

/* ---- the beginning: a line of its own, so that an empty file is one whose heads are gone */

static bool beginning_write(int fd, struct arena *a, struct instant now, struct fault *f)
{
    char time[INSTANT_TEXT_SIZE];
    struct text line;
    text_init(&line, a);
    text_format(&line, "0 %064d %s\n", 0, instant_text(now, time));
    return lines_append(fd, &line) || unusable("cannot be written", f);
}

/* An operator's word is used up before the file has anything: it is good for one. */
static bool permit_take(struct store *store, struct arena *a, const char *path, struct instant now,
                        struct fault *f)
{
    Nothing none = NOTHING__INIT;
    HeadsPermit permit = HEADS_PERMIT__INIT;
    HeadsUse use = HEADS_USE__INIT;
    if (!store_one(store, a, &sql_heads_permit, &none.base, &permit.base, f))
        return false;
    if (permit.first)
        return true;
    if (!permit.has_begin_id)
        return fault_set(f, FAULT_INTERNAL, "CHANCERY_AUDIT_HEADS",
                         "%s: is empty or was not there, and the log has seals: if its heads are "
                         "lost, run chancery audit heads begin",
                         path);
    use.begin_id = permit.begin_id;
    use.now = instant_message(a, now);
    return store_run(store, a, &sql_heads_use, &use.base, NULL, f);
}

bool heads_ready(struct store *store, struct arena *a, const char *path, struct fault *f)
{
    struct instant now = clock_now();
    struct head last;
    int fd = heads_open(path);
    if (fd < 0)
        return unusable(path, f);
    bool ok =
        head_last(fd, path, &last, f) &&
        (last.begun || (permit_take(store, a, path, now, f) && beginning_write(fd, a, now, f)));
    close(fd);
    return ok;
}

bool heads_copy(struct store *store, struct arena *a, const char *path, struct fault *f)
{
    struct head last;
    int fd = heads_open(path);
    bool more = true;
    if (fd < 0)
        return unusable(path, f);
    bool ok = head_last(fd, path, &last, f);
    while (ok && more)
        ok = page_copy(fd, store, a, &last, &more, f);
    close(fd);
    return ok;
}
