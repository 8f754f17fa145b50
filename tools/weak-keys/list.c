#include "list.h"

#include <endian.h>
#include <err.h>
#include <limits.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/weak_list.h"

void list_add(struct list *l, const struct shard *s)
{
    size_t length = strlen(l->covers);

    if (l->shards == LIST_SHARDS_MAX)
        errx(1, "%s: more shards than a list has room for", s->name);
    l->kind = s->kind;
    l->shards++;
    for (unsigned pid = 0; pid < WEAK_PIDS; pid++)
        l->keys[l->count++] =
            be64toh(s->digests[pid]) >> (64 - WEAK_LIST_PREFIX - 8 * WEAK_LIST_REST);
    snprintf(l->covers + length, sizeof l->covers - length, " %s-%s", s->machine->name,
             weak_file_names[s->file]);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Two processes of different machines may have made the same key. */
static void sort(struct list *l)
{
    size_t kept = 0;

    qsort(l->keys, l->count, sizeof l->keys[0], by_number);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || l->keys[kept - 1] != l->keys[i])
            l->keys[kept++] = l->keys[i];
    l->count = kept;
}

static uint8_t *put_number(uint8_t *to, uint64_t number, int bytes)
{
    while (bytes-- > 0)
        *to++ = (uint8_t)(number >> 8 * bytes);
    return to;
}

static uint8_t *put_head(uint8_t *to, const struct list *l)
{
    int length = snprintf((char *)to, WEAK_LIST_HEAD, WEAK_LIST_TITLE "%s %zu%s", l->kind->name,
                          l->count, l->covers);

    if (length >= WEAK_LIST_HEAD)
        errx(1, "%s: its head is too long", l->kind->name);
    memset(to + length, ' ', (size_t)(WEAK_LIST_HEAD - length));
    to[WEAK_LIST_HEAD - 1] = '\n';
    return to + WEAK_LIST_HEAD;
}

static uint8_t *put_starts(uint8_t *to, const struct list *l)
{
    size_t at = 0;

    for (uint64_t bucket = 0; bucket <= WEAK_LIST_BUCKETS; bucket++) {
        while (at < l->count && l->keys[at] >> 8 * WEAK_LIST_REST < bucket)
            at++;
        to = put_number(to, at, 4);
    }
    return to;
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    char part[PATH_MAX + 8];
    FILE *out;

    snprintf(part, sizeof part, "%s.part", path);
    out = fopen(part, "wb");
    if (!out || fwrite(bytes, 1, size, out) != size || fflush(out) != 0 ||
        fsync(fileno(out)) != 0 || fclose(out) != 0 || rename(part, path) != 0)
        err(1, "%s", path);
}

void list_write(struct list *l, const char *folder)
{
    char path[PATH_MAX];
    uint8_t *file, *to;

    sort(l);
    file = malloc(WEAK_LIST_HEAD + WEAK_LIST_STARTS + l->count * WEAK_LIST_REST + WEAK_LIST_SEAL);
    if (!file)
        err(1, "%s", l->kind->name);
    to = put_starts(put_head(file, l), l);
    for (size_t i = 0; i < l->count; i++)
        to = put_number(to, l->keys[i], WEAK_LIST_REST);
    SHA256(file, (size_t)(to - file), to);
    to += WEAK_LIST_SEAL;
    snprintf(path, sizeof path, "%s/%s.list", folder, l->kind->name);
    write_file(path, file, (size_t)(to - file));
    printf("%s: %zu bytes,%s\n", path, (size_t)(to - file), l->covers);
    free(file);
}
