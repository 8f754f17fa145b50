/* Hexadecimal and base64 (RFC 4648). */
#include "base/text.h"

static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

static void hex_write(char *out, struct bytes b, const char *digits)
{
    for (size_t i = 0; i < b.size; i++) {
        out[2 * i] = digits[b.data[i] >> 4];
        out[2 * i + 1] = digits[b.data[i] & 15];
    }
}

static char *hex_new(struct arena *a, struct bytes b, const char *digits)
{
    char *out = arena_alloc(a, b.size * 2 + 1);

    hex_write(out, b, digits);
    return out;
}

char *hex_lower(struct arena *a, struct bytes b)
{
    return hex_new(a, b, lower);
}

char *hex_upper(struct arena *a, struct bytes b)
{
    return hex_new(a, b, upper);
}

void text_add_hex(struct text *t, struct bytes b)
{
    text_make_room(t, b.size * 2);
    hex_write(t->data + t->length, b, lower);
    t->length += b.size * 2;
    t->data[t->length] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_read(struct arena *a, const char *text, struct bytes *out)
{
    size_t length = 0;

    while (hex_digit(text[length]) >= 0)
        length++;
    if (text[length] != '\0' || length % 2 != 0)
        return false;
    uint8_t *data = arena_alloc(a, length / 2);
    for (size_t i = 0; i < length / 2; i++)
        data[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    *out = (struct bytes){ data, length / 2 };
    return true;
}

char *hex_plain(struct arena *a, const char *text)
{
    struct text digits;
    size_t odd = 0;

    for (const char *c = text; *c; c++)
        odd ^= hex_digit(*c) >= 0;
    text_init(&digits, a);
    text_add(&digits, odd ? "0" : "");
    for (const char *c = text; *c; c++) {
        if (hex_digit(*c) >= 0)
            text_add_char(&digits, lower[hex_digit(*c)]);
        else if (*c != ':' && *c != ' ')
            return NULL;
    }
    return digits.length ? digits.data : NULL;
}

/* The digits of each three bytes; `*out` moves on. The last group may be short. */
static void base64_group(const uint8_t *in, size_t size, const char *digits, char **out)
{
    uint32_t bits = (uint32_t)in[0] << 16;

    if (size > 1)
        bits |= (uint32_t)in[1] << 8;
    if (size > 2)
        bits |= in[2];
    for (size_t i = 0; i <= size; i++, bits <<= 6)
        *(*out)++ = digits[bits >> 18 & 63];
}

static char *base64_digits(struct arena *a, struct bytes b, const char *digits, bool pad)
{
    char *out = arena_alloc(a, (b.size + 2) / 3 * 4 + 1), *p = out;

    for (size_t at = 0; at < b.size; at += 3)
        base64_group(b.data + at, b.size - at < 3 ? b.size - at : 3, digits, &p);
    while (pad && (p - out) % 4 != 0)
        *p++ = '=';
    *p = '\0';
    return out;
}

char *base64_write(struct arena *a, struct bytes b)
{
    return base64_digits(a, b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                         true);
}

char *base64url_write(struct arena *a, struct bytes b)
{
    return base64_digits(a, b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
                         false);
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct base64 {
    uint8_t *data;
    size_t size, digits, pads;
    uint32_t bits; /* of digits that do not make a byte yet */
};

static bool base64_take(struct base64 *r, char c)
{
    int digit = base64_digit(c);

    if (c == '=')
        return ++r->pads <= 2;
    if (digit < 0 || r->pads > 0)
        return false;
    r->bits = r->bits << 6 | (uint32_t)digit;
    if (++r->digits % 4 != 1)
        r->data[r->size++] = (uint8_t)(r->bits >> (8 - r->digits % 4 * 2) % 8);
    return true;
}

/* No lone digit, padding complete if there is any, and the bits that no byte uses are 0 (RFC 4648
 * section 3.5), so that each byte string has one spelling. */
static bool base64_ended(const struct base64 *r)
{
    size_t rest = r->digits % 4;
    uint32_t unused = rest == 2 ? r->bits & 15 : rest == 3 ? r->bits & 3 : 0;

    return rest != 1 && unused == 0 && (r->pads == 0 || rest + r->pads == 4);
}

bool base64_read(struct arena *a, const char *text, size_t length, struct bytes *out)
{
    struct base64 r = { .data = arena_alloc(a, length / 4 * 3 + 3) };

    for (size_t i = 0; i < length; i++) {
        if (!is_blank(text[i]) && !base64_take(&r, text[i]))
            return false;
    }
    if (!base64_ended(&r))
        return false;
    *out = (struct bytes){ r.data, r.size };
    return true;
}

bool base64url_read_strict(struct arena *a, const char *text, size_t length, struct bytes *out)
{
    size_t i = 0;

    while (i < length && base64_digit(text[i]) >= 0 && text[i] != '+' && text[i] != '/')
        i++;
    return i == length && base64_read(a, text, length, out);
}
