/* approvals - the page behind the link in a mail that asks for an approval (TLS BR 3.2.2.4.4).
 *
 * It is for people: no key, HTML, and what it does is decided by validation, which alone can tell
 * whether the value in the path was ever mailed. GET only shows: programs that scan mail follow
 * links. The path is a secret, so nobody logs it, and the page refers nobody.
 */
#ifndef API_APPROVALS_H
#define API_APPROVALS_H

#include "email.pb-c.h"
#include "limit.h"
#include "route.h"

extern ApprovalPages_Service approval_pages_service;
extern const struct route *const approval_tables[];

/* Of the family; `limits` counts by the address of the caller. */
bool approvals_admit(struct call *call, const struct route *route, void *limits);
void approvals_dress(struct call *call, const struct http_answer *out);
void approvals_shape_fault(struct call *call, const struct fault *f, struct http_answer *out);

#endif
