#include "api/accounts.h"

#include <pthread.h>
#include <string.h>

#include "account.pb-c.h"
#include "api/accounts.sql.h"
#include "api/orders.h"
#include "base/text.h"
#include "caller.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "statement.h"

enum { CACHE = 1024, AUTH_KEY_LENGTH = 64, AUTH_KEY_ID_LENGTH = 20 };
#define CACHE_LIFE seconds(5)

/* ---- settings */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    struct account_settings settings;
    struct tick until;
} cache[CACHE];

static bool cached(int64_t account_id, struct account_settings *out)
{
    size_t slot = (size_t)account_id % CACHE;
    pthread_mutex_lock(&lock);
    bool hit = cache[slot].settings.account_id == account_id && tick_left(cache[slot].until).us > 0;
    if (hit)
        *out = cache[slot].settings;
    pthread_mutex_unlock(&lock);
    return hit;
}

static void keep(const struct account_settings *settings)
{
    size_t slot = (size_t)settings->account_id % CACHE;
    pthread_mutex_lock(&lock);
    cache[slot].settings = *settings;
    cache[slot].until = tick_after(CACHE_LIFE);
    pthread_mutex_unlock(&lock);
}

static bool ask(struct call *call, struct account_settings *out)
{
    Nothing nothing = NOTHING__INIT;
    AccountSettings row = ACCOUNT_SETTINGS__INIT;
    bool found = false;
    if (!statement_maybe(call, &sql_account_settings, &nothing.base, &row.base, &found))
        return false;
    if (!found)
        return fault_set(&call->fault, FAULT_KEY, NULL, "the account does not exist");
    *out = (struct account_settings){ .account_id = call->actor.account_id,
                                      .container_id = row.container_id,
                                      .dcv_scope = strcmp(row.dcv_scope, "fqdn") == 0
                                                       ? DCV_SCOPE__VALUE__FQDN
                                                       : DCV_SCOPE__VALUE__BASE_DOMAIN };
    return true;
}

bool account_settings(struct call *call, struct account_settings *out)
{
    if (cached(call->actor.account_id, out))
        return true;
    if (!ask(call, out))
        return false;
    keep(out);
    return true;
}

/* ---- AuthKey */

static struct bytes auth_key_aad(struct arena *a, int64_t account_id)
{
    const char *text = arena_format(a, AUTH_KEY_AAD, (long long)account_id);
    return BYTES_OF(text);
}

static void auth_key_answer(struct call *call, const AuthKeyRow *row, AuthKey_Closure answer)
{
    struct bytes plain;
    AuthKey out = AUTH_KEY__INIT;
    out.auth_key_id = row->auth_key_id;
    if (!caller_may(call, "secret:reveal")) {
        answer(&out, call);
        return;
    }
    if (!unseal(&call->arena, gateway.seal, auth_key_aad(&call->arena, call->actor.account_id),
                (struct bytes){ row->auth_key_sealed.data, row->auth_key_sealed.len }, &plain,
                &call->fault)) {
        call_fail(call);
        return;
    }
    out.auth_key = arena_strndup(&call->arena, (const char *)plain.data, plain.size);
    answer(&out, call);
}

static void accounts_show_auth_key(Accounts_Service *self, const Nothing *in,
                                   AuthKey_Closure answer, void *data)
{
    (void)self, (void)in;
    struct call *call = data;
    Nothing nothing = NOTHING__INIT;
    AuthKeyRow row = AUTH_KEY_ROW__INIT;
    bool found = false;
    if (!statement_maybe(call, &sql_auth_key_get, &nothing.base, &row.base, &found)) {
        call_fail(call);
    } else if (!found) {
        fault_set(&call->fault, FAULT_AUTH_KEY_MISSING, NULL,
                  "the account has no AuthKey: create one");
        call_fail(call);
    } else {
        auth_key_answer(call, &row, answer);
    }
}

static void auth_key_make(struct call *call, AuthKeyNew *in)
{
    char *key = arena_alloc(&call->arena, AUTH_KEY_LENGTH + 1),
         *id = arena_alloc(&call->arena, AUTH_KEY_ID_LENGTH + 1);
    random_text(key, AUTH_KEY_LENGTH);
    random_text(id, AUTH_KEY_ID_LENGTH);
    in->auth_key_id = id;
    struct bytes sealed = seal(&call->arena, gateway.seal,
                               auth_key_aad(&call->arena, call->actor.account_id), BYTES_OF(key));
    in->auth_key_sealed =
        (ProtobufCBinaryData){ sealed.size, arena_copy(&call->arena, sealed.data, sealed.size) };
}

static void accounts_create_auth_key(Accounts_Service *self, const Nothing *in,
                                     AuthKey_Closure answer, void *data)
{
    (void)self, (void)in;
    struct call *call = data;
    AuthKeyNew new = AUTH_KEY_NEW__INIT;
    AuthKeyRow row = AUTH_KEY_ROW__INIT;
    bool found = false;
    auth_key_make(call, &new);
    if (!statement_maybe(call, &sql_auth_key_add, &new.base, &row.base, &found)) {
        call_fail(call);
    } else if (!found) {
        fault_set(&call->fault, FAULT_AUTH_KEY_EXISTS, NULL, "the account has an AuthKey already");
        call_fail(call);
    } else {
        auth_key_answer(call, &row, answer);
    }
}

/* ---- account */

static void accounts_show(Accounts_Service *self, const Nothing *in, AccountInfo_Closure answer,
                          void *data)
{
    (void)self;
    struct call *call = data;
    AccountInfo out = ACCOUNT_INFO__INIT;
    if (statement_one(call, &sql_account_info, &in->base, &out.base))
        answer(&out, call);
    else
        call_fail(call);
}

Accounts_Service accounts_service = ACCOUNTS__INIT(accounts_);

// clang-format off
const struct route account_routes[] = {
    { GET,  "/account",          WORKER, RPC(accounts_service, "Show"),              "account:read",   200, "Show the account" },
    { GET,  "/account/auth-key", WORKER, RPC(accounts_service, "ShowAuthKey"),       "authkey:read",   200, "Show the account's AuthKey" },
    { POST, "/account/auth-key", WORKER, RPC(accounts_service, "CreateAuthKey"), "authkey:create", 200, "Create the account's AuthKey" },
    { 0 },
};
// clang-format on
