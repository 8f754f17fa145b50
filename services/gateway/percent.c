#include "percent.h"

#include "base/utf8.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

char *percent_decode(struct arena *a, const char *text, size_t length)
{
    char *out = arena_alloc(a, length + 1), *to = out;
    for (size_t i = 0; i < length; i++, to++) {
        *to = text[i];
        if (text[i] != '%')
            continue;
        int high = i + 2 < length ? hex_digit(text[i + 1]) : -1;
        int low = i + 2 < length ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0 || !(high | low))
            return NULL;
        *to = (char)(high << 4 | low);
        i += 2;
    }
    return utf8_valid(out, (size_t)(to - out)) ? out : NULL;
}
