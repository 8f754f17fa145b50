/* JSON text to message, in one pass and without a tree.
 *
 * Two kinds of failure are kept apart. What is no JSON ends the reading at once. A member with a
 * wrong value is noted, the first of them, and reading goes on: whether the text is JSON at all is
 * the client's first question, and only a text that is gets an answer about its members. */
#include <string.h>

#include "message/field.h"
#include "message/json.h"
#include "message/json_reader.h"
#include "message/json_refuse.h"
#include "message/lenient.h"
#include "message/value.h"

static bool read_members(struct reader *r, const struct plan *plan, ProtobufCMessage *message,
                         struct seen *seen, const struct place *place);

static bool bit(const uint64_t *bits, size_t i)
{
    return bits[i / 64] >> i % 64 & 1;
}

static void bit_set(uint64_t *bits, size_t i)
{
    bits[i / 64] |= (uint64_t)1 << i % 64;
}

static void check_required(struct reader *r, const struct plan *plan,
                           const ProtobufCMessage *message, const struct seen *seen,
                           const struct place *place)
{
    for (unsigned i = 0; i < plan->type->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        struct place missing = { .outer = place, .name = field->key.text };
        if (!bit(seen->given, i) && field_is_missing(plan, field, message))
            reader_note(r, FAULT_REQUIRED, &missing, "is required");
    }
}

static bool wrong_value(struct reader *r, const struct place *place, const char *why)
{
    reader_note(r, FAULT_INVALID, place, why);
    return reader_skip(r, place);
}

/* May a request say in other words than by null that it does not give the member? */
static bool may_lack(const struct reader *r, const struct plan_field *field)
{
    return r->request && field->field->label != PROTOBUF_C_LABEL_REQUIRED;
}

/* What is set already, from the path or the query, is added to. An object of a request in which
 * nothing is given is not given itself. */
static bool read_message(struct reader *r, const struct plan_field *field, ProtobufCMessage **slot,
                         bool *given, const struct place *place)
{
    const struct plan *plan = plan_of(field->field->descriptor);
    bool lacking = may_lack(r, field) && !field->repeated && !*slot;
    ProtobufCMessage *message = *slot ? *slot : message_new(r->arena, field->field->descriptor);
    struct seen seen = { 0 };
    size_t before = r->given;

    if (!read_members(r, plan, message, &seen, place))
        return false;
    *given = !lacking || r->given != before;
    if (!*given)
        return true;
    *slot = message;
    check_required(r, plan, message, &seen, place);
    return true;
}

static bool read_scalar(struct reader *r, const struct plan_field *field, void *slot, bool *given,
                        const struct place *place)
{
    struct token token;

    if (!reader_scalar(r, &token, place))
        return false;
    if (r->request)
        lenient_respell(field, &token);
    *given = token.kind != TOKEN_NULL &&
             !(may_lack(r, field) && !field->repeated && lenient_is_nothing(field, &token));
    if (*given && !value_read(r->arena, field, &token, slot))
        reader_note(r, FAULT_INVALID, place, value_wanted(r->arena, field));
    return true;
}

/* One value into `slot`. `*given` is false after null or what a request may say for it, and the slot
 * as it was. */
static bool read_value(struct reader *r, const struct plan_field *field, void *slot, bool *given,
                       const struct place *place)
{
    char c = *r->lexer.at;

    *given = true;
    if (c == '{' && field->object)
        return read_message(r, field, slot, given, place);
    if (may_lack(r, field) && !field->repeated && lexer_take_empty(&r->lexer)) {
        *given = false;
        return true;
    }
    if (c == '{' || c == '[')
        return wrong_value(r, place, value_wanted(r->arena, field));
    return read_scalar(r, field, slot, given, place);
}

struct list {
    char *items;
    size_t count, room;
};

static bool list_is_full(const struct list *list)
{
    return list->count == list->room;
}

static void *list_next(struct reader *r, const struct plan_field *field, struct list *list)
{
    if (list_is_full(list)) {
        list->room = list->room ? list->room * 2 : 4;
        char *items = arena_alloc(r->arena, list->room * field->size);
        if (list->count)
            memcpy(items, list->items, list->count * field->size);
        list->items = items;
    }
    return list->items + list->count++ * field->size;
}

static bool read_items(struct reader *r, const struct plan_field *field, struct list *list,
                       const struct place *place)
{
    bool given, more = !lexer_take(&r->lexer, ']');

    while (more) {
        struct place item = { .outer = place, .index = list->count };
        if (list->count == JSON_ITEMS_MAX)
            return reader_refuse(r, "has a list that is too long");
        lexer_space(&r->lexer);
        if (!read_value(r, field, list_next(r, field, list), &given, &item))
            return false;
        if (!given)
            reader_note(r, FAULT_INVALID, &item, value_wanted(r->arena, field));
        if (!reader_next(r, ']', &more))
            return false;
    }
    return true;
}

static bool no_list(struct reader *r, const struct plan_field *field, bool *given,
                    const struct place *place)
{
    struct token token;

    *given = false;
    if (may_lack(r, field) && lexer_take_empty(&r->lexer))
        return true;
    if (*r->lexer.at == '{')
        return wrong_value(r, place, "must be a list");
    if (!reader_scalar(r, &token, place))
        return false;
    *given = token.kind != TOKEN_NULL && !(may_lack(r, field) && lenient_is_nothing(field, &token));
    if (*given)
        reader_note(r, FAULT_INVALID, place, "must be a list");
    return true;
}

static bool read_list(struct reader *r, const struct plan_field *field, ProtobufCMessage *message,
                      bool *given, const struct place *place)
{
    char *base = (char *)message;
    struct list list = { 0 };

    if (*r->lexer.at != '[')
        return no_list(r, field, given, place);
    r->lexer.at++;
    if (!reader_enter(r) || !read_items(r, field, &list, place))
        return false;
    r->depth--;
    *(void **)(void *)(base + field->field->offset) =
        list.items ? list.items : arena_alloc(r->arena, 0);
    *(size_t *)(void *)(base + field->field->quantifier_offset) = list.count;
    *given = list.count > 0;
    return true;
}

static bool read_member(struct reader *r, const struct plan_field *field, ProtobufCMessage *message,
                        bool *given, const struct place *place)
{
    if (field->repeated)
        return read_list(r, field, message, given, place);
    if (!read_value(r, field, (char *)message + field->field->offset, given, place))
        return false;
    if (*given)
        field_mark(message, field->field);
    return true;
}

/* Only the request itself has members that a client cannot give. */
static bool may_give(const struct reader *r, const struct plan_field *field,
                     const struct place *outer)
{
    const struct json_strays *s = r->strays;
    return !s || outer || !s->opens || s->opens(s->context, field->key.text);
}

static bool read_pair(struct reader *r, const struct plan *plan, ProtobufCMessage *message,
                      struct seen *seen, size_t mark, const struct place *place)
{
    struct token key;
    bool given;

    if (!reader_key(r, &key, place))
        return false;
    const struct plan_field *field = plan_find(plan, key.text, key.length);
    struct place here = { .outer = place, .name = key.text };
    if (!field || !may_give(r, field, place))
        reader_stray(r, plan->type, key.text, place);
    if (!field) {
        return (members_seen_add(&r->members_seen, mark, key.text, key.length) ||
                reader_refuse(r, "has a member twice")) &&
               reader_skip(r, &here);
    }
    size_t i = (size_t)(field - plan->fields);
    if (bit(seen->named, i))
        return reader_refuse(r, "has a member twice");
    bit_set(seen->named, i);
    if (!read_member(r, field, message, &given, &here))
        return false;
    if (given)
        bit_set(seen->given, i);
    r->given += given;
    return true;
}

/* The lexer is at the brace. */
static bool read_members(struct reader *r, const struct plan *plan, ProtobufCMessage *message,
                         struct seen *seen, const struct place *place)
{
    size_t mark = members_seen_mark(&r->members_seen);

    r->lexer.at++;
    if (!reader_enter(r))
        return false;
    bool more = !lexer_take(&r->lexer, '}');
    for (unsigned count = 0; more; count++) {
        if (count == JSON_MEMBERS_MAX)
            return reader_refuse(r, "has an object with too many members");
        if (!read_pair(r, plan, message, seen, mark, place) || !reader_next(r, '}', &more))
            return false;
    }
    members_seen_release(&r->members_seen, mark);
    r->depth--;
    return true;
}

static bool read_document(struct reader *r, ProtobufCMessage *message, const char *end)
{
    const struct plan *plan = plan_of(message->descriptor);
    struct seen seen = { 0 };

    if (r->request)
        lexer_byte_order_mark(&r->lexer);
    lexer_space(&r->lexer);
    bool none = r->request && (r->lexer.at == end || lenient_no_document(&r->lexer));
    if (!none && *r->lexer.at != '{')
        return reader_refuse(r, "is not a JSON object");
    if (!none && !read_members(r, plan, message, &seen, NULL))
        return false;
    check_required(r, plan, message, &seen, NULL);
    lexer_space(&r->lexer);
    return r->lexer.at == end || reader_refuse(r, "goes on after its end");
}

static bool merge(struct arena *a, ProtobufCMessage *message, const char *json, size_t size,
                  bool request, struct json_strays *strays, struct fault *f)
{
    char *copy = arena_alloc(a, size + LEXER_PADDING);
    struct reader r = {
        .lexer = { copy }, .arena = a, .request = request, .fault = f, .strays = strays
    };

    if (size)
        memcpy(copy, json, size);
    members_seen_init(&r.members_seen, a);
    if (!read_document(&r, message, copy + size))
        return json_refuse(f, (struct bytes){ (const uint8_t *)json, size },
                           (size_t)(r.lexer.at - copy), r.why, r.lexer.in_string);
    return !r.noted;
}

bool message_merge_json(struct arena *a, ProtobufCMessage *message, const char *json, size_t size,
                        struct fault *f)
{
    return merge(a, message, json, size, false, NULL, f);
}

bool message_merge_request(struct arena *a, ProtobufCMessage *message, const char *json,
                           size_t size, struct json_strays *strays, struct fault *f)
{
    return merge(a, message, json, size, true, strays, f);
}

ProtobufCMessage *message_from_json(struct arena *a, const ProtobufCMessageDescriptor *type,
                                    const char *json, size_t size, struct fault *f)
{
    ProtobufCMessage *message = message_new(a, type);

    return message_merge_json(a, message, json, size, f) ? message : NULL;
}
