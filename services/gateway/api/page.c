#include "api/page.h"

#include "message/field.h"

enum { PAGE_MAX = 1000 };

static int64_t *number_at(ProtobufCMessage *m, const char *name, protobuf_c_boolean **is_set)
{
    const ProtobufCFieldDescriptor *field = field_find(m->descriptor, name);
    *is_set = field->label == PROTOBUF_C_LABEL_OPTIONAL
                  ? (protobuf_c_boolean *)(void *)((char *)m + field->quantifier_offset)
                  : NULL;
    return (int64_t *)(void *)((char *)m + field->offset);
}

static int64_t number_set(ProtobufCMessage *m, const char *name, int64_t least, int64_t most,
                          int64_t otherwise)
{
    protobuf_c_boolean *is_set;
    int64_t *n = number_at(m, name, &is_set);
    *n = *is_set && *n >= least ? *n : otherwise;
    *n = *n <= most ? *n : most;
    *is_set = true;
    return *n;
}

static int64_t total_of(const struct rows *rows)
{
    protobuf_c_boolean *ignored;
    return rows->count ? *number_at(rows->items[0], "total", &ignored) : 0;
}

/* Behind the last row none says how many there are. */
static bool total_ask(struct call *call, const struct sql *sql, ProtobufCMessage *filter,
                      Page *page)
{
    struct rows first;
    number_set(filter, "offset", INT64_MAX, 0, 0);
    number_set(filter, "limit", INT64_MAX, 1, 1);
    if (!store_all(store_mine(), &call->arena, sql, filter, &first, &call->fault))
        return false;
    page->total = total_of(&first);
    return true;
}

bool page_read(struct call *call, const struct sql *sql, ProtobufCMessage *filter,
               struct rows *rows, Page *page)
{
    page->offset = number_set(filter, "offset", 0, INT64_MAX, 0);
    page->limit = number_set(filter, "limit", 1, PAGE_MAX, PAGE_MAX);
    if (!store_all(store_mine(), &call->arena, sql, filter, rows, &call->fault))
        return false;
    page->total = total_of(rows);
    return rows->count > 0 || page->offset == 0 || total_ask(call, sql, filter, page);
}
