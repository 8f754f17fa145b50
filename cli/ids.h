/* ids - a set of row numbers that is small where they are dense: a bit each, in blocks of 4,096. */
#ifndef CLI_IDS_H
#define CLI_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_block;

/* All zero: empty. */
struct ids {
    struct id_block *blocks; /* in order */
    size_t block_count, room;
    size_t count; /* of the numbers in it */
};

void ids_add(struct ids *s, int64_t id); /* quickest behind the greatest one so far */
bool ids_have(const struct ids *s, int64_t id);
void ids_free(struct ids *s);

#endif
