/* ignored - what a client says that means nothing here.
 *
 * The published API leaves unknown parameters, filters, keys to sort by and members of a body out, and so
 * do we; but who misspells a filter gets a list that looks right, and who misspells a member a certificate
 * without it. So the answer names what was left out, with the known word that is nearest, if one is near:
 *
 *     Ignored-Parameters: filters[statuss] (status?), sort=colour
 *     Ignored-Members: certificate.dns_name (dns_names?), csr (certificate.csr?)
 *
 * A client that says Prefer: handling=strict (RFC 7240 section 4.4) is refused instead, and told what
 * there is. So is every client of a call that is our own: none was written for anything else.
 */
#ifndef GATEWAY_IGNORED_H
#define GATEWAY_IGNORED_H

#include "bus/call.h"

#define IGNORED_PARAMETERS "Ignored-Parameters"
#define IGNORED_MEMBERS    "Ignored-Members"

struct ignored {
    const char *header;       /* one of these; NULL: of parameters */
    const char *field;        /* of the fault: "filters.statuss", "sort" */
    const char *name;         /* "filters[statuss]", "sort=colour" */
    const char *const *known; /* what might have been meant, written like that */
    size_t count;
};

/* Once for a call, before anything is added. */
void ignored_begin(struct call *call);

/* False and FAULT_INVALID when the client wants to be refused. */
bool ignored_add(struct call *call, const struct ignored *what);

/* Does one of the values of the header Prefer, which are given one by one, ask for it? The first
 * preference of a name counts (RFC 7240 section 2): -1 when `value` says nothing of it. */
int ignored_is_strict(const char *value);

#endif
