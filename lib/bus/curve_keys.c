#include "bus/curve_keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "base/cleanup.h"
#include "base/secret_file.h"
#include "bus/bus.h"

AUTO_FREE(FILE, fclose);
AUTO_FREE(DIR, closedir);

static bool path_of(char path[PATH_MAX], const char *folder, const char *service,
                    const char *suffix, struct fault *f)
{
    int length = snprintf(path, PATH_MAX, "%s/%s%s", folder, service, suffix);

    return (length > 0 && length < PATH_MAX) || fault_set(f, FAULT_INVALID, "keys", "is too long");
}

static bool is_key(const char *text)
{
    uint8_t raw[32];
    bool ok = strlen(text) == KEY_TEXT_SIZE - 1 && zmq_z85_decode(raw, text);

    explicit_bzero(raw, sizeof raw);
    return ok;
}

static bool ends_here(FILE *file)
{
    int c = fgetc(file);

    return c == EOF || (c == '\n' && fgetc(file) == EOF);
}

static bool key_read(const char *path, bool secret, char out[KEY_TEXT_SIZE], struct fault *f)
{
    AUTO(FILE) file = fopen(path, "re");

    if (!file)
        return fault_set(f, FAULT_INVALID, "keys", "%s: %s", path, strerror(errno));
    if (secret && !secret_file_guarded(fileno(file), path, "keys", f))
        return false;
    setvbuf(file, NULL, _IONBF, 0); /* no copy of a secret in a buffer */
    size_t size = fread(out, 1, KEY_TEXT_SIZE - 1, file);
    out[size] = '\0';
    return (is_key(out) && ends_here(file)) ||
           fault_set(f, FAULT_INVALID, "keys", "%s holds no key", path);
}

static bool pair_read(const char *folder, const char *service, const char *suffix,
                      struct key_pair *out, struct fault *f)
{
    char path[PATH_MAX];

    return path_of(path, folder, service, suffix, f) && key_read(path, true, out->secret, f) &&
           (zmq_curve_public(out->public, out->secret) == 0 ||
            fault_set(f, FAULT_INVALID, "keys", "%s holds no secret key", path));
}

int curve_keys_read_own(const char *folder, const char *service, struct key_pair out[KEYS_EACH],
                        struct fault *f)
{
    struct fault none;

    if (!pair_read(folder, service, ".key", &out[0], f))
        return 0;
    return pair_read(folder, service, ".old.key", &out[1], &none) ? 2 : 1;
}

static bool public_read(const char *folder, const char *service, const char *suffix,
                        char out[KEY_TEXT_SIZE], struct fault *f)
{
    char path[PATH_MAX];

    return path_of(path, folder, service, suffix, f) && key_read(path, false, out, f);
}

int curve_keys_read_public(const char *folder, const char *service,
                           char out[KEYS_EACH][KEY_TEXT_SIZE], struct fault *f)
{
    struct fault none;

    if (!public_read(folder, service, ".pub", out[0], f))
        return 0;
    return public_read(folder, service, ".old.pub", out[1], &none) ? 2 : 1;
}

static bool strip(char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);

    if (length <= tail || strcmp(name + length - tail, suffix) != 0)
        return false;
    name[length - tail] = '\0';
    return true;
}

/* Is `file` SERVICE.pub or SERVICE.old.pub with this key in it? Then `owner` is SERVICE. */
static bool file_is_key(const char *folder, const char *file, const char *public, char *owner)
{
    char path[PATH_MAX], text[KEY_TEXT_SIZE];
    struct fault none;

    if (strlen(file) >= SERVICE_NAME_SIZE)
        return false;
    memcpy(owner, file, strlen(file) + 1);
    if (!strip(owner, ".pub") || !path_of(path, folder, file, "", &none) ||
        !key_read(path, false, text, &none) || strcmp(text, public) != 0)
        return false;
    strip(owner, ".old");
    return true;
}

bool curve_keys_find_owner(const char *folder, const char *public, char owner[SERVICE_NAME_SIZE])
{
    AUTO(DIR) dir = opendir(folder);
    const struct dirent *entry;

    if (!dir)
        return false;
    while ((entry = readdir(dir))) {
        if (file_is_key(folder, entry->d_name, public, owner))
            return true;
    }
    return false;
}

/* Whole or not at all, and never over a file that is there: written aside, then linked. */
static bool key_write(const char *path, mode_t mode, const char *text, struct fault *f)
{
    char aside[PATH_MAX];

    if (snprintf(aside, sizeof aside, "%s.%d", path, getpid()) >= (int)sizeof aside)
        return fault_set(f, FAULT_INVALID, "keys", "is too long");
    int fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return fault_set(f, FAULT_INVALID, "keys", "%s: %s", aside, strerror(errno));
    bool ok = dprintf(fd, "%s\n", text) == KEY_TEXT_SIZE && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && (link(aside, path) == 0 || errno == EEXIST);
    if (!ok)
        fault_set(f, FAULT_INVALID, "keys", "%s: %s", path, strerror(errno));
    unlink(aside);
    return ok;
}

static bool secret_make(const char *path, struct fault *f)
{
    struct key_pair made;

    if (zmq_curve_keypair(made.public, made.secret) != 0)
        return fault_set(f, FAULT_INTERNAL, "keys", "libzmq is without CURVE");
    bool ok = key_write(path, S_IRUSR | S_IWUSR, made.secret, f);
    explicit_bzero(&made, sizeof made);
    return ok;
}

static bool public_make(const char *folder, const char *service, const char *path, struct fault *f)
{
    struct key_pair own;
    bool ok = pair_read(folder, service, ".key", &own, f) &&
              key_write(path, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH, own.public, f);

    explicit_bzero(&own, sizeof own);
    return ok;
}

/* A .pub without its .key belongs to a key that is kept elsewhere: it is not replaced. */
bool bus_make_keys(const char *folder, const char *service, struct fault *f)
{
    char key[PATH_MAX], pub[PATH_MAX];

    if (!path_of(key, folder, service, ".key", f) || !path_of(pub, folder, service, ".pub", f))
        return false;
    if (access(key, F_OK) != 0) {
        if (access(pub, F_OK) == 0)
            return fault_set(f, FAULT_CONFLICT, "keys", "%s is there without its secret key", pub);
        if (!secret_make(key, f))
            return false;
    }
    return access(pub, F_OK) == 0 || public_make(folder, service, pub, f);
}
