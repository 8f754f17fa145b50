/* How it is signed: the AlgorithmIdentifier byte by byte (BR 7.1.3.2), and whether it fits the signer's key. */
#include "lints/read.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

enum family { RSA, PSS, ECDSA };

#define RSA_OID   "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA_OID "\x2a\x86\x48\xce\x3d\x04\x03"
#define SHA2_OID  "\x60\x86\x48\x01\x65\x03\x04\x02"
/* The three encodings that BR 7.1.3.2.1 gives. */
#define PSS_PARAMETERS(hash, salt)                                                                 \
    BYTES("\x30\x34\xa0\x0f\x30\x0d\x06\x09" SHA2_OID hash                                         \
          "\x05\x00\xa1\x1c\x30\x1a\x06\x09" RSA_OID "\x08\x30\x0d\x06\x09" SHA2_OID hash          \
          "\x05\x00\xa2\x03\x02\x01" salt)

// clang-format off
static const struct known {
    struct bytes oid;
    enum family family;
    int bits; /* ECDSA: of the signer's curve */
} known[] = {
    { BYTES(RSA_OID "\x05"),   RSA, 0 }, /* SHA-1 */
    { BYTES(RSA_OID "\x0b"),   RSA, 0 },
    { BYTES(RSA_OID "\x0c"),   RSA, 0 },
    { BYTES(RSA_OID "\x0d"),   RSA, 0 },
    { BYTES(RSA_OID "\x0a"),   PSS, 0 },
    { BYTES(ECDSA_OID "\x02"), ECDSA, 256 },
    { BYTES(ECDSA_OID "\x03"), ECDSA, 384 },
    { BYTES(ECDSA_OID "\x04"), ECDSA, 521 },
};

static const struct bytes pss_parameters[] = {
    PSS_PARAMETERS("\x01", "\x20"), PSS_PARAMETERS("\x02", "\x30"), PSS_PARAMETERS("\x03", "\x40"),
};
// clang-format on

/* The row of the algorithm, and what stands behind its OID; NULL for any other. */
static const struct known *algorithm_of(const struct lint_case *c, struct bytes *parameters)
{
    struct der all = der_open(c->tbs.algorithm), list;
    struct bytes oid;

    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_take(&list, DER_OID, &oid))
        return NULL;
    *parameters = (struct bytes){ list.next, (size_t)(list.end - list.next) };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (bytes_equal(known[i].oid, oid))
            return &known[i];
    return NULL;
}

static bool signature_exact(struct lint_case *c)
{
    struct bytes parameters;

    return algorithm_of(c, &parameters) ||
           lint_miss(c, "the signature algorithm is none that may be used");
}

static bool signature_rsa_null(struct lint_case *c)
{
    struct bytes parameters;
    const struct known *k = algorithm_of(c, &parameters);

    return !k || k->family != RSA || bytes_equal(parameters, DER_BYTES("\x05\x00")) ||
           lint_miss(c, "the parameters of an RSA signature are not NULL");
}

static bool signature_ecdsa_bare(struct lint_case *c)
{
    struct bytes parameters;
    const struct known *k = algorithm_of(c, &parameters);

    return !k || k->family != ECDSA || parameters.size == 0 ||
           lint_miss(c, "an ECDSA signature has parameters");
}

static bool signature_pss_exact(struct lint_case *c)
{
    struct bytes parameters;
    const struct known *k = algorithm_of(c, &parameters);

    if (!k || k->family != PSS)
        return true;
    for (size_t i = 0; i < sizeof pss_parameters / sizeof *pss_parameters; i++)
        if (bytes_equal(pss_parameters[i], parameters))
            return true;
    return lint_miss(c, "the parameters of RSASSA-PSS are none of the three that may be used");
}

static bool signature_not_sha1(struct lint_case *c)
{
    struct bytes parameters;

    return algorithm_of(c, &parameters) != &known[0] || lint_miss(c, "it is signed with SHA-1");
}

static bool signature_fits_key(struct lint_case *c)
{
    struct bytes parameters;
    const struct known *k = algorithm_of(c, &parameters);
    bool ec = c->signer->type == KEY_EC;

    return !k || (!c->in->ca && !c->key_formed) ||
           (ec == (k->family == ECDSA) && (!ec || k->bits == c->signer->bits)) ||
           lint_miss(c, "the signature algorithm does not fit the authority's key");
}

// clang-format off
const struct lint algorithm_lints[] = {
    { "signature_exact",      "BR 7.1.3.2",      LINT_ALL, ALWAYS, NULL, 0, signature_exact },
    { "signature_rsa_null",   "BR 7.1.3.2.1",    LINT_ALL, ALWAYS, NULL, 0, signature_rsa_null },
    { "signature_ecdsa_bare", "RFC 5758 3.2",    LINT_ALL, ALWAYS, NULL, 0, signature_ecdsa_bare },
    { "signature_pss_exact",  "BR 7.1.3.2.1",    LINT_ALL, ALWAYS, NULL, 0, signature_pss_exact },
    { "signature_not_sha1",   "BR 7.1.3.2.1",    LINT_ALL, ALWAYS, NULL, 0, signature_not_sha1 },
    { "signature_fits_key",   "BR 7.1.3.2.2",    LINT_ALL, ALWAYS, NULL, 0, signature_fits_key },
    { 0 },
};
// clang-format on
