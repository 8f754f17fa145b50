/* chancery keys, chancery seal-key: key files that the services start with. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bus/bus.h"
#include "commands.h"

enum { SEAL_KEY_SIZE = 32 };

bool keys_command(struct command_run *r, struct fault *f)
{
    static const char *const services[] = { "gateway", "validation", "issuer", "notifier",
                                            "scheduler" };
    const char *folder = r->words[0];
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(f, FAULT_INVALID, folder, "cannot be made: %s", strerror(errno));
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        const char *path = arena_format(&r->arena, "%s/%s.key", folder, services[i]);
        bool known = access(path, F_OK) == 0;
        if (!bus_make_keys(folder, services[i], f))
            return false;
        fprintf(r->out, "%s %s\n", known ? "known" : "made ", path);
    }
    return true;
}

static bool all_written(int fd, const char *text)
{
    size_t size = strlen(text);
    bool ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

static bool key_written(const char *path, struct arena *a)
{
    uint8_t key[SEAL_KEY_SIZE];
    random_bytes(key, sizeof key);
    const char *line = arena_format(a, "%s\n", hex_lower(a, (struct bytes){ key, sizeof key }));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 && all_written(fd, line);
}

/* A key that is there is never replaced: link() fails, and what it has sealed still opens. */
bool seal_key_command(struct command_run *r, struct fault *f)
{
    const char *path = r->words[0];
    const char *draft = arena_format(&r->arena, "%s.%d", path, (int)getpid());
    bool known = access(path, F_OK) == 0;
    if (!known) {
        bool ok = key_written(draft, &r->arena) && (link(draft, path) == 0 || errno == EEXIST);
        int why = errno;
        unlink(draft);
        if (!ok)
            return fault_set(f, FAULT_INVALID, path, "cannot be written: %s", strerror(why));
    }
    fprintf(r->out, "%s %s\n", known ? "known" : "made ", path);
    return true;
}
