/* chancery audit list: what was done, by whom, to what. */
#include "audit.pb-c.h"
#include "cli/audit_list.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"

static bool wanted_read(struct command_run *r, AuditWanted *in, struct fault *f)
{
    const char *since = command_option(r, "since");
    struct instant at;
    in->subject = arena_strdup(&r->arena, command_option(r, "subject"));
    if (since && !instant_read(since, &at))
        return fault_set(f, FAULT_INVALID, "--since",
                         "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
    in->since = since ? instant_message(&r->arena, at) : NULL;
    return listing_limit(r, &in->limit, f);
}

static const char *number_or_none(struct arena *a, bool has, int64_t number)
{
    return has ? listing_number(a, number) : NULL;
}

static void row_add(struct table *t, const AuditRow *n)
{
    struct arena *a = t->arena;
    TABLE_ROW(t, listing_number(a, n->id), listing_time(a, n->at), n->activity, n->subject,
              n->source, number_or_none(a, n->has_account_id, n->account_id),
              number_or_none(a, n->has_user_id, n->user_id),
              number_or_none(a, n->has_api_key_id, n->api_key_id), n->operator_, n->ip, n->detail);
}

bool audit_list_command(struct command_run *r, struct fault *f)
{
    AuditWanted in = AUDIT_WANTED__INIT;
    struct table t;
    struct rows rows;
    if (!wanted_read(r, &in, f) || !command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_audit_rows, &in.base, &rows, f))
        return false;
    table_init(&t, &r->arena, 11);
    TABLE_ROW(&t, "ID#", "AT", "ACTIVITY", "SUBJECT", "SOURCE", "ACCOUNT#", "USER#", "KEY#",
              "OPERATOR", "IP", "DETAIL#");
    for (size_t i = 0; i < rows.count; i++)
        row_add(&t, (const AuditRow *)rows.items[i]);
    listing_print(r, &t, "the audit log has no such row", in.limit);
    return true;
}
