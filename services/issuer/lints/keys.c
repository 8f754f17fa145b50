/* The subject's public key (BR 6.1.5, 6.1.6, 7.1.3.1). Rules about RSA hold for any other key. What is costly to
 * find out is asked of keys of authorities alone: a subscriber's was tried with its request (pki/key.h). */
#include <openssl/evp.h>

#include "lints/read.h"
#include "pki/key_factor.h"

enum { FERMAT_ROUNDS = 100, EXPONENT_OCTETS_MIN = 3, EXPONENT_OCTETS_MAX = 32 };

static bool is_rsa(const struct lint_case *c)
{
    return c->key_formed && c->key.type == KEY_RSA;
}

/* RSA with NULL or a named curve, byte by byte, and an uncompressed point. */
static bool spki_exact(struct lint_case *c)
{
    return c->key_formed || lint_miss(c, "the public key is none of RSA, P-256, P-384 or P-521, or "
                                         "not encoded as those are");
}

static bool key_allowed(struct lint_case *c)
{
    return !is_rsa(c) || c->key.bits >= c->value ||
           lint_miss(c, "an RSA key of %d bits", c->key.bits);
}

static bool key_ec_size(struct lint_case *c)
{
    return !c->key_formed || c->key.type != KEY_EC || c->key.bits >= c->value ||
           lint_miss(c, "a key on a curve of %d bits", c->key.bits);
}

static bool key_whole_octets(struct lint_case *c)
{
    return !is_rsa(c) || c->key.bits % 8 == 0 ||
           lint_miss(c, "an RSA key of %d bits, no multiple of 8", c->key.bits);
}

static bool key_exponent(struct lint_case *c)
{
    struct bytes e = c->key.exponent;

    return !is_rsa(c) || ((e.data[e.size - 1] & 1) && (e.size > 1 || e.data[0] > 1)) ||
           lint_miss(c, "the RSA exponent is no odd number from 3 on");
}

static bool key_exponent_range(struct lint_case *c)
{
    struct bytes e = c->key.exponent;

    return !is_rsa(c) || (e.size >= EXPONENT_OCTETS_MIN && e.size <= EXPONENT_OCTETS_MAX) ||
           lint_miss(c, "the RSA exponent is below 2^16 + 1 or not below 2^256");
}

static bool key_modulus_odd(struct lint_case *c)
{
    struct bytes n = c->key.modulus;

    return !is_rsa(c) || (n.data[n.size - 1] & 1) || lint_miss(c, "the RSA modulus is even");
}

/* That it is even is another check's. */
static bool key_small_factor(struct lint_case *c)
{
    unsigned factor = is_rsa(c) ? key_factor_small(c->key.modulus) : 0;

    return factor < 3 || lint_miss(c, "the RSA modulus is divisible by %u", factor);
}

static bool key_roca(struct lint_case *c)
{
    return !is_rsa(c) || !key_factor_roca(c->key.modulus) ||
           lint_miss(c, "an RSA key that the ROCA attack breaks");
}

static bool key_close_primes(struct lint_case *c)
{
    return !is_rsa(c) || !key_factor_fermat(c->key.modulus, FERMAT_ROUNDS) ||
           lint_miss(c, "an RSA key that Fermat's method breaks");
}

static bool key_on_curve(struct lint_case *c)
{
    if (!c->key_formed || c->key.type != KEY_EC)
        return true;
    EVP_PKEY *key = key_evp(&c->key);
    bool good = key != NULL;
    EVP_PKEY_free(key);
    return good || lint_miss(c, "the point is not on its curve");
}

static bool key_exact(struct lint_case *c)
{
    return bytes_equal(c->tbs.spki, c->in->spki) ||
           lint_miss(c, "the key is not the one that was asked for");
}

static bool key_not_issuers(struct lint_case *c)
{
    return !c->in->ca || !bytes_equal(c->tbs.spki, c->in->ca->public.spki) ||
           lint_miss(c, "the key is the authority's");
}

// clang-format off
const struct lint key_lints[] = {
    { "spki_exact",         "BR 7.1.3.1",      LINT_ALL,             ALWAYS, NULL,   0,    spki_exact },
    { "key_allowed",        "BR 6.1.5",        LINT_ALL,             ALWAYS, "bits", 2048, key_allowed },
    { "key_whole_octets",   "BR 6.1.5",        LINT_ALL,             ALWAYS, NULL,   0,    key_whole_octets },
    { "key_exponent",       "BR 6.1.6",        LINT_ALL,             ALWAYS, NULL,   0,    key_exponent },
    { "key_exponent_range", "BR 6.1.6",        LINT_ALL,             ASKED,  NULL,   0,    key_exponent_range },
    { "key_modulus_odd",    "BR 6.1.6",        LINT_ALL,             ALWAYS, NULL,   0,    key_modulus_odd },
    { "key_small_factor",   "BR 6.1.6",        LINT_ALL,             ALWAYS, NULL,   0,    key_small_factor },
    { "key_roca",           "BR 6.1.1.3",      LINT_CA | LINT_OCSP,  ALWAYS, NULL,   0,    key_roca },
    { "key_close_primes",   "BR 6.1.1.3",      LINT_CA | LINT_OCSP,  ALWAYS, NULL,   0,    key_close_primes },
    { "key_on_curve",       "BR 6.1.6",        LINT_CA | LINT_OCSP,  ALWAYS, NULL,   0,    key_on_curve },
    { "key_exact",          "BR 6.1.1.3",      LINT_ALL,             ALWAYS, NULL,   0,    key_exact },
    { "key_not_issuers",    "BR 6.1.7",        LINT_ISSUED,          ALWAYS, NULL,   0,    key_not_issuers },
    { "root_rsa_size",      "APL 2.0",         LINT_ROOT,            ASKED,  "bits", 0,    key_allowed },
    { "root_curve_size",    "APL 2.0",         LINT_ROOT,            ASKED,  "bits", 0,    key_ec_size },
    { 0 },
};
// clang-format on
