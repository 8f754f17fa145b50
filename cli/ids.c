#include "ids.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BITS = 12, WORDS = (1 << BLOCK_BITS) / 64 };

struct id_block {
    int64_t number; /* of its ids, the upper bits */
    uint64_t *words;
};

static int64_t block_number(int64_t id)
{
    return id >> BLOCK_BITS;
}

/* Where it is, or would be. */
static size_t block_place(const struct ids *s, int64_t number)
{
    size_t low = 0, high = s->block_count;
    if (high && s->blocks[high - 1].number < number)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->blocks[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool block_at(const struct ids *s, size_t place, int64_t number)
{
    return place < s->block_count && s->blocks[place].number == number;
}

static void block_insert(struct ids *s, size_t place, int64_t number)
{
    if (s->block_count == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->blocks = reallocarray(s->blocks, s->room, sizeof *s->blocks);
    }
    struct id_block *b = &s->blocks[place];
    memmove(b + 1, b, (s->block_count++ - place) * sizeof *b);
    b->number = number;
    b->words = calloc(WORDS, sizeof *b->words);
}

static uint64_t *word_of(const struct ids *s, size_t place, int64_t id)
{
    return &s->blocks[place].words[(uint64_t)id % (1 << BLOCK_BITS) / 64];
}

static uint64_t bit_of(int64_t id)
{
    return UINT64_C(1) << ((uint64_t)id % 64);
}

void ids_add(struct ids *s, int64_t id)
{
    size_t place = block_place(s, block_number(id));
    if (!block_at(s, place, block_number(id)))
        block_insert(s, place, block_number(id));
    uint64_t *word = word_of(s, place, id);
    s->count += !(*word & bit_of(id));
    *word |= bit_of(id);
}

bool ids_have(const struct ids *s, int64_t id)
{
    size_t place = block_place(s, block_number(id));
    return block_at(s, place, block_number(id)) && (*word_of(s, place, id) & bit_of(id));
}

void ids_free(struct ids *s)
{
    for (size_t i = 0; i < s->block_count; i++)
        free(s->blocks[i].words);
    free(s->blocks);
    *s = (struct ids){ 0 };
}
