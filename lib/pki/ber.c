#include "pki/ber.h"

#include "pki/der.h"

enum { DEPTH_MAX = 32, CONSTRUCTED = 0x20, INDEFINITE = 0x80 };

/* A value's first bytes. One of indefinite length ends before `end`, where its parent does. */
struct header {
    unsigned tag;
    bool indefinite;
    const uint8_t *end;
};

/* X.690 8.1.3.5: a length may have zeros before it. */
static bool read_length(struct der *c, size_t *length)
{
    size_t count = *c->next++;

    *length = count;
    if (count < INDEFINITE)
        return true;
    *length = 0;
    for (count &= 0x7f; count > 0 && c->next < c->end && *length <= SIZE_MAX >> 8; count--)
        *length = *length << 8 | *c->next++;
    return count == 0;
}

static bool read_header(struct der *c, struct header *out)
{
    size_t length;

    if (c->end - c->next < 2 || (*c->next & 0x1f) == 0x1f || *c->next == 0)
        return false;
    *out = (struct header){ .tag = *c->next++, .end = c->end };
    if (*c->next == INDEFINITE) {
        c->next++;
        out->indefinite = true;
        return out->tag & CONSTRUCTED; /* 8.1.3.2 */
    }
    if (!read_length(c, &length) || length > (size_t)(c->end - c->next))
        return false;
    out->end = c->next + length;
    return true;
}

/* At the end of what has this header; two zeros that stand for it are passed (8.1.5). */
static bool at_end(struct der *c, const struct header *h)
{
    if (!h->indefinite)
        return c->next == h->end;
    if (c->end - c->next < 2 || c->next[0] != 0 || c->next[1] != 0)
        return false;
    c->next += 2;
    return true;
}

static struct der inside_of(const struct der *c, const struct header *h)
{
    return (struct der){ c->next, h->end };
}

/* Of the universal types those that are strings (8.6, 8.7, 8.23): only they may be in pieces. */
static bool is_string(unsigned tag)
{
    static const uint32_t strings = 1U << 3 | 1U << 4 | 1U << 12 | 0x7ffU << 18 | 1U << 30;

    return tag < 0x20 && (strings >> tag & 1);
}

static bool add_content(struct der *c, const struct header *h, struct text *t)
{
    text_add_bytes(t, (const char *)c->next, (size_t)(h->end - c->next));
    c->next = h->end;
    return true;
}

/* The pieces of a BIT STRING have a first byte each; only the last one's counts, and those before
 * it are whole bytes (8.6.4), so that what is joined begins with the last one. */
static bool add_bits(struct der *c, const struct header *h, struct text *t, size_t begun)
{
    uint8_t unused;

    if (c->next == h->end || t->data[begun] != 0)
        return false;
    unused = *c->next++;
    t->data[begun] = (char)unused;
    return add_content(c, h, t);
}

static bool add_pieces(struct der *c, const struct header *h, struct text *t, size_t begun,
                       int depth)
{
    const unsigned tag = h->tag & ~(unsigned)CONSTRUCTED;
    struct der in = inside_of(c, h);

    while (!at_end(&in, h)) {
        struct header piece;
        if (depth == 0 || !read_header(&in, &piece) || (piece.tag & ~(unsigned)CONSTRUCTED) != tag)
            return false;
        if (!(piece.tag & CONSTRUCTED ? add_pieces(&in, &piece, t, begun, depth - 1)
              : tag == DER_BIT_STRING ? add_bits(&in, &piece, t, begun)
                                      : add_content(&in, &piece, t)))
            return false;
    }
    c->next = in.next;
    return true;
}

static bool add_string(struct der *c, const struct header *h, struct text *t, int depth)
{
    const unsigned tag = h->tag & ~(unsigned)CONSTRUCTED;
    size_t begun = der_begin(t, tag), content = t->length;
    bool ok;

    if (tag == DER_BIT_STRING)
        text_add_char(t, 0);
    ok = add_pieces(c, h, t, content, depth);
    der_end(t, begun);
    return ok;
}

static bool add_value(struct der *c, struct text *t, int depth)
{
    struct header h;
    struct der in;
    size_t begun;

    if (depth == 0 || !read_header(c, &h))
        return false;
    if (h.tag & CONSTRUCTED && is_string(h.tag & ~(unsigned)CONSTRUCTED))
        return add_string(c, &h, t, depth);
    begun = der_begin(t, h.tag);
    if (h.tag & CONSTRUCTED) {
        for (in = inside_of(c, &h); !at_end(&in, &h);)
            if (!add_value(&in, t, depth - 1))
                return false;
        c->next = in.next;
    } else {
        add_content(c, &h, t);
    }
    der_end(t, begun);
    return true;
}

bool ber_to_der(struct arena *a, struct bytes ber, struct bytes *der)
{
    struct der all = der_open(ber);
    struct text t;

    text_init(&t, a);
    if (!add_value(&all, &t, DEPTH_MAX) || !der_done(&all))
        return false;
    *der = der_written(&t);
    return true;
}
