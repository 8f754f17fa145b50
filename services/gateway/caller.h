/* caller - who calls: account, user and key, what they may, and whom they cover.
 *
 * However a caller is recognised, what is asked of it afterwards is the same and stands here. Each way to
 * recognise one is a file of its own that ends with caller_enter(): key_session.c, by API key. Whoever
 * calls without being recognised (the page behind an approval mail) is nobody: caller_of() is NULL, and may
 * nothing.
 */
#ifndef GATEWAY_CALLER_H
#define GATEWAY_CALLER_H

#include "bus/call.h"
#include "role.h"

struct caller {
    int64_t account_id, user_id;
    int64_t api_key_id;        /* by which it was recognised; 0: otherwise */
    const struct roles *roles; /* borrowed: they live as long as the process */
    int role_id;               /* the user's */
    int key_role_id; /* to which the way in is restricted, of policy/roles.json; 0: not at all */
};

/* In `admit`: the call is this caller's from now on, and so is all that is done for it elsewhere
 * (call->actor). Copied. */
void caller_enter(struct call *call, const struct caller *caller);

/* NULL: nobody was recognised. Lives as long as the call; on any thread that has the call. */
const struct caller *caller_of(const struct call *call);

/* May the caller do this? "any" may everybody whose roles exist. */
bool caller_may(const struct call *call, const char *permission);

/* False, and the fault of who may not: it names the permission, or says that another user or key has
 * more. */
bool caller_refuse(struct call *call, const char *permission);
bool caller_refuse_more(struct call *call);

/* Would a key of a user with `role`, restricted to `key_role`, do nothing that the caller itself may
 * not? */
bool caller_covers(const struct call *call, int role, int key_role);

/* The same of persons: may the caller's role all that this role may, whatever its own key is for? */
bool caller_role_covers(const struct call *call, int role);

int caller_role(const struct call *call); /* 0: nobody's */

/* Of a call that somebody was recognised for. */
const struct roles *caller_roles(const struct call *call);

#endif
