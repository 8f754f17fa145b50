/* redirect - what a web server may do with us, by the rules of BR 3.2.2.4.18 and .19: where it may
 * send us, and what it must say. No look-ups, no connections: text in, answer out (fuzz/redirect.c).
 */
#ifndef LOOK_REDIRECT_H
#define LOOK_REDIRECT_H

#include "base/text.h"
#include "net/guard.h"
#include "validation.pb-c.h"

enum { WEB_STATUSES_MAX = 8, WEB_PORTS_MAX = 8, WEB_REDIRECTS_MAX = 10, WEB_BODY_MAX = 65536 };

/* What policy says on the day. */
struct web_rules {
    int64_t statuses[WEB_STATUSES_MAX]; /* of the redirects that are followed; 0 ends the list */
    int64_t ports[WEB_PORTS_MAX];       /* that may be asked; 0 ends the list */
    int64_t redirects;                  /* followed one after the other, at most */
    int64_t bytes;                      /* of the last body that are read */
};

/* False when a rule is missing or cannot be used. */
bool web_rules_read(const WebRules *texts, struct web_rules *out);

bool web_follows(const struct web_rules *rules, int status);

/* May this be asked for? Checks the text alone: guard_url(), and the port by the rules. The fault's
 * detail is for the customer: "must ...", "has ...". */
bool web_url(const struct web_rules *rules, const struct guard *g, const char *url,
             struct guarded_url *out, struct fault *f);

/* Where `location`, in the answer to `base`, leads (RFC 3986 section 5.2, RFC 9110 10.2.2), if that
 * may be asked for. `base` has passed web_url(). */
bool redirect_resolve(const struct web_rules *rules, const struct guard *g, const char *base,
                      const char *location, struct guarded_url *out, struct fault *f);

#endif
