/* method - what the methods share: a probe under way. Only for probe.c and methods/.
 *
 * A method prepares its questions, either all with probe_look() or all with probe_file(), and sends
 * them with probe_ask(). All that comes after runs on one thread, the resolver's or the fetcher's:
 * the judge of each look says what came of it, with
 * look_outcome(), or that it is the proof, with probe_prove(). The first proof ends the probe for
 * its owner; its memory lives until the last look is back.
 */
#ifndef LOOK_METHOD_H
#define LOOK_METHOD_H

#include "look/probe.h"
#include "look/rdata.h"

enum { PROBE_LOOKS_MAX = 3 };

struct look {
    struct resolver_ask ask; /* of DNS, */
    const char *url;         /* or, unless NULL, of a web server */
    struct probe *probe;
    void (*judge)(struct look *look, const struct resolver_answer *answer);
    void (*judge_file)(struct look *look, const struct fetch_answer *answer);
    const char *outcome; /* in words; NULL: still under way */
    DcvLook *seen;       /* what came of it, as it is kept; NULL: still under way */
    struct instant at;   /* when it was asked */
    struct tick begun;
    bool asked;
    bool silent; /* the name servers did not answer in time */
};

struct probe {
    struct arena arena;
    const struct prober *prober;
    struct probe_request request;
    struct probe_result result;
    DcvProof proof;
    Instant at, token_made;
    struct look looks[PROBE_LOOKS_MAX];
    size_t count, pending;
    bool ended; /* its owner knows */
    void (*done)(void *context, const struct probe_result *result);
    void *context;
};

struct method {
    DcvMethod__Value id;
    void (*start)(struct probe *p);
};

extern const struct method method_dns_txt, method_dns_cname, method_http_token;

/* One question more. */
void probe_look(struct probe *p, int type,
                void (*judge)(struct look *look, const struct resolver_answer *answer),
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One file more. */
void probe_file(struct probe *p,
                void (*judge)(struct look *look, const struct fetch_answer *answer),
                const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sends what was not sent yet. */
void probe_ask(struct probe *p);

/* Are there records to judge? If not, the outcome is said. */
bool look_has_records(struct look *look, const struct resolver_answer *answer);

void look_outcome(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes which record speaks for the domain; it is not the end yet. `shown` as rdata_show() has it.
 */
void probe_note(struct look *look, const struct resolver_answer *answer, const char *shown);

/* What was noted proves it: the owner is told. */
void probe_prove(struct probe *p);

/* Does the text hold what is wanted in the way of the method, or an AuthKey request token that is good now? */
bool probe_holds(struct probe *p, struct bytes text);
bool probe_holds_token(struct probe *p, struct bytes text);

#endif
