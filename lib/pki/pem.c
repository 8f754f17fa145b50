#include "pki/pem.h"

#include <ctype.h>
#include <string.h>

#include "pki/pem_text.h"

/* What is being read: `rest` is moved on, `field` and `f` are for faults. */
struct reader {
    struct arena *arena;
    struct bytes rest;
    const char *const *labels; /* of what is wanted; ends with NULL */
    const char *field;
    struct fault *f;
};

static bool fail(const struct reader *r, const char *detail)
{
    return fault_set(r->f, FAULT_CSR, r->field, "%s", detail);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes trim(struct bytes b)
{
    for (; b.size > 0 && is_space(b.data[0]); b.size--)
        b.data++;
    while (b.size > 0 && is_space(b.data[b.size - 1]))
        b.size--;
    return b;
}

static bool has(struct bytes b, const char *what)
{
    return b.size > 0 && memmem(b.data, b.size, what, strlen(what)) != NULL;
}

/* Up to `mark`, which is passed. */
static bool take_until(struct reader *r, const char *mark, struct bytes *out)
{
    const uint8_t *at = memmem(r->rest.data, r->rest.size, mark, strlen(mark));

    if (!at)
        return false;
    *out = (struct bytes){ r->rest.data, (size_t)(at - r->rest.data) };
    r->rest.data = at + strlen(mark);
    r->rest.size -= out->size + strlen(mark);
    return true;
}

static bool is_wanted(const struct reader *r, struct bytes label)
{
    for (const char *const *l = r->labels; *l; l++)
        if (bytes_equal(label, BYTES_OF(*l)))
            return true;
    return false;
}

/* From behind the dashes of the first line to behind those of the last. */
static bool take_armour(struct reader *r, struct bytes label, struct bytes *body)
{
    struct bytes end = { 0 };

    if (!take_until(r, "-----END ", body) || has(*body, "-----BEGIN ") ||
        !take_until(r, "-----", &end))
        return fail(r, "is truncated: its last line is missing");
    return bytes_equal(label, end) || fail(r, "has a last line that does not match the first");
}

/* The body of the one object that is wanted; others may stand beside it, as the parameters do that
 * some tools write before a request. */
static bool find_object(struct reader *r, struct bytes *body)
{
    struct bytes label, before;
    size_t found = 0, others = 0;

    while (take_until(r, "-----BEGIN ", &before)) {
        if (!take_until(r, "-----", &label))
            return fail(r, "has an incomplete first line");
        if (!is_wanted(r, label))
            others++;
        else if (++found > 1)
            return fail(r, "has more than one object");
        else if (!take_armour(r, label, body))
            return false;
    }
    return found == 1 || fault_set(r->f, FAULT_CSR, r->field, "%s \"%s\" by its first line",
                                   others > 1 ? "has no" : "is no", r->labels[0]);
}

/* Headers are of RFC 1421; RFC 7468 section 2 does not permit them. */
static bool fail_base64(const struct reader *r, struct bytes body)
{
    size_t line = 1;

    if (has(body, ": "))
        return fail(r, "has headers inside its armour, which RFC 7468 does not permit");
    for (size_t i = 0; i < body.size; i++) {
        uint8_t c = body.data[i];
        line += c == '\n' && i > 0; /* what follows the first line directly is line 1 */
        if (c > ' ' && c < 0x7f && !isalnum(c) && !strchr("+/-_=", c))
            return fault_set(r->f, FAULT_CSR, r->field, "has \"%c\" in line %zu of its base64", c,
                             line);
        if (c >= 0x7f)
            return fault_set(r->f, FAULT_CSR, r->field,
                             "has a character that is not ASCII in line %zu of its base64", line);
    }
    return fail(r, "is no valid base64: something is missing, or too much");
}

static bool read_base64(const struct reader *r, struct bytes body, struct bytes *der)
{
    if (trim(body).size == 0)
        return fail(r, "is empty");
    return base64_read(r->arena, (const char *)body.data, body.size, der) || fail_base64(r, body);
}

/* Dashes are digits of base64url: what is left of an armour must not be taken for an object. */
static bool read_bare(const struct reader *r, struct bytes *der)
{
    if (has(r->rest, "-----END "))
        return fail(r, "has no BEGIN line");
    if (has(r->rest, "-BEGIN "))
        return fail(r, "has a damaged first line: five hyphens must stand before BEGIN");
    if (trim(r->rest).size == 0)
        return fail(r, "is empty");
    if (base64_read(r->arena, (const char *)r->rest.data, r->rest.size, der))
        return true;
    return fail(r, has(r->rest, "BEGIN ")
                       ? "has a damaged first line: five hyphens must stand before BEGIN"
                       : "is neither PEM nor base64");
}

static bool read_object(struct reader *r, const char *text, bool bare, struct bytes *der)
{
    struct bytes body = { 0 };

    if (strlen(text) > PEM_SIZE_MAX)
        return fault_set(r->f, FAULT_CSR, r->field, "is larger than %d KB", PEM_SIZE_MAX / 1024);
    r->rest = pem_text_plain(r->arena, BYTES_OF(text));
    /* A key that was sent is a key that is known to others: say it, unless one was asked for. */
    if (pem_text_has_private_key(r->rest) && !strstr(r->labels[0], "PRIVATE KEY"))
        return fail(r, "contains a private key, which is thereby disclosed: make a new one");
    if (has(r->rest, "-----BEGIN "))
        return find_object(r, &body) && read_base64(r, body, der);
    return bare ? read_bare(r, der) : fail(r, "has no BEGIN line");
}

bool pem_read_csr(struct arena *a, const char *text, struct bytes *der, struct fault *f)
{
    /* RFC 7468 section 7: the second is an old form that is still made. */
    static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL };
    struct reader r = { .arena = a, .labels = labels, .field = "certificate.csr", .f = f };

    return read_object(&r, text, true, der);
}

bool pem_read(struct arena *a, const char *text, const char *label, struct bytes *der,
              struct fault *f, const char *field)
{
    const char *const labels[] = { label, NULL };
    struct reader r = { .arena = a, .labels = labels, .field = field, .f = f };

    return read_object(&r, text, false, der);
}

void pem_write(struct text *t, const char *label, struct bytes der, const char *eol)
{
    enum { COLUMNS = 64 };
    const char *digits = base64_write(t->arena, der);
    size_t left = strlen(digits);

    text_format(t, "-----BEGIN %s-----%s", label, eol);
    for (; left > 0; text_add(t, eol)) {
        size_t line = left < COLUMNS ? left : COLUMNS;
        text_add_bytes(t, digits, line);
        digits += line;
        left -= line;
    }
    text_format(t, "-----END %s-----%s", label, eol);
}
