#include "look/value.h"

#include <string.h>

static bool is_value(const char *value)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    size_t length = strlen(value);
    return length >= VALUE_LEAST && strspn(value, letters) == length;
}

static bool is_between(uint8_t c)
{
    static const char marks[] = { ' ', '\t', '\r', '\n', '\v', '\f', '"', '\'', ',', ';' };
    return memchr(marks, c, sizeof marks) != NULL;
}

bool value_stands(struct bytes text, const char *value)
{
    size_t length = strlen(value);
    if (!is_value(value))
        return false;
    for (size_t at = 0, end; at < text.size; at = end + 1) {
        for (end = at; end < text.size && !is_between(text.data[end]);)
            end++;
        if (end - at == length && memcmp(text.data + at, value, length) == 0)
            return true;
    }
    return false;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_all(struct bytes text, const char *value)
{
    size_t length = strlen(value);

    return length >= VALUE_LEAST && text.size == length && memcmp(text.data, value, length) == 0;
}

bool value_matches(struct bytes text, const char *value, enum dcv_match match)
{
    if (match == DCV_CONTAINS)
        return value_stands(text, value);
    while (match == DCV_TRIMMED && text.size > 0 && is_space(text.data[text.size - 1]))
        text.size--;
    return is_all(text, value);
}

struct bytes value_whole_words(struct bytes text)
{
    while (text.size > 0 && !is_between(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool value_is_mentioned(const char *text, const char *value)
{
    return strcasestr(text, value) != NULL;
}
