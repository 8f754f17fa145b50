#include "heads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

enum { LINE_MAX_SIZE = 160 };

struct heads {
    FILE *file;
    char *path;
    int64_t line;
    struct head head;
    bool there, bad;
};

static bool head_parse(char *line, struct head *out)
{
    char *rest = NULL, *id = strtok_r(line, " \n", &rest), *hash = strtok_r(NULL, " \n", &rest),
         *time = strtok_r(NULL, " \n", &rest);
    struct instant at;
    struct bytes bytes;
    struct arena a;
    if (!id || !hash || !time || strtok_r(NULL, " \n", &rest) || !int64_read(id, &out->id) ||
        !instant_read(time, &at))
        return false;
    arena_init(&a);
    bool ok = hex_read(&a, hash, &bytes) && bytes.size == SHA256_SIZE;
    if (ok)
        memcpy(out->hash, bytes.data, SHA256_SIZE);
    arena_free(&a);
    return ok;
}

/* A last line without its end is one that the sealer was writing: not there yet. */
void heads_next(struct heads *h)
{
    char line[LINE_MAX_SIZE];
    int64_t before = h->head.id;
    h->there = false;
    if (h->bad || !fgets(line, sizeof line, h->file))
        return;
    h->line++;
    if (!strchr(line, '\n') && feof(h->file))
        return;
    h->there = head_parse(line, &h->head) && h->head.id > before;
    h->bad = !h->there && !(h->line == 1 && h->head.id == 0);
    if (!h->there && !h->bad) /* the beginning, which is of no seal */
        heads_next(h);
}

struct heads *heads_open(const char *path, struct fault *f)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    struct heads *h = calloc(1, sizeof *h);
    h->path = strdup(path);
    h->file = file;
    heads_next(h);
    return h;
}

void heads_close(struct heads *h)
{
    if (!h)
        return;
    fclose(h->file);
    free(h->path);
    free(h);
}

bool heads_peek(struct heads *h, struct head *out)
{
    *out = h->head;
    return h->there;
}

bool heads_good(const struct heads *h, struct fault *f)
{
    return (!h->bad && !ferror(h->file)) ||
           fault_set(f, FAULT_INVALID, h->path,
                     "line %lld is no head (ID HASH TIME), or not in order", (long long)h->line);
}
