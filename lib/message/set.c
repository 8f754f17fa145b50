/* Members from the path and the query, and whether all that is required is there. */
#include <string.h>

#include "base/utf8.h"
#include "message/field.h"
#include "message/json.h"
#include "message/place.h"
#include "message/plan.h"
#include "message/value.h"

/* A list is copied whole for each item that is added, so it is kept short: nobody writes a longer
 * one into a query. */
enum { TEXT_ITEMS_MAX = JSON_MEMBERS_MAX };

static const struct plan_field *find_part(const struct plan *plan, const char *name, size_t length)
{
    for (unsigned i = 0; i < plan->type->n_fields; i++) {
        const struct name *key = &plan->fields[i].key;
        if (key->length == length && memcmp(key->text, name, length) == 0)
            return &plan->fields[i];
    }
    return NULL;
}

/* The member at the end of `path`; `*owner` becomes the message that holds it, made if need be. */
static const struct plan_field *reach(struct arena *a, ProtobufCMessage **owner, const char *path)
{
    for (;;) {
        size_t length = strcspn(path, ".");
        const struct plan_field *field = find_part(plan_of((*owner)->descriptor), path, length);
        if (!field || path[length] == '\0')
            return field;
        if (!field->object || field->repeated)
            return NULL;
        ProtobufCMessage **inner = (void *)((char *)*owner + field->field->offset);
        if (!*inner)
            *inner = message_new(a, field->field->descriptor);
        *owner = *inner;
        path += length + 1;
    }
}

static bool append(struct arena *a, ProtobufCMessage *message, const struct plan_field *field,
                   const struct token *token)
{
    void **items = (void *)((char *)message + field->field->offset);
    size_t *count = (void *)((char *)message + field->field->quantifier_offset);
    char *longer = arena_alloc(a, (*count + 1) * field->size);

    if (!value_read(a, field, token, longer + *count * field->size))
        return false;
    if (*count)
        memcpy(longer, *items, *count * field->size);
    *items = longer;
    ++*count;
    return true;
}

static bool set_one(struct arena *a, ProtobufCMessage *message, const struct plan_field *field,
                    const struct token *token)
{
    if (!value_read(a, field, token, (char *)message + field->field->offset))
        return false;
    field_mark(message, field->field);
    return true;
}

static bool is_full(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const size_t *count = (const void *)((const char *)message + field->quantifier_offset);

    return *count >= TEXT_ITEMS_MAX;
}

bool message_set_text(struct arena *a, ProtobufCMessage *message, const char *path,
                      const char *text, struct fault *f)
{
    const struct plan_field *field = reach(a, &message, path);
    size_t length = strlen(text);

    if (!field)
        return fault_set(f, FAULT_INVALID, path, "is not known here");
    if (!utf8_valid(text, length))
        return fault_set(f, FAULT_INVALID, path, "is not UTF-8");
    if (field->repeated && is_full(message, field->field))
        return fault_set(f, FAULT_INVALID, path, "has too many items");
    struct token token = { TOKEN_TEXT, arena_strdup(a, text), length, false };
    if (field->repeated ? append(a, message, field, &token) : set_one(a, message, field, &token))
        return true;
    return fault_set(f, FAULT_INVALID, path, "%s", value_wanted(a, field));
}

static bool complete(const ProtobufCMessage *message, const struct place *place, struct fault *f);

static bool required(const struct place *place, struct fault *f)
{
    char path[sizeof f->field];

    place_text(place, path, sizeof path);
    return fault_set(f, FAULT_REQUIRED, path, "is required");
}

static bool complete_list(const ProtobufCMessage *message, const struct plan_field *field,
                          const struct place *place, struct fault *f)
{
    const char *base = (const char *)message;
    ProtobufCMessage *const *items =
        *(ProtobufCMessage *const *const *)(const void *)(base + field->field->offset);
    size_t count = *(const size_t *)(const void *)(base + field->field->quantifier_offset);

    for (size_t i = 0; i < count; i++) {
        struct place item = { .outer = place, .index = i };
        if (!complete(items[i], &item, f))
            return false;
    }
    return true;
}

static bool complete_inner(const ProtobufCMessage *message, const struct plan_field *field,
                           const struct place *place, struct fault *f)
{
    const void *slot = (const char *)message + field->field->offset;

    if (field->repeated)
        return complete_list(message, field, place, f);
    const ProtobufCMessage *inner = *(ProtobufCMessage *const *)slot;
    return !inner || complete(inner, place, f);
}

static bool complete(const ProtobufCMessage *message, const struct place *place, struct fault *f)
{
    const struct plan *plan = plan_of(message->descriptor);

    for (unsigned i = 0; i < plan->type->n_fields; i++) {
        const struct plan_field *field = &plan->fields[i];
        struct place here = { .outer = place, .name = field->key.text };
        if (field_is_missing(plan, field, message))
            return required(&here, f);
        if (field->object && !complete_inner(message, field, &here, f))
            return false;
    }
    return true;
}

bool message_complete(const ProtobufCMessage *message, struct fault *f)
{
    return complete(message, NULL, f);
}
