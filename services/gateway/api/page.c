#include "api/page.h"

#include "list.h"
#include "message/field.h"
#include "statement.h"

enum { PAGE_MAX = 1000 };

static void *at(ProtobufCMessage *m, size_t offset)
{
    return (char *)m + offset;
}

/* Sets the optional member to what it says or, when it says nothing good, to `otherwise`. */
static int64_t number_set(ProtobufCMessage *m, const char *name, int64_t least, int64_t most,
                          int64_t otherwise)
{
    const ProtobufCFieldDescriptor *field = field_find(m->descriptor, name);
    protobuf_c_boolean *is_set = at(m, field->quantifier_offset);
    int64_t *n = at(m, field->offset);
    *n = *is_set && *n >= least ? *n : otherwise;
    *n = *n <= most ? *n : most;
    *is_set = true;
    return *n;
}

static int64_t total_of(const struct rows *rows)
{
    ProtobufCMessage *first = rows->count ? rows->items[0] : NULL;
    const int64_t *total = first ? at(first, field_find(first->descriptor, "total")->offset) : NULL;
    return total ? *total : 0;
}

static const char *sort_of(const ProtobufCMessage *filter)
{
    const ProtobufCFieldDescriptor *field = field_find(filter->descriptor, "sort");
    return field ? *(const char *const *)((const char *)filter + field->offset) : NULL;
}

/* Behind the last row none says how many there are. */
static bool total_ask(struct call *call, const struct sql *sql, ProtobufCMessage *filter,
                      Page *page)
{
    struct rows first;
    number_set(filter, "offset", INT64_MAX, 0, 0);
    number_set(filter, "limit", INT64_MAX, 1, 1);
    if (!statement_all(call, sql, filter, &first))
        return false;
    page->total = total_of(&first);
    return true;
}

bool page_read(struct call *call, const struct sql *sql, ProtobufCMessage *filter,
               struct rows *rows, Page *page)
{
    struct pick order = { 0 };
    if (!list_sort(call, sql, sort_of(filter), &order))
        return false;
    sql = pick_sql(&call->arena, sql, &order);
    page->offset = number_set(filter, "offset", 0, INT64_MAX, 0);
    page->limit = number_set(filter, "limit", 1, PAGE_MAX, PAGE_MAX);
    if (!statement_all(call, sql, filter, rows))
        return false;
    page->total = total_of(rows);
    return rows->count > 0 || page->offset == 0 || total_ask(call, sql, filter, page);
}
