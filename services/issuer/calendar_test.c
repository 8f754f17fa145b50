/* Rules that the issuer enforces, on their days: those that bring a lint, and what C2 cuts by. */
#include "tests/calendar.h"

#include "issuance.pb-c.h"
#include "issuance.sql.h"
#include "lint_rules.h"
#include "lints/trips.h"
#include "message/convert.h"
#include "testing/database.h"

static struct arena arena;
static struct database *database;
static struct script *admin;

/* ---- lints */

/* Does the check of the rule refuse the certificate that trips it by that value? Of the rules that hold then,
 * all are run; what is only recommended is taken for an order here, since it is but a line of the log. */
static bool refuses(const Rule *r, int64_t value, struct instant at)
{
    const struct policy *policy = NULL;
    struct fault f = { 0 };
    struct instant until = { INT64_MAX };
    struct trip trip;
    size_t count;
    if (!policy_version_get(calendar.world, &policy, &f))
        fail_msg("%s", f.detail);
    if (!trip_make(&arena, r->check, value, at, &trip))
        fail_msg("%s: there is no trip of check %s", r->id, r->check);
    const struct lint_rule *held = lint_rules_then(policy, r->scope, at, &arena, &count, &until);
    struct lint_rule *rules = arena_copy(&arena, held, (count + 1) * sizeof *held);
    for (size_t i = 0; i < count; i++)
        rules[i].level = 'M';
    Profile profile = *trip.profile;
    profile.n_checks = 0;
    if (lint_tbs(&trip.input, &profile, rules, count, &f))
        return false;
    if (strcmp(f.field, r->check) != 0)
        fail_msg("%s: the trip of %s is refused by %s: %s", r->id, r->check, f.field, f.detail);
    return true;
}

/* What one may have at most of days and hours, and must have at least of bits. */
static const char *limit_of(const Rule *like, struct instant at)
{
    bool most = strcmp(lint_find(like->check)->unit, "bits") != 0;
    const char *out = "";
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        if (!r->check || strcmp(r->check, like->check) != 0 || !r->value ||
            !refuses(like, strtoll(r->value, NULL, 10), at))
            continue;
        if (!*out || (strtoll(r->value, NULL, 10) < strtoll(out, NULL, 10)) == most)
            out = r->value;
    }
    return out;
}

static const char *check(const Rule *r, struct instant at)
{
    const struct lint *l = lint_find(r->check);
    if (!l)
        fail_msg("%s: there is no check %s", r->id, r->check);
    if (l && l->unit)
        return limit_of(r, at);
    return refuses(r, 0, at) ? "refused" : "";
}

/* ---- C2 */

static void run_sql(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* What a claim at that instant says of how long the certificate may be. */
static const Intent *intent_of(const char *scope, struct instant at)
{
    static long long last = 800000;
    IssuanceClaim in = ISSUANCE_CLAIM__INIT;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    static char owner[] = "issuer/calendar/1";
    long long id = last++;
    int64_t ids[] = { id };
    run_sql(arena_format(
        &arena,
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
        " valid_till, created_at, answer_by, status_at) VALUES (%lld, 1, 1, 'p', 'pending', %lld,"
        " 'infinity', now(), now(), now());"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
        " signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (%lld, %lld, 1, 1,"
        " 'new_request', 'approved', '%s', 'sha256', 'x', 'fqdn', 1, now());"
        "INSERT INTO job (id, lane, subject, run_at, idem_key) OVERRIDING SYSTEM VALUE"
        " VALUES (%lld, 'issue', %lld, now(), 'issue/%lld')",
        id, id, id, id, scope, id, id, id));
    in.ids = ids;
    in.n_ids = 1;
    in.owner = owner;
    in.lease_ms = 60000;
    in.now = instant_message(&arena, at);
    if (!store_all(store_mine(), &arena, &sql_issuance_claim, &in.base, &rows, &f) ||
        rows.count != 1)
        fail_msg("%zu claimed: %s", rows.count, f.detail);
    return (const Intent *)rows.items[0];
}

static const char *advised(const Rule *r, struct instant at)
{
    const Intent *i = intent_of(r->scope, at);
    return i->has_validity_advised_days
               ? arena_format(&arena, "%lld", (long long)i->validity_advised_days)
               : "";
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "check",            check,   NULL },
    { "validity.advised", advised, "7" },
    { 0 },
};
// clang-format on

/* ---- what the loader of policies knows of the lints is what they are */

static void loader_knows_the_lints(void **state)
{
    static const struct {
        const char *name, *source, *unit, *file;
    } checks[] = {
#define CHECK(name, source, unit, file) { name, source, unit, file },
#include "checks.def"
#undef CHECK
    };
    size_t i = 0, known = sizeof checks / sizeof *checks;
    (void)state;
    for (; i < known; i++) {
        const struct lint *l = lint_find(checks[i].name);
        if (!l || strcmp(l->source, checks[i].source) != 0 ||
            (l->unit ? !checks[i].unit || strcmp(l->unit, checks[i].unit) != 0 : !!checks[i].unit))
            fail_msg("%s of %s is no lint, or another: see tools/checks.awk", checks[i].name,
                     checks[i].file);
    }
    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++)
            known--;
    assert_int_equal(known, 0); /* a row that tools/checks.awk does not read */
}

int main(void)
{
    const struct CMUnitTest lists[] = { cmocka_unit_test(loader_knows_the_lints) };
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return 1;
    store_set_mine(store_new(&(struct store_options){ .url = { database_url(database, "issuer") },
                                                      .timeout = seconds(30),
                                                      .application = "calendar_test" }));
    calendar_open(&arena, admin);
    int failed = calendar_tests("services/issuer/calendar_test.c", probes) +
                 cmocka_run_group_tests(lists, NULL, NULL);
    struct store *mine = store_mine();
    store_set_mine(NULL);
    store_free(mine);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
