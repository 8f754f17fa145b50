#include "api/words.h"

#include <string.h>

#include "base/utf8.h"
#include "message/field.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* The control characters of ASCII, and U+0080 to U+009F. */
static bool is_control(const char *c, size_t size)
{
    const unsigned char *b = (const unsigned char *)c;
    return (size == 1 && (*b < 0x20 || *b == 0x7f)) || (size == 2 && *b == 0xc2 && b[1] < 0xa0);
}

/* In characters; -1 when one of them cannot be read. */
static ptrdiff_t readable_length(const char *word)
{
    ptrdiff_t length = 0;
    for (size_t left = strlen(word), size; left > 0; left -= size, word += size, length++) {
        size = utf8_length(word, left);
        if (size == 0 || is_control(word, size))
            return -1;
    }
    return length;
}

bool word_is_username(const char *word)
{
    return word[strspn(word, LETTERS_AND_DIGITS "@-_+.")] == '\0';
}

bool word_is_email(const char *word)
{
    const char *at = strchr(word, '@');
    return at && at > word && !strchr(at + 1, '@') && !strpbrk(word, " ,;:<>()[]\\\"") &&
           strchr(at + 1, '.') && at[1] != '.' && word[strlen(word) - 1] != '.' &&
           !strstr(at, "..");
}

bool word_is_telephone(const char *word)
{
    return strpbrk(word, "0123456789") && word[strspn(word, "0123456789 +-.()/x")] == '\0';
}

static bool good(struct call *call, const char *word, const struct word_rule *rule)
{
    bool blank = word && word[strspn(word, " ")] == '\0';
    ptrdiff_t length = word ? readable_length(word) : 0;
    if (rule->need == WORD_REQUIRED ? !word || blank : rule->need == WORD_FILLED && blank)
        return fault_set(&call->fault, FAULT_REQUIRED, rule->member, "is required");
    if (!word || !*word)
        return true;
    if (length < 0)
        return fault_set(&call->fault, FAULT_INVALID, rule->member,
                         "may not have control characters");
    if ((size_t)length > rule->most)
        return fault_set(&call->fault, FAULT_INVALID, rule->member, "is longer than %zu characters",
                         rule->most);
    return !rule->good || rule->good(word) ||
           fault_set(&call->fault, FAULT_INVALID, rule->member, "%s", rule->says);
}

bool words_good(struct call *call, const ProtobufCMessage *message, const struct word_rule *rules)
{
    for (; rules->member; rules++) {
        const ProtobufCFieldDescriptor *field = field_find(message->descriptor, rules->member);
        const char *word = *(char *const *)(const void *)((const char *)message + field->offset);
        if (!good(call, word, rules))
            return false;
    }
    return true;
}
