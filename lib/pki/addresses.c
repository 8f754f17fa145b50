#include "pki/addresses.h"

#include "pki/der.h"

#define AUTHORITY_INFORMATION   DER_BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01")
#define CRL_DISTRIBUTION_POINTS DER_BYTES("\x55\x1d\x1f")

/* GeneralName: uniformResourceIdentifier [6] IA5String */
enum { URI = DER_CONTEXT(6), CONSTRUCTED = 0x20, DEPTH_MAX = 8 };

/* Both extensions are lists of lists in which no other value has the tag of a URI. */
static void uris_take(struct arena *a, struct bytes in, int depth, struct addresses *out)
{
    struct der all = der_open(in);
    struct bytes content;
    unsigned tag;
    while (der_next(&all, &tag, &content, NULL)) {
        if (tag == URI && out->count < ADDRESSES_MAX)
            out->urls[out->count++] = arena_strndup(a, (const char *)content.data, content.size);
        if ((tag & CONSTRUCTED) && depth < DEPTH_MAX)
            uris_take(a, content, depth + 1, out);
    }
}

void certificate_addresses(struct arena *a, const struct certificate *c, struct addresses *out)
{
    const struct bytes oids[] = { AUTHORITY_INFORMATION, CRL_DISTRIBUTION_POINTS };
    struct bytes value;
    bool critical;
    *out = (struct addresses){ .count = 0 };
    for (size_t i = 0; i < sizeof oids / sizeof *oids; i++)
        if (certificate_extension(c, oids[i], &value, &critical))
            uris_take(a, value, 0, out);
}
