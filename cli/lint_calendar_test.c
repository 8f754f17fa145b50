/* Rules of CRLs and OCSP responses, on their days: what `chancery lint` says of them. */
#include "tests/calendar.h"

#include "lint_rules.h"
#include "lints/status_trips.h"
#include "testing/database.h"

static struct database *database;
static struct script *admin;

/* ---- what is said of one, by the checks that a rule brings */

struct said {
    const Rule *rule;
    bool refused, advised, held;
};

static void note(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    struct said *s = data;
    if (!status_rule_brings(s->rule->parameter, lint))
        return;
    s->held |= !why;
    s->refused |= why && !advice;
    s->advised |= why && advice;
}

/* The good one, or the one of the check's trip, of the scope's certificates. */
static struct status_input input_for(const Rule *r, enum input which, struct instant at)
{
    bool authorities = strcmp(r->scope, "CA") == 0;
    const Rule **rules = arena_array(&arena, const Rule *, calendar.count);
    struct policy_source policy = { .rules = rules, .rule_count = calendar_in_force(rules) };
    struct status_input in = input_of(which);
    struct fault f = { 0 };
    in.kind = in.kind & STATUS_CRL ? authorities ? STATUS_CRL_CA : STATUS_CRL_LEAF
              : authorities        ? STATUS_OCSP_CA
                                   : STATUS_OCSP_LEAF;
    in.now = at;
    if (!lint_status_rules(&arena, &policy, r->scope, at, &in, &f))
        fail_msg("%s", f.detail);
    return in;
}

static const char *verdict(const Rule *r, const struct status_input *in)
{
    struct said said = { .rule = r };
    struct fault f = { 0 };
    if (!status_each(in, note, &said, &f))
        fail_msg("%s: %s", r->id, f.detail);
    if (said.refused + said.advised + said.held > 1)
        return "this and that";
    return said.refused ? "refused" : said.advised ? "advised" : "";
}

/* How the lints that a rule brings are tripped: by a row each. */
static size_t row_of(const struct status_lint *lint)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].lint, lint->name) == 0)
            return i;
    fail_msg("no row trips %s", lint->name);
    return 0;
}

static bool is_of(const Rule *r, const struct status_lint *lint)
{
    unsigned authorities = STATUS_CRL_CA | STATUS_OCSP_CA,
             leaves = STATUS_CRL_LEAF | STATUS_OCSP_LEAF;
    return status_rule_brings(r->parameter, lint) &&
           lint->kinds & (strcmp(r->scope, "CA") == 0 ? authorities : leaves);
}

static struct status_input tripped(const Rule *r, size_t row, struct bytes with, struct instant at)
{
    struct status_input in = input_for(r, rows[row].input, at);
    in.der =
        rows[row].path ? edited(in.der, rows[row].path, with) : special(rows[row].lint, in.der);
    return in;
}

/* Of all that the rule brings. */
static const char *each_verdict(const Rule *r, struct instant at,
                                struct bytes (*with)(const Rule *r, size_t row))
{
    const char *out = NULL;
    for (size_t t = 0; status_tables[t]; t++)
        for (const struct status_lint *l = status_tables[t]; l->name; l++) {
            if (!is_of(r, l))
                continue;
            size_t row = row_of(l);
            struct status_input good = input_for(r, rows[row].input, at),
                                bad = tripped(r, row, with(r, row), at);
            assert_string_equal(verdict(r, &good), "");
            const char *one = verdict(r, &bad);
            out = !out || strcmp(out, one) == 0 ? one : "this and that";
        }
    assert_non_null(out);
    return out;
}

static struct bytes of_row(const Rule *r, size_t row)
{
    (void)r;
    return rows[row].path ? replacement(rows[row].with) : (struct bytes){ NULL, 0 };
}

static const char *check(const Rule *r, struct instant at)
{
    return each_verdict(r, at, of_row);
}

static struct bytes of_reason(const Rule *r, size_t row)
{
    const struct parameter *p = parameter_find(r->parameter);
    long reason = strtol(parameter_key(p, r->parameter), NULL, 10);
    (void)row;
    return hex(arena_format(&arena, "0a01%02lx", reason));
}

static const char *reason(const Rule *r, struct instant at)
{
    return each_verdict(r, at, of_reason);
}

static const char *check_says(const Rule *r)
{
    return strcmp(r->level, "S") == 0 ? "advised" : "refused";
}

/* ---- how long one may be, or must */

/* thisUpdate is an hour ago; the last second is one of those in which it is valid. */
static const char *life_verdict(const Rule *r, const char *lint, int64_t hours, struct instant at)
{
    size_t row = row_of(status_lint_find(lint));
    char type = inputs[rows[row].input].kind & STATUS_CRL ? 'u' : 'g';
    struct status_input in =
        tripped(r, row, time_at(type, instant_add(rig.now, seconds((hours - 1) * 3600 - 1))), at);
    return verdict(r, &in);
}

/* The hours from which on it is otherwise, in the rule's unit; "" where it is so for all. */
static const char *limit(const Rule *r, const char *lint, bool most, struct instant at)
{
    int64_t good = most ? 1 : 10000, bad = most ? 10000 : 1, unit = *r->unit == 'd' ? 24 : 1;
    const char *said = life_verdict(r, lint, bad, at);
    if (!*said)
        return "";
    assert_string_equal(life_verdict(r, lint, good, at), "");
    while (good - bad > 1 || bad - good > 1) {
        int64_t hours = (good + bad) / 2;
        if (*life_verdict(r, lint, hours, at))
            bad = hours;
        else
            good = hours;
    }
    if (good % unit)
        return "no whole unit";
    return arena_format(&arena, "%lld, %s", (long long)(good / unit), said);
}

static const char *crl_life_max(const Rule *r, struct instant at)
{
    return limit(r, "crl_life_max", true, at);
}

static const char *ocsp_life_max(const Rule *r, struct instant at)
{
    return limit(r, "ocsp_life_max", true, at);
}

static const char *ocsp_life_min(const Rule *r, struct instant at)
{
    return limit(r, "ocsp_life_min", false, at);
}

static const char *life_says(const Rule *r)
{
    return arena_format(&arena, "%s, %s", r->value, check_says(r));
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "crl.life.max",               crl_life_max,  "5", .says = life_says },
    { "ocsp.life.max",              ocsp_life_max, "5", .says = life_says },
    { "ocsp.life.min",              ocsp_life_min, "5", .says = life_says },
    { "crl.idp",                    check,  NULL, .says = check_says },
    { "ocsp.light",                 check,  NULL, .says = check_says },
    { "revocation.reason",          check,  NULL, .says = check_says },
    { "revocation.invalidity_date", check,  NULL, .says = check_says },
    { "revocation.reason.",         reason, NULL, .says = check_says },
    { 0 },
};
// clang-format on

int main(void)
{
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return 1;
    calendar_open(&arena, admin);
    rig_open(&rig, &arena);
    int failed = calendar_tests("cli/lint_calendar_test.c", probes);
    rig_close(&rig);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
