/* validation - what the parts of this process share: opened before the first piece of work, closed
 * after the last.
 */
#ifndef VALIDATION_VALIDATION_H
#define VALIDATION_VALIDATION_H

#include "ct_submitter.h"
#include "look/probe.h"
#include "perspectives.h"
#include "pki/seal.h"
#include "service/service.h"
#include "store/committer.h"

/* What whoever looks is told: the primary and each other point of view. */
struct look_settings {
    const char *anchor, *hints;
    const char *perspective; /* its own name */
    struct duration cache;
    bool loopback, web_loopback;
};

// clang-format off
#define LOOK_SETTINGS(struct_, member_)                                                                                            \
    CONFIG(struct_, member_.anchor,       "DNS_ANCHOR",   "/usr/share/dns/root.key", "file with the trust anchor of the DNS root (DS or DNSKEY)"), \
    CONFIG(struct_, member_.hints,        "DNS_HINTS",    "",   "file with the addresses of the DNS root servers; empty: the public ones"), \
    CONFIG(struct_, member_.cache,        "DNS_CACHE",    "5s", "how long a DNS answer may be used again", "0s", "8h"),                \
    CONFIG(struct_, member_.loopback,     "DNS_LOOPBACK", "no", "name servers may have addresses that are not public: for tests"),   \
    CONFIG(struct_, member_.web_loopback, "WEB_LOOPBACK", "no", "web servers that files are asked of may be on this host: for tests")
// clang-format on

/* How precertificates are shown to logs. */
struct logs_settings {
    const char *ca_file;
    struct duration slow;
    bool loopback;
};

struct validation_settings {
    struct look_settings look;
    struct logs_settings logs;
    const char *cname_target, *seal_key, *perspectives, *place;
    struct duration timeout, lease;
    int workers;
};

struct validation {
    struct service_run *run; /* NULL: nobody is told of jobs */
    struct prober prober;
    struct perspectives perspectives;
    struct committer *committer;
    struct seal_key *seal;
    struct ct_submitter *submitter;
    struct duration timeout; /* of one round of look-ups, or with logs */
};

extern struct validation validation;

/* The part of it that looks: all that a process has that is only a point of view. */
bool look_open(const struct look_settings *s, struct fault *f);
/* As validation_close(), of what nothing else waits for. */
void look_close(struct duration wait);

bool validation_open(const struct validation_settings *s, const struct store_options *store,
                     struct fault *f);

/* What is under way may go on for `wait`, then its look-ups are interrupted; returns when all of it
 * is over. The lanes still run: they finish what ends here. */
void validation_close(struct duration wait);

/* When look-ups, or a round with logs, that begin now are over at the latest: `margin` before the caller (NULL: none) goes
 * away. */
struct tick validation_deadline(const struct call *caller, struct duration margin);

Instant *instant_of(struct arena *a, struct instant at);

#endif
