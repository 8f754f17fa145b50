/* validation - what the parts of this process share: opened before the first piece of work, closed
 * after the last.
 */
#ifndef VALIDATION_VALIDATION_H
#define VALIDATION_VALIDATION_H

#include "look/probe.h"
#include "pki/seal.h"
#include "service/service.h"
#include "store/committer.h"

struct validation_settings {
    const char *anchor, *hints, *cname_target, *seal_key, *perspective;
    struct duration cache, timeout, lease;
    bool loopback, web_loopback;
    int workers;
};

struct validation {
    struct service_run *run; /* NULL: nobody is told of jobs */
    struct prober prober;
    struct committer *committer;
    struct seal_key *seal;
    struct duration timeout; /* of one round of look-ups */
};

extern struct validation validation;

bool validation_open(const struct validation_settings *s, const struct store_options *store,
                     struct fault *f);

/* What is under way may go on for `wait`, then its look-ups are interrupted; returns when all of it
 * is over. The lanes still run: they finish what ends here. */
void validation_close(struct duration wait);

/* When look-ups that begin now are over at the latest: `margin` before the caller (NULL: none) goes
 * away. */
struct tick validation_deadline(const struct call *caller, struct duration margin);

Instant *instant_of(struct arena *a, struct instant at);

#endif
