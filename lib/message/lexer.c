#include "message/lexer.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define EACH(byte) (0x0101010101010101u * (byte))

/* Which of eight bytes are special: bit 7 of each. The lowest one set is exact; higher ones may not
 * be, since a borrow can run upwards, and must not be looked at. */
static uint64_t special_of(const char *s)
{
    uint64_t word;

    memcpy(&word, s, 8);
    word = le64toh(word);
    uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
    return (((word - EACH(0x20)) & ~word) | ((quote - EACH(1)) & ~quote) |
            ((backslash - EACH(1)) & ~backslash) | word) &
           EACH(0x80);
}

static char *special_find(char *s)
{
    for (;; s += 8) {
        uint64_t found = special_of(s);
        if (found)
            return s + __builtin_ctzll(found) / 8;
    }
}

size_t special_span(const char *s, size_t size)
{
    size_t at = 0;

    for (; size - at >= 8; at += 8) {
        uint64_t found = special_of(s + at);
        if (found)
            return at + (size_t)__builtin_ctzll(found) / 8;
    }
    for (; at < size; at++) {
        unsigned char c = (unsigned char)s[at];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return at;
}

void lexer_space(struct lexer *l)
{
    while (*l->at == ' ' || *l->at == '\n' || *l->at == '\r' || *l->at == '\t')
        l->at++;
}

bool lexer_take(struct lexer *l, char c)
{
    lexer_space(l);
    if (*l->at != c)
        return false;
    l->at++;
    return true;
}

void lexer_byte_order_mark(struct lexer *l)
{
    static const char mark[] = "\xEF\xBB\xBF";

    if (strncmp(l->at, mark, sizeof mark - 1) == 0)
        l->at += sizeof mark - 1;
}

bool lexer_take_empty(struct lexer *l)
{
    struct lexer ahead = *l;
    bool empty = (lexer_take(&ahead, '{') && lexer_take(&ahead, '}')) ||
                 (lexer_take(&ahead, '[') && lexer_take(&ahead, ']'));

    if (empty)
        *l = ahead;
    return empty;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four digits after "\u". */
static bool take_hex(const char *s, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(s[i]);
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

/* RFC 8259 section 7: beyond U+FFFF a pair of surrogates; one alone is no character. `*s` is at
 * the first digit and moves past the last. */
static bool take_unicode(char **s, uint32_t *out)
{
    uint32_t low;

    if (!take_hex(*s, out))
        return false;
    *s += 4;
    if (*out < 0xD800 || *out > 0xDFFF)
        return true;
    if (*out > 0xDBFF || (*s)[0] != '\\' || (*s)[1] != 'u' || !take_hex(*s + 2, &low) ||
        low < 0xDC00 || low > 0xDFFF)
        return false;
    *s += 6;
    *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    return true;
}

static char short_escape(char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = c ? strchr(from, c) : NULL;

    if (!found)
        return '\0';
    return to[found - from];
}

/* `*s` is at the backslash. What an escape stands for is never longer than itself. */
static bool unescape(char **s, char **to, struct token *out)
{
    char plain = short_escape((*s)[1]), *digits = *s + 2;
    uint32_t character;

    if (plain) {
        *(*to)++ = plain;
        *s += 2;
        return true;
    }
    if ((*s)[1] != 'u' || !take_unicode(&digits, &character))
        return false;
    *s = digits;
    out->has_nul |= character == 0;
    *to += utf8_write(character, *to);
    return true;
}

/* What stands at `*s`, which is special: an escape or a character that is not ASCII. */
static bool take_special(char **s, char **to, struct token *out)
{
    if (**s == '\\')
        return unescape(s, to, out);
    size_t length = (unsigned char)**s < 0x20 ? 0 : utf8_length(*s, LEXER_PADDING);
    memmove(*to, *s, length);
    *to += length;
    *s += length;
    return length > 0;
}

/* The rest of a string from its first special byte on; `to` lags behind `s` by what the escapes
 * have saved. */
static bool finish_string(struct lexer *l, char *s, struct token *out)
{
    char *to = s;

    while (*s != '"') {
        if (!take_special(&s, &to, out)) {
            *l = (struct lexer){ .at = s, .in_string = true };
            return false;
        }
        char *next = special_find(s);
        if (to != s)
            memmove(to, s, (size_t)(next - s));
        to += next - s;
        s = next;
    }
    l->at = s + 1;
    *to = '\0';
    out->length = (size_t)(to - out->text);
    return true;
}

bool lexer_string(struct lexer *l, struct token *out)
{
    char *s = l->at + 1;

    *out = (struct token){ .kind = TOKEN_TEXT, .text = s };
    return finish_string(l, special_find(s), out);
}

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

/* RFC 8259 section 6. Returns the end of the number that starts at `s`, NULL if none does. */
static const char *number_end(const char *s)
{
    const char *digits;

    s += *s == '-';
    if (*s == '0') {
        s++;
    } else {
        digits = s;
        s = skip_digits(s);
        if (s == digits)
            return NULL;
    }
    if (*s == '.') {
        digits = ++s;
        s = skip_digits(s);
        if (s == digits)
            return NULL;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-';
        digits = s;
        s = skip_digits(s);
        if (s == digits)
            return NULL;
    }
    return s;
}

bool number_is_json(const char *text, size_t length)
{
    return number_end(text) == text + length;
}

static bool lexer_number(struct lexer *l, struct token *out)
{
    const char *end = number_end(l->at);

    if (!end)
        return false;
    *out = (struct token){ .kind = TOKEN_NUMBER, .text = l->at, .length = (size_t)(end - l->at) };
    l->at += out->length;
    return true;
}

bool lexer_scalar(struct lexer *l, struct token *out)
{
    static const struct literal {
        const char *text;
        size_t length;
        enum token_kind kind;
    } literals[] = { { "true", 4, TOKEN_BOOL },
                     { "false", 5, TOKEN_BOOL },
                     { "null", 4, TOKEN_NULL } };

    if (*l->at == '"')
        return lexer_string(l, out);
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        const struct literal *t = &literals[i];
        if (strncmp(l->at, t->text, t->length) == 0) {
            *out = (struct token){ .kind = t->kind, .text = l->at, .length = t->length };
            l->at += t->length;
            return true;
        }
    }
    return lexer_number(l, out);
}
