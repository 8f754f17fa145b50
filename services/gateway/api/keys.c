#include "api/keys.h"

#include <string.h>

#include "api/keys.sql.h"
#include "api/page.h"
#include "api/text_rules.h"
#include "api/users.h"
#include "caller.h"
#include "gateway.h"
#include "key_session.h"
#include "ledger/api_key.h"
#include "message/convert.h"
#include "statement.h"

// clang-format off
static const struct text_rule add_rules[] = {
    { "name", TEXT_LINE, 128, .need = TEXT_REQUIRED },
    { 0 },
};
static const struct text_rule edit_rules[] = {
    { "name", TEXT_LINE, 128, .need = TEXT_FILLED },
    { 0 },
};
// clang-format on

/* ---- reading */

static bool no_key(struct call *call)
{
    return fault_set(&call->fault, FAULT_NO_KEY, "key_id", "there is no such key");
}

static bool key_find(struct call *call, int64_t key_id, KeyRow *out)
{
    KeyFilter filter = KEY_FILTER__INIT;
    bool found = false;
    filter.has_only_id = filter.has_offset = filter.has_limit = true;
    filter.only_id = key_id;
    filter.limit = 1;
    return statement_maybe(call, &sql_key_list, &filter.base, &out->base, &found) &&
           (found || no_key(call));
}

static void keys_list(Keys_Service *self, const KeyFilter *in, KeyList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct rows rows;
    KeyFilter filter = *in;
    KeyList out = KEY_LIST__INIT;
    Page page = PAGE__INIT;
    if (!page_read(call, &sql_key_list, &filter.base, &rows, &page)) {
        call_fail(call);
        return;
    }
    out.page = &page;
    out.api_keys = arena_array(&call->arena, ApiKey *, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        out.api_keys[out.n_api_keys++] = ((const KeyRow *)rows.items[i])->key;
    answer(&out, call);
}

static void keys_show(Keys_Service *self, const KeyId *in, ApiKey_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    KeyRow row = KEY_ROW__INIT;
    if (key_find(call, in->key_id, &row))
        answer(row.key, call);
    else
        call_fail(call);
}

/* ---- what a key may be */

/* No key may more than who makes it, nor more than a service user was made for. */
static bool restriction_good(struct call *call, int role, int user_key_role, int key_role)
{
    const struct roles *roles = caller_roles(call);
    if (!roles_find_key_role(roles, key_role))
        return fault_set(&call->fault, FAULT_INVALID, "restricted_to_role_id",
                         "is no role of keys: %s are",
                         roles_key_ids(caller_roles(call), &call->arena));
    if (!roles_within(roles, role, key_role, role, user_key_role))
        return fault_set(&call->fault, FAULT_INVALID, "restricted_to_role_id",
                         "must be %d or less: the service user may not more", user_key_role);
    return caller_covers(call, role, key_role) || caller_refuse_more(call);
}

/* ---- adding */

static bool key_insert(struct call *call, const KeyRequest *in, int key_role, KeyMade *out)
{
    KeyChange change = KEY_CHANGE__INIT;
    char *text = arena_alloc(&call->arena, API_KEY_LENGTH + 1);
    uint8_t hash[SHA256_SIZE];
    bool found = false;
    api_key_make(text, hash);
    change.has_of_user_id = change.has_key_hash = change.has_restricted_to_role_id = true;
    change.of_user_id = in->user_id;
    change.name = in->name;
    change.key_hash = bytes_message(&call->arena, (struct bytes){ hash, sizeof hash });
    change.restricted_to_role_id = key_role;
    if (!statement_maybe(call, &sql_key_add, &change.base, &out->base, &found))
        return false;
    out->api_key = text;
    return found || fault_set(&call->fault, FAULT_NO_USER, "user_id", "there is no such user");
}

static void keys_add(Keys_Service *self, const KeyRequest *in, KeyMade_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    UserRow user = USER_ROW__INIT;
    KeyMade out = KEY_MADE__INIT;
    if (!user_find(call, in->user_id, &user) || !texts_good(call, &in->base, add_rules, "")) {
        call_fail(call);
        return;
    }
    int key_role =
        in->has_restricted_to_role_id ? in->restricted_to_role_id : user.restricted_to_role_id;
    if (restriction_good(call, user.role_id, user.restricted_to_role_id, key_role) &&
        key_insert(call, in, key_role, &out))
        answer(&out, call);
    else
        call_fail(call);
}

/* ---- changing */

static bool key_store(struct call *call, KeyChange *change, int64_t key_id)
{
    PersonChanged done = PERSON_CHANGED__INIT;
    bool found = false;
    change->has_key_id = true;
    change->key_id = key_id;
    if (!statement_maybe(call, &sql_key_change, &change->base, &done.base, &found))
        return false;
    key_sessions_forget(gateway.key_sessions, 0, key_id);
    return found ? done.changed ||
                       fault_set(&call->fault, FAULT_INVALID, "status", "the key's user is deleted")
                 : no_key(call);
}

static bool key_edit(struct call *call, const KeyEdit *in)
{
    KeyRow row = KEY_ROW__INIT;
    KeyChange change = KEY_CHANGE__INIT;
    if (!key_find(call, in->key_id, &row) || !texts_good(call, &in->base, edit_rules, "") ||
        (in->has_restricted_to_role_id &&
         !restriction_good(call, row.role_id, row.user_restricted_to_role_id,
                           in->restricted_to_role_id)))
        return false;
    change.name = in->name;
    change.has_restricted_to_role_id = in->has_restricted_to_role_id;
    change.restricted_to_role_id = in->restricted_to_role_id;
    return key_store(call, &change, in->key_id);
}

static void keys_edit(Keys_Service *self, const KeyEdit *in, Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    Nothing nothing = NOTHING__INIT;
    if (key_edit(call, in))
        answer(&nothing, call);
    else
        call_fail(call);
}

/* To revoke is always allowed; a key that works again is like a new one. */
static bool key_set_status(struct call *call, const KeyStatusChange *in)
{
    KeyRow row = KEY_ROW__INIT;
    KeyChange change = KEY_CHANGE__INIT;
    static char active_text[] = "active", revoked_text[] = "revoked";
    bool active = strcasecmp(in->status, active_text) == 0;
    if (!key_find(call, in->key_id, &row))
        return false;
    if (!active && strcasecmp(in->status, revoked_text) != 0)
        return fault_set(&call->fault, FAULT_INVALID, "status", "takes active or revoked");
    change.status = active ? active_text : revoked_text;
    return (!active || restriction_good(call, row.role_id, row.user_restricted_to_role_id,
                                        row.key->restricted_to_role_id)) &&
           key_store(call, &change, in->key_id);
}

static void keys_set_status(Keys_Service *self, const KeyStatusChange *in, Nothing_Closure answer,
                            void *data)
{
    (void)self;
    struct call *call = data;
    Nothing nothing = NOTHING__INIT;
    if (key_set_status(call, in))
        answer(&nothing, call);
    else
        call_fail(call);
}

Keys_Service keys_service = KEYS__INIT(keys_);

// clang-format off
const struct route key_routes[] = {
    { GET,  "/key",                 WORKER, RPC(keys_service, "List"),      "key:read",   200, "List API keys, those of one user with user_id" },
    { GET,  "/key/{key_id}",        WORKER, RPC(keys_service, "Show"),      "key:read",   200, "Show an API key" },
    { POST, "/key/user/{user_id}",  WORKER, RPC(keys_service, "Add"),       "key:create", 201, "Create an API key for a user" },
    { PUT,  "/key/{key_id}",        WORKER, RPC(keys_service, "Edit"),      "key:update", 204, "Change an API key's name or restriction" },
    { PUT,  "/key/{key_id}/status", WORKER, RPC(keys_service, "SetStatus"), "key:update", 204, "Revoke an API key, or activate it again" },
    { 0 },
};
// clang-format on
