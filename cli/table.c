#include "table.h"

#include <assert.h>
#include <string.h>

void table_init(struct table *t, struct arena *a, size_t columns)
{
    assert(columns <= TABLE_COLUMNS_MAX);
    *t = (struct table){ .arena = a, .columns = columns };
}

void table_row(struct table *t, const char *const *cells)
{
    if (t->count + t->columns > t->room) {
        size_t room = t->room ? 2 * t->room : 32 * t->columns;
        const char **more = arena_array(t->arena, const char *, room);
        if (t->count)
            memcpy(more, t->cells, t->count * sizeof *more);
        t->cells = more;
        t->room = room;
    }
    for (size_t i = 0; i < t->columns; i++)
        t->cells[t->count++] = cells[i] ? cells[i] : "-";
}

/* Characters of UTF-8, not bytes. */
static size_t width_of(const char *s)
{
    size_t width = 0;
    for (; *s; s++)
        width += (*s & 0xC0) != 0x80;
    return width;
}

static void pad(struct text *out, size_t count)
{
    while (count-- > 0)
        text_add_char(out, ' ');
}

void table_write(const struct table *t, int indent, struct text *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };
    for (size_t i = 0; i < t->count; i++) {
        size_t own = width_of(t->cells[i]), *column = &widths[i % t->columns];
        *column = own > *column ? own : *column;
    }
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->columns;
        pad(out, column == 0 ? (size_t)indent : 2);
        text_add(out, t->cells[i]);
        if (column + 1 == t->columns)
            text_add_char(out, '\n');
        else
            pad(out, widths[column] - width_of(t->cells[i]));
    }
}
