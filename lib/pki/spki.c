#include "pki/spki.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "pki/evp.h"
#include "pki/pem.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(X509_REQ, X509_REQ_free);

static EVP_PKEY *of_private(const uint8_t **at, long size)
{
    return d2i_AutoPrivateKey(NULL, at, size);
}

static EVP_PKEY *of_public(const uint8_t **at, long size)
{
    return d2i_PUBKEY(NULL, at, size);
}

static EVP_PKEY *of_rsa_public(const uint8_t **at, long size)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, at, size);
}

static EVP_PKEY *of_request(const uint8_t **at, long size)
{
    AUTO(X509_REQ) request = d2i_X509_REQ(NULL, at, size);
    return request ? X509_REQ_get_pubkey(request) : NULL;
}

static EVP_PKEY *of_certificate(const uint8_t **at, long size)
{
    AUTO(X509) certificate = d2i_X509(NULL, at, size);
    return certificate ? X509_get_pubkey(certificate) : NULL;
}

// clang-format off
/* RFC 7468 sections 5, 7, 10 and 13, and what OpenSSL wrote before. */
static const struct form {
    const char *label;
    EVP_PKEY *(*read)(const uint8_t **at, long size);
} forms[] = {
    { "PRIVATE KEY",             of_private },
    { "RSA PRIVATE KEY",         of_private },
    { "EC PRIVATE KEY",          of_private },
    { "PUBLIC KEY",              of_public },
    { "RSA PUBLIC KEY",          of_rsa_public },
    { "CERTIFICATE REQUEST",     of_request },
    { "NEW CERTIFICATE REQUEST", of_request },
    { "CERTIFICATE",             of_certificate },
};
// clang-format on

static const struct form *form_of(struct arena *a, const char *text)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strstr(text, arena_format(a, "-----BEGIN %s-----", forms[i].label)))
            return &forms[i];
    return NULL;
}

/* The same key has one hash, however its point and curve were written. */
static bool usual_form(EVP_PKEY *key)
{
    return !EVP_PKEY_is_a(key, "EC") ||
           (EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                           OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) &&
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING,
                                           OSSL_PKEY_EC_ENCODING_GROUP));
}

static bool write_key(struct arena *a, EVP_PKEY *key, struct bytes *out)
{
    uint8_t *der = NULL;
    int size = usual_form(key) ? i2d_PUBKEY(key, &der) : -1;

    if (size > 0)
        *out = (struct bytes){ arena_copy(a, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    return size > 0;
}

bool spki_of(struct arena *a, const char *text, struct bytes *out, struct fault *f,
             const char *field)
{
    const struct form *form = form_of(a, text);
    struct bytes der;
    bool ok;

    if (!form)
        return fault_set(f, FAULT_INVALID, field,
                         "has no key, request or certificate in PEM (of an encrypted key give the "
                         "public half: openssl pkey -pubout)");
    if (!pem_read(a, text, form->label, &der, f, field)) {
        f->code = FAULT_INVALID;
        return false;
    }
    const uint8_t *at = der.data;
    AUTO(EVP_PKEY) key = form->read(&at, (long)der.size);
    ok = key && write_key(a, key, out);
    ERR_clear_error();
    return ok || fault_set(f, FAULT_INVALID, field, "has a %s that cannot be read", form->label);
}

bool spki_sha256_of(struct arena *a, const char *text, uint8_t out[SHA256_SIZE], struct fault *f,
                    const char *field)
{
    struct bytes spki = { NULL, 0 };

    if (!spki_of(a, text, &spki, f, field))
        return false;
    digest_sha256(spki, out);
    return true;
}
