/* chancery keys, seal-key, policy-key: key files that the services start with. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "bus/bus.h"
#include "commands.h"
#include "pki/ed25519.h"

enum { SEAL_KEY_SIZE = 32 };

static bool keys_make(struct command_run *r, const char *service, struct fault *f)
{
    const char *folder = r->words[0];
    const char *path = arena_format(&r->arena, "%s/%s.key", folder, service);
    bool known = access(path, F_OK) == 0;
    if (!bus_make_keys(folder, service, f))
        return false;
    fprintf(r->out, "%s %s\n", known ? "known" : "made ", path);
    return true;
}

/* As services/validation/perspectives.c has it. */
static bool perspective_keys_make(struct command_run *r, const char *name, struct fault *f)
{
    size_t length = strlen(name);
    if (length == 0 || length > 17 || *name == '-' || name[length - 1] == '-' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return fault_set(f, FAULT_INVALID, "--perspective",
                         "is a name of 1 to 17 letters a-z, digits and '-'");
    return keys_make(r, arena_format(&r->arena, "perspective-%s", name), f);
}

bool keys_command(struct command_run *r, struct fault *f)
{
    static const char *const services[] = { "gateway", "validation", "issuer", "notifier",
                                            "scheduler" };
    const char *folder = r->words[0];
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(f, FAULT_INVALID, folder, "cannot be made: %s", strerror(errno));
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (!keys_make(r, services[i], f))
            return false;
    for (size_t i = 0; i < r->option_count; i++)
        if (!perspective_keys_make(r, r->options[i].value, f))
            return false;
    return true;
}

static bool all_written(int fd, const char *text)
{
    size_t size = strlen(text);
    bool ok = write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

/* For the owner alone, or for everybody. */
static bool key_written(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return fd >= 0 && all_written(fd, text);
}

/* A key that is there is never replaced: link() fails, and what was made with it stays good. */
static bool key_kept(struct command_run *r, const char *path, const char *text, mode_t mode,
                     struct fault *f)
{
    const char *draft = arena_format(&r->arena, "%s.%d", path, (int)getpid());
    bool ok = key_written(draft, text, mode) && link(draft, path) == 0;
    int why = errno;
    unlink(draft);
    return ok || why == EEXIST ||
           fault_set(f, FAULT_INVALID, path, "cannot be written: %s", strerrordesc_np(why));
}

bool seal_key_command(struct command_run *r, struct fault *f)
{
    const char *path = r->words[0];
    uint8_t key[SEAL_KEY_SIZE];
    bool known = access(path, F_OK) == 0;
    random_bytes(key, sizeof key);
    const char *line =
        arena_format(&r->arena, "%s\n", hex_lower(&r->arena, (struct bytes){ key, sizeof key }));
    if (!known && !key_kept(r, path, line, 0600, f))
        return false;
    fprintf(r->out, "%s %s\n", known ? "known" : "made ", path);
    return true;
}

/* The public half first: a private one without it would be of no use. */
bool policy_key_command(struct command_run *r, struct fault *f)
{
    const char *path = r->words[0], *public = arena_format(&r->arena, "%s.pub", path);
    bool known = access(path, F_OK) == 0;
    char *private_pem, *public_pem;
    ed25519_make(&r->arena, &private_pem, &public_pem);
    if (!known && (unlink(public) == 0 || errno == ENOENT) &&
        (!key_kept(r, public, public_pem, 0644, f) || !key_kept(r, path, private_pem, 0600, f)))
        return false;
    fprintf(r->out, "%s %s and %s\n", known ? "known" : "made ", path, public);
    return true;
}
