/* chancery policy at: the rules in force on a day, from the database. */
#include "cli/policy.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "listing.h"
#include "policy_table.h"

bool policy_at_command(struct command_run *r, struct fault *f)
{
    struct instant day;
    Instant at = INSTANT__INIT;
    PolicyAt in = POLICY_AT__INIT;
    struct rows rows;
    struct table table;
    if (!instant_read(r->words[0], &day))
        return fault_set(f, FAULT_INVALID, r->words[0],
                         "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
    at.us = day.us;
    in.at = &at;
    in.scope = r->words[1] ? arena_strdup(&r->arena, r->words[1]) : NULL;
    if (!command_store(r, f) ||
        !store_all(r->store, &r->arena, &sql_policy_in_force, &in.base, &rows, f))
        return false;
    if (rows.count == 0)
        return fault_set(f, FAULT_NOT_FOUND, NULL,
                         "no rule is in force then: is a policy loaded (chancery policy load), "
                         "and is the scope right?");
    policy_rows(&table, &r->arena, (const Rule *const *)rows.items, rows.count, true);
    listing_print(r, &table, "", 0);
    return true;
}
