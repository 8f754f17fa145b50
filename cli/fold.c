#include "fold.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

enum { USUAL_WIDTH = 100, LEAST_WIDTH = 40 };

size_t fold_width(FILE *out)
{
    struct winsize size = { 0 };
    const char *columns = getenv("COLUMNS");
    int64_t width = USUAL_WIDTH;

    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    else if (columns && !int64_read(columns, &width))
        width = USUAL_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : (size_t)width;
}

const char *fold_harmless(struct arena *a, const char *text)
{
    struct text out;
    const char *c = text;
    while (*c && utf8_control(c) < 0)
        c++;
    if (!*c)
        return text;
    text_init(&out, a);
    for (c = text; *c; c++) {
        int control = utf8_control(c);
        if (control < 0)
            text_add_char(&out, *c);
        else
            text_format(&out, "\\u%04x", (unsigned)control);
        c += control >= 0x80; /* two bytes */
    }
    return out.data;
}

size_t fold_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += (*text & 0xC0) != 0x80;
    return count;
}

/* Bytes of the first `count` characters. */
static size_t bytes_of(const char *text, size_t count)
{
    const char *at = text;
    while (*at && count-- > 0)
        do
            at++;
        while ((*at & 0xC0) == 0x80);
    return (size_t)(at - text);
}

/* Bytes of `text` that stand on its first line: up to the last blank that lets it fit. */
static size_t line_length(const char *text, size_t room)
{
    size_t most = bytes_of(text, room);
    if (!text[most])
        return most;
    for (size_t at = most; at > 0; at--)
        if (text[at] == ' ' && text[at - 1] != ' ')
            return at;
    return most;
}

void fold_add(struct text *out, const char *text, size_t indent, size_t width)
{
    const char *at = fold_harmless(out->arena, text);
    size_t room = width > indent + 1 ? width - indent : 1;
    do {
        size_t length = line_length(at, room);
        text_format(out, "%*s%.*s\n", (int)indent, "", (int)length, at);
        at += length;
        at += strspn(at, " ");
    } while (*at);
}

/* ---- times */

static const struct {
    int64_t seconds;
    const char *unit;
} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };

/* In the biggest unit of which there are two or more. */
static const char *length_text(struct arena *a, int64_t length)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (length >= 2 * units[i].seconds)
            return arena_format(a, "%lld %s", (long long)(length / units[i].seconds),
                                units[i].unit);
    return "a moment";
}

const char *fold_time(struct arena *a, struct instant at, struct instant now)
{
    char text[INSTANT_TEXT_SIZE];
    int64_t length = (at.us - now.us) / 1000000;
    const char *words = length_text(a, length < 0 ? -length : length);

    instant_text(at, text); /* 2026-01-02T10:00:00+00:00 */
    return arena_format(a, length > 0 ? "%.10s %.8s (in %s)" : "%.10s %.8s (%s ago)", text,
                        text + sizeof "2026-01-02", words);
}
