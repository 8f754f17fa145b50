/* In what order: by the lines of a statement, or by the members of items. */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "ignored.h"
#include "list.h"
#include "message/field.h"

/* ---- keys */

struct key {
    const char *said, *name; /* "-status", "status" */
    bool down;
};

enum { KEYS_MAX = 32 };

struct keys {
    struct key items[KEYS_MAX];
    size_t count;
};

/* A '+' that was not encoded arrives as a blank. */
static bool keys_read(struct call *call, const char *sort, struct keys *out)
{
    char *rest = NULL, *text = arena_strdup(&call->arena, sort ? sort : "");
    *out = (struct keys){ .count = 0 };
    for (char *key = strtok_r(text, ", ", &rest); key; key = strtok_r(NULL, ", ", &rest)) {
        bool down = *key == '-', sign = down || *key == '+';
        if (out->count == KEYS_MAX)
            return fault_set(&call->fault, FAULT_INVALID, "sort", "names too many keys");
        for (size_t i = 0; i < out->count; i++)
            if (strcmp(out->items[i].name, key + sign) == 0)
                return fault_set(&call->fault, FAULT_INVALID, "sort", "names %.64s twice",
                                 key + sign);
        out->items[out->count++] = (struct key){ key, key + sign, down };
    }
    return true;
}

static bool key_unknown(struct call *call, const struct key *key, const char *const *known,
                        size_t count)
{
    return ignored_add(call,
                       &(struct ignored){ .field = "sort",
                                          .name = arena_format(&call->arena, "sort=%s", key->name),
                                          .known = known,
                                          .count = count });
}

/* ---- of a statement */

static bool is_down(const char *part)
{
    size_t length = strlen(part), ending = strlen("_desc");
    return length >= ending && strcmp(part + length - ending, "_desc") == 0;
}

/* "sort=status" of the parts by_status and by_status_desc. */
static size_t known_of_sql(struct arena *a, const struct sql *sql, const char *const **out)
{
    const char *const *parts;
    size_t count = pick_orders(a, sql, &parts), known = 0;
    const char **names = arena_array(a, const char *, count);
    for (size_t i = 0; i < count; i++)
        if (!is_down(parts[i]))
            names[known++] = arena_format(a, "sort=%s", parts[i] + strlen("by_"));
    *out = names;
    return known;
}

static const char *part_of(struct arena *a, const struct key *key)
{
    return arena_format(a, "by_%s%s", key->name, key->down ? "_desc" : "");
}

static bool is_plain(const char *name)
{
    return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")] == '\0' && !is_down(name);
}

bool list_sort(struct call *call, const struct sql *sql, const char *sort, struct pick *order)
{
    struct keys keys;
    const char *const *known;
    if (!keys_read(call, sort, &keys))
        return false;
    for (size_t i = 0; i < keys.count; i++) {
        const char *part = part_of(&call->arena, &keys.items[i]);
        if (is_plain(keys.items[i].name) && pick_is_order(sql, part)) {
            pick_add(order, part);
            continue;
        }
        size_t count = known_of_sql(&call->arena, sql, &known);
        if (!key_unknown(call, &keys.items[i], known, count))
            return false;
    }
    return true;
}

/* ---- of items */

/* What values of a member are compared as. */
enum order_of { NOT_ORDERED, BY_TEXT, BY_INT32, BY_UINT32, BY_INT64, BY_INSTANT };

static enum order_of order_of(const ProtobufCFieldDescriptor *field)
{
    if (!field || field->label == PROTOBUF_C_LABEL_REPEATED)
        return NOT_ORDERED;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: return BY_TEXT;
    case PROTOBUF_C_TYPE_INT64: return BY_INT64;
    case PROTOBUF_C_TYPE_UINT32: return BY_UINT32;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM: return BY_INT32;
    case PROTOBUF_C_TYPE_MESSAGE:
        return type_is_instant(field->descriptor) ? BY_INSTANT : NOT_ORDERED;
    default: return NOT_ORDERED;
    }
}

static int64_t number_at(const void *slot, enum order_of order)
{
    if (order == BY_INT32)
        return *(const int32_t *)slot;
    if (order == BY_UINT32)
        return *(const uint32_t *)slot;
    if (order == BY_INT64)
        return *(const int64_t *)slot;
    return (*(const Instant *const *)slot)->us;
}

static int compare_values(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *a,
                          const ProtobufCMessage *b)
{
    const void *at_a = (const char *)a + field->offset, *at_b = (const char *)b + field->offset;
    enum order_of order = order_of(field);
    if (order == BY_TEXT)
        return strcasecmp(*(const char *const *)at_a, *(const char *const *)at_b);
    int64_t x = number_at(at_a, order), y = number_at(at_b, order);
    return (x > y) - (x < y);
}

static int compare(const struct key *key, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    const ProtobufCFieldDescriptor *field = field_find(a->descriptor, key->name);
    bool in_a = field_is_set(a, field), in_b = field_is_set(b, field);
    if (!in_a || !in_b)
        return in_b - in_a;
    int order = compare_values(field, a, b);
    return key->down ? -order : order;
}

static int compare_items(const struct keys *keys, const ProtobufCMessage *a,
                         const ProtobufCMessage *b)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < keys->count; i++)
        order = compare(&keys->items[i], a, b);
    return order;
}

/* By insertion: these lists are short, and what is equal stays in its place. */
static void items_sort(const struct keys *keys, ProtobufCMessage **items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        ProtobufCMessage *item = items[i];
        size_t place = i;
        for (; place > 0 && compare_items(keys, items[place - 1], item) > 0; place--)
            items[place] = items[place - 1];
        items[place] = item;
    }
}

static size_t known_of_type(struct arena *a, const ProtobufCMessageDescriptor *type,
                            const char *const **out)
{
    const char **names = arena_array(a, const char *, type->n_fields);
    size_t known = 0;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (order_of(&type->fields[i]))
            names[known++] = arena_format(a, "sort=%s", type->fields[i].name);
    *out = names;
    return known;
}

bool list_sort_items(struct call *call, const ProtobufCMessageDescriptor *type, const char *sort,
                     ProtobufCMessage **items, size_t count)
{
    struct keys keys, usable = { .count = 0 };
    const char *const *known;
    if (!keys_read(call, sort, &keys))
        return false;
    for (size_t i = 0; i < keys.count; i++) {
        if (order_of(field_find(type, keys.items[i].name))) {
            usable.items[usable.count++] = keys.items[i];
            continue;
        }
        size_t all = known_of_type(&call->arena, type, &known);
        if (!key_unknown(call, &keys.items[i], known, all))
            return false;
    }
    items_sort(&usable, items, count);
    return true;
}
