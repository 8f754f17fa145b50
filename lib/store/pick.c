#include "store/pick.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"

/* A line of a statement's text, its end included, and its mark. */
struct line {
    const char *text, *part; /* part NULL: always there */
    size_t length, part_length;
    bool ordered;
};

/* tools/sqlgen.awk leaves no other "--" in a text but marks at the end of lines. */
static struct line line_read(const char *text)
{
    struct line l = { .text = text, .length = strcspn(text, "\n") };
    const char *end = text + l.length;

    for (const char *at = text; at + 4 < end; at++)
        if (!strncmp(at, "--? ", 4) || !strncmp(at, "--> ", 4)) {
            l.part = at + 4;
            l.part_length = strcspn(l.part, " \t\n");
            l.ordered = at[2] == '>';
        }
    l.length += *end == '\n';
    return l;
}

static bool is_of(const struct line *l, const char *part)
{
    return l->part && strlen(part) == l->part_length && !strncmp(l->part, part, l->part_length);
}

void pick_add(struct pick *p, const char *part)
{
    if (pick_has(p, part))
        return;
    assert(p->count < PICK_MAX);
    p->parts[p->count++] = part;
}

bool pick_has(const struct pick *p, const char *part)
{
    for (size_t i = 0; i < p->count; i++)
        if (!strcmp(p->parts[i], part))
            return true;
    return false;
}

static bool find(const struct sql *sql, const char *part, bool ordered_only)
{
    struct line l;

    for (const char *at = sql->text; *at; at += l.length) {
        l = line_read(at);
        if (is_of(&l, part) && (l.ordered || !ordered_only))
            return true;
    }
    return false;
}

bool pick_is_order(const struct sql *sql, const char *part)
{
    return find(sql, part, true);
}

size_t pick_orders(struct arena *a, const struct sql *sql, const char *const **parts)
{
    struct line l;
    size_t count = 0;

    for (const char *at = sql->text; *at; at += l.length, count += l.ordered)
        l = line_read(at);
    const char **out = arena_array(a, const char *, count);
    *parts = out;
    for (const char *at = sql->text; *at; at += l.length) {
        l = line_read(at);
        if (l.ordered)
            *out++ = arena_strndup(a, l.part, l.part_length);
    }
    return count;
}

static void add_asked(struct text *out, const struct line *l, const struct pick *parts)
{
    bool asked = !l->part;

    for (size_t i = 0; i < parts->count; i++)
        asked = asked || is_of(l, parts->parts[i]);
    if (asked)
        text_add_bytes(out, l->text, l->length);
}

static const char *add_of_part(struct text *out, const char *block, const char *part)
{
    struct line l = line_read(block);

    for (; *block && l.ordered; block += l.length, l = line_read(block))
        if (part && is_of(&l, part))
            text_add_bytes(out, l.text, l.length);
    return block;
}

/* A block of ordered lines; returns where it ends. */
static const char *add_block(struct text *out, const char *block, const struct pick *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        add_of_part(out, block, parts->parts[i]);
    return add_of_part(out, block, NULL);
}

const struct sql *pick_sql(struct arena *a, const struct sql *sql, const struct pick *parts)
{
    struct sql *picked = arena_copy(a, sql, sizeof *sql);
    struct text text;

    assert(sql->parts);
    for (size_t i = 0; i < parts->count; i++)
        assert(find(sql, parts->parts[i], false));
    text_init(&text, a);
    for (const char *at = sql->text; *at;) {
        struct line l = line_read(at);

        if (!l.ordered)
            add_asked(&text, &l, parts);
        at = l.ordered ? add_block(&text, at, parts) : at + l.length;
    }
    picked->text = text.data;
    picked->once = true;
    return picked;
}
