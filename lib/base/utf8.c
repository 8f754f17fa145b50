#include "base/utf8.h"

/* RFC 3629 section 4, the syntax of a character: what lead bytes it may have, how long it is, and
 * what its second byte may be. The bytes after that are 80 to BF. */
static const struct form {
    uint8_t first, last, length, second_first, second_last;
} forms[] = {
    { 0xC2, 0xDF, 2, 0x80, 0xBF }, { 0xE0, 0xE0, 3, 0xA0, 0xBF }, { 0xE1, 0xEC, 3, 0x80, 0xBF },
    { 0xED, 0xED, 3, 0x80, 0x9F }, { 0xEE, 0xEF, 3, 0x80, 0xBF }, { 0xF0, 0xF0, 4, 0x90, 0xBF },
    { 0xF1, 0xF3, 4, 0x80, 0xBF }, { 0xF4, 0xF4, 4, 0x80, 0x8F },
};

static const struct form *form_of(uint8_t lead)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (lead >= forms[i].first && lead <= forms[i].last)
            return &forms[i];
    }
    return NULL;
}

size_t utf8_length(const char *s, size_t size)
{
    const uint8_t *b = (const uint8_t *)s;

    if (size == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    const struct form *form = form_of(b[0]);
    if (!form || size < form->length || b[1] < form->second_first || b[1] > form->second_last)
        return 0;
    for (size_t i = 2; i < form->length; i++) {
        if ((b[i] & 0xC0) != 0x80)
            return 0;
    }
    return form->length;
}

size_t utf8_write(uint32_t c, char out[4])
{
    size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

    for (size_t i = length; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(lead[length] | c);
    return length;
}

bool utf8_valid(const char *s, size_t size)
{
    for (size_t at = 0, length; at < size; at += length) {
        length = utf8_length(s + at, size - at);
        if (length == 0)
            return false;
    }
    return true;
}

int utf8_control(const char *s)
{
    unsigned char first = (unsigned char)s[0];
    unsigned char second = first ? (unsigned char)s[1] : 0;

    if ((first > 0 && first < 0x20) || first == 0x7F)
        return first;
    return first == 0xC2 && second >= 0x80 && second < 0xA0 ? second : -1;
}
