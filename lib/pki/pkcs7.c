#include "pki/pkcs7.h"

#include "pki/der.h"

#define OID_DATA        DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")
#define OID_SIGNED_DATA DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02")

static const struct bytes nothing = { NULL, 0 };

/* DER would have the certificates sorted as a SET OF. They stay leaf first, as every maker of such
 * bundles has them: RFC 2315 asks for BER only, and readers take the first for the end entity. */
static void add_certificates(struct text *out, const struct bytes *certificates, size_t count)
{
    size_t set = der_begin(out, DER_CONTEXT_OF(0));
    for (size_t i = 0; i < count; i++)
        der_add_raw(out, certificates[i]);
    der_end(out, set);
}

static void add_signed_data(struct text *out, const struct bytes *certificates, size_t count)
{
    size_t list = der_begin(out, DER_SEQUENCE);
    der_add_small(out, 1);
    der_add(out, DER_SET, nothing); /* digest algorithms */
    size_t content = der_begin(out, DER_SEQUENCE);
    der_add(out, DER_OID, OID_DATA);
    der_end(out, content);
    add_certificates(out, certificates, count);
    der_add(out, DER_SET, nothing); /* signers */
    der_end(out, list);
}

void pkcs7_bundle(struct text *out, const struct bytes *certificates, size_t count)
{
    size_t info = der_begin(out, DER_SEQUENCE);
    der_add(out, DER_OID, OID_SIGNED_DATA);
    size_t content = der_begin(out, DER_CONTEXT_OF(0));
    add_signed_data(out, certificates, count);
    der_end(out, content);
    der_end(out, info);
}
