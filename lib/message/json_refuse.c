#include "message/json_refuse.h"

#include <stdio.h>

enum { MET_SIZE = 96 };

/* What a client's editor or program wrote there, and what JSON wants instead (RFC 8259). */
static const struct met {
    char byte;
    const char *text;
} in_strings[] = {
    { '\n', "a line break inside a string: write \\n" },
    { '\r', "a line break inside a string: write \\r\\n, or \\n" },
    { '\t', "a tab inside a string: write \\t" },
    { 0 },
}, outside[] = {
    { '\'', "strings and names stand in double quotes" },
    { '/', "there are no comments in it" },
    { '#', "there are no comments in it" },
    { '"', "a string is not expected here: perhaps a comma or a colon is missing before it" },
    { 0 },
};

static const char *find(const struct met *row, uint8_t byte)
{
    while (row->byte && row->byte != (char)byte)
        row++;
    return row->text;
}

static bool is_printable(uint8_t byte)
{
    return byte > 0x20 && byte < 0x7F;
}

static void describe_escape(struct bytes text, size_t at, char out[MET_SIZE])
{
    uint8_t next = at + 1 < text.size ? text.data[at + 1] : 0;
    if (next == 'u')
        snprintf(
            out, MET_SIZE,
            "\\u takes four hexadecimal digits, and two of them for one character beyond U+FFFF");
    else if (is_printable(next))
        snprintf(out, MET_SIZE, "\\%c is no escape: a backslash is written \\\\", next);
    else
        snprintf(out, MET_SIZE, "a backslash is written \\\\");
}

static void describe_in_string(struct bytes text, size_t at, char out[MET_SIZE])
{
    uint8_t byte = text.data[at];
    const char *known = find(in_strings, byte);
    if (known)
        snprintf(out, MET_SIZE, "%s", known);
    else if (byte == '\\')
        describe_escape(text, at, out);
    else if (byte < 0x20)
        snprintf(out, MET_SIZE, "a control character inside a string: write \\u%04x", byte);
    else
        snprintf(out, MET_SIZE, "a string that is not UTF-8");
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool comma_before(struct bytes text, size_t at)
{
    while (at > 0 && is_blank(text.data[at - 1]))
        at--;
    return at > 0 && text.data[at - 1] == ',';
}

static void describe_outside(struct bytes text, size_t at, char out[MET_SIZE])
{
    uint8_t byte = text.data[at];
    const char *known = find(outside, byte);
    if ((byte == '}' || byte == ']') && comma_before(text, at))
        snprintf(out, MET_SIZE, "a comma before %c", byte);
    else if (known)
        snprintf(out, MET_SIZE, "%s", known);
    else if (is_printable(byte))
        snprintf(out, MET_SIZE, "%c is not expected here", byte);
    else
        snprintf(out, MET_SIZE, "byte 0x%02x is not expected here", byte);
}

static void describe(struct bytes text, size_t at, bool in_string, char out[MET_SIZE])
{
    if (at >= text.size)
        snprintf(out, MET_SIZE, "%s", in_string ? "a string without an end" : "it ends too early");
    else if (in_string)
        describe_in_string(text, at, out);
    else
        describe_outside(text, at, out);
}

/* Columns are characters, as an editor counts them. */
static void place(struct bytes text, size_t at, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.size; i++) {
        *column += (text.data[i] & 0xC0) != 0x80;
        if (text.data[i] == '\n') {
            ++*line;
            *column = 1;
        }
    }
}

bool json_refuse(struct fault *f, struct bytes text, size_t at, const char *why, bool in_string)
{
    char met[MET_SIZE];
    size_t line, column;
    place(text, at, &line, &column);
    if (why)
        return fault_set(f, FAULT_BODY_FORMAT, NULL, "The body %s (line %zu, column %zu).", why,
                         line, column);
    describe(text, at, in_string, met);
    return fault_set(f, FAULT_BODY_FORMAT, NULL,
                     "The body is not valid JSON: %s (line %zu, column %zu).", met, line, column);
}
