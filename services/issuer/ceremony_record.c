#include "ceremony_record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 * 1024 };

static bool failed(struct fault *f, const char *path)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "%s: %s", path, strerror(errno));
}

static char *path_of(struct arena *a, const char *folder, const char *name, const char *suffix)
{
    return arena_format(a, "%s/%s%s", folder, name, suffix);
}

bool record_folder(const char *folder, struct fault *f)
{
    return mkdir(folder, 0755) == 0 || errno == EEXIST || failed(f, folder);
}

bool record_read(struct arena *a, const char *folder, const char *name, const char *suffix,
                 struct bytes *out, bool *found, struct fault *f)
{
    char *path = path_of(a, folder, name, suffix);
    uint8_t *room = arena_alloc(a, FILE_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *found = fd >= 0;
    if (fd < 0)
        return errno == ENOENT || failed(f, path);
    ssize_t size = read(fd, room, FILE_MAX);
    close(fd);
    if (size < 0 || size == FILE_MAX)
        return failed(f, path);
    *out = (struct bytes){ room, (size_t)size };
    return true;
}

static bool write_synced(int fd, struct bytes content)
{
    while (content.size > 0) {
        ssize_t done = write(fd, content.data, content.size);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            content.data += done;
            content.size -= (size_t)done;
        }
    }
    return fsync(fd) == 0;
}

static bool sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return good;
}

/* Opens, writes, brings to the disk, closes. */
static bool put(const char *path, int flags, struct bytes content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

    if (fd < 0)
        return false;
    bool good = write_synced(fd, content);
    return close(fd) == 0 && good;
}

bool record_write(struct arena *a, const char *folder, const char *name, const char *suffix,
                  struct bytes content, struct fault *f)
{
    char *path = path_of(a, folder, name, suffix), *part = arena_format(a, "%s.part", path);

    return (put(part, O_TRUNC, content) && rename(part, path) == 0 && sync_folder(folder)) ||
           failed(f, path);
}

bool record_note(struct arena *a, const char *folder, struct instant at, struct fault *f,
                 const char *fmt, ...)
{
    char when[INSTANT_TEXT_SIZE], what[512];
    char *path = path_of(a, folder, "ceremony", ".log");
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    char *line = arena_format(a, "%s  %s\n", instant_text(at, when), what);
    return put(path, O_APPEND, BYTES_OF(line)) || failed(f, path);
}
