#include "serving.h"

#include <assert.h>
#include <string.h>

static unsigned bit_of(const struct serving *rows, const char *word, size_t length)
{
    for (size_t i = 0; rows[i].name; i++)
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0)
            return 1u << i;
    return 0;
}

unsigned serving_read(const struct serving *rows, const char *words)
{
    static const char between[] = " ,";
    unsigned chosen = 0, bit = 1;
    words += strspn(words, between);
    while (*words && bit) {
        size_t length = strcspn(words, between);
        bit = bit_of(rows, words, length);
        chosen |= bit;
        words += length;
        words += strspn(words, between);
    }
    return bit ? chosen : 0;
}

static size_t family_count(const struct serving *rows)
{
    size_t count = 0;
    for (; rows->name; rows++)
        for (const struct route_family *f = rows->families; f->tables; f++)
            count++;
    return count;
}

struct route_family *serving_families(struct arena *a, const struct serving *rows, unsigned chosen)
{
    struct route_family *all = arena_array(a, struct route_family, family_count(rows) + 1);
    size_t count = 0;
    for (size_t i = 0; rows[i].name; i++)
        for (const struct route_family *f = rows[i].families; chosen & 1u << i && f->tables; f++)
            all[count++] = *f;
    return all;
}

/* The row whose setting says where this one listens. */
static const struct serving *listener_of(const struct serving *rows, size_t row)
{
    return **rows[row].listen ? &rows[row] : &rows[0];
}

static const char *address_of(const struct serving *rows, size_t row)
{
    return *listener_of(rows, row)->listen;
}

/* Those of the chosen rows that listen where `row` does. */
static unsigned neighbours(const struct serving *rows, unsigned chosen, size_t row)
{
    unsigned same = 0;
    for (size_t i = 0; rows[i].name; i++)
        if (chosen & 1u << i && strcmp(address_of(rows, i), address_of(rows, row)) == 0)
            same |= 1u << i;
    return same;
}

void serving_doors(struct arena *a, const struct serving *rows, unsigned chosen,
                   struct http_door *out)
{
    size_t count = 0;
    for (size_t i = 0; rows[i].name; i++) {
        unsigned same = neighbours(rows, chosen, i);
        if (!(chosen & 1u << i) || same & ((1u << i) - 1)) /* not served, or with an earlier one */
            continue;
        assert(count < HTTP_DOORS_MAX);
        out[count++] = (struct http_door){ .listen = address_of(rows, i),
                                           .families = serving_families(a, rows, same),
                                           .setting = listener_of(rows, i)->setting };
    }
    out[count] = (struct http_door){ .listen = NULL };
}
