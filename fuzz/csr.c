/* A certificate request as DER: what is read lies inside it, and what is accepted with its
 * signature OpenSSL accepts too. */
#include <assert.h>
#include <openssl/x509.h>
#include <string.h>

#include "pki/ber.h"
#include "pki/csr.h"
#include "pki/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct bytes part, struct bytes whole)
{
    assert(part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void check_form(const struct csr *csr)
{
    struct key again;
    struct fault f = { 0 };

    check_inside(csr->tbs, csr->der);
    check_inside(csr->signature, csr->der);
    check_inside(csr->subject, csr->tbs);
    check_inside(csr->attributes, csr->tbs);
    check_inside(csr->key.spki, csr->tbs);
    assert(key_read(csr->key.spki, &again, &f, "") && again.type == csr->key.type);
    assert(csr->key.bits >= 0);
}

static void check_names(const struct csr *csr)
{
    struct csr_names found;
    struct fault f = { 0 };
    struct arena a;

    arena_init(&a);
    if (csr_names(&a, csr, &found, &f))
        for (size_t i = 0; i < found.count; i++)
            assert(strlen(found.names[i]) < csr->der.size);
    else
        assert(f.code == FAULT_CSR);
    arena_free(&a);
}

static void check_with_openssl(struct bytes der)
{
    const unsigned char *p = der.data;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)der.size);

    assert(req && p == der.data + der.size);
    assert(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)) == 1);
    X509_REQ_free(req);
}

/* What BER becomes is one value of DER, and is left alone when it is read again. */
static void check_ber(struct bytes given)
{
    struct bytes der, again;
    struct der all;
    struct arena a;

    arena_init(&a);
    if (ber_to_der(&a, given, &der)) {
        all = der_open(der);
        assert(der.size <= 2 * given.size && der_next(&all, NULL, NULL, NULL) && der_done(&all));
        assert(ber_to_der(&a, der, &again) && bytes_equal(der, again));
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes der = { data, size };
    struct csr csr;
    struct fault f = { 0 };

    check_ber(der);
    if (!csr_read_form(der, &csr, &f)) {
        assert(f.code == FAULT_CSR && f.detail[0] && strcmp(f.field, "certificate.csr") == 0);
        return 0;
    }
    check_form(&csr);
    check_names(&csr);
    if (csr_read(der, (struct csr_rules){ .sha1 = true }, &csr, &f))
        check_with_openssl(der);
    return 0;
}
