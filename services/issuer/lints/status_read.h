/* status_read - a TBSCertList (RFC 5280 5.1.2) and a ResponseData (RFC 6960 4.2.1), read strictly as DER.
 *
 * All of it is walked before anything is told of it: what is no DER, or is not built like that, is refused
 * once, and the walks afterwards only end. Nothing is refused for what it says. All bytes are borrowed.
 */
#ifndef LINTS_STATUS_READ_H
#define LINTS_STATUS_READ_H

#include "base/clock.h"
#include "base/fault.h"
#include "pki/der.h"

struct status_time {
    struct instant at;
    unsigned tag; /* UTCTime or GeneralizedTime; 0: there is none */
};

struct status_extension {
    struct bytes oid;
    bool critical;
    struct bytes value; /* inside the OCTET STRING */
};

/* The content of an Extensions; data and end are NULL where there is none. */
struct status_extensions {
    bool present;
    struct der list;
};

struct crl {
    bool has_version;
    unsigned version;
    struct bytes algorithm, issuer; /* whole */
    struct status_time this_update, next_update;
    bool has_entries; /* the list is there, if empty */
    struct der entries;
    struct status_extensions extensions;
};

struct crl_entry {
    struct bytes serial; /* the INTEGER's content, sign and all */
    struct status_time revoked;
    struct status_extensions extensions;
};

bool crl_read(struct bytes tbs, struct crl *out, struct fault *f);
/* The next entry of a list that was read; false behind the last. */
bool crl_next(struct der *entries, struct crl_entry *out);
/* The entry of that number, its magnitude. */
bool crl_find(const struct crl *crl, struct bytes magnitude, struct crl_entry *out);

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_single {
    struct bytes hash;                /* AlgorithmIdentifier, whole */
    struct bytes name_hash, key_hash; /* of the issuer */
    struct bytes serial;              /* the INTEGER's content, sign and all */
    enum ocsp_status status;
    struct instant revoked;
    bool has_reason;
    struct bytes reason; /* the ENUMERATED's content */
    struct instant this_update;
    bool has_next_update;
    struct instant next_update;
    struct status_extensions extensions;
};

struct ocsp {
    bool has_version;
    unsigned version;
    struct bytes by_name,
        by_key; /* the responder: its Name whole, or the hash of its key; one is empty */
    struct instant produced;
    size_t count;              /* of responses */
    struct ocsp_single single; /* the first */
    struct status_extensions extensions;
};

bool ocsp_read(struct bytes data, struct ocsp *out, struct fault *f);

/* The next extension; false behind the last. */
bool status_extension_next(struct der *list, struct status_extension *out);
/* The first of that OID. */
bool status_extension_find(const struct status_extensions *all, struct bytes oid,
                           struct status_extension *out);

/* Takes Extensions at the cursor, which are walked. */
bool status_extensions_take(struct der *c, struct status_extensions *out);
/* Takes an INTEGER of minimal length (X.690 8.3.2): its content, sign and all. */
bool status_integer_take(struct der *c, struct bytes *content);

#endif
