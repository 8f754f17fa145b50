/* table - rows of text in aligned columns. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>

#include "base/text.h"

enum { TABLE_COLUMNS_MAX = 10 };

struct table {
    struct arena *arena;
    size_t columns;
    const char **cells;
    size_t count, room; /* cells */
};

void table_init(struct table *t, struct arena *a, size_t columns);
/* One row; `cells` are borrowed, NULL shows as "-". */
void table_row(struct table *t, const char *const *cells);
#define TABLE_ROW(t, ...) table_row((t), (const char *const[]){ __VA_ARGS__ })
/* Appends the rows, each with `indent` spaces before it; the last column is not padded. */
void table_write(const struct table *t, int indent, struct text *out);

#endif
