#include "pki/csr_make.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "pki/der.h"
#include "pki/evp.h"

EVP_PKEY *csr_make_key(const char *kind)
{
    EVP_PKEY *key = NULL;

    if (kind[0] >= '1' && kind[0] <= '9')
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)strtoul(kind, NULL, 10));
    else if (strcmp(kind, "Ed25519") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    evp_must(key != NULL, kind);
    return key;
}

void csr_make_key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}

struct bytes csr_make_spki(struct arena *a, EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int size = i2d_PUBKEY(key, &der);
    struct bytes out;

    evp_must(size, "public key");
    out = (struct bytes){ arena_copy(a, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    return out;
}

static void add_subject(struct text *t, const char *common_name)
{
    size_t name = der_begin(t, DER_SEQUENCE), set, pair;

    if (common_name) {
        set = der_begin(t, DER_SET);
        pair = der_begin(t, DER_SEQUENCE);
        der_add(t, DER_OID, DER_BYTES("\x55\x04\x03"));
        der_add_text(t, DER_UTF8_STRING, common_name);
        der_end(t, pair);
        der_end(t, set);
    }
    der_end(t, name);
}

/* extensionRequest (RFC 2985 5.4.2) with a subjectAltName in it */
static void add_extensions(struct text *t, const char *const *names, size_t count)
{
    size_t attribute = der_begin(t, DER_SEQUENCE), set, list, extension, value, alternative;

    der_add(t, DER_OID, DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"));
    set = der_begin(t, DER_SET);
    list = der_begin(t, DER_SEQUENCE);
    extension = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, DER_BYTES("\x55\x1d\x11"));
    value = der_begin(t, DER_OCTET_STRING);
    alternative = der_begin(t, DER_SEQUENCE);
    for (size_t i = 0; i < count; i++)
        der_add_text(t, DER_CONTEXT(2), names[i]);
    der_end(t, alternative);
    der_end(t, value);
    der_end(t, extension);
    der_end(t, list);
    der_end(t, set);
    der_end(t, attribute);
}

struct bytes csr_make_info(struct arena *a, struct bytes spki, const char *const *names,
                           size_t count)
{
    struct text t;
    size_t info, attributes;

    text_init(&t, a);
    info = der_begin(&t, DER_SEQUENCE);
    der_add_small(&t, 0);
    add_subject(&t, count > 0 ? names[0] : NULL);
    der_add_raw(&t, spki);
    attributes = der_begin(&t, DER_CONTEXT_OF(0));
    if (count > 0)
        add_extensions(&t, names, count);
    der_end(&t, attributes);
    der_end(&t, info);
    return der_written(&t);
}

static struct bytes sign(struct arena *a, EVP_PKEY *key, struct bytes info, const char *hash,
                         int salt)
{
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx;
    size_t size = (size_t)EVP_PKEY_get_size(key);
    uint8_t *out = arena_alloc(a, size);

    evp_must(ctx && EVP_DigestSignInit_ex(ctx, &pctx, hash, NULL, NULL, key, NULL), "sign");
    if (salt >= 0)
        evp_must(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0 &&
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) > 0,
                 "PSS");
    evp_must(EVP_DigestSign(ctx, out, &size, info.data, info.size), "sign");
    return (struct bytes){ out, size };
}

struct bytes csr_make_signed(struct arena *a, EVP_PKEY *key, struct bytes info,
                             struct bytes algorithm, const char *hash, int salt)
{
    struct text t;
    size_t request;

    text_init(&t, a);
    request = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, info);
    der_add_raw(&t, algorithm);
    der_add_bits(&t, sign(a, key, info, hash, salt));
    der_end(&t, request);
    return der_written(&t);
}

struct bytes csr_make(struct arena *a, EVP_PKEY *key, const char *const *names, size_t count)
{
    static const char rsa_sha256[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
    static const char ecdsa_sha256[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    bool rsa = EVP_PKEY_is_a(key, "RSA");
    struct bytes info = csr_make_info(a, csr_make_spki(a, key), names, count);

    return csr_make_signed(a, key, info, rsa ? DER_BYTES(rsa_sha256) : DER_BYTES(ecdsa_sha256),
                           "SHA256", -1);
}
