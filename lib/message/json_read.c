/* JSON text to message, in one pass and without a tree.
 *
 * Two kinds of failure are kept apart. What is no JSON ends the reading at once. A member with a
 * wrong value is noted, the first of them, and reading goes on: whether the text is JSON at all is
 * the client's first question, and only a text that is gets an answer about its members. */
#include <string.h>

#include "message/field.h"
#include "message/json.h"
#include "message/keys.h"
#include "message/lexer.h"
#include "message/place.h"
#include "message/plan.h"
#include "message/value.h"

struct reader {
    struct lexer lexer;
    struct arena *arena;
    struct keys keys; /* of the objects that are open, as far as they are no members */
    unsigned depth;
    const char *why; /* what is wrong with the text, when more is known than "not JSON" */
    bool noted;
    struct fault *fault;
};

static bool read_object(struct reader *r, ProtobufCMessage *message, const struct place *place);
static bool skip_value(struct reader *r, const struct place *place);

static void note(struct reader *r, enum fault_code code, const struct place *place, const char *why)
{
    char path[sizeof r->fault->field];

    if (r->noted)
        return;
    r->noted = true;
    place_text(place, path, sizeof path);
    fault_set(r->fault, code, path, "%s", why);
}

static bool refuse(struct reader *r, const char *why)
{
    r->why = why;
    return false;
}

static bool enter(struct reader *r)
{
    return ++r->depth <= JSON_DEPTH_MAX || refuse(r, "is nested too deeply");
}

static bool scalar(struct reader *r, struct token *out, const struct place *place)
{
    if (!lexer_scalar(&r->lexer, out))
        return false;
    if (out->has_nul)
        note(r, FAULT_INVALID, place, "must not hold a NUL character");
    return true;
}

/* A key and the colon after it. */
static bool take_key(struct reader *r, struct token *key, const struct place *place)
{
    lexer_space(&r->lexer);
    if (*r->lexer.at != '"' || !scalar(r, key, place) || !lexer_take(&r->lexer, ':'))
        return false;
    lexer_space(&r->lexer);
    return true;
}

/* After a value: true with `*more` false at `close`, with `*more` true at a comma. */
static bool take_next(struct reader *r, char close, bool *more)
{
    if (lexer_take(&r->lexer, ',')) {
        *more = true;
        return true;
    }
    *more = false;
    return lexer_take(&r->lexer, close);
}

static bool skip_object(struct reader *r, const struct place *place)
{
    size_t mark = keys_mark(&r->keys);
    bool more = !lexer_take(&r->lexer, '}');
    struct token key;

    for (unsigned count = 0; more; count++) {
        if (!take_key(r, &key, place))
            return false;
        if (count == JSON_MEMBERS_MAX)
            return refuse(r, "has an object with too many members");
        if (!keys_add(&r->keys, mark, key.text, key.length))
            return refuse(r, "has a member twice");
        if (!skip_value(r, place) || !take_next(r, '}', &more))
            return false;
    }
    keys_release(&r->keys, mark);
    return true;
}

static bool skip_list(struct reader *r, const struct place *place)
{
    bool more = !lexer_take(&r->lexer, ']');

    for (unsigned count = 0; more; count++) {
        if (count == JSON_ITEMS_MAX)
            return refuse(r, "has a list that is too long");
        lexer_space(&r->lexer);
        if (!skip_value(r, place) || !take_next(r, ']', &more))
            return false;
    }
    return true;
}

static bool skip_value(struct reader *r, const struct place *place)
{
    struct token token;
    char c = *r->lexer.at;

    if (c != '{' && c != '[')
        return scalar(r, &token, place);
    r->lexer.at++;
    bool ok = enter(r) && (c == '{' ? skip_object(r, place) : skip_list(r, place));
    r->depth--;
    return ok;
}

static bool wrong_value(struct reader *r, const struct place *place, const char *why)
{
    note(r, FAULT_INVALID, place, why);
    return skip_value(r, place);
}

/* What is set already, from the path or the query, is added to. */
static bool read_message(struct reader *r, const struct plan_field *field, ProtobufCMessage **slot,
                         const struct place *place)
{
    if (!*slot)
        *slot = message_new(r->arena, field->field->descriptor);
    return read_object(r, *slot, place);
}

static bool read_scalar(struct reader *r, const struct plan_field *field, void *slot, bool *given,
                        const struct place *place)
{
    struct token token;

    if (!scalar(r, &token, place))
        return false;
    *given = token.kind != TOKEN_NULL;
    if (*given && !value_read(r->arena, field, &token, slot))
        note(r, FAULT_INVALID, place, value_wanted(r->arena, field));
    return true;
}

/* One value into `slot`. `*given` is false after null, and the slot as it was. */
static bool read_value(struct reader *r, const struct plan_field *field, void *slot, bool *given,
                       const struct place *place)
{
    char c = *r->lexer.at;

    *given = true;
    if (c == '{' && field->object)
        return read_message(r, field, slot, place);
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
#ifdef SEEDED_BUG_JSON
    /* One item too late, on purpose: to see that fuzzing finds it. */
    return list->room == 0 || list->count > list->room;
#else
    return list->count == list->room;
#endif
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
            return refuse(r, "has a list that is too long");
        lexer_space(&r->lexer);
        if (!read_value(r, field, list_next(r, field, list), &given, &item))
            return false;
        if (!given)
            note(r, FAULT_INVALID, &item, value_wanted(r->arena, field));
        if (!take_next(r, ']', &more))
            return false;
    }
    return true;
}

static bool no_list(struct reader *r, bool *given, const struct place *place)
{
    struct token token;

    if (*r->lexer.at == '{')
        return wrong_value(r, place, "must be a list");
    if (!scalar(r, &token, place))
        return false;
    *given = token.kind != TOKEN_NULL;
    if (*given)
        note(r, FAULT_INVALID, place, "must be a list");
    return true;
}

static bool read_list(struct reader *r, const struct plan_field *field, ProtobufCMessage *message,
                      bool *given, const struct place *place)
{
    char *base = (char *)message;
    struct list list = { 0 };

    *given = true;
    if (*r->lexer.at != '[')
        return no_list(r, given, place);
    r->lexer.at++;
    if (!enter(r) || !read_items(r, field, &list, place))
        return false;
    r->depth--;
    *(void **)(void *)(base + field->field->offset) =
        list.items ? list.items : arena_alloc(r->arena, 0);
    *(size_t *)(void *)(base + field->field->quantifier_offset) = list.count;
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

/* Which members an object has named, by index of the field: for duplicates, and for what is
 * required. */
struct seen {
    uint64_t named[PLAN_FIELDS_MAX / 64], given[PLAN_FIELDS_MAX / 64];
};

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
            note(r, FAULT_REQUIRED, &missing, "is required");
    }
}

static bool read_pair(struct reader *r, const struct plan *plan, ProtobufCMessage *message,
                      struct seen *seen, size_t mark, const struct place *place)
{
    struct token key;
    bool given;

    if (!take_key(r, &key, place))
        return false;
    const struct plan_field *field = plan_find(plan, key.text, key.length);
    struct place here = { .outer = place, .name = key.text };
    if (!field) {
        return (keys_add(&r->keys, mark, key.text, key.length) ||
                refuse(r, "has a member twice")) &&
               skip_value(r, &here);
    }
    size_t i = (size_t)(field - plan->fields);
    if (bit(seen->named, i))
        return refuse(r, "has a member twice");
    bit_set(seen->named, i);
    if (!read_member(r, field, message, &given, &here))
        return false;
    if (given)
        bit_set(seen->given, i);
    return true;
}

/* The lexer is at the brace. */
static bool read_object(struct reader *r, ProtobufCMessage *message, const struct place *place)
{
    const struct plan *plan = plan_of(message->descriptor);
    size_t mark = keys_mark(&r->keys);
    struct seen seen = { 0 };

    r->lexer.at++;
    if (!enter(r))
        return false;
    bool more = !lexer_take(&r->lexer, '}');
    for (unsigned count = 0; more; count++) {
        if (count == JSON_MEMBERS_MAX)
            return refuse(r, "has an object with too many members");
        if (!read_pair(r, plan, message, &seen, mark, place) || !take_next(r, '}', &more))
            return false;
    }
    check_required(r, plan, message, &seen, place);
    keys_release(&r->keys, mark);
    r->depth--;
    return true;
}

static bool read_document(struct reader *r, ProtobufCMessage *message, const char *end)
{
    lexer_space(&r->lexer);
    if (*r->lexer.at != '{')
        return refuse(r, "is not a JSON object");
    if (!read_object(r, message, NULL))
        return false;
    lexer_space(&r->lexer);
    return r->lexer.at == end || refuse(r, "goes on after its end");
}

bool message_merge_json(struct arena *a, ProtobufCMessage *message, const char *json, size_t size,
                        struct fault *f)
{
    char *copy = arena_alloc(a, size + LEXER_PADDING);
    struct reader r = { .lexer = { copy }, .arena = a, .fault = f };

    if (size)
        memcpy(copy, json, size);
    keys_init(&r.keys, a);
    if (!read_document(&r, message, copy + size))
        return fault_set(f, FAULT_BODY_FORMAT, NULL, "The body %s (at byte %zu).",
                         r.why ? r.why : "is not valid JSON", (size_t)(r.lexer.at - copy));
    return !r.noted;
}

ProtobufCMessage *message_from_json(struct arena *a, const ProtobufCMessageDescriptor *type,
                                    const char *json, size_t size, struct fault *f)
{
    ProtobufCMessage *message = message_new(a, type);

    return message_merge_json(a, message, json, size, f) ? message : NULL;
}
