#include "pki/key.h"

#include <string.h>

#include "pki/key_factor.h"
#include "pki/weak_keys.h"

/* BR is the TLS Baseline Requirements. Rules about RSA hold for any other key. Each refusal says what to
 * do: whoever gets it has a program that made the key, and seldom knows how. */

#define NEW_KEY      ": make a new key with a current program, and a request for that"
#define NEW_EXPONENT ": make a new key with exponent 65537"

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
        return fault_set(
            f, FAULT_CSR, field,
            "has an RSA key of %d bits, no multiple of 8: make one of 2048, 3072 or 4096 bits",
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
        return fault_set(f, FAULT_CSR, field, "has an RSA key with an even exponent" NEW_EXPONENT);
    if (e.size < 3)
        return fault_set(f, FAULT_CSR, field,
                         "has an RSA key with an exponent below 65537" NEW_EXPONENT);
    if (e.size > 32)
        return fault_set(f, FAULT_CSR, field,
                         "has an RSA key with an exponent over 256 bits" NEW_EXPONENT);
    return true;
}

static bool rsa_modulus_odd(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || key->modulus.data[key->modulus.size - 1] & 1)
        return true;
    return fault_set(f, FAULT_CSR, field, "has an RSA key with an even modulus" NEW_KEY);
}

static bool rsa_small_factor(const struct key *key, struct fault *f, const char *field)
{
    unsigned factor = key->type == KEY_RSA ? key_factor_small(key->modulus) : 0;

    return factor == 0 ||
           fault_set(f, FAULT_CSR, field, "has an RSA key whose modulus is divisible by %u" NEW_KEY,
                     factor);
}

static bool rsa_roca(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || !key_factor_roca(key->modulus))
        return true;
    return fault_set(
        f, FAULT_CSR, field,
        "has an RSA key of the kind that the ROCA attack breaks (CVE-2017-15361): make a "
        "new key, not with that token or its library, and a request for that");
}

static bool rsa_close_primes(const struct key *key, struct fault *f, const char *field)
{
    if (key->type != KEY_RSA || !key_factor_fermat(key->modulus, FERMAT_ROUNDS))
        return true;
    return fault_set(f, FAULT_CSR, field,
                     "has an RSA key that is broken by Fermat's method" NEW_KEY);
}

static bool rsa_power(const struct key *key, struct fault *f, const char *field)
{
    unsigned power = key->type == KEY_RSA ? key_factor_power(key->modulus) : 0;

    return power == 0 ||
           fault_set(f, FAULT_CSR, field,
                     "has an RSA key whose modulus is a number to the power of %u" NEW_KEY, power);
}

/* The private half of each is in public archives. */
static bool debian(const struct key *key, struct fault *f, const char *field)
{
    switch (weak_keys_find(key)) {
    case WEAK_KEYS_NOT: return true;
    case WEAK_KEYS_UNREAD: return weak_keys_ready(f);
    default:
        return fault_set(
            f, FAULT_CSR, field,
            "has a key that Debian's OpenSSL of 2006 to 2008 made, which everybody can "
            "make again (CVE-2008-0166)" NEW_KEY);
    }
}

// clang-format off
const struct key_check key_checks[] = {
    { "rsa_bits",         "BR 6.1.5",        rsa_bits },
    { "rsa_exponent",     "BR 6.1.6",        rsa_exponent },
    { "rsa_modulus_odd",  "BR 6.1.6",        rsa_modulus_odd },
    { "rsa_small_factor", "BR 6.1.6",        rsa_small_factor },
    { "rsa_roca",         "BR 6.1.1.3 (5.2)", rsa_roca },
    { "rsa_power",        "BR 6.1.6",        rsa_power },
    { "debian",           "BR 6.1.1.3 (5.1)", debian },
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
