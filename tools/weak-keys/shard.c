#include "shard.h"

#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "ec.h"
#include "rsa.h"

// clang-format off
const struct kind kinds[] = {
    { "rsa-2048", 2048, true  },
    { "rsa-3072", 3072, true  },
    { "rsa-4096", 4096, true  },
    { "p-256",     256, false },
    { "p-384",     384, false },
    { "p-521",     521, false },
    { NULL,          0, false },
};
// clang-format on

const struct kind *kind_find(const char *name)
{
    for (const struct kind *k = kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

double seconds_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool shard_open(struct shard *s, const char *dir, const struct kind *kind,
                const struct weak_machine *machine, enum weak_file file)
{
    char path[4096];

    *s = (struct shard){ .kind = kind, .machine = machine, .file = file, .until = 1e300 };
    snprintf(s->name, sizeof s->name, "%s-%s-%s", kind->name, machine->name, weak_file_names[file]);
    snprintf(path, sizeof path, "%s/%s.part", dir, s->name);
    s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->fd < 0)
        err(1, "%s", path);
    if (flock(s->fd, LOCK_EX | LOCK_NB) != 0) {
        close(s->fd);
        return false;
    }
    if (pread(s->fd, s->digests, sizeof s->digests, 0) < 0)
        err(1, "%s", path);
    for (unsigned pid = 0; pid < WEAK_PIDS; pid++)
        s->known += s->digests[pid] != 0;
    return true;
}

void shard_close(struct shard *s)
{
    close(s->fd);
}

static bool next_missing(void *data, unsigned *pid)
{
    struct shard *s = data;

    while (s->next < WEAK_PIDS && s->digests[s->next] != 0)
        s->next++;
    if (s->next == WEAK_PIDS || seconds_now() > s->until)
        return false;
    *pid = s->next++;
    return true;
}

static void found(void *data, unsigned pid, const uint8_t *number, size_t size)
{
    struct shard *s = data;
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256(number, size, digest);
    memcpy(&s->digests[pid], digest, 8);
    if (pwrite(s->fd, &s->digests[pid], 8, (off_t)pid * 8) != 8)
        err(1, "%s", s->name);
    if (++s->known % 1024 == 0)
        fprintf(stderr, "%s: %u of %d\n", s->name, s->known, WEAK_PIDS);
}

static void make_points(struct shard *s)
{
    uint8_t x[EC_FIELD_MAX];

    for (unsigned pid; next_missing(s, &pid);)
        found(s, pid, x, ec_x(s->kind->bits, s->machine, s->file, pid, x));
}

void shard_make(struct shard *s)
{
    const struct rsa_work work = { .machine = s->machine,
                                   .file = s->file,
                                   .bits = s->kind->bits,
                                   .next = next_missing,
                                   .found = found,
                                   .data = s };

    if (s->kind->rsa)
        rsa_run(&work);
    else
        make_points(s);
}
