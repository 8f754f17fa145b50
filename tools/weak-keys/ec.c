#include "ec.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

static EC_GROUP *group_of(unsigned bits)
{
    return EC_GROUP_new_by_curve_name(bits == 256   ? NID_X9_62_prime256v1
                                      : bits == 384 ? NID_secp384r1
                                                    : NID_secp521r1);
}

/* BN_rand_range(): the orders of these curves begin with two ones, so that it draws as many bits as
 * they have, until the number is below. */
static void draw_private(struct weak_random *r, const EC_GROUP *group, BIGNUM *out)
{
    const BIGNUM *order = EC_GROUP_get0_order(group);
    int bits = BN_num_bits(order);
    uint8_t bytes[EC_FIELD_MAX];

    do {
        weak_random_number(r, bytes, (size_t)(bits + 7) / 8);
        bytes[0] &= (uint8_t)(0xff >> (7 - (bits - 1) % 8));
        if (!BN_bin2bn(bytes, (bits + 7) / 8, out))
            abort();
    } while (BN_cmp(out, order) >= 0 || BN_is_zero(out));
}

size_t ec_x(unsigned bits, const struct weak_machine *machine, enum weak_file file, unsigned pid,
            uint8_t out[EC_FIELD_MAX])
{
    static EC_GROUP *group;
    static unsigned group_bits;
    struct weak_random random;
    BIGNUM *private = BN_new(), *x = BN_new();
    int size = (int)(bits + 7) / 8;

    if (group_bits != bits) {
        EC_GROUP_free(group);
        group = group_of(bits);
        group_bits = bits;
    }
    EC_POINT *point = EC_POINT_new(group);
    weak_random_start(&random, machine, file, pid);
    draw_private(&random, group, private);
    if (!point || !x || !EC_POINT_mul(group, point, private, NULL, NULL, NULL) ||
        !EC_POINT_get_affine_coordinates(group, point, x, NULL, NULL) ||
        BN_bn2binpad(x, out, size) != size)
        abort();
    BN_free(private), BN_free(x), EC_POINT_free(point);
    return (size_t)size;
}
