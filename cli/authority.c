/* chancery authority: what is needed in the first minute of an incident. */
#include "certificate.pb-c.h"
#include "cli/authority.sql.h"
#include "commands.h"
#include "listing.h"
#include "message/convert.h"

static bool change(struct command_run *r, const struct sql *sql, const char *refused,
                   const char *done, struct fault *f)
{
    AuthorityChange in = AUTHORITY_CHANGE__INIT;
    AuthorityRow out = AUTHORITY_ROW__INIT;
    bool found = false;
    in.id = arena_strdup(&r->arena, r->words[0]);
    in.now = instant_message(&r->arena, clock_now());
    if (!command_store(r, f) ||
        !store_maybe(r->store, &r->arena, sql, &in.base, &out.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, in.id, "%s (chancery authority)", refused);
    fprintf(r->out, "%s (%s) %s\n", out.id, out.name, done);
    return true;
}

bool authority_stop_command(struct command_run *r, struct fault *f)
{
    return change(r, &sql_authority_stop, "is no authority that signs",
                  "signs nothing from now on: its orders wait", f);
}

bool authority_start_command(struct command_run *r, struct fault *f)
{
    return change(r, &sql_authority_start, "is no authority that was stopped", "signs again", f);
}

static const char *state_of(struct arena *a, const AuthorityRow *row)
{
    char when[INSTANT_TEXT_SIZE];
    if (row->may_sign)
        return "signs";
    if (!row->stopped_at)
        return "signs no leaf";
    return arena_format(a, "stopped %s", instant_text(instant_value(row->stopped_at), when));
}

bool authority_list_command(struct command_run *r, struct fault *f)
{
    Nothing none = NOTHING__INIT;
    struct table table;
    struct rows rows;
    if (!command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_authority_rows, &none.base, &rows, f))
        return false;
    table_init(&table, &r->arena, 5);
    TABLE_ROW(&table, "ID", "KEY", "NAMES", "STATE", "NAME");
    for (size_t i = 0; i < rows.count; i++) {
        const AuthorityRow *row = (const AuthorityRow *)rows.items[i];
        TABLE_ROW(&table, row->id, row->key_type, row->public_ ? "proved" : "not proved",
                  state_of(&r->arena, row), row->name);
    }
    listing_print(r, &table, "no authority: hold the ceremony (chancery-issuer ceremony)", 0);
    return true;
}
