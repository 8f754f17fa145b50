/* leaf - the bytes of a TLS certificate before they are signed.
 *
 * What is the same for all certificates of a profile, its option, an authority and a hash is encoded once, in a
 * template; building a leaf is copying that around what is its own.
 */
#ifndef X509_LEAF_H
#define X509_LEAF_H

#include "pki/identifier.h"
#include "pki/key.h"
#include "product.pb-c.h"
#include "x509/algorithm.h"
#include "x509/ca.h"
#include "x509/serial.h"
#include "x509/subject.h"

struct leaf_template;

/* `option` is one of the profile's or NULL. `status` replaces {status} in the profile's URLs, the
 * authority's name {ca}; {shard} in that of the CRL is each leaf's own. The authority must outlive the
 * template, the profile need not. NULL with FAULT_INVALID for a profile that makes no
 * sense, or when the authority's key cannot sign with that hash. */
struct leaf_template *leaf_template_new(const Profile *profile, const ProfileOption *option,
                                        const struct ca *ca, const char *hash_name,
                                        const char *status, struct fault *f);
void leaf_template_free(struct leaf_template *template); /* NULL allowed */

const struct sign_algorithm *leaf_template_algorithm(const struct leaf_template *template);
const struct ca *leaf_template_ca(const struct leaf_template *template);

struct leaf_request {
    const struct identifier *names; /* in this order */
    size_t name_count;
    /* In any order. The common name is one of the names, left out where the profile does not want it
     * or it is too long. */
    const struct subject_attribute *subject;
    size_t subject_count;
    const struct key *key; /* of a request that was checked */
    struct bytes serial;   /* big-endian, positive, at most 20 bytes with its sign */
    struct instant not_before, not_after;
};

/* The TBSCertificate's DER, in the arena. */
bool leaf_build(const struct leaf_template *template, const struct leaf_request *request,
                struct arena *a, struct bytes *tbs, struct fault *f);

#endif
