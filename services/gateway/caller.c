#include "caller.h"

#include <string.h>

#include "http.h"

enum { NO_KEY_ROLE = 0 };

void caller_enter(struct call *call, const struct caller *caller)
{
    http_set_caller(call, arena_copy(&call->arena, caller, sizeof *caller));
    call->actor.account_id = caller->account_id;
    call->actor.user_id = caller->user_id;
    call->actor.api_key_id = caller->api_key_id;
}

const struct caller *caller_of(const struct call *call)
{
    return http_caller(call);
}

bool caller_may(const struct call *call, const char *permission)
{
    const struct caller *c = caller_of(call);
    return c && roles_allow(c->roles, c->role_id, c->key_role_id, permission);
}

bool caller_refuse(struct call *call, const char *permission)
{
    if (strcmp(permission, "any") == 0)
        permission = "a role that is known here";
    return fault_set(&call->fault, FAULT_PERMISSION, NULL,
                     "Access denied due to missing_permission: this takes %s.", permission);
}

bool caller_refuse_more(struct call *call)
{
    return fault_set(
        &call->fault, FAULT_PERMISSION, NULL,
        "Access denied due to missing_permission: this takes every permission that the "
        "other user or key has.");
}

bool caller_covers(const struct call *call, int role, int key_role)
{
    const struct caller *c = caller_of(call);
    return c && roles_within(c->roles, role, key_role, c->role_id, c->key_role_id);
}

bool caller_role_covers(const struct call *call, int role)
{
    const struct caller *c = caller_of(call);
    return c && roles_within(c->roles, role, NO_KEY_ROLE, c->role_id, NO_KEY_ROLE);
}

int caller_role(const struct call *call)
{
    const struct caller *c = caller_of(call);
    return c ? c->role_id : 0;
}

const struct roles *caller_roles(const struct call *call)
{
    return caller_of(call)->roles;
}
