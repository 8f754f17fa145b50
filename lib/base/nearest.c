#include "base/nearest.h"

#include <ctype.h>
#include <stdbool.h>

enum { WORD_MAX = 64 };

/* Three rows of the table of distances between beginnings of both words. */
struct rows {
    int before[WORD_MAX + 1], last[WORD_MAX + 1], now[WORD_MAX + 1];
};

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The row of the beginning of `word` with `i` letters. */
static void row_fill(struct rows *r, const char *word, size_t i, const char *known, size_t length)
{
    r->now[0] = (int)i;
    for (size_t j = 1; j <= length; j++) {
        int changed = r->last[j - 1] + !same(word[i - 1], known[j - 1]);
        r->now[j] = least(changed, least(r->last[j], r->now[j - 1]) + 1);
        if (i > 1 && j > 1 && same(word[i - 1], known[j - 2]) && same(word[i - 2], known[j - 1]))
            r->now[j] = least(r->now[j], r->before[j - 2] + 1);
    }
}

int nearest_distance(const char *word, size_t length, const char *known, size_t known_length)
{
    struct rows r = { .last = { 0 } };
    if (length > WORD_MAX || known_length > WORD_MAX)
        return NOT_NEAR;
    for (size_t j = 0; j <= known_length; j++)
        r.now[j] = (int)j;
    for (size_t i = 1; i <= length; i++) {
        for (size_t j = 0; j <= known_length; j++) {
            r.before[j] = r.last[j];
            r.last[j] = r.now[j];
        }
        row_fill(&r, word, i, known, known_length);
    }
    size_t longer = length > known_length ? length : known_length;
    return r.now[known_length] * 3 <= (int)longer ? r.now[known_length] : NOT_NEAR;
}
