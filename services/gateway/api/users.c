#include "api/users.h"

#include <string.h>

#include "api/accounts.h"
#include "api/containers.h"
#include "api/page.h"
#include "api/text_rules.h"
#include "api/users.sql.h"
#include "base/text.h"
#include "caller.h"
#include "gateway.h"
#include "key_session.h"
#include "ledger/api_key.h"
#include "message/convert.h"
#include "statement.h"

enum { SERVICE_NAME_LENGTH = 16 };

// clang-format off
#define OF_PEOPLE(need_)                                                                           \
    { "username",   TEXT_USERNAME,  128, .need = (need_) },                                        \
    { "first_name", TEXT_LINE,      128, .need = (need_) },                                        \
    { "last_name",  TEXT_LINE,      128, .need = (need_) },                                        \
    { "email",      TEXT_EMAIL,     255, .need = (need_) },                                        \
    { "job_title",  TEXT_LINE,       64 },                                                         \
    { "telephone",  TEXT_TELEPHONE,  32 }

static const struct text_rule person_rules[] = { OF_PEOPLE(TEXT_REQUIRED), { 0 } };
static const struct text_rule edit_rules[]   = { OF_PEOPLE(TEXT_FILLED), { 0 } };
static const struct text_rule service_rules[] = {
    { "api_name",   TEXT_LINE,  128, .need = TEXT_REQUIRED },
    { "email",      TEXT_EMAIL, 255, .need = TEXT_REQUIRED },
    { 0 },
};
// clang-format on

/* ---- reading */

static void users_list(Users_Service *self, const UserFilter *in, UserList_Closure answer,
                       void *data)
{
    (void)self;
    struct call *call = data;
    struct rows rows;
    UserFilter filter = *in;
    UserList out = USER_LIST__INIT;
    Page page = PAGE__INIT;
    if (!page_read(call, &sql_user_list, &filter.base, &rows, &page)) {
        call_fail(call);
        return;
    }
    out.page = &page;
    out.users = arena_array(&call->arena, User *, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        out.users[out.n_users++] = user_shown(call, (const UserRow *)rows.items[i]);
    answer(&out, call);
}

static void answer_one(struct call *call, int64_t user_id, User_Closure answer)
{
    UserRow row = USER_ROW__INIT;
    if (!user_find(call, user_id, &row) ||
        !containers_all(call, &row.user->container_visibility, &row.user->n_container_visibility)) {
        call_fail(call);
        return;
    }
    User *user = user_shown(call, &row);
    user->has_is_cert_central = user->has_is_enterprise = true;
    user->is_cert_central = true;
    user->is_enterprise = strcmp(row.account_type, "enterprise") == 0;
    answer(user, call);
}

static void users_me(Users_Service *self, const Nothing *in, User_Closure answer, void *data)
{
    (void)self, (void)in;
    struct call *call = data;
    answer_one(call, call->actor.user_id, answer);
}

static void users_show(Users_Service *self, const UserId *in, User_Closure answer, void *data)
{
    (void)self;
    answer_one(data, in->user_id, answer);
}

static void users_availability(Users_Service *self, const UserName *in,
                               UserNameState_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    UserNameState out = USER_NAME_STATE__INIT;
    if (statement_one(call, &sql_user_name_free, &in->base, &out.base))
        answer(&out, call);
    else
        call_fail(call);
}

/* ---- what may be asked */

static bool one_role(struct call *call, AccessRoleRef *const *roles, size_t count, UserChange *out)
{
    if (count == 0)
        return fault_set(&call->fault, FAULT_REQUIRED, "access_roles", "is required");
    if (count > 1)
        return fault_set(&call->fault, FAULT_INVALID, "access_roles", "takes one role");
    out->has_role_id = true;
    out->role_id = roles[0]->has_id ? roles[0]->id : 0;
    return roles_find(caller_roles(call), out->role_id) ||
           fault_set(&call->fault, FAULT_INVALID, "access_roles[0].id", "is no role: %s are",
                     roles_ids(caller_roles(call), &call->arena));
}

/* Nobody is restricted to divisions: whoever asks for it is not left to believe it. */
static bool assignments_good(struct call *call, const int64_t *ids, size_t count)
{
    struct account_settings account;
    if (count == 0)
        return true;
    if (!account_settings(call, &account))
        return false;
    for (size_t i = 0; i < count; i++)
        if (ids[i] == account.container_id)
            return true;
    return fault_set(&call->fault, FAULT_INVALID, "container_id_assignments",
                     "must have the account's own division, %lld: users see all divisions",
                     (long long)account.container_id);
}

static void home_fill(UserChange *out, const ContainerRef *container)
{
    out->has_container_id = container && container->has_id;
    out->container_id = out->has_container_id ? container->id : 0;
}

/* Of a UserRequest or a UserEdit: both say the same of a person. */
#define PERSON_FILL(to, from)                                                                      \
    do {                                                                                           \
        home_fill(to, (from)->container);                                                          \
        (to)->username = (from)->username;                                                         \
        (to)->first_name = (from)->first_name;                                                     \
        (to)->last_name = (from)->last_name;                                                       \
        (to)->email = (from)->email;                                                               \
        (to)->job_title = (from)->job_title;                                                       \
        (to)->telephone = (from)->telephone;                                                       \
        (to)->has_is_saml_sso_only = (from)->has_is_saml_sso_only;                                 \
        (to)->is_saml_sso_only = (from)->is_saml_sso_only;                                         \
    } while (0)

static bool no_container(struct call *call)
{
    return fault_set(&call->fault, FAULT_INVALID, "container.id",
                     "is no active division of this account");
}

static bool name_taken(struct call *call)
{
    return fault_set(&call->fault, FAULT_INVALID, "username", "is taken: choose another");
}

/* ---- adding */

bool user_insert(struct call *call, const UserChange *change, UserMade *out)
{
    UserAdded added = USER_ADDED__INIT;
    if (!statement_one(call, &sql_user_add, &change->base, &added.base))
        return false;
    out->id = added.id;
    return (added.has_container || no_container(call)) && (added.has_id || name_taken(call));
}

bool person_read(struct call *call, const UserRequest *in, UserChange *out)
{
    if (!texts_good(call, &in->base, person_rules, "") ||
        !one_role(call, in->access_roles, in->n_access_roles, out) ||
        !assignments_good(call, in->container_id_assignments, in->n_container_id_assignments))
        return false;
    if (!caller_role_covers(call, out->role_id))
        return caller_refuse_more(call);
    PERSON_FILL(out, in);
    return true;
}

static bool person_add(struct call *call, const UserRequest *in, UserMade *out)
{
    UserChange change = USER_CHANGE__INIT;
    return person_read(call, in, &change) && user_insert(call, &change, out);
}

/* A2024-06-26: made by administrators, with their permissions or fewer. */
static bool service_allowed(struct call *call, const UserRequest *in)
{
    int key_role = in->has_restricted_to_role_id ? in->restricted_to_role_id : 0;
    if (!roles_find_key_role(caller_roles(call), key_role))
        return fault_set(&call->fault, FAULT_INVALID, "restricted_to_role_id",
                         "is no role of keys: %s are",
                         roles_key_ids(caller_roles(call), &call->arena));
    if (!caller_may(call, "service_user:create"))
        return caller_refuse(call, "service_user:create");
    return caller_covers(call, caller_role(call), key_role) || caller_refuse_more(call);
}

/* It gets the role of who makes it: whoever asks for another is not left to believe in it. */
static bool no_other_role(struct call *call, const UserRequest *in)
{
    int own = caller_role(call);
    for (size_t i = 0; i < in->n_access_roles; i++)
        if (in->access_roles[i]->id != own)
            return fault_set(&call->fault, FAULT_INVALID, "access_roles",
                             "must be left out: a service user has your role, "
                             "or less by restricted_to_role_id");
    return true;
}

static bool service_add(struct call *call, const UserRequest *in, UserMade *out)
{
    UserChange change = USER_CHANGE__INIT;
    char *name = arena_alloc(&call->arena, SERVICE_NAME_LENGTH + 1),
         *key = arena_alloc(&call->arena, API_KEY_LENGTH + 1);
    uint8_t hash[SHA256_SIZE];
    if (!texts_good(call, &in->base, service_rules, "") || !no_other_role(call, in) ||
        !service_allowed(call, in) ||
        !assignments_good(call, in->container_id_assignments, in->n_container_id_assignments))
        return false;
    random_text(name, SERVICE_NAME_LENGTH);
    api_key_make(key, hash);
    home_fill(&change, in->container);
    change.username = arena_format(&call->arena, "service-%s", name);
    change.first_name = in->api_name;
    change.last_name = arena_strdup(&call->arena, "");
    change.email = in->email;
    change.has_role_id = change.has_is_api_only = change.is_api_only = true;
    change.role_id = caller_role(call);
    change.has_restricted_to_role_id = in->has_restricted_to_role_id;
    change.restricted_to_role_id = in->restricted_to_role_id;
    change.has_key_hash = true;
    change.key_hash = bytes_message(&call->arena, (struct bytes){ hash, sizeof hash });
    out->api_key = key;
    return user_insert(call, &change, out);
}

static void users_add(Users_Service *self, const UserRequest *in, UserMade_Closure answer,
                      void *data)
{
    (void)self;
    struct call *call = data;
    UserMade out = USER_MADE__INIT;
    bool service = in->has_is_api_only && in->is_api_only;
    if (service ? service_add(call, in, &out) : person_add(call, in, &out))
        answer(&out, call);
    else
        call_fail(call);
}

/* ---- changing */

/* Nobody changes a user who may more than he himself. */
static bool user_below(struct call *call, int64_t user_id)
{
    UserRow row = USER_ROW__INIT;
    return user_find(call, user_id, &row) &&
           (caller_role_covers(call, row.role_id) || caller_refuse_more(call));
}

static bool user_store(struct call *call, const struct sql *sql, UserChange *change,
                       PersonChanged *out)
{
    bool found = false;
    return statement_maybe(call, sql, &change->base, &out->base, &found) &&
           (found || fault_set(&call->fault, FAULT_NO_USER, "user_id", "there is no such user"));
}

static void change_begin(UserChange *change, int64_t user_id)
{
    change->has_of_user_id = true;
    change->of_user_id = user_id;
}

static bool user_edit(struct call *call, const UserEdit *in)
{
    UserChange change = USER_CHANGE__INIT;
    PersonChanged done = PERSON_CHANGED__INIT;
    change_begin(&change, in->user_id);
    PERSON_FILL(&change, in);
    if (!user_store(call, &sql_user_change, &change, &done))
        return call->fault.code == FAULT_CONFLICT && *call->fault.field ? name_taken(call) : false;
    return done.changed || no_container(call);
}

static void users_edit(Users_Service *self, const UserEdit *in, Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    Nothing nothing = NOTHING__INIT;
    if (user_below(call, in->user_id) && texts_good(call, &in->base, edit_rules, "") &&
        assignments_good(call, in->container_id_assignments, in->n_container_id_assignments) &&
        user_edit(call, in))
        answer(&nothing, call);
    else
        call_fail(call);
}

static bool stays_administered(struct call *call, const PersonChanged *done)
{
    return done->changed || fault_set(&call->fault, FAULT_LAST_ADMINISTRATOR, "user_id",
                                      "is the account's last administrator");
}

/* The keys of the user get what the role has, so this takes a key that has it itself. */
static void users_set_role(Users_Service *self, const UserRoleChange *in, Nothing_Closure answer,
                           void *data)
{
    (void)self;
    struct call *call = data;
    UserChange change = USER_CHANGE__INIT;
    PersonChanged done = PERSON_CHANGED__INIT;
    Nothing nothing = NOTHING__INIT;
    change_begin(&change, in->user_id);
    if (user_below(call, in->user_id) &&
        one_role(call, in->access_roles, in->n_access_roles, &change) &&
        (caller_covers(call, change.role_id, 0) || caller_refuse_more(call)) &&
        user_store(call, &sql_user_set_role, &change, &done) && stays_administered(call, &done)) {
        key_sessions_forget(gateway.key_sessions, in->user_id, 0);
        answer(&nothing, call);
    } else {
        call_fail(call);
    }
}

static void users_delete(Users_Service *self, const UserId *in, Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    UserChange change = USER_CHANGE__INIT;
    PersonChanged done = PERSON_CHANGED__INIT;
    Nothing nothing = NOTHING__INIT;
    change_begin(&change, in->user_id);
    if (user_below(call, in->user_id) && user_store(call, &sql_user_delete, &change, &done) &&
        stays_administered(call, &done)) {
        key_sessions_forget(gateway.key_sessions, in->user_id, 0);
        answer(&nothing, call);
    } else {
        call_fail(call);
    }
}

Users_Service users_service = USERS__INIT(users_);

// clang-format off
const struct route user_routes[] = {
    { GET,    "/user",                         WORKER, RPC(users_service, "List"),         "user:read",   200, "List the account's users" },
    { POST,   "/user",                         WORKER, RPC(users_service, "Add"),          "user:create", 201, "Add a user, or a service user with its first key" },
    { GET,    "/user/me",                      WORKER, RPC(users_service, "Me"),           "any",         200, "Show the user whose key is used" },
    { GET,    "/user/{user_id}",               WORKER, RPC(users_service, "Show"),         "user:read",   200, "Show a user" },
    { PUT,    "/user/{user_id}",               WORKER, RPC(users_service, "Edit"),         "user:update", 204, "Change a user" },
    { DELETE, "/user/{user_id}",               WORKER, RPC(users_service, "Delete"),       "user:delete", 204, "Delete a user with all keys" },
    { PUT,    "/user/{user_id}/role",          WORKER, RPC(users_service, "SetRole"),      "user:update", 204, "Give a user another role" },
    { GET,    "/user/availability/{username}", WORKER, RPC(users_service, "Availability"), "user:create", 200, "Is a user name free?" },
    { 0 },
};
// clang-format on
