#include <inttypes.h>

#include "pki/der.h"

/* X.690 8.19.2: seven bits a byte, the top bit set on all but the last. */
static void add_arc(struct text *t, uint64_t arc)
{
    for (int shift = 63; shift > 0; shift -= 7)
        if (arc >> shift)
            text_add_char(t, (char)(0x80 | (arc >> shift & 0x7f)));
    text_add_char(t, (char)(arc & 0x7f));
}

/* Decimal without leading zero; stops at '.' or the end. */
static bool read_arc(const char **p, uint64_t *arc)
{
    const char *start = *p;

    *arc = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++) {
        *arc = *arc * 10 + (uint64_t)(**p - '0');
        if (*arc > UINT32_MAX)
            return false;
    }
    return *p > start && !(*start == '0' && *p > start + 1);
}

bool der_oid_read(struct arena *a, const char *dotted, struct bytes *content)
{
    struct text out;
    uint64_t first, second, arc;

    text_init(&out, a);
    if (!read_arc(&dotted, &first) || *dotted++ != '.' || !read_arc(&dotted, &second))
        return false;
    if (first > 2 || (first < 2 && second > 39)) /* X.660: the arcs below 0 and 1 are full */
        return false;
    add_arc(&out, first * 40 + second);
    while (*dotted == '.') {
        dotted++;
        if (!read_arc(&dotted, &arc))
            return false;
        add_arc(&out, arc);
    }
    *content = der_written(&out);
    return *dotted == '\0';
}

/* The arc at `*at`, which is moved on; false if it is cut off, too long or not minimal. */
static bool take_arc(struct bytes content, size_t *at, uint64_t *arc)
{
    size_t start = *at;

    for (*arc = 0; *at < content.size;) {
        uint8_t byte = content.data[(*at)++];
        if (byte == 0x80 && *at == start + 1)
            return false;
        *arc = *arc << 7 | (byte & 0x7f);
        if (*arc > (uint64_t)UINT32_MAX + 80)
            return false;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

char *der_oid_text(struct arena *a, struct bytes content)
{
    struct text out;
    uint64_t arc, first;
    size_t at = 0;

    text_init(&out, a);
    if (!take_arc(content, &at, &arc))
        return NULL;
    first = arc < 80 ? arc / 40 : 2;
    text_format(&out, "%" PRIu64 ".%" PRIu64, first, arc - first * 40);
    while (at < content.size) {
        if (!take_arc(content, &at, &arc))
            return NULL;
        text_format(&out, ".%" PRIu64, arc);
    }
    return out.data;
}
