/* probe - looks for the proof of one domain by one method: the way to every method there is.
 *
 * A method is a file in methods/ that ends in its row; `methods` in probe.c names them all.
 */
#ifndef VALIDATION_PROBE_H
#define VALIDATION_PROBE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/text.h"
#include "fetch.h"
#include "resolver.h"
#include "validation.pb-c.h"

struct probe;

struct method {
    DcvMethod__Value id;
    const char *kind;    /* of what it proves: dns */
    const char *section; /* of the TLS Baseline Requirements, whole, as the rules name it */
    bool sub_domains;    /* what is proved serves longer names and wildcards too */
    bool request_token;  /* may be proved by an AuthKey request token */
    bool web;            /* needs the rules for web servers */
    void (*start)(struct probe *p);
};

/* NULL: there is no such method here. */
const struct method *method_find(DcvMethod__Value id);

/* What the probes of a process share. */
struct prober {
    struct resolver *resolver;
    struct fetcher *fetcher;
    const char *perspective;  /* name of this point of view, for the evidence */
    const char *cname_target; /* "dcv.chancery.example" */
};

struct probe_request {
    int64_t account_id; /* whose turns it takes */
    const struct method *method;
    const char *domain; /* authorization domain name: A-labels, lower case, no "*." */
    /* Either a random value: */
    const char *random_value;
    /* or what makes a request token: */
    struct secret auth_key;
    struct bytes csr; /* DER */
    struct duration token_life;

    struct web_rules web; /* where the method says so */
    struct tick deadline;
};

struct probe_result {
    bool found;
    bool failed;       /* not found, but some look-up failed: it may be there */
    bool heard;        /* the name servers have answered something that can be used */
    bool silent;       /* none was, though they were asked: they did not answer in time */
    char reason[800];  /* for the customer, when it was not found */
    const char *proof; /* DcvProof as JSON */
    struct instant at;
};

/* Copies the request. `done` is called once, by the deadline, on the thread that the method's looks
 * come back on (the resolver's, or the fetcher's: for one method always the same); it must not
 * block, and `result` is valid only inside. From any thread. */
void probe_start(const struct prober *prober, const struct probe_request *request,
                 void (*done)(void *context, const struct probe_result *result), void *context);

#endif
