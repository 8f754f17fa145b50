/* Rules that the issuer enforces, on their days: those that bring a lint, and what C2 cuts by. */
#include "tests/calendar.h"

#include "issuance.pb-c.h"
#include "issuance.sql.h"
#include "lint_plans.h"
#include "lints/trips.h"
#include "message/convert.h"
#include "testing/database.h"

static struct arena arena;
static struct database *database;
static struct script *admin;

/* ---- lints */

static const struct policy *world(void)
{
    const struct policy *policy = NULL;
    struct fault f = { 0 };
    if (!policy_version_get(calendar.world, &policy, &f))
        fail_msg("%s", f.detail);
    return policy;
}

static const char *changes_of(const char *check, const char **profile)
{
    for (size_t i = 0; i < sizeof trip_rows / sizeof *trip_rows; i++)
        if (strcmp(trip_rows[i].lint, check) == 0) {
            *profile = trip_rows[i].profile;
            return trip_rows[i].changes;
        }
    fail_msg("there is no trip of check %s", check);
    return NULL;
}

/* One of the rule's scope for certificates that the check looks at; that of the check's trip if it is one. */
static const Profile *profile_of(const struct policy *policy, const Rule *r, const char *usual)
{
    const Profile *out = NULL;
    for (size_t i = 0; i < policy->profile_count; i++) {
        const Profile *p = policy->profiles[i].profile;
        if (strcmp(p->rule_scope, r->scope) == 0 &&
            lint_find(r->check)->kinds & lint_kind_read(p->certificate) &&
            (!out || strcmp(p->name, usual) == 0))
            out = p;
    }
    if (!out)
        fail_msg("%s: check %s looks at nothing of scope %s", r->id, r->check, r->scope);
    return out;
}

static bool is_found(const struct lint_found *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->names[i], name) == 0)
            return true;
    return false;
}

/* What the issuer would run then. Nothing is signed on days for which no rule says how long a certificate may
 * be; what else the rules say of them is asked without the profile's own checks. */
static const struct lint_plan *plan_of(const struct policy *policy, const Profile *profile,
                                       struct instant at)
{
    struct lints_now lints;
    struct fault f = { 0 };
    if (lint_plans_find(policy, profile, at, &lints, &f))
        return lints.plan;
    Profile *bare = arena_copy(&arena, profile, sizeof *profile);
    bare->n_checks = 0;
    if (!lint_plans_find(policy, bare, at, &lints, &f))
        fail_msg("%s: %s", f.field, f.detail);
    return lints.plan;
}

/* What is said of the good certificate of a profile with these changes. */
static const char *said_of(const Rule *r, const char *changes, int64_t value, struct instant at,
                           struct bytes *tbs)
{
    const struct policy *policy = world();
    struct lint_outcome out = { 0 };
    struct fault f = { 0 };
    struct trip trip;
    const char *usual;
    changes_of(r->check, &usual);
    const Profile *profile = profile_of(policy, r, usual);
    trip_of(&arena, profile->name, changes, value ? value : lint_find(r->check)->standing, at,
            &trip);
    *tbs = trip.input.tbs;
    lint_run(plan_of(policy, profile, at), &trip.input, &out, &f);
    return is_found(&out.errors, r->check)     ? "refused"
           : is_found(&out.warnings, r->check) ? "advised"
                                               : "";
}

/* And of the one that trips the check by that value. */
static const char *verdict(const Rule *r, int64_t value, struct instant at, struct bytes *tbs)
{
    const char *usual;
    return said_of(r, changes_of(r->check, &usual), value, at, tbs);
}

/* Of days and hours one may have so many at the most, of bits one must have as many; but for a root's days. */
static bool is_most(const Rule *r)
{
    const char *min = strstr(r->check, "_min");
    return strcmp(lint_find(r->check)->unit, "bits") != 0 && !min;
}

static int64_t other_of(const Rule *r)
{
    int64_t value = strtoll(r->value, NULL, 10);
    return is_most(r) ? (value + 1) / 2 : value * 2;
}

static void closer(const Rule *r, int64_t value, struct instant at, int64_t *limit)
{
    struct bytes tbs;
    if (*verdict(r, value, at, &tbs) && (!*limit || (is_most(r) ? value < *limit : value > *limit)))
        *limit = value;
}

/* The closest of all values that rules give, or could. */
static const char *limit_of(const Rule *like, struct instant at)
{
    int64_t limit = 0;
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        if (!r->check || strcmp(r->check, like->check) != 0 || !r->value)
            continue;
        closer(like, strtoll(r->value, NULL, 10), at, &limit);
        closer(like, other_of(r), at, &limit);
    }
    return limit ? arena_format(&arena, "%lld", (long long)limit) : "";
}

/* Of a check whose trip is the same for all values: is the trip refused, and the good certificate not? */
static const char *line_of(const Rule *r, struct instant at)
{
    struct bytes tbs;
    if (!*verdict(r, 0, at, &tbs))
        return "";
    return *said_of(r, "", 0, at, &tbs) ? "more than a good one has" : r->value;
}

static bool has_a_line(const Rule *r, struct instant at)
{
    struct bytes one, other;
    verdict(r, strtoll(r->value, NULL, 10), at, &one);
    verdict(r, other_of(r), at, &other);
    return bytes_equal(one, other);
}

static bool is_counted(const Rule *r)
{
    if (!lint_find(r->check))
        fail_msg("%s: there is no check %s", r->id, r->check);
    return lint_find(r->check)->unit != NULL;
}

static const char *check(const Rule *r, struct instant at)
{
    struct bytes tbs;
    if (!is_counted(r))
        return verdict(r, 0, at, &tbs);
    return has_a_line(r, at) ? line_of(r, at) : limit_of(r, at);
}

/* Of two rules that bring one check, and of a profile that names it as well, the stricter is what is done. */
static const char *check_says(const Rule *r)
{
    return is_counted(r) ? r->value : strcmp(r->level, "S") == 0 ? "advised" : "refused";
}

/* What is checked always has a number of its own. */
static const char *check_without(const Rule *r)
{
    const struct lint *l = lint_find(r->check);
    return l && l->unit && l->when == ALWAYS && l->standing
               ? arena_format(&arena, "%lld", (long long)l->standing)
               : "";
}

static const char *check_other(const Rule *r)
{
    return is_counted(r) ? arena_format(&arena, "%lld", (long long)other_of(r)) : NULL;
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
    { "check",            check,   .says = check_says, .without = check_without, .change = check_other },
    { "validity.advised", advised, "7" },
    { 0 },
};
// clang-format on

/* ---- what the loader of policies knows of the lints is what they are */

static void loader_knows_the_lints(void **state)
{
    static const struct {
        const char *name, *source;
        enum lint_when when;
        const char *unit, *file;
    } checks[] = {
#define CHECK(name, source, when, unit, file) { name, source, when, unit, file },
#include "checks.def"
#undef CHECK
    };
    size_t i = 0, known = sizeof checks / sizeof *checks;
    (void)state;
    for (; i < known; i++) {
        const struct lint *l = lint_find(checks[i].name);
        if (!l || strcmp(l->source, checks[i].source) != 0 || l->when != checks[i].when ||
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
