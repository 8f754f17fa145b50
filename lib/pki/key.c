#include "pki/key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <pthread.h>

#include "pki/der.h"
#include "pki/evp.h"

AUTO_FREE(BIGNUM, BN_free);
AUTO_FREE(OSSL_PARAM, OSSL_PARAM_free);
AUTO_FREE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);

struct key_curve {
    const char *name, *openssl;
    int bits;
    size_t coordinate; /* bytes */
    struct bytes oid;
};

// clang-format off
static const struct key_curve curves[] = { /* RFC 5480 2.1.1.1 */
    { "P-256", "prime256v1", 256, 32, { (const uint8_t *)"\x2a\x86\x48\xce\x3d\x03\x01\x07", 8 } },
    { "P-384", "secp384r1",  384, 48, { (const uint8_t *)"\x2b\x81\x04\x00\x22", 5 } },
    { "P-521", "secp521r1",  521, 66, { (const uint8_t *)"\x2b\x81\x04\x00\x23", 5 } },
};

/* Keys that clients do send and that we do not take: each by name. */
static const struct { struct bytes oid; const char *name; } unwanted[] = {
    { { (const uint8_t *)"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", 9 }, "RSASSA-PSS" },
    { { (const uint8_t *)"\x2a\x86\x48\xce\x38\x04\x01", 7 },         "DSA" },
    { { (const uint8_t *)"\x2b\x65\x70", 3 },                         "Ed25519" },
    { { (const uint8_t *)"\x2b\x65\x71", 3 },                         "Ed448" },
};
// clang-format on

enum { CURVES = sizeof curves / sizeof curves[0] };

static bool fail(struct fault *f, const char *field, const char *detail)
{
    return fault_set(f, FAULT_CSR, field, "%s", detail);
}

static int bit_length(struct bytes magnitude)
{
    int bits = (int)magnitude.size * 8;

    for (uint8_t top = magnitude.data[0]; bits > 0 && !(top & 0x80); bits--)
        top = (uint8_t)(top << 1 | 1);
    return bits;
}

/* RSAPublicKey (RFC 8017 A.1.1) */
static bool read_rsa(struct key *key, struct der parameters, struct fault *f, const char *field)
{
    struct der all = der_open(key->public_key), list;
    struct bytes null;

    if (!der_take(&parameters, DER_NULL, &null) || null.size > 0 || !der_done(&parameters))
        return fail(f, field, "has an RSA key whose algorithm parameters are not NULL");
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_take_unsigned(&list, &key->modulus) ||
        !der_take_unsigned(&list, &key->exponent) || !der_done(&list) || !der_done(&all))
        return fail(f, field, "has a malformed RSA key");
    key->type = KEY_RSA;
    key->bits = bit_length(key->modulus);
    return true;
}

static const struct key_curve *find_curve(struct bytes oid)
{
    for (size_t i = 0; i < CURVES; i++)
        if (bytes_equal(curves[i].oid, oid))
            return &curves[i];
    return NULL;
}

static bool read_ec(struct key *key, struct der parameters, struct fault *f, const char *field)
{
    struct bytes oid;

    if (der_at(&parameters, DER_SEQUENCE))
        return fail(f, field, "has an EC key with explicit parameters instead of a named curve");
    if (!der_take(&parameters, DER_OID, &oid) || !der_done(&parameters))
        return fail(f, field, "has a malformed EC key");
    key->curve = find_curve(oid);
    if (!key->curve)
        return fail(f, field, "has a key on a curve that is not P-256, P-384 or P-521");
    key->type = KEY_EC;
    key->bits = key->curve->bits;
    if (key->public_key.size == 1 + key->curve->coordinate &&
        (key->public_key.data[0] == 2 || key->public_key.data[0] == 3))
        return fail(f, field, "has a key in compressed form: the uncompressed one is needed");
    if (key->public_key.size != 1 + 2 * key->curve->coordinate || key->public_key.data[0] != 4)
        return fail(f, field, "has a malformed EC key");
    return true;
}

static bool read_unwanted(struct bytes oid, struct fault *f, const char *field)
{
    const char *name = NULL;

    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        if (bytes_equal(unwanted[i].oid, oid))
            name = unwanted[i].name;
    if (!name)
        return fail(
            f, field,
            "has a key of an unknown type: RSA, or ECDSA on P-256, P-384 or P-521, is needed");
    return fault_set(
        f, FAULT_CSR, field,
        "has a key of type %s: plain RSA, or ECDSA on P-256, P-384 or P-521, is needed", name);
}

static bool read_type(struct key *key, struct der algorithm, struct fault *f, const char *field)
{
    struct bytes oid;

    if (!der_take(&algorithm, DER_OID, &oid))
        return fail(f, field, "has a malformed public key");
    if (bytes_equal(oid, DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01")))
        return read_rsa(key, algorithm, f, field);
    if (bytes_equal(oid, DER_BYTES("\x2a\x86\x48\xce\x3d\x02\x01")))
        return read_ec(key, algorithm, f, field);
    return read_unwanted(oid, f, field);
}

bool key_read(struct bytes spki, struct key *out, struct fault *f, const char *field)
{
    struct der all = der_open(spki), list, algorithm;

    *out = (struct key){ .spki = spki };
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) ||
        !der_enter(&list, DER_SEQUENCE, &algorithm) || !der_take_bits(&list, &out->public_key) ||
        !der_done(&list))
        return fail(f, field, "has a malformed public key");
    return read_type(out, algorithm, f, field);
}

const char *key_curve_name(const struct key_curve *curve)
{
    return curve->name;
}

const char *key_type_name(enum key_type type)
{
    return type == KEY_RSA ? "rsa" : "ecdsa";
}

/* A key of each curve that has parameters and nothing else: copying them is ten times faster than
 * naming the curve. */
static EVP_PKEY *templates[CURVES];

static void make_templates(void)
{
    for (size_t i = 0; i < CURVES; i++) {
        AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
        evp_must(ctx && EVP_PKEY_paramgen_init(ctx) > 0 &&
                     EVP_PKEY_CTX_set_group_name(ctx, curves[i].openssl) > 0 &&
                     EVP_PKEY_paramgen(ctx, &templates[i]) > 0,
                 "EC parameters");
    }
}

static EVP_PKEY *ec_evp(const struct key *key)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    AUTO(EVP_PKEY) out = EVP_PKEY_new();

    pthread_once(&once, make_templates);
    evp_must(out && EVP_PKEY_copy_parameters(out, templates[key->curve - curves]), "EC parameters");
    if (!EVP_PKEY_set1_encoded_public_key(out, key->public_key.data, key->public_key.size))
        return NULL;
    return move(out);
}

static EVP_PKEY *rsa_evp(const struct key *key)
{
    AUTO(BIGNUM) n = BN_bin2bn(key->modulus.data, (int)key->modulus.size, NULL);
    AUTO(BIGNUM) e = BN_bin2bn(key->exponent.data, (int)key->exponent.size, NULL);
    AUTO(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *out = NULL;

    evp_must(n && e && build && ctx && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
                 OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
                 EVP_PKEY_fromdata_init(ctx) > 0,
             "RSA key");
    AUTO(OSSL_PARAM) params = OSSL_PARAM_BLD_to_param(build);
    evp_must(params != NULL, "RSA key");
    return EVP_PKEY_fromdata(ctx, &out, EVP_PKEY_PUBLIC_KEY, params) > 0 ? out : NULL;
}

EVP_PKEY *key_evp(const struct key *key)
{
    EVP_PKEY *out = key->type == KEY_RSA ? rsa_evp(key) : ec_evp(key);

    ERR_clear_error(); /* a refusal is ours to word; the queue belongs to the thread */
    return out;
}
