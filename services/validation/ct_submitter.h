/* ct_submitter - shows certificates to logs over HTTPS (RFC 6962 4.1): one loop (net/transfers.h), hundreds of submissions.
 *
 * Where a log is stands in the policy; all the same each address passes the guard (net/guard.h). TLS is always verified.
 * Redirects are not followed, and of an answer no more than SUBMISSION_ANSWER_MAX is read. No log holds up another, and
 * accounts take turns. Each end of a submission is told to ct_health.h, with the time that the log asks for.
 *
 * Threads. What owners are called back with runs on the loop's thread, one at a time, and must not block; they submit there
 * alone. Whoever is elsewhere comes there by an errand.
 */
#ifndef VALIDATION_CT_SUBMITTER_H
#define VALIDATION_CT_SUBMITTER_H

#include "ct_health.h"
#include "net/transfers.h"

enum { SUBMISSION_ANSWER_MAX = 8192 };

struct ct_submitter_options {
    struct guard guard;
    const char *ca_file;  /* PEM, trusted beside the system's roots; "": none; not copied */
    struct duration slow; /* after so long another log is to be asked */
    int in_flight;        /* submissions at once; 0: 256 */
    int per_account;      /* in flight; 0: a quarter of them */
    int per_log;          /* in flight; 0: 64 */
};

struct ct_submitter;

struct ct_submitter *ct_submitter_start(const struct ct_submitter_options *options,
                                        struct fault *f);
/* What is under way is over as CT_STOPPED soon, and so is what comes. NULL allowed. */
void ct_submitter_cut(struct ct_submitter *s);
/* Once no errand is posted any more. NULL allowed. */
void ct_submitter_stop(struct ct_submitter *s);

/* Something to do on the loop's thread. */
struct ct_loop_item {
    struct transfer transfer;
    bool is_submission;
};

struct ct_errand {
    struct ct_loop_item base;
    void (*run)(struct ct_errand *e); /* once */
};

/* Any thread; never waits. */
void ct_submitter_call(struct ct_submitter *s, struct ct_errand *e);

struct ct_answer {
    enum ct_outcome outcome;
    char reason[CT_REASON_SIZE]; /* in the log's name: "answers 503" */
};

/* What its owner is told, until he forgets it. */
struct ct_owner {
    /* The body of a 200: a promise unless `out` is told otherwise. */
    void (*read)(void *context, const struct ct_log *log, struct bytes body, struct ct_answer *out);
    void (*slow)(void *context, const struct ct_log *log);
    void (*done)(void *context, const struct ct_log *log,
                 const struct ct_answer *answer); /* the last word */
    void *context;
};

struct ct_post {
    const char *path;  /* after the log's URL: "ct/v1/add-pre-chain" */
    struct bytes body; /* copied */
    int64_t account_id;
    struct tick deadline; /* it is over by then */
};

struct ct_submission;

/* After ct_health_ask() said yes. */
struct ct_submission *ct_submit(struct ct_submitter *s, const struct ct_asked *asked,
                                const struct ct_post *post, const struct ct_owner *owner);
/* It goes on, and its owner is not called back any more. */
void ct_submission_forget(struct ct_submission *s);

#endif
