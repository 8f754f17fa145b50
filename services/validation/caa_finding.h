/* caa_finding - what was seen of a name's CAA records, as the row of `caa_check` that it becomes. */
#ifndef VALIDATION_CAA_FINDING_H
#define VALIDATION_CAA_FINDING_H

#include "caa.pb-c.h"
#include "look/caa.h"
#include "look/caa_verdict.h"

/* Letters of the methods that are kept of what records permit (CaaCheck.methods), without the braces. */
enum { CAA_METHODS_MOST = 1000 };

/* False: the rules name no issuer domain names. In `a`, as all that is given here. */
bool caa_terms_read(struct arena *a, const CaaRules *rules, int64_t account_id,
                    struct caa_terms *out);

/* NULL: it was not looked at, for a reason of our own, which is no fact. */
CaaCheck *caa_finding(struct arena *a, const struct caa_seen *seen, const struct caa_terms *terms,
                      struct instant at, const char *perspective);

/* Does a result of a check ("permitted") let a certificate be issued, by the rules of its day? */
bool caa_permits(const char *result, const CaaRules *rules);

/* Some look-up failed, so that another may find more. */
bool caa_has_failed(const struct caa_seen *seen);

#endif
