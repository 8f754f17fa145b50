/* precertificate_rig - a TBSCertificate that OpenSSL has made, and a certificate around one: the other opinion. */
#ifndef PKI_PRECERTIFICATE_RIG_H
#define PKI_PRECERTIFICATE_RIG_H

#include <openssl/ct.h>
#include <openssl/x509v3.h>

#include "pki/csr_make.h"
#include "pki/der.h"
#include "pki/evp.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(X509_EXTENSION, X509_EXTENSION_free);

static struct arena arena;
static EVP_PKEY *issuer_key;
static X509 *issuer;

static inline void add_extension(X509 *cert, int nid, const char *value)
{
    AUTO(X509_EXTENSION) ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_true(ext && X509_add_ext(cert, ext, -1));
}

static inline X509 *certificate_of(const char *common_name, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 0x1234);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                               -1, 0);
    ASN1_TIME_set_string(X509_getm_notBefore(cert), "240301000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(cert), "240530000000Z");
    X509_set_pubkey(cert, key);
    return cert;
}

static inline struct bytes tbs_of(X509 *cert)
{
    unsigned char *der = NULL;
    int size;

    assert_true(X509_sign(cert, issuer_key, evp_sha256()) > 0);
    size = i2d_re_X509_tbs(cert, &der);
    assert_true(size > 0);
    struct bytes out = { arena_copy(&arena, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    return out;
}

/* With three extensions, or with poison as well (critical, last), as OpenSSL writes it. */
static inline struct bytes tbs_make(bool poisoned)
{
    AUTO(EVP_PKEY) key = csr_make_key("P-256");
    AUTO(X509) cert = certificate_of("www.example.com", key);

    X509_set_issuer_name(cert, X509_get_subject_name(issuer));
    add_extension(cert, NID_key_usage, "critical,digitalSignature");
    add_extension(cert, NID_ext_key_usage, "serverAuth");
    add_extension(cert, NID_subject_alt_name, "DNS:www.example.com");
    if (poisoned)
        add_extension(cert, NID_ct_precert_poison, "critical,NULL");
    return tbs_of(cert);
}

/* A certificate around it, signed by the issuer. The caller frees it. */
static inline X509 *certificate_around(struct bytes tbs)
{
    struct bytes algorithm = DER_BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
    struct bytes der = csr_make_signed(&arena, issuer_key, tbs, algorithm, "SHA256", -1);
    const unsigned char *at = der.data;

    return d2i_X509(NULL, &at, (long)der.size);
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    issuer_key = csr_make_key("P-256");
    issuer = certificate_of("Test CA", issuer_key);
    X509_set_issuer_name(issuer, X509_get_subject_name(issuer));
    add_extension(issuer, NID_basic_constraints, "critical,CA:TRUE");
    return X509_sign(issuer, issuer_key, evp_sha256()) > 0 ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    X509_free(issuer);
    csr_make_key_free(issuer_key);
    arena_free(&arena);
    return 0;
}

#endif
