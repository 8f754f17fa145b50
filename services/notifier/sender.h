/* sender - sends HTTP requests to strangers: one loop (net/transfers.h), hundreds of requests.
 *
 * Each target passes the guard (net/guard.h). TLS is always verified. Redirects are not followed.
 * No account and no host can starve the others: a host has at most `per_host` requests in flight and
 * `waiting_per_host` behind them, an account `per_account` of either kind, and all take turns.
 * An answer counts from the moment its headers are there; of its body only the first 8 KB are read.
 */
#ifndef NOTIFIER_SENDER_H
#define NOTIFIER_SENDER_H

#include "base/clock.h"
#include "base/text.h"
#include "net/guard.h"

enum { SENDER_BODY_MAX = 8192, POST_REASON_SIZE = 200, POST_RETRY_AFTER_SIZE = 64 };

struct sender_options {
    struct guard guard;
    const char *ca_file;     /* PEM, trusted beside the system's roots; NULL: none; not copied */
    struct duration timeout; /* of one request, from the look-up of the name; 0: 20 s */
    int in_flight;           /* requests at once; 0: 200 */
    int per_account;         /* in flight or waiting; 0: a quarter of them */
    int per_host;            /* of them to one host and port; 0: 8 */
    int waiting_per_host;    /* behind those; 0: 64 */
};

struct sender;

struct sender *sender_start(const struct sender_options *options, struct fault *f);

/* Requests in flight get `grace` to end; then everything left is called back with POST_STOPPED.
 * Returns when no callback will come any more. NULL allowed. */
void sender_stop(struct sender *s, struct duration grace);

struct post {
    const char *url;
    const char *const *headers; /* "Name: value", NULL at the end; no control characters */
    struct bytes body;
    struct tick answer_by; /* POST_BUSY when its turn would come too late for that; 0: it waits */
    int64_t account_id;    /* whose it is */
};

enum post_outcome {
    POST_ANSWERED, /* `status` holds the answer */
    POST_FAILED,   /* tried, without an answer */
    POST_REFUSED,  /* the guard says no, to the URL or to every address of its host */
    POST_BUSY,    /* not tried: its host has too many waiting, or others had its turns; come back in
                      a few seconds */
    POST_SHARE,   /* not tried: its account has its share; the same */
    POST_FULL,    /* not tried: all together have too many (for who does not wait) */
    POST_STOPPED, /* the sender was stopped: tried or not */
};

/* Why there was no answer. */
enum post_failure {
    POST_NO_ANSWER,
    POST_NO_NAME,       /* the host's name has no address */
    POST_NO_CONNECTION, /* refused, or out of reach */
    POST_LATE,
    POST_NO_TLS,
    POST_NOT_TRUSTED, /* its certificate */
};

struct post_result {
    enum post_outcome outcome;
    enum post_failure failure;               /* of POST_FAILED */
    int status;                              /* 200 to 599, or 0 */
    struct instant sent, received;           /* its turn came; the answer was there; or 0 */
    char retry_after[POST_RETRY_AFTER_SIZE]; /* the header as it came; "" when there is none */
    char reason[POST_REASON_SIZE];           /* for the log */
};

/* Copies everything, never waits. `done` is called exactly once, on the sender's thread: it must
 * not block. It may post again, but not in answer to POST_STOPPED. */
void sender_post(struct sender *s, const struct post *post,
                 void (*done)(const struct post_result *result, void *context), void *context);

/* How many more posts make sense now: `in_flight` less those that were not called back yet. */
int sender_room(struct sender *s);

#endif
