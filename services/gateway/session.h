/* session - who is behind the API key of a request, and may they do this?
 *
 * Keys are stored and looked up as SHA-256 of their text. What was found is believed for a few
 * seconds, so a revoked key works that much longer; what was not found for a shorter time.
 */
#ifndef GATEWAY_SESSION_H
#define GATEWAY_SESSION_H

#include "account.pb-c.h"
#include "limit.h"
#include "role.h"
#include "route.h"

struct session_options {
    const struct roles *roles;
    struct limits *limits;  /* NULL: none */
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

/* May the caller of this call, which session_admit() let in, do something else as well? */
bool session_may(const struct call *call, const char *permission);

#endif
