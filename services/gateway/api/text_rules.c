#include "api/text_rules.h"

#include <assert.h>
#include <string.h>

#include "base/mail_address.h"
#include "base/text.h"
#include "base/utf8.h"
#include "message/field.h"

// clang-format off
const struct text_rule contact_text_rules[] = {
    { "first_name",          TEXT_LINE,  128 },
    { "last_name",           TEXT_LINE,  128 },
    { "email",               TEXT_EMAIL, 255 },
    { "job_title",           TEXT_LINE,  64 },
    { "telephone",           TEXT_LINE,  32 },
    { "telephone_extension", TEXT_LINE,  16 },
    { 0 },
};
// clang-format on

/* Of UTF-8, which the codec has checked. */
static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static bool has_control(const char *text, bool lines)
{
    for (; *text; text++)
        if (utf8_control(text) >= 0 && !(lines && strchr("\r\n\t", *text)))
            return true;
    return false;
}

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static bool username_good(const char *text)
{
    return text[strspn(text, LETTERS_AND_DIGITS "@-_+.")] == '\0';
}

static bool telephone_good(const char *text)
{
    return strpbrk(text, "0123456789") && text[strspn(text, "0123456789 +-.()/x")] == '\0';
}

static const struct {
    bool (*good)(const char *text);
    const char *says;
} kinds[] = {
    [TEXT_EMAIL] = { mail_address_valid, "must be an email address" },
    [TEXT_USERNAME] = { username_good, "takes letters, digits and @ - _ + ." },
    [TEXT_TELEPHONE] = { telephone_good, "is no telephone number" },
};

static bool text_good(struct call *call, const char *text, const struct text_rule *rule,
                      const char *field)
{
    if (characters(text) > rule->max)
        return fault_set(&call->fault, FAULT_INVALID, field, "is longer than %zu characters",
                         rule->max);
    if (has_control(text, rule->kind == TEXT_LINES))
        return fault_set(&call->fault, FAULT_INVALID, field, "has a control character");
    return !kinds[rule->kind].good || kinds[rule->kind].good(text) ||
           fault_set(&call->fault, FAULT_INVALID, field, "%s", kinds[rule->kind].says);
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " ")] == '\0';
}

static bool need_met(struct call *call, const char *text, const struct text_rule *rule,
                     const char *field)
{
    bool met = text ? rule->need == TEXT_OPTIONAL || !is_blank(text) : rule->need != TEXT_REQUIRED;
    return met || fault_set(&call->fault, FAULT_REQUIRED, field, "is required");
}

static bool list_good(struct call *call, char *const *items, size_t count,
                      const struct text_rule *rule, const char *field)
{
    if (count > rule->items_max)
        return fault_set(&call->fault, FAULT_INVALID, field, "has more than %zu items",
                         rule->items_max);
    for (size_t i = 0; i < count; i++)
        if (!text_good(call, items[i], rule, arena_format(&call->arena, "%s[%zu]", field, i)))
            return false;
    return true;
}

bool texts_good(struct call *call, const ProtobufCMessage *message, const struct text_rule *rules,
                const char *within)
{
    for (; rules->member; rules++) {
        const ProtobufCFieldDescriptor *field = field_find(message->descriptor, rules->member);
        assert(field && field->type == PROTOBUF_C_TYPE_STRING);
        const char *base = (const char *)message;
        const void *slot = base + field->offset;
        const char *name = arena_format(&call->arena, "%s%s", within, rules->member);
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            const size_t *count = (const void *)(base + field->quantifier_offset);
            if (!list_good(call, *(char *const *const *)slot, *count, rules, name))
                return false;
            continue;
        }
        const char *text = *(const char *const *)slot;
        if (!need_met(call, text, rules, name) ||
            (text && *text && !text_good(call, text, rules, name)))
            return false;
    }
    return true;
}

char *texts_listed(struct arena *a, char *const *list, size_t count)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < count; i++)
        text_format(&t, i ? ", %s" : "%s", list[i]);
    return t.data;
}
