#include "pki/weak_keys.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/digest.h"
#include "pki/weak_list.h"

/* A file, once it was read. */
struct weak_list {
    const char *name;
    enum key_type type;
    int bits;
    uint32_t count;
    char covers[WEAK_LIST_HEAD];
    const uint8_t *starts, *rests;
};

/* Each must be there: a list that is missing would let keys pass unseen. */
// clang-format off
static struct weak_list lists[] = {
    { "rsa-2048", KEY_RSA, 2048 },
    { "p-256",    KEY_EC,   256 },
    { "p-384",    KEY_EC,   384 },
};
// clang-format on

enum { LISTS = sizeof lists / sizeof lists[0] };

static char folder[4096] = "policy/weak-keys";
static struct fault missing; /* why they cannot be used; FAULT_NONE: they can */

void weak_keys_folder(const char *path)
{
    snprintf(folder, sizeof folder, "%s", path);
}

static uint32_t number_at(const uint8_t *at)
{
    uint32_t number;

    memcpy(&number, at, sizeof number);
    return be32toh(number);
}

/* "weak-keys 1 rsa-2048 294912 le64-nornd le64-rnd   ", of which the end was looked at. */
static bool head_read(const char *head, struct weak_list *l)
{
    char title[64], *end;
    int length = snprintf(title, sizeof title, WEAK_LIST_TITLE "%s ", l->name);

    if (strncmp(head, title, (size_t)length) != 0)
        return false;
    unsigned long number = strtoul(head + length, &end, 10);
    l->count = (uint32_t)number;
    if (*end != ' ' || number == 0 || number > WEAK_LIST_KEYS_MAX)
        return false;
    size_t size = (size_t)(head + WEAK_LIST_HEAD - ++end);
    while (size > 0 && (end[size - 1] == ' ' || end[size - 1] == '\n'))
        size--;
    memcpy(l->covers, end, size);
    l->covers[size] = '\0';
    return true;
}

/* After this no look-up can leave the file. */
static bool starts_rise(const uint8_t *starts, uint32_t count)
{
    uint32_t before = 0;

    for (int i = 0; i <= WEAK_LIST_BUCKETS; i++) {
        uint32_t start = number_at(starts + 4 * i);
        if (start < before || start > count)
            return false;
        before = start;
    }
    return number_at(starts) == 0 && before == count;
}

static bool is_sealed(const uint8_t *file, size_t size)
{
    uint8_t seal[SHA256_SIZE];

    digest_sha256((struct bytes){ file, size - WEAK_LIST_SEAL }, seal);
    return memcmp(file + size - WEAK_LIST_SEAL, seal, sizeof seal) == 0;
}

static bool list_use(struct weak_list *l, const uint8_t *file, size_t size)
{
    enum { FIXED = WEAK_LIST_HEAD + WEAK_LIST_STARTS + WEAK_LIST_SEAL };

    if (size < FIXED || file[WEAK_LIST_HEAD - 1] != '\n' || !head_read((const char *)file, l) ||
        size != FIXED + (size_t)l->count * WEAK_LIST_REST || !is_sealed(file, size))
        return false;
    l->starts = file + WEAK_LIST_HEAD;
    l->rests = l->starts + WEAK_LIST_STARTS;
    return starts_rise(l->starts, l->count);
}

/* Mapped for good. */
static bool list_read(struct weak_list *l, struct fault *f)
{
    char path[sizeof folder + 32];
    struct stat is = { 0 };
    void *map = MAP_FAILED;

    snprintf(path, sizeof path, "%s/%s.list", folder, l->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &is) == 0 && is.st_size > 0)
        map = mmap(NULL, (size_t)is.st_size, PROT_READ, MAP_SHARED, fd, 0);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (map == MAP_FAILED)
        return fault_set(f, FAULT_UNAVAILABLE, l->name,
                         "%s: a list of weak keys cannot be read: %s", path,
                         fd >= 0 && is.st_size == 0 ? "it is empty" : strerror(error));
    return list_use(l, map, (size_t)is.st_size) ||
           fault_set(f, FAULT_UNAVAILABLE, l->name,
                     "%s: is no whole list of weak keys: install it again", path);
}

static void read_all(void)
{
    for (int i = 0; i < LISTS; i++)
        if (!list_read(&lists[i], &missing))
            return;
}

bool weak_keys_ready(struct fault *f)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, read_all);
    if (missing.code == FAULT_NONE)
        return true;
    *f = missing;
    return false;
}

static const struct weak_list *list_for(const struct key *key)
{
    for (int i = 0; i < LISTS; i++)
        if (lists[i].type == key->type && lists[i].bits == key->bits)
            return &lists[i];
    return NULL;
}

/* What names it: the modulus, or x, with which goes one other point, whose private key is known as
 * well. */
static struct bytes name_of(const struct key *key)
{
    return key->type == KEY_RSA
               ? key->modulus
               : (struct bytes){ key->public_key.data + 1, (key->public_key.size - 1) / 2 };
}

static int by_rest(const void *a, const void *b)
{
    return memcmp(a, b, WEAK_LIST_REST);
}

static bool is_on(const struct weak_list *l, const uint8_t digest[SHA256_SIZE])
{
    uint64_t top;

    memcpy(&top, digest, sizeof top);
    top = be64toh(top);
    size_t bucket = top >> (64 - WEAK_LIST_PREFIX);
    uint64_t rest = htobe64(top << WEAK_LIST_PREFIX);
    uint32_t from = number_at(l->starts + 4 * bucket), to = number_at(l->starts + 4 * bucket + 4);
    return bsearch(&rest, l->rests + (size_t)from * WEAK_LIST_REST, to - from, WEAK_LIST_REST,
                   by_rest) != NULL;
}

enum weak_keys_answer weak_keys_find(const struct key *key)
{
    const struct weak_list *l = list_for(key);
    uint8_t digest[SHA256_SIZE];
    struct fault why;

    if (!weak_keys_ready(&why))
        return WEAK_KEYS_UNREAD;
    if (!l)
        return WEAK_KEYS_NOT;
    digest_sha256(name_of(key), digest);
    return is_on(l, digest) ? WEAK_KEYS_LISTED : WEAK_KEYS_NOT;
}

const char *weak_keys_cover(const struct key *key)
{
    const struct weak_list *l = list_for(key);
    struct fault why;

    return l && weak_keys_ready(&why) ? l->covers : NULL;
}
