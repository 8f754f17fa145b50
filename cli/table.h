/* table - rows of text under their headings: in aligned columns for people, or as JSON for programs. */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>

#include "base/text.h"

enum { TABLE_COLUMNS_MAX = 24 };

struct table {
    struct arena *arena;
    size_t columns;
    const char **cells;
    size_t count, room; /* cells */
};

void table_init(struct table *t, struct arena *a, size_t columns);
/* One row; `cells` are borrowed. The first row are the headings: one that ends in '#', which is not shown,
 * stands above numbers,
 * or objects of JSON that the database has checked. */
void table_row(struct table *t, const char *const *cells);
#define TABLE_ROW(t, ...) table_row((t), (const char *const[]){ __VA_ARGS__ })
size_t table_rows(const struct table *t); /* without the headings */

/* Appends the rows, each with `indent` spaces before it; the last column is not padded. NULL shows as "-",
 * control characters as \u001b. */
void table_write(const struct table *t, int indent, struct text *out);

/* Appends a line for each cell of the first row that has something, behind its heading. */
void table_write_lines(const struct table *t, struct text *out);

/* Appends an array with an object on a line for each row: "RUN AT" is the member "run_at", NULL is null. */
void table_write_json(const struct table *t, struct text *out);
/* Appends the object of the first row alone. */
void table_write_object(const struct table *t, struct text *out);

#endif
