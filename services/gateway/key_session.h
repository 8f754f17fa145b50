/* key_session - the caller behind the API key of a request: recognises keys, and yields a caller.
 *
 * Keys are stored and looked up as SHA-256 of their text. What was found is believed for a few
 * seconds, so a key that was revoked by way of another gateway works that much longer; what was not
 * found for a shorter time. What this gateway changes, it forgets at once.
 *
 * Who tries keys is stopped before the database is asked; whoever has had a good key goes on.
 */
#ifndef GATEWAY_KEY_SESSION_H
#define GATEWAY_KEY_SESSION_H

#include "account.pb-c.h"
#include "key_uses.h"
#include "limit.h"
#include "role.h"
#include "route.h"

struct key_session_options {
    const struct roles *roles;
    struct limits *limits;   /* of requests by a key; NULL: none */
    struct limits *accounts; /* of requests by all keys of an account; NULL: none */
    struct limits *strange;  /* of requests by keys that are not known, by address; NULL: none */
    struct key_uses *uses;   /* NULL: nobody asks when a key was used */
    struct duration fresh;   /* how long what was found is believed; 0: not at all */
    struct duration absent;  /* likewise what was not; 0: 1 s, but not longer than `fresh` */
    /* NULL: in the database, with the worker's connection. */
    bool (*find)(struct arena *a, const SessionKey *key, Session *out, bool *found,
                 struct fault *f);
};

struct key_sessions;

struct key_sessions *key_sessions_new(const struct key_session_options *options);
void key_sessions_free(struct key_sessions *s); /* NULL allowed */

/* `admit` of a route family, its context being a struct key_sessions: the key (X-DC-DEVKEY), the limits, the
 * permission. Enters the caller. Routes without a permission admit everybody. On a worker. */
bool key_session_admit(struct call *call, const struct route *route, void *sessions);

/* `glance` of such a family: is there a key, and may it do this if it is known? Takes from no limit. On any
 * thread. */
bool key_session_glance(struct call *call, const struct route *route, void *sessions);

/* What is known of the keys of a user (of one key: `user_id` 0) has changed. After the commit, on any
 * thread. */
void key_sessions_forget(struct key_sessions *s, int64_t user_id, int64_t api_key_id);

#endif
