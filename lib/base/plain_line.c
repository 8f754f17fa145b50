#include "base/plain_line.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

// clang-format off
/* Controls, line and paragraph separators, what has no width, and what sets a direction. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x61C, 0x61C }, { 0x180E, 0x180E },
    { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFB },
    { 0xE0000, 0xE0FFF },
};
// clang-format on

static bool is_hidden(uint32_t c)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return true;
    return false;
}

/* Of `length` bytes that utf8_length() has counted. */
static uint32_t character_of(const char *s, size_t length)
{
    uint32_t c = (uint8_t)s[0] & (length == 1 ? 0x7FU : 0x7FU >> length);

    for (size_t i = 1; i < length; i++)
        c = c << 6 | ((uint8_t)s[i] & 0x3FU);
    return c;
}

char *plain_line(struct arena *a, const char *text, size_t most)
{
    const char *end = text ? text + strlen(text) : NULL;
    struct text t;

    text_init(&t, a);
    for (size_t count = 0, length; text < end; text += length ? length : 1) {
        length = utf8_length(text, (size_t)(end - text));
        if (count++ == most) {
            text_add(&t, "...");
            break;
        }
        if (length == 0 || is_hidden(character_of(text, length)))
            text_add_char(&t, '?');
        else
            text_add_bytes(&t, text, length);
    }
    return t.data;
}
