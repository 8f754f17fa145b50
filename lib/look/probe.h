/* probe - looks for the proof of one domain by one method: the way to every method there is.
 *
 * A method that is looked for is a file in methods/; `methods` in probe.c names them all. What each is,
 * pki/dcv_methods.def says.
 */
#ifndef LOOK_PROBE_H
#define LOOK_PROBE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "look/fetch.h"
#include "look/resolver.h"
#include "pki/dcv_method.h"
#include "validation.pb-c.h"

/* NULL: nothing is looked for by this method, or it is not known. */
const struct dcv_method *probe_method(DcvMethod__Value id);

/* What the probes of a process share. */
struct prober {
    struct resolver *resolver;
    struct fetcher *fetcher;
    const char *perspective;  /* name of this point of view, for the evidence */
    const char *cname_target; /* "dcv.chancery.example" */
};

/* What proves a name: a text that stands where the method looks, in the way that the method's row says; or,
 * where that is NULL, a request token: one that somebody else has found, or any that was made with an account's
 * AuthKey for one CSR. */
struct probe_wanted {
    const char *text;  /* of VALUE_LEAST letters or more */
    const char *token; /* of as many */
    struct secret auth_key;
    struct bytes csr; /* DER */
    struct duration token_life;

    /* From then on it proves nothing (BR 3.2.2.4.7: after 30 days). Rounds look at it, probes do not. */
    struct instant until;
};

struct probe_request {
    int64_t account_id;              /* whose turns it takes */
    const struct dcv_method *method; /* of probe_method() */
    const char *domain;              /* authorization domain name: A-labels, lower case, no "*." */
    struct probe_wanted wanted;
    struct web_rules web; /* where the method's transport is the web */
    struct tick deadline;
};

struct probe_result {
    bool found;
    bool failed;       /* not found, but some look-up failed: it may be there */
    bool heard;        /* the name servers have answered something that can be used */
    bool silent;       /* none was, though they were asked: they did not answer in time */
    char reason[800];  /* for the customer, when it was not found */
    const char *proof; /* DcvProof as JSON */
    const char *token; /* the request token that was found; NULL: none was wanted */
    struct instant at;
};

/* Copies the request. `done` is called once, by the deadline, on the thread that the method's looks
 * come back on (the resolver's, or the fetcher's: for one method always the same); it must not
 * block, and `result` is valid only inside. From any thread. */
void probe_start(const struct prober *prober, const struct probe_request *request,
                 void (*done)(void *context, const struct probe_result *result), void *context);

#endif
