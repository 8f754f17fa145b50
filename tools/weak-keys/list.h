/* list - writes what pki/weak_list.h describes. */
#ifndef WEAK_LIST_WRITE_H
#define WEAK_LIST_WRITE_H

#include "shard.h"

enum { LIST_SHARDS_MAX = 16 };

struct list {
    const struct kind *kind;
    size_t count, shards;
    char covers[200]; /* names of machines and files */
    uint64_t keys[LIST_SHARDS_MAX * WEAK_PIDS];
};

/* All keys of a shard, which must be complete. */
void list_add(struct list *l, const struct shard *s);

/* To FOLDER/KIND.list, replaced when it is whole. What fails ends the program. */
void list_write(struct list *l, const char *folder);

#endif
