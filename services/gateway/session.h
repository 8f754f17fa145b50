/* session - who is behind the API key of a request, and may they do this?
 *
 * Keys are stored and looked up as SHA-256 of their text. What was found is believed for a few
 * seconds, so a key that was revoked by way of another gateway works that much longer; what was not
 * found for a shorter time. What this gateway changes, it forgets at once.
 *
 * Who tries keys is stopped before the database is asked; whoever has had a good key goes on.
 */
#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

#include "account.pb-c.h"
#include "key_uses.h"
#include "limit.h"
#include "role.h"
#include "route.h"

struct session_options {
    const struct roles *roles;
    struct limits *limits;  /* NULL: none */
    struct limits *strange; /* of requests by keys that are not known, by address; NULL: none */
    struct key_uses *uses;  /* NULL: nobody asks when a key was used */
    struct duration fresh;  /* how long what was found is believed; 0: not at all */
    struct duration absent; /* likewise what was not; 0: 1 s, but not longer than `fresh` */
    /* NULL: in the database, with the worker's connection. */
    bool (*find)(struct arena *a, const SessionKey *key, Session *out, bool *found,
                 struct fault *f);
};

struct sessions;

struct sessions *sessions_new(const struct session_options *options);
void sessions_free(struct sessions *s); /* NULL allowed */

/* `admit` of a route family, its context being a struct sessions: the key (X-DC-DEVKEY), the
 * permission, the limits. Fills in the actor. Routes without a permission admit everybody. */
bool session_admit(struct call *call, const struct route *route, void *sessions);

/* `glance` of such a family: is there a key, and may it do this if it is known? Takes from no limit. */
bool session_glance(struct call *call, const struct route *route, void *sessions);

/* May the caller of this call, which session_admit() let in, do something else as well? */
bool session_may(const struct call *call, const char *permission);

/* False, and the fault of who may not: it names the permission, or says that another user or key has
 * more. */
bool session_refuse(struct call *call, const char *permission);
bool session_refuse_more(struct call *call);

/* Would a key of a user with `role`, restricted to `key_role`, do nothing that the caller's own key
 * may not? */
bool session_covers(const struct call *call, int role, int key_role);

/* The same of persons: may the caller's role all that this role may, whatever the key is for? */
bool session_role_covers(const struct call *call, int role);

int session_role(const struct call *call); /* the caller's */
const struct roles *session_roles(const struct call *call);

/* What is known of the keys of a user (of one key: `user_id` 0) has changed. After the commit. */
void session_forget(const struct call *call, int64_t user_id, int64_t api_key_id);
void sessions_forget(struct sessions *s, int64_t user_id, int64_t api_key_id);

#endif
