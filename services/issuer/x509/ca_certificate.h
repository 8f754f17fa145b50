/* ca_certificate - the bytes of a certification authority's certificate before they are signed
 * (TLS BR 7.1.2.1 for roots, 7.1.2.6 for those below).
 */
#ifndef X509_CA_CERTIFICATE_H
#define X509_CA_CERTIFICATE_H

#include "x509/algorithm.h"
#include "x509/ca.h"

struct ca_request {
    const char *country, *organization, *common_name;
    struct bytes spki;
    const struct ca *issuer; /* NULL: a root, which signs itself */
    struct bytes serial;
    struct instant not_before, not_after;
    char *const *policy_oids; /* the rest is for those below a root */
    size_t policy_count;
    char *const *purposes;
    size_t purpose_count;
    const char *ocsp_url, *ca_issuers_url, *crl_url; /* as they stand in it; or NULL */
};

/* `algorithm` is the issuer's. */
bool ca_certificate_build(const struct ca_request *request, const struct sign_algorithm *algorithm,
                          struct arena *a, struct bytes *tbs, struct fault *f);

#endif
