#include "pki/signature.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "pki/der.h"
#include "pki/digest.h"
#include "pki/evp.h"

struct signature_hash {
    struct bytes oid;
    const char *name;
    const EVP_MD *(*md)(void); /* NULL: too weak */
};

#define OID(literal)                                                                               \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define OID_RSA(last)   OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01" last)
#define OID_ECDSA(last) OID("\x2a\x86\x48\xce\x3d\x04" last)
#define OID_SHA2(last)  OID("\x60\x86\x48\x01\x65\x03\x04\x02" last)

// clang-format off
static const struct signature_hash sha1   = { OID("\x2b\x0e\x03\x02\x1a"), "SHA-1",   evp_sha1 };
static const struct signature_hash sha256 = { OID_SHA2("\x01"),            "SHA-256", evp_sha256 };
static const struct signature_hash sha384 = { OID_SHA2("\x02"),            "SHA-384", evp_sha384 };
static const struct signature_hash sha512 = { OID_SHA2("\x03"),            "SHA-512", evp_sha512 };
static const struct signature_hash sha224 = { OID_SHA2("\x04"),            "SHA-224", NULL };
static const struct signature_hash md5    = { OID("\x2a\x86\x48\x86\xf7\x0d\x02\x05"), "MD5", NULL };
static const struct signature_hash md2    = { OID("\x2a\x86\x48\x86\xf7\x0d\x02\x02"), "MD2", NULL };

static const struct signature_hash *const hashes[] = {
    &sha256, &sha384, &sha512, &sha1, &sha224, &md5, &md2,
};

static const struct row {
    struct bytes oid;
    enum key_type type;
    const struct signature_hash *hash; /* NULL: the parameters name it (PSS) */
} rows[] = {
    { OID_ECDSA("\x03\x02"), KEY_EC,  &sha256 }, /* RFC 5758 3.2 */
    { OID_ECDSA("\x03\x03"), KEY_EC,  &sha384 },
    { OID_ECDSA("\x03\x04"), KEY_EC,  &sha512 },
    { OID_RSA("\x0b"),       KEY_RSA, &sha256 }, /* RFC 4055 5 */
    { OID_RSA("\x0c"),       KEY_RSA, &sha384 },
    { OID_RSA("\x0d"),       KEY_RSA, &sha512 },
    { OID_RSA("\x0a"),       KEY_RSA, NULL },    /* id-RSASSA-PSS, RFC 4055 3.1 */
    { OID_RSA("\x05"),       KEY_RSA, &sha1 },   /* the rest: to be refused by name */
    { OID("\x2b\x0e\x03\x02\x1d"), KEY_RSA, &sha1 },
    { OID_RSA("\x0e"),       KEY_RSA, &sha224 },
    { OID_RSA("\x04"),       KEY_RSA, &md5 },
    { OID_RSA("\x02"),       KEY_RSA, &md2 },
    { OID_ECDSA("\x01"),     KEY_EC,  &sha1 },
    { OID_ECDSA("\x03\x01"), KEY_EC,  &sha224 },
};
// clang-format on

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct row *find_row(struct bytes oid)
{
    for (size_t i = 0; i < COUNT(rows); i++)
        if (bytes_equal(rows[i].oid, oid))
            return &rows[i];
    return NULL;
}

static const struct signature_hash *find_hash(struct bytes oid)
{
    for (size_t i = 0; i < COUNT(hashes); i++)
        if (bytes_equal(hashes[i]->oid, oid))
            return hashes[i];
    return NULL;
}

/* NULL, or nothing: RFC 4055 2.1 and 5 want the one written and both read. */
static bool at_null_or_end(struct der *c)
{
    struct bytes null;

    if (der_at(c, DER_NULL) && (!der_take(c, DER_NULL, &null) || null.size > 0))
        return false;
    return der_done(c);
}

static bool take_hash(struct der *c, const struct signature_hash **hash)
{
    struct der list;
    struct bytes oid;

    if (!der_enter(c, DER_SEQUENCE, &list) || !der_take(&list, DER_OID, &oid) ||
        !at_null_or_end(&list))
        return false;
    *hash = find_hash(oid);
    return *hash != NULL;
}

/* [0] hash, SHA-1 if it is not there */
static bool take_pss_hash(struct der *list, struct signature_algorithm *out)
{
    struct der inside;

    out->hash = &sha1;
    if (!der_at(list, DER_CONTEXT_OF(0)))
        return true;
    return der_enter(list, DER_CONTEXT_OF(0), &inside) && take_hash(&inside, &out->hash) &&
           der_done(&inside);
}

/* [1] mask generation: MGF1 with the same hash, as RFC 4055 3.1 recommends and everybody does. */
static bool take_pss_mask(struct der *list, struct signature_algorithm *out)
{
    struct der inside, algorithm;
    struct bytes oid;
    const struct signature_hash *hash;

    if (!der_at(list, DER_CONTEXT_OF(1)))
        return out->hash == &sha1;
    return der_enter(list, DER_CONTEXT_OF(1), &inside) &&
           der_enter(&inside, DER_SEQUENCE, &algorithm) && der_done(&inside) &&
           der_take(&algorithm, DER_OID, &oid) &&
           bytes_equal(oid, DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")) &&
           take_hash(&algorithm, &hash) && der_done(&algorithm) && hash == out->hash;
}

/* [2] length of the salt, 20 if it is not there; [3] trailer field, which can only be 1 */
static bool take_pss_salt(struct der *list, struct signature_algorithm *out)
{
    struct der inside;
    unsigned trailer = 1;

    out->salt = 20;
    if (der_at(list, DER_CONTEXT_OF(2)) &&
        (!der_enter(list, DER_CONTEXT_OF(2), &inside) || !der_take_small(&inside, &out->salt) ||
         !der_done(&inside) || out->salt > 1024))
        return false;
    if (der_at(list, DER_CONTEXT_OF(3)) &&
        (!der_enter(list, DER_CONTEXT_OF(3), &inside) || !der_take_small(&inside, &trailer) ||
         !der_done(&inside)))
        return false;
    return trailer == 1;
}

/* RSASSA-PSS-params (RFC 4055 3.1) */
static bool take_pss(struct der *c, struct signature_algorithm *out)
{
    struct der list;

    out->pss = true;
    return der_enter(c, DER_SEQUENCE, &list) && take_pss_hash(&list, out) &&
           take_pss_mask(&list, out) && take_pss_salt(&list, out) && der_done(&list) && der_done(c);
}

/* ECDSA has no parameters (RFC 5758 3.2). */
static bool take_parameters(struct der *c, const struct row *row, struct signature_algorithm *out)
{
    out->type = row->type;
    out->hash = row->hash;
    if (!row->hash)
        return take_pss(c, out);
    return row->type == KEY_RSA ? at_null_or_end(c) : der_done(c);
}

bool signature_hash_refuse(const struct signature_algorithm *algorithm, struct fault *f,
                           const char *field)
{
    return fault_set(f, FAULT_CSR, field,
                     "is signed with %s: SHA-256, SHA-384 or SHA-512 is needed",
                     algorithm->hash->name);
}

bool signature_proof_read(struct bytes der, struct signature_algorithm *out, struct fault *f,
                          const char *field)
{
    struct der all = der_open(der), list;
    struct bytes oid;
    const struct row *row;

    *out = (struct signature_algorithm){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_take(&list, DER_OID, &oid))
        return fault_set(f, FAULT_CSR, field, "has a malformed signature algorithm");
    row = find_row(oid);
    if (!row)
        return fault_set(f, FAULT_CSR, field, "has a signature algorithm that is not accepted");
    if (!take_parameters(&list, row, out))
        return fault_set(f, FAULT_CSR, field,
                         "has parameters of its signature algorithm that are not accepted");
    return out->hash->md || signature_hash_refuse(out, f, field);
}

bool signature_is_sha1(const struct signature_algorithm *algorithm)
{
    return algorithm->hash == &sha1;
}

bool signature_algorithm_read(struct bytes der, struct signature_algorithm *out, struct fault *f,
                              const char *field)
{
    return signature_proof_read(der, out, f, field) &&
           (!signature_is_sha1(out) || signature_hash_refuse(out, f, field));
}

static bool choose_padding(const struct signature_algorithm *algorithm, EVP_PKEY_CTX *ctx)
{
    if (algorithm->type != KEY_RSA)
        return true;
    if (!algorithm->pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)algorithm->salt) > 0;
}

bool signature_verify(const struct signature_algorithm *algorithm, EVP_PKEY *key,
                      struct bytes message, struct bytes signature)
{
    AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    const EVP_MD *md = algorithm->hash->md();
    uint8_t hash[SHA512_SIZE];
    unsigned size = 0;
    bool good;

    evp_must(ctx && EVP_Digest(message.data, message.size, hash, &size, md, NULL) &&
                 EVP_PKEY_verify_init(ctx) > 0,
             "verify");
    good = choose_padding(algorithm, ctx) && EVP_PKEY_CTX_set_signature_md(ctx, md) > 0 &&
           EVP_PKEY_verify(ctx, signature.data, signature.size, hash, size) == 1;
    ERR_clear_error();
    return good;
}

bool signature_check(const struct key *key, struct bytes algorithm, struct bytes message,
                     struct bytes signature, struct fault *f, const char *field)
{
    struct signature_algorithm by;

    if (!signature_algorithm_read(algorithm, &by, f, field))
        return false;
    assert(by.hash);
    AUTO(EVP_PKEY) public = by.type == key->type ? key_evp(key) : NULL;
    return (public && signature_verify(&by, public, message, signature)) ||
           fault_set(f, FAULT_INVALID, field, "is not signed with that key");
}

const char *signature_hash_name(const struct signature_algorithm *algorithm)
{
    return algorithm->hash->name;
}
