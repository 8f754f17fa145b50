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

// clang-format off
const struct lint key_lints[] = {
    { "key_allowed",     "BR 6.1.5",   "bits", 2048, key_allowed },
    { "key_exact",       "BR 6.1.1.3", NULL,   0,    key_exact },
    { "key_not_issuers", "BR 6.1.7",   NULL,   0,    key_not_issuers },
    { 0 },
};
// clang-format on
