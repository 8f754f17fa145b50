#include "table.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "fold.h"
#include "message/json.h"

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
        t->cells[t->count++] = cells[i];
}

size_t table_rows(const struct table *t)
{
    return t->count / t->columns - 1;
}

/* ---- for people */

static bool unquoted(const char *heading)
{
    size_t length = strlen(heading);
    return length > 0 && heading[length - 1] == '#';
}

static const char *shown(const struct table *t, size_t i)
{
    const char *cell = t->cells[i];
    if (!cell)
        return "-";
    return i < t->columns && unquoted(cell) ? arena_strndup(t->arena, cell, strlen(cell) - 1)
                                            : fold_harmless(t->arena, cell);
}

static void pad(struct text *out, size_t count)
{
    while (count-- > 0)
        text_add_char(out, ' ');
}

void table_write(const struct table *t, int indent, struct text *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = { 0 };
    const char **cells = arena_array(t->arena, const char *, t->count + 1);
    for (size_t i = 0; i < t->count; i++) {
        cells[i] = shown(t, i);
        size_t own = fold_characters(cells[i]), *column = &widths[i % t->columns];
        *column = own > *column ? own : *column;
    }
    for (size_t i = 0; i < t->count; i++) {
        size_t column = i % t->columns;
        pad(out, column == 0 ? (size_t)indent : 2);
        text_add(out, cells[i]);
        if (column + 1 == t->columns)
            text_add_char(out, '\n');
        else
            pad(out, widths[column] - fold_characters(cells[i]));
    }
}

void table_write_lines(const struct table *t, struct text *out)
{
    struct table lines;
    table_init(&lines, t->arena, 2);
    for (size_t i = 0; i < t->columns; i++)
        if (t->cells[t->columns + i])
            TABLE_ROW(&lines, shown(t, i), t->cells[t->columns + i]);
    table_write(&lines, 0, out);
}

/* ---- for programs */

static void member_name(const char *heading, struct text *out)
{
    bool gap = false;
    for (const char *c = heading; *c; c++) {
        if (isalnum((unsigned char)*c)) {
            text_format(out, gap ? "_%c" : "%c", tolower((unsigned char)*c));
            gap = false;
        } else {
            gap = true;
        }
    }
}

static void member_add(const struct table *t, size_t i, struct text *out)
{
    const char *heading = t->cells[i % t->columns], *cell = t->cells[i];
    int64_t number;
    text_add(out, i % t->columns ? ",\"" : "{\"");
    member_name(heading, out);
    text_add(out, "\":");
    if (!cell)
        text_add(out, "null");
    else if (unquoted(heading) && (*cell == '{' || int64_read(cell, &number)))
        text_add(out, cell);
    else
        json_add_string(out, cell);
}

static void object_add(const struct table *t, size_t row, struct text *out)
{
    for (size_t i = 0; i < t->columns; i++)
        member_add(t, row * t->columns + i, out);
    text_add_char(out, '}');
}

void table_write_json(const struct table *t, struct text *out)
{
    text_add_char(out, '[');
    for (size_t row = 1; row <= table_rows(t); row++) {
        text_add(out, row == 1 ? "\n" : ",\n");
        object_add(t, row, out);
    }
    text_add(out, "\n]\n");
}

void table_write_object(const struct table *t, struct text *out)
{
    object_add(t, 1, out);
    text_add_char(out, '\n');
}
