/* dcv_method - what each method of domain control is, said once for all who ask: a row of
 * dcv_methods.def. Adding a method begins there. Constant, so from any thread.
 */
#ifndef PKI_DCV_METHOD_H
#define PKI_DCV_METHOD_H

#include <stdbool.h>

#include "order.pb-c.h"

/* Whom the proof is asked of: the zone's name servers, a web server, people. */
enum dcv_transport { DCV_DNS, DCV_WEB, DCV_MAIL };

/* How what is wanted must stand in what is found: as a word of it, as all of it, or as all of it but for
 * white space at its end (RFC 8555 section 8.3 ignores that of a file). Request tokens are looked for as
 * words, whatever is said here. */
enum dcv_match { DCV_CONTAINS, DCV_EQUAL, DCV_TRIMMED };

struct dcv_method {
    DcvMethod__Value id;
    const char *kind;    /* of identifier that it proves: dns */
    const char *section; /* of the TLS Baseline Requirements, whole, as the rules name it */
    bool exact; /* at the very name, for no name below and no wildcard (BR 3.2.2.4.18, .19, .20) */
    enum dcv_transport transport;
    enum dcv_match match;
    bool request_token; /* may be proved by an AuthKey request token */
};

/* NULL: none that this release knows. */
const struct dcv_method *dcv_method(DcvMethod__Value id);

/* "dns", as SQL has it. */
const char *dcv_transport_text(enum dcv_transport transport);

#endif
