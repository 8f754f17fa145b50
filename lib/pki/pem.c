#include "pki/pem.h"

#include <string.h>

/* What is being read: `rest` is moved on, `field` and `f` are for faults. */
struct reader {
    struct bytes rest;
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
#ifdef SEEDED_BUG_PEM
    while (is_space(b.data[b.size - 1]))
#else
    while (b.size > 0 && is_space(b.data[b.size - 1]))
#endif
        b.size--;
    return b;
}

static bool begins(struct bytes b, const char *with)
{
    return b.size >= strlen(with) && memcmp(b.data, with, strlen(with)) == 0;
}

static bool skip(struct reader *r, const char *what)
{
    if (!begins(r->rest, what))
        return false;
    r->rest.data += strlen(what);
    r->rest.size -= strlen(what);
    return true;
}

/* Up to `mark`, which is passed. */
static bool take_until(struct reader *r, const char *mark, struct bytes *out)
{
    const uint8_t *at = memmem(r->rest.data, r->rest.size, mark, strlen(mark));

    if (!at)
        return false;
    *out = (struct bytes){ r->rest.data, (size_t)(at - r->rest.data) };
    r->rest.data += out->size;
    r->rest.size -= out->size;
    return skip(r, mark);
}

static bool label_is(struct bytes label, const char *want)
{
    return label.size == strlen(want) && memcmp(label.data, want, label.size) == 0;
}

/* A key that was sent is a key that is known to others: say it, whatever was asked for. */
static bool label_wrong(const struct reader *r, struct bytes label, const char *want)
{
    static const char private_key[] = "PRIVATE KEY";

    if (memmem(label.data, label.size, private_key, strlen(private_key)))
        return fail(r, "contains a private key, which is thereby disclosed: make a new one");
    return fault_set(r->f, FAULT_CSR, r->field, "is no \"%s\" by its first line", want);
}

/* The base64 between the lines, and that the lines agree. `labels` ends with NULL. */
static bool take_armour(struct reader *r, const char *const *labels, struct bytes *body)
{
    struct bytes label = { 0 }, end = { 0 };

    if (!take_until(r, "-----", &label))
        return fail(r, "has an incomplete first line");
    for (const char *const *l = labels;; l++) {
        if (!*l)
            return label_wrong(r, label, labels[0]);
        if (label_is(label, *l))
            break;
    }
    if (!take_until(r, "-----END ", body) || !take_until(r, "-----", &end))
        return fail(r, "is truncated: its last line is missing");
    if (!bytes_equal(label, end))
        return fail(r, "has a last line that does not match the first");
    if (r->rest.size > 0)
        return fail(r, begins(trim(r->rest), "-----BEGIN ") ? "has more than one object"
                                                            : "has something after its last line");
    return true;
}

static bool read_base64(const struct reader *r, struct arena *a, struct bytes body, bool bare,
                        struct bytes *der)
{
    if (trim(body).size == 0)
        return fail(r, "is empty");
    if (memmem(body.data, body.size, "-----BEGIN ", 11))
        return fail(r, "has something before its first line");
    if (!base64_read(a, (const char *)body.data, body.size, der))
        return fail(r, bare ? "is neither PEM nor base64" : "is no valid base64");
    return true;
}

static bool read_object(struct reader *r, struct arena *a, const char *const *labels, bool bare,
                        struct bytes *der)
{
    struct bytes body = r->rest;

    if (r->rest.size > PEM_SIZE_MAX)
        return fail(r, "is larger than 16 KB");
    r->rest = trim(r->rest);
    if (skip(r, "-----BEGIN "))
        return take_armour(r, labels, &body) && read_base64(r, a, body, false, der);
    if (!bare)
        return fail(r, "has no BEGIN line");
    return read_base64(r, a, r->rest, true, der);
}

bool pem_read_csr(struct arena *a, const char *text, struct bytes *der, struct fault *f)
{
    /* RFC 7468 section 7: the second is an old form that is still made. */
    static const char *const labels[] = { "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST", NULL };
    struct reader r = { BYTES_OF(text), "certificate.csr", f };

    return read_object(&r, a, labels, true, der);
}

bool pem_read(struct arena *a, const char *text, const char *label, struct bytes *der,
              struct fault *f, const char *field)
{
    const char *const labels[] = { label, NULL };
    struct reader r = { BYTES_OF(text), field, f };

    return read_object(&r, a, labels, false, der);
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
