/* Users as they are read and shown. */
#include "api/users.h"
#include "api/users.sql.h"
#include "caller.h"
#include "statement.h"
#include "store/store.h"

User *user_shown(struct call *call, const UserRow *row)
{
    const Role *role = roles_find(caller_roles(call), row->role_id);
    User *user = row->user;
    user->access_roles = arena_new(&call->arena, AccessRole *);
    if (role) {
        AccessRole *shown = user->access_roles[0] = arena_new(&call->arena, AccessRole);
        access_role__init(shown);
        shown->id = role->id;
        shown->name = role->name;
        user->n_access_roles = 1;
    }
    user->has_restricted_to_role_id = user->is_api_only;
    user->restricted_to_role_id = row->restricted_to_role_id;
    return user;
}

bool user_find(struct call *call, int64_t user_id, UserRow *out)
{
    UserFilter filter = USER_FILTER__INIT;
    bool found = false;
    filter.has_only_id = filter.has_offset = filter.has_limit = true;
    filter.only_id = user_id;
    filter.limit = 1;
    return statement_maybe(call, &sql_user_list, &filter.base, &out->base, &found) &&
           (found || fault_set(&call->fault, FAULT_NO_USER, "user_id", "there is no such user"));
}
