/* limit - how many requests an API key, or a network address, may make: a short and a long window,
 * each a token bucket.
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
    struct limit_window windows[LIMIT_WINDOWS]; /* without requests: not limited */
    struct secret redis;                        /* "": none */
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

/* One request by call->actor.api_key_id. When it is too many: FAULT_RATE, with Retry-After,
 * RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers) set on the answer. */
bool limit_take(struct limits *l, struct call *call);

/* The same by the network of call->actor.ip: a host, or what one customer of a provider has of
 * IPv6, a /64 (RFC 6177). */
bool limit_take_address(struct limits *l, struct call *call);
/* That request should not have counted. */
void limit_return_address(struct limits *l, const struct call *call);

#endif
