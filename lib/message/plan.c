#include "message/plan.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "message/field.h"

const struct wire_row wire_rows[] = {
#define WIRE(name, form) { name, FORM_##form },
#include "message/wire.def"
#ifdef TESTING
#include "message/testdata/wire.def"
#endif
#undef WIRE
    { NULL, FORM_PLAIN },
};

/* All plans by the address of their descriptor, which is the first member of either kind. Readers
 * take no lock: a slot is filled once, after its plan is whole. */
enum { SLOTS = 4096 };
struct known {
    const void *type;
};
static const struct known *slots[SLOTS];
static size_t slots_used;
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static struct arena plans;

static size_t slot_of(const void *type)
{
    return (size_t)((uintptr_t)type * 0x9E3779B97F4A7C15u >> 40) % SLOTS;
}

static const void *known_find(const void *type, size_t *slot)
{
    const struct known *k;

    for (size_t i = slot_of(type);; i = (i + 1) % SLOTS) {
        *slot = i;
        k = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
        if (!k || k->type == type)
            return k;
    }
}

/* With `making` held. */
static const void *known_add(const void *type, const void *(*make)(const void *type))
{
    size_t slot;
    const void *plan = known_find(type, &slot);

    if (plan)
        return plan;
    if (slots_used++ == 0)
        arena_init(&plans);
    assert(slots_used < SLOTS / 2);
    plan = make(type);
    known_find(type, &slot); /* making it may have taken the slot for another */
    __atomic_store_n(&slots[slot], (const struct known *)plan, __ATOMIC_RELEASE);
    return plan;
}

static const void *known_get(const void *type, const void *(*make)(const void *type))
{
    size_t slot;
    const void *plan = known_find(type, &slot);

    if (plan)
        return plan;
    pthread_mutex_lock(&making);
    plan = known_add(type, make);
    pthread_mutex_unlock(&making);
    return plan;
}

static enum wire_form form_of(const char *name)
{
    for (const struct wire_row *row = wire_rows; row->name; row++) {
        if (strcmp(row->name, name) == 0)
            return row->form;
    }
    return FORM_PLAIN;
}

static struct name spell(const char *name, enum wire_form form)
{
    struct name n = { .length = strlen(name) };
    char *text = arena_strdup(&plans, name);

    for (char *c = text; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
        if (*c == '_' && form == FORM_HYPHEN)
            *c = '-';
    }
    n.text = text;
    return n;
}

static const void *make_enum(const void *of)
{
    const ProtobufCEnumDescriptor *type = of;
    struct enum_plan *plan = arena_new(&plans, struct enum_plan);
    enum wire_form form = form_of(type->name);

    plan->type = type;
    plan->texts = arena_array(&plans, struct name, type->n_values);
    for (unsigned i = 0; i < type->n_values; i++)
        plan->texts[i] = spell(type->values[i].name, form);
    plan->names = arena_array(&plans, struct name, type->n_value_names);
    for (unsigned i = 0; i < type->n_value_names; i++)
        plan->names[i] = spell(type->values_by_name[i].name, form);
    return plan;
}

static struct plan_field make_field(const char *type, const ProtobufCFieldDescriptor *field)
{
    bool message = field->type == PROTOBUF_C_TYPE_MESSAGE;
    size_t length = strlen(field->name);
    struct plan_field p = {
        .field = field,
        .form = form_of(arena_format(&plans, "%s.%s", type, field->name)),
        .repeated = field->label == PROTOBUF_C_LABEL_REPEATED,
        .instant = message && type_is_instant(field->descriptor),
        .size = field_size(field),
        .key = { field->name, length },
        .prefix = { arena_format(&plans, ",\"%s\":", field->name), length + 4 },
    };

    p.object = message && !p.instant;
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        p.values = known_add(field->descriptor, make_enum);
    return p;
}

static void fill_buckets(struct plan *plan)
{
    for (unsigned i = 0; i < plan->type->n_fields; i++) {
        struct name key = plan->fields[i].key;
        char *padded = arena_alloc(&plans, key.length + 8); /* as key_hash() wants it */
        memcpy(padded, key.text, key.length);
        size_t at = key_hash(padded, key.length) & plan->mask;
        while (plan->buckets[at])
            at = (at + 1) & plan->mask;
        plan->buckets[at] = (uint16_t)(i + 1);
    }
}

static const void *make_message(const void *of)
{
    const ProtobufCMessageDescriptor *type = of;
    struct plan *plan = arena_new(&plans, struct plan);
    size_t buckets = 4;

    assert(type->n_fields <= PLAN_FIELDS_MAX);
    while (buckets < (size_t)type->n_fields * 4)
        buckets *= 2;
    plan->type = type;
    plan->blank = message_new(&plans, type);
    plan->mask = buckets - 1;
    plan->buckets = arena_array(&plans, uint16_t, buckets);
    plan->fields = arena_array(&plans, struct plan_field, type->n_fields);
    for (unsigned i = 0; i < type->n_fields; i++)
        plan->fields[i] = make_field(type->name, &type->fields[i]);
    fill_buckets(plan);
    return plan;
}

const struct plan *plan_of(const ProtobufCMessageDescriptor *type)
{
    return known_get(type, make_message);
}

const struct enum_plan *plan_of_enum(const ProtobufCEnumDescriptor *type)
{
    return known_get(type, make_enum);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

uint64_t key_hash(const char *key, size_t length)
{
    uint64_t h = length, word;

    for (; length >= 8; key += 8, length -= 8) {
        memcpy(&word, key, 8);
        h = mix(h, word);
    }
    if (length > 0) {
        memcpy(&word, key, 8);
        h = mix(h, le64toh(word) << (64 - 8 * length));
    }
    return h;
}

const struct plan_field *plan_find(const struct plan *plan, const char *key, size_t length)
{
    for (size_t at = key_hash(key, length) & plan->mask;; at = (at + 1) & plan->mask) {
        if (plan->buckets[at] == 0)
            return NULL;
        const struct plan_field *f = &plan->fields[plan->buckets[at] - 1];
        if (f->key.length == length && memcmp(f->key.text, key, length) == 0)
            return f;
    }
}

const char *enum_plan_text(const struct enum_plan *plan, int value, size_t *length)
{
    const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(plan->type, value);

    if (!v)
        return NULL;
    const struct name *n = &plan->texts[v - plan->type->values];
    *length = n->length;
    return n->text;
}

bool enum_plan_read(const struct enum_plan *plan, const char *text, size_t length, int *out)
{
    for (unsigned i = 0; i < plan->type->n_value_names; i++) {
        const struct name *n = &plan->names[i];
        if (n->length == length && memcmp(n->text, text, length) == 0) {
            *out = plan->type->values[plan->type->values_by_name[i].index].value;
            return true;
        }
    }
    return false;
}
