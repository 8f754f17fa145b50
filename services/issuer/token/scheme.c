#include "token/scheme.h"

#include <string.h>

#include "pki/der.h"
#include "pki/digest.h"

enum input { DIGEST, DIGEST_INFO, DATA };

struct scheme {
    CK_MECHANISM_TYPE mechanism;
    CK_KEY_TYPE type;
    int hash; /* ANY or enum token_hash */
    enum input input;
};

enum { ANY = -1 };

/* In order of preference: raw mechanisms first, since the hash is cheaper here than over there. */
// clang-format off
static const struct scheme schemes[] = {
    { CKM_ECDSA,           CKK_EC,  ANY,          DIGEST },
    { CKM_ECDSA_SHA256,    CKK_EC,  TOKEN_SHA256, DATA },
    { CKM_ECDSA_SHA384,    CKK_EC,  TOKEN_SHA384, DATA },
    { CKM_ECDSA_SHA512,    CKK_EC,  TOKEN_SHA512, DATA },
    { CKM_RSA_PKCS,        CKK_RSA, ANY,          DIGEST_INFO },
    { CKM_SHA256_RSA_PKCS, CKK_RSA, TOKEN_SHA256, DATA },
    { CKM_SHA384_RSA_PKCS, CKK_RSA, TOKEN_SHA384, DATA },
    { CKM_SHA512_RSA_PKCS, CKK_RSA, TOKEN_SHA512, DATA },
};

/* DigestInfo up to the digest, whole (RFC 8017 9.2, note 1). */
static const struct hash {
    void (*digest)(struct bytes in, uint8_t *out);
    size_t size;
    uint8_t info[19];
} hashes[] = {
    [TOKEN_SHA256] = { digest_sha256, SHA256_SIZE,
        { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
          0x05, 0x00, 0x04, 0x20 } },
    [TOKEN_SHA384] = { digest_sha384, SHA384_SIZE,
        { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02,
          0x05, 0x00, 0x04, 0x30 } },
    [TOKEN_SHA512] = { digest_sha512, SHA512_SIZE,
        { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03,
          0x05, 0x00, 0x04, 0x40 } },
};
// clang-format on

enum { SCHEMES = sizeof schemes / sizeof *schemes };
_Static_assert(SHA512_SIZE + sizeof hashes[0].info <= sizeof((struct scheme_input *)0)->room,
               "a DigestInfo fits");

unsigned schemes_among(const CK_MECHANISM_TYPE *list, CK_ULONG count)
{
    unsigned set = 0;

    for (CK_ULONG i = 0; i < count; i++)
        for (unsigned row = 0; row < SCHEMES; row++)
            if (schemes[row].mechanism == list[i])
                set |= 1U << row;
    return set;
}

static const struct scheme *choose(unsigned set, CK_KEY_TYPE type, enum token_hash hash)
{
    for (unsigned row = 0; row < SCHEMES; row++)
        if (set >> row & 1 && schemes[row].type == type &&
            (schemes[row].hash == ANY || schemes[row].hash == (int)hash))
            return &schemes[row];
    return NULL;
}

bool scheme_prepare(unsigned set, CK_KEY_TYPE type, enum token_hash hash, struct bytes data,
                    struct scheme_input *out)
{
    const struct scheme *scheme = choose(set, type, hash);
    const struct hash *h = &hashes[hash];

    if (!scheme)
        return false;
    out->mechanism = (CK_MECHANISM){ .mechanism = scheme->mechanism };
    out->data = data;
    if (scheme->input == DATA)
        return true;
    size_t prefix = scheme->input == DIGEST_INFO ? sizeof h->info : 0;
    memcpy(out->room, h->info, prefix);
    h->digest(data, out->room + prefix);
    out->data = (struct bytes){ out->room, prefix + h->size };
    return true;
}

void scheme_ecdsa_der(struct text *t, struct bytes raw)
{
    size_t half = raw.size / 2, list = der_begin(t, DER_SEQUENCE);

    der_add_unsigned(t, DER_INTEGER, (struct bytes){ raw.data, half });
    der_add_unsigned(t, DER_INTEGER, (struct bytes){ raw.data + half, half });
    der_end(t, list);
}
