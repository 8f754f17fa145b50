/* chancery account list, user list, key list, key revoke: who there is, and which keys they have. */
#include "account.pb-c.h"
#include "cli/people.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"

static bool rows_read(struct command_run *r, const struct sql *sql, int64_t *limit,
                      struct rows *rows, struct fault *f)
{
    PeopleFilter in = PEOPLE_FILTER__INIT;
    bool ok = listing_id(r, "account", &in.has_account_id, &in.account_id, f) &&
              listing_id(r, "user", &in.has_user_id, &in.user_id, f) &&
              listing_limit(r, &in.limit, f) && command_store(r, f) &&
              store_all(r->store, &r->arena, sql, &in.base, rows, f);
    *limit = in.limit;
    return ok;
}

bool account_list_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    struct table t;
    struct rows rows;
    int64_t limit;
    if (!rows_read(r, &sql_account_rows, &limit, &rows, f))
        return false;
    table_init(&t, a, 7);
    TABLE_ROW(&t, "ID#", "TYPE", "STATUS", "USERS#", "ACTIVE KEYS#", "CREATED", "NAME");
    for (size_t i = 0; i < rows.count; i++) {
        const AccountListed *n = (const AccountListed *)rows.items[i];
        TABLE_ROW(&t, listing_number(a, n->id), n->type, n->status, listing_number(a, n->users),
                  listing_number(a, n->keys), listing_time(a, n->created_at), n->name);
    }
    listing_print(r, &t, "no account (chancery account create)", limit);
    return true;
}

bool user_list_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    struct table t;
    struct rows rows;
    int64_t limit;
    if (!rows_read(r, &sql_user_rows, &limit, &rows, f))
        return false;
    table_init(&t, a, 9);
    TABLE_ROW(&t, "ID#", "ACCOUNT#", "USERNAME", "ROLE#", "KIND", "STATUS", "CREATED", "EMAIL",
              "NAME");
    for (size_t i = 0; i < rows.count; i++) {
        const UserListed *u = (const UserListed *)rows.items[i];
        TABLE_ROW(&t, listing_number(a, u->id), listing_number(a, u->account_id), u->username,
                  listing_number(a, u->role_id), u->is_api_only ? "service" : "person", u->status,
                  listing_time(a, u->created_at), u->email, u->name);
    }
    listing_print(r, &t, "no such user", limit);
    return true;
}

bool key_list_command(struct command_run *r, struct fault *f)
{
    struct arena *a = &r->arena;
    struct table t;
    struct rows rows;
    int64_t limit;
    if (!rows_read(r, &sql_key_rows, &limit, &rows, f))
        return false;
    table_init(&t, a, 9);
    TABLE_ROW(&t, "ID#", "ACCOUNT#", "USER#", "USERNAME", "KEY ROLE#", "STATUS", "CREATED",
              "LAST USED", "NAME");
    for (size_t i = 0; i < rows.count; i++) {
        const KeyListed *k = (const KeyListed *)rows.items[i];
        TABLE_ROW(&t, listing_number(a, k->id), listing_number(a, k->account_id),
                  listing_number(a, k->user_id), k->username,
                  k->restricted_to_role_id ? listing_number(a, k->restricted_to_role_id) : NULL,
                  k->status, listing_time(a, k->created_at), listing_time(a, k->last_used_at),
                  k->name);
    }
    listing_print(r, &t, "no such key (chancery key create)", limit);
    return true;
}

bool key_revoke_command(struct command_run *r, struct fault *f)
{
    KeyRevoke in = KEY_REVOKE__INIT;
    KeyListed out = KEY_LISTED__INIT;
    bool found = false;
    if (!int64_read(r->words[0], &in.id))
        return fault_set(f, FAULT_INVALID, "ID",
                         "must be the number of a key (chancery key list), not the key");
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, &sql_key_revoke, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, r->words[0], "is no active key (chancery key list)");
    fprintf(r->out,
            "key %lld (%s) of %s is revoked; gateways forget it within CHANCERY_SESSION_CACHE\n",
            (long long)out.id, out.name, out.username);
    return true;
}
