/* limit - how many requests an API key, an account or a network address may make: a short and a long
 * window, each a token bucket.
 *
 * The buckets are in Redis, for all gateways together; tokens are leased from there in tens, so
 * that most requests need no trip. Without Redis each gateway keeps buckets of its own, a quarter
 * as big.
 */
#ifndef GATEWAY_LIMIT_H
#define GATEWAY_LIMIT_H

#include "base/secret.h"
#include "bus/call.h"

enum { LIMIT_WINDOWS = 2 };

struct limit_window {
    const char *name; /* as the RateLimit fields show it */
    int requests;
    struct duration window;
};

struct limit_options {
    /* Without requests: not limited. Their names also keep the buckets of different things apart. */
    struct limit_window windows[LIMIT_WINDOWS];
    struct secret redis; /* "": none */
    /* NULL: Redis. As cache_lease(). */
    bool (*lease)(void *context, const char *bucket, double rate, int burst, int want,
                  int *granted);
    void *context;
};

/* 100 in 5 seconds, 1000 in 3 minutes. */
#define LIMIT_DEFAULTS                                                                             \
    .windows = { { "burst", 100, { 5000000 } }, { "sustained", 1000, { 180000000 } } }

struct limits;

struct limits *limits_new(const struct limit_options *options, struct fault *f);
void limits_free(struct limits *l); /* NULL allowed */

/* One request by what has this number: limits are of one kind of things, whose numbers differ. When it is
 * too many: FAULT_RATE, with Retry-After, RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers) set on the answer of the call. On any thread that may wait for
 * Redis. */
bool limit_take(struct limits *l, int64_t id, struct call *call);
/* That request should not have counted. */
void limit_return(struct limits *l, int64_t id);

/* The same by whose network call->actor.ip is of: proxy_network_of(). */
bool limit_by_address(struct limits *l, struct call *call);
void limit_return_address(struct limits *l, const struct call *call);

#endif
