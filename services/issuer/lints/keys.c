/* The subject's public key. */
#include <string.h>

#include "lints/lint.h"

/* The encoding, RSA with NULL or a named curve and an uncompressed point, was checked by reading it
 * (BR 7.1.3.1); what is left is the size. */
static bool key_allowed(struct lint_case *c)
{
    if (c->key.type == KEY_EC)
        return true;
    if (c->key.bits < c->value || c->key.bits % 8 != 0)
        return lint_miss(c, "RSA key of %d bits", c->key.bits);
    struct bytes e = c->key.exponent;
    bool odd = e.data[e.size - 1] & 1, one = e.size == 1 && e.data[0] == 1;
    return (odd && !one) || lint_miss(c, "RSA exponent is not an odd number from 3 on");
}

static bool key_exact(struct lint_case *c)
{
    return bytes_equal(c->tbs.spki, c->in->spki) ||
           lint_miss(c, "the key is not the one of the request");
}

/* A subscriber never has the authority's key. */
static bool key_not_issuers(struct lint_case *c)
{
    return !bytes_equal(c->tbs.spki, c->in->ca->public.spki) ||
           lint_miss(c, "the key is the authority's");
}

/* What the gateway refused when the request came: asked once more of the very bytes that are about to
 * be signed, as lists and rules are today. */
static bool passes(struct lint_case *c, const char *check)
{
    struct fault why = { 0 };

    return key_check_find(check)->holds(&c->key, &why, "") || lint_miss(c, "%s", why.detail);
}

static bool key_exponent(struct lint_case *c)
{
    return passes(c, "rsa_exponent");
}

static bool key_modulus_odd(struct lint_case *c)
{
    return passes(c, "rsa_modulus_odd");
}

static bool key_small_factor(struct lint_case *c)
{
    return passes(c, "rsa_small_factor");
}

static bool key_power(struct lint_case *c)
{
    return passes(c, "rsa_power");
}

static bool key_roca(struct lint_case *c)
{
    return passes(c, "rsa_roca");
}

static bool key_close_primes(struct lint_case *c)
{
    return passes(c, "rsa_close_primes");
}

static bool key_debian(struct lint_case *c)
{
    return passes(c, "debian");
}

// clang-format off
const struct lint key_lints[] = {
    { "key_allowed",      "BR 6.1.5",         "bits", 2048, key_allowed },
    { "key_exact",        "BR 6.1.1.3",       NULL,   0,    key_exact },
    { "key_not_issuers",  "BR 6.1.7",         NULL,   0,    key_not_issuers },
    { "key_exponent",     "BR 6.1.6",         NULL,   0,    key_exponent },
    { "key_modulus_odd",  "BR 6.1.6",         NULL,   0,    key_modulus_odd },
    { "key_small_factor", "BR 6.1.6",         NULL,   0,    key_small_factor },
    { "key_power",        "BR 6.1.6",         NULL,   0,    key_power },
    { "key_debian",       "BR 6.1.1.3 (5.1)", NULL,   0,    key_debian },
    { "key_roca",         "BR 6.1.1.3 (5.2)", NULL,   0,    key_roca },
    { "key_close_primes", "BR 6.1.1.3 (5.3)", NULL,   0,    key_close_primes },
    { 0 },
};
// clang-format on
