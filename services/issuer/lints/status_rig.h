/* status_rig - an authority, what it says about certificates, and whom it lets say that, all by OpenSSL, which
 * shares nothing with our readers. Include once in a test program.
 */
#ifndef LINTS_STATUS_RIG_H
#define LINTS_STATUS_RIG_H

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "lints/status_lint.h"

#define RIG_URL "http://status.example/crl/1/7.crl"

enum rig_crl { RIG_LEAF, RIG_CA, RIG_CRLS };
enum rig_ocsp { RIG_SELF, RIG_DELEGATE, RIG_REVOKED, RIG_UNKNOWN, RIG_OCSPS };

/* Whom it lets sign: what is wrong with that certificate. */
enum rig_delegate {
    RIG_GOOD,
    RIG_STRANGER,
    RIG_PURPOSE,
    RIG_USAGE,
    RIG_CHECKED,
    RIG_EARLY,
    RIG_DELEGATES
};

struct rig {
    struct instant now;
    EVP_PKEY *key, *delegate_key;
    X509 *ca, *other, *delegates[RIG_DELEGATES];
    struct bytes delegate[RIG_DELEGATES];
    struct status_issuer issuer;
    struct bytes crl_der[RIG_CRLS], ocsp_der[RIG_OCSPS];
    struct crl_parts crl[RIG_CRLS];
    struct ocsp_parts ocsp[RIG_OCSPS];
};

enum { RIG_LISTED = 0x10, RIG_VALID = 0x40, RIG_NOBODYS = 0x77, RIG_HOUR = 3600 };

static struct bytes rig_copy(struct arena *a, const uint8_t *der, int size)
{
    assert_true(size > 0);
    return (struct bytes){ arena_copy(a, der, (size_t)size), (size_t)size };
}

#define RIG_DER(a, type, object)                                                                   \
    __extension__({                                                                                \
        uint8_t *der_ = NULL;                                                                      \
        int size_ = i2d_##type(object, &der_);                                                     \
        struct bytes out_ = rig_copy(a, der_, size_);                                              \
        OPENSSL_free(der_);                                                                        \
        out_;                                                                                      \
    })

static time_t rig_time(const struct rig *rig, int hours)
{
    return (time_t)(rig->now.us / 1000000 + (int64_t)hours * RIG_HOUR);
}

static X509_NAME *rig_name(const char *common_name)
{
    X509_NAME *name = X509_NAME_new();

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1,
                               -1, 0);
    return name;
}

struct rig_extension {
    int nid;
    const char *value;
};

static void rig_extend(X509 *cert, X509 *issuer, const struct rig_extension *list)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    for (; list->nid; list++) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, list->nid, list->value);
        assert_non_null(e);
        X509_add_ext(cert, e, -1);
        X509_EXTENSION_free(e);
    }
}

static X509 *rig_certificate(const struct rig *rig, const char *name, EVP_PKEY *key, X509 *issuer,
                             int from, const struct rig_extension *extensions)
{
    X509 *cert = X509_new();
    X509_NAME *subject = rig_name(name);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 4711);
    X509_set_subject_name(cert, subject);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
    ASN1_TIME_set(X509_getm_notBefore(cert), rig_time(rig, from));
    ASN1_TIME_set(X509_getm_notAfter(cert), rig_time(rig, 50000));
    X509_set_pubkey(cert, key);
    rig_extend(cert, issuer ? issuer : cert, extensions);
    assert_true(X509_sign(cert, rig->key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    return cert;
}

/* ---- whom it lets sign */

static void rig_make_delegates(struct rig *rig, struct arena *a)
{
    for (enum rig_delegate i = 0; i < RIG_DELEGATES; i++) {
        const struct rig_extension extensions[] = {
            { NID_key_usage, i == RIG_USAGE ? "critical,digitalSignature,keyAgreement"
                                            : "critical,digitalSignature" },
            { NID_ext_key_usage, i == RIG_PURPOSE ? "OCSPSigning,serverAuth" : "OCSPSigning" },
            { i == RIG_CHECKED ? 0 : NID_id_pkix_OCSP_noCheck, "" },
            { 0 }
        };
        X509 *issuer = i == RIG_STRANGER ? rig->other : rig->ca;
        rig->delegates[i] = rig_certificate(rig, "Status", rig->delegate_key, issuer,
                                            i == RIG_EARLY ? 1 : -1000, extensions);
        rig->delegate[i] = RIG_DER(a, X509, rig->delegates[i]);
    }
}

static void rig_make_authority(struct rig *rig, struct arena *a)
{
    static const struct rig_extension extensions[] = {
        { NID_basic_constraints, "critical,CA:TRUE" }, { NID_subject_key_identifier, "hash" }, { 0 }
    };
    struct fault f = { 0 };

    rig->key = EVP_EC_gen("P-256");
    rig->delegate_key = EVP_EC_gen("P-384");
    rig->ca = rig_certificate(rig, "Authority", rig->key, NULL, -10000, extensions);
    rig->other = rig_certificate(rig, "Another", rig->key, NULL, -10000, extensions);
    assert_true(status_issuer_read(RIG_DER(a, X509, rig->ca), &rig->issuer, &f));
}

/* ---- CRLs */

static void rig_revoke(const struct rig *rig, X509_CRL *crl, int serial, int hours, int reason)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    ASN1_TIME *at = ASN1_TIME_set(NULL, rig_time(rig, hours));
    ASN1_ENUMERATED *why = ASN1_ENUMERATED_new();

    ASN1_INTEGER_set(number, serial);
    ASN1_ENUMERATED_set(why, reason);
    X509_REVOKED_set_serialNumber(entry, number);
    X509_REVOKED_set_revocationDate(entry, at);
    X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, why, 0, 0);
    X509_CRL_add0_revoked(crl, entry);
    ASN1_ENUMERATED_free(why);
    ASN1_TIME_free(at);
    ASN1_INTEGER_free(number);
}

static void rig_crl_extend(const struct rig *rig, X509_CRL *crl, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, rig->ca, NULL, NULL, crl, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    X509_CRL_add_ext(crl, e, -1);
    X509_EXTENSION_free(e);
}

static void rig_make_crl(struct rig *rig, struct arena *a, enum rig_crl which)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, rig_time(rig, -1)),
              *till = ASN1_TIME_set(NULL, rig_time(rig, 167));
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    struct fault f = { 0 };

    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(rig->ca));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, till);
    rig_revoke(rig, crl, RIG_LISTED, -30, 1);
    rig_revoke(rig, crl, RIG_LISTED + 0x10, -20, 4);
    rig_revoke(rig, crl, RIG_LISTED + 0x20, -10, 9);
    rig_crl_extend(rig, crl, NID_authority_key_identifier, "keyid:always");
    ASN1_INTEGER_set(number, 5);
    X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0);
    if (which == RIG_LEAF)
        rig_crl_extend(rig, crl, NID_issuing_distribution_point,
                       "critical,fullname:URI:" RIG_URL ",onlyuser:TRUE");
    assert_true(X509_CRL_sign(crl, rig->key, EVP_sha256()) > 0);
    rig->crl_der[which] = RIG_DER(a, X509_CRL, crl);
    assert_true(crl_split(rig->crl_der[which], &rig->crl[which], &f));
    ASN1_INTEGER_free(number);
    ASN1_TIME_free(from);
    ASN1_TIME_free(till);
    X509_CRL_free(crl);
}

/* ---- OCSP responses */

static void rig_answer(const struct rig *rig, OCSP_BASICRESP *basic, enum rig_ocsp which)
{
    static const struct {
        int serial, status;
    } of[] = { [RIG_SELF] = { RIG_VALID, V_OCSP_CERTSTATUS_GOOD },
               [RIG_DELEGATE] = { RIG_VALID, V_OCSP_CERTSTATUS_GOOD },
               [RIG_REVOKED] = { RIG_LISTED, V_OCSP_CERTSTATUS_REVOKED },
               [RIG_UNKNOWN] = { RIG_NOBODYS, V_OCSP_CERTSTATUS_UNKNOWN } };
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, rig_time(rig, -1)),
              *till = ASN1_TIME_set(NULL, rig_time(rig, 167)),
              *revoked = ASN1_TIME_set(NULL, rig_time(rig, -30));

    ASN1_INTEGER_set(serial, of[which].serial);
    OCSP_CERTID *id = OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(rig->ca),
                                       X509_get0_pubkey_bitstr(rig->ca), serial);
    assert_non_null(OCSP_basic_add1_status(basic, id, of[which].status,
                                           OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked, from, till));
    OCSP_CERTID_free(id);
    ASN1_INTEGER_free(serial);
    ASN1_TIME_free(from);
    ASN1_TIME_free(till);
    ASN1_TIME_free(revoked);
}

static void rig_make_ocsp(struct rig *rig, struct arena *a, enum rig_ocsp which)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool self = which != RIG_DELEGATE;
    struct fault f = { 0 };

    rig_answer(rig, basic, which);
    assert_true(OCSP_basic_sign(
        basic, self ? rig->ca : rig->delegates[RIG_GOOD], self ? rig->key : rig->delegate_key,
        self ? EVP_sha256() : EVP_sha384(), NULL, OCSP_RESPID_KEY | (self ? OCSP_NOCERTS : 0U)));
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    rig->ocsp_der[which] = RIG_DER(a, OCSP_RESPONSE, response);
    assert_true(ocsp_split(rig->ocsp_der[which], &rig->ocsp[which], &f));
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
}

/* All of it lives in the arena but for the OpenSSL objects, which rig_close() frees. */
static void rig_open(struct rig *rig, struct arena *a)
{
    *rig = (struct rig){ 0 };
    assert_true(instant_read("2027-03-16T12:00:00Z", &rig->now));
    rig_make_authority(rig, a);
    rig_make_delegates(rig, a);
    for (enum rig_crl i = 0; i < RIG_CRLS; i++)
        rig_make_crl(rig, a, i);
    for (enum rig_ocsp i = 0; i < RIG_OCSPS; i++)
        rig_make_ocsp(rig, a, i);
}

static void rig_close(struct rig *rig)
{
    for (enum rig_delegate i = 0; i < RIG_DELEGATES; i++)
        X509_free(rig->delegates[i]);
    X509_free(rig->ca);
    X509_free(rig->other);
    EVP_PKEY_free(rig->key);
    EVP_PKEY_free(rig->delegate_key);
}

#endif
