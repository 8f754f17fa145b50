/* webhook - what a webhook call looks like, when it counts and when it is tried again.
 *
 * Headers: X-WEBHOOK-KEY with the secret as it was given, and those of Standard Webhooks 1.0
 * (webhook-id, webhook-timestamp, webhook-signature). A secret "whsec_..." only signs: whoever has seen a
 * request cannot sign another (docs/adr/0023). Everything here is a pure function.
 */
#ifndef NOTIFIER_CHANNELS_WEBHOOK_H
#define NOTIFIER_CHANNELS_WEBHOOK_H

#include "base/secret.h"
#include "sender.h"

enum { WEBHOOK_ATTEMPTS = 10, WEBHOOK_WARNINGS = 3 };

struct webhook {
    const char *url;
    struct secret secret; /* text NULL or "": no key and no signature */
    struct secret before; /* signs, too, while a listener may have either; NULL or "": none */
    int64_t account_id;
};

/* Fills in `out`, which borrows `body` and lives in `a`. `id` is derived from the fact that is
 * told, the same for each attempt, so that receivers can drop what they have seen. Fails only where
 * `id` or the secret cannot be a header's value. */
bool webhook_post(struct arena *a, const struct webhook *to, const char *id, struct instant now,
                  struct bytes body, struct post *out, struct fault *f);

/* The signature over id, time and body: "v1," and base64 of HMAC-SHA-256. A secret "whsec_..." is
 * base64 after the underscore; any other, also one that is no base64 there, is taken as it is. */
char *webhook_signature(struct arena *a, struct secret secret, const char *id, struct instant now,
                        struct bytes body);

/* What follows from an attempt. */
enum webhook_next {
    WEBHOOK_AGAIN,  /* it is tried again, in its time */
    WEBHOOK_TAKEN,  /* delivered: any 2xx, and nothing else */
    WEBHOOK_OUTAGE, /* again: any other message would have met the same, so all wait for its end */
    WEBHOOK_NEVER,  /* this message will never be taken, others may be */
    WEBHOOK_GONE,   /* the endpoint wants nothing any more: the webhook is switched off */
};

enum webhook_next webhook_next(const struct post_result *r);

/* What the endpoint did, for its owner: "answered with status 404". It names no address. */
char *webhook_cause(struct arena *a, const struct post_result *r);

/* The same in a word, for counting: "name", "refused", "time_out", "tls", "certificate", "blocked_address",
 * "no_answer", "redirect", "status_4xx"... NULL: it was taken, or not tried. An answer's body never matters:
 * what counts is its head. */
const char *webhook_failure(const struct post_result *r);

/* When to try again after `attempt` attempts (1 after the first); false when there were enough.
 * Delays have 20 % of jitter, drawn from `random`. `retry_after` is the header (seconds or an HTTP
 * date) or "": it can only delay, and by one day at most. */
bool webhook_next_attempt(int attempt, const char *retry_after, struct instant now, uint32_t random,
                          struct instant *next);

/* An endpoint that has answered nothing but failures since then (0 us: that works). How many
 * warnings its owner should have had by now; and whether it is time to disable it. */
int webhook_warnings_due(struct instant failing_since, struct instant now);
bool webhook_is_dead(struct instant failing_since, struct instant now);

#endif
