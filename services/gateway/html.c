#include "html.h"

#include <string.h>

#define NO_CHARACTER "\xEF\xBF\xBD" /* U+FFFD */

static const struct {
    char c;
    const char *name;
} escapes[] = {
    { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" }
};

static const char *escape_of(char c)
{
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].c == c)
            return escapes[i].name;
    return (unsigned char)c < ' ' && !strchr("\t\n\r", c) ? NO_CHARACTER : NULL;
}

/* U+FFFE and U+FFFF. */
static bool is_noncharacter(const char *text)
{
    return strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0;
}

void html_add(struct text *t, const char *text)
{
    for (; *text; text++) {
        const char *escape = escape_of(*text);
        if (escape) {
            text_add(t, escape);
        } else if (is_noncharacter(text)) {
            text_add(t, NO_CHARACTER);
            text += 2;
        } else {
            text_add_char(t, *text);
        }
    }
}
