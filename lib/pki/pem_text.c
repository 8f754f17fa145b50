#include "pki/pem_text.h"

#include <string.h>

// clang-format off
/* What nobody sees in an editor, as UTF-8, and what it stands for. */
static const struct { const char *found; char plain; } marks[] = {
    { "\f", ' ' }, { "\v", ' ' },
    { "\xc2\xa0", ' ' },     /* U+00A0 no-break space */
    { "\xc2\xad", ' ' },     /* U+00AD soft hyphen */
    { "\xc2\x85", '\n' },    /* U+0085 next line */
    { "\xe2\x80\x8b", ' ' }, /* U+200B zero width space */
    { "\xe2\x80\x8c", ' ' }, /* U+200C zero width non-joiner */
    { "\xe2\x80\x8d", ' ' }, /* U+200D zero width joiner */
    { "\xe2\x80\x8e", ' ' }, /* U+200E left-to-right mark */
    { "\xe2\x80\x8f", ' ' }, /* U+200F right-to-left mark */
    { "\xe2\x80\xa8", '\n' }, /* U+2028 line separator */
    { "\xe2\x80\xa9", '\n' }, /* U+2029 paragraph separator */
    { "\xe2\x80\xaf", ' ' }, /* U+202F narrow no-break space */
    { "\xe2\x81\xa0", ' ' }, /* U+2060 word joiner */
    { "\xe3\x80\x80", ' ' }, /* U+3000 ideographic space */
    { "\xef\xbb\xbf", ' ' }, /* U+FEFF mark of byte order */
};

/* What follows a backslash, or several, in a string that was written for JSON or a language. */
static const struct { char escape, plain; } escapes[] = {
    { 'n', '\n' }, { 'r', '\r' }, { 't', ' ' }, { '/', '/' },
};
// clang-format on

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static size_t mark_at(struct bytes rest, char *plain)
{
    for (size_t i = 0; i < COUNT(marks); i++) {
        if (rest.data[0] != (uint8_t)marks[i].found[0])
            continue;
        size_t size = strlen(marks[i].found);
        if (size <= rest.size && memcmp(rest.data, marks[i].found, size) == 0) {
            *plain = marks[i].plain;
            return size;
        }
    }
    return 0;
}

static size_t escape_at(struct bytes rest, char *plain)
{
    enum { SLASHES_MAX = 8 }; /* quoted four times: nobody looks on for ever */
    size_t slashes = 0;

    while (slashes < rest.size && slashes < SLASHES_MAX && rest.data[slashes] == '\\')
        slashes++;
    for (size_t i = 0; slashes > 0 && slashes < rest.size && i < COUNT(escapes); i++)
        if (rest.data[slashes] == (uint8_t)escapes[i].escape) {
            *plain = escapes[i].plain;
            return slashes + 1;
        }
    return 0;
}

struct bytes pem_text_plain(struct arena *a, struct bytes given)
{
    uint8_t *out = arena_alloc(a, given.size + 1);
    size_t size = 0, step;

    for (size_t at = 0; at < given.size; at += step) {
        struct bytes rest = { given.data + at, given.size - at };
        char plain = (char)given.data[at];
        if ((step = mark_at(rest, &plain)) == 0 && (step = escape_at(rest, &plain)) == 0)
            step = 1;
        out[size++] = (uint8_t)plain;
    }
    return (struct bytes){ out, size };
}

static bool has(struct bytes in, const char *what)
{
    return memmem(in.data, in.size, what, strlen(what)) != NULL;
}

/* The words up to the dashes that end the line; a label is short. */
static struct bytes label_of(const uint8_t *at, const uint8_t *end)
{
    enum { LABEL_MAX = 64 };
    size_t room = (size_t)(end - at), size = 0;

    while (size < room && size < LABEL_MAX && at[size] != '-')
        size++;
    return (struct bytes){ at, size };
}

/* "-----BEGIN EC PRIVATE KEY-----", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----": whatever the
 * dashes are, and also when only the end was sent. */
static bool line_has_private_key(struct bytes plain, const char *word)
{
    const uint8_t *at = plain.data, *end = plain.data + plain.size;

    while ((at = memmem(at, (size_t)(end - at), word, strlen(word)))) {
        at += strlen(word);
        if (has(label_of(at, end), "PRIVATE KEY"))
            return true;
    }
    return false;
}

bool pem_text_has_private_key(struct bytes plain)
{
    return line_has_private_key(plain, "BEGIN ") || line_has_private_key(plain, "END ") ||
           has(plain, "PuTTY-User-Key-File-");
}
