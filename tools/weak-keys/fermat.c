#include "fermat.h"

#include <openssl/bn.h>
#include <stdlib.h>

#include "fermat_vectors.h"

static bool test_alone(const uint64_t *number, unsigned bits)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_lebin2bn((const unsigned char *)number, (int)bits / 8, NULL);
    BIGNUM *less = BN_dup(n), *two = BN_new(), *power = BN_new();
    bool passes;

    if (!ctx || !two || !power || !less || !BN_sub_word(less, 1) || !BN_set_word(two, 2) ||
        !BN_mod_exp(power, two, less, n, ctx))
        abort();
    passes = BN_is_one(power);
    BN_free(n), BN_free(less), BN_free(two), BN_free(power), BN_CTX_free(ctx);
    return passes;
}

void fermat_test(const uint64_t *const numbers[LANES], unsigned bits, bool passes[LANES])
{
    if (fermat_has_vectors())
        fermat_vectors_test(numbers, bits, passes);
    else
        for (int i = 0; i < LANES; i++)
            passes[i] = test_alone(numbers[i], bits);
}
