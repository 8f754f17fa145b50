#include "pki/key.h"

#include <string.h>

#include "pki/key_factor.h"

/* BR is the TLS Baseline Requirements. Rules about RSA hold for any other key. */

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, FERMAT_ROUNDS = 100 };

static bool rsa_bits(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA)
        return true;
    if (key->bits < RSA_BITS_MIN)
        return fault_set(f, FAULT_CSR, field, "has an RSA key of %d bits: at least %d are needed",
                         key->bits, RSA_BITS_MIN);
    if (key->bits > RSA_BITS_MAX)
        return fault_set(f, FAULT_CSR, field, "has an RSA key of %d bits: at most %d are accepted",
                         key->bits, RSA_BITS_MAX);
    if (key->bits % 8 != 0)
        return fault_set(f, FAULT_CSR, field, "has an RSA key of %d bits: no multiple of 8",
                         key->bits);
    return true;
}

/* BR 6.1.6 demands an odd number of at least 3 and recommends 2^16 + 1 to 2^256 - 1: nobody makes
 * others but by mistake, and long ones slow down each verification. */
static bool rsa_exponent(const struct key *key, struct fault *f, const char *field)
{
    const struct bytes e = key->exponent;

    if (key->type != KEY_RSA)
        return true;
    if (!(e.data[e.size - 1] & 1))
        return fault_set(f, FAULT_CSR, field, "has an RSA key with an even exponent");
    if (e.size < 3)
        return fault_set(f, FAULT_CSR, field, "has an RSA key with an exponent below 65537");
    if (e.size > 32)
        return fault_set(f, FAULT_CSR, field, "has an RSA key with an exponent over 256 bits");
    return true;
}

static bool rsa_modulus_odd(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || key->modulus.data[key->modulus.size - 1] & 1)
        return true;
    return fault_set(f, FAULT_CSR, field, "has an RSA key with an even modulus");
}

static bool rsa_small_factor(const struct key *key, struct fault *f, const char *field)
{
    unsigned factor = key->type == KEY_RSA ? key_factor_small(key->modulus) : 0;

    return factor == 0 || fault_set(f, FAULT_CSR, field,
                                    "has an RSA key whose modulus is divisible by %u", factor);
}

static bool rsa_roca(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || !key_factor_roca(key->modulus))
        return true;
    return fault_set(f, FAULT_CSR, field,
                     "has an RSA key of the kind that the ROCA attack breaks (CVE-2017-15361)");
}

static bool rsa_close_primes(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || !key_factor_fermat(key->modulus, FERMAT_ROUNDS))
        return true;
    return fault_set(f, FAULT_CSR, field, "has an RSA key that is broken by Fermat's method");
}

// clang-format off
const struct key_check key_checks[] = {
    { "rsa_bits",         "BR 6.1.5",        rsa_bits },
    { "rsa_exponent",     "BR 6.1.6",        rsa_exponent },
    { "rsa_modulus_odd",  "BR 6.1.6",        rsa_modulus_odd },
    { "rsa_small_factor", "BR 6.1.6",        rsa_small_factor },
    { "rsa_roca",         "BR 6.1.1.3 (5.2)", rsa_roca },
    { "rsa_close_primes", "BR 6.1.1.3 (5.3)", rsa_close_primes },
    { NULL, NULL, NULL },
};
// clang-format on

bool key_check(const struct key *key, struct fault *f, const char *field)
{
    for (const struct key_check *c = key_checks; c->name; c++)
        if (!c->holds(key, f, field))
            return false;
    return true;
}

const struct key_check *key_check_find(const char *name)
{
    for (const struct key_check *c = key_checks; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}
