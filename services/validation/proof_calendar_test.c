/* Rules of what must be known of a proof, on their days: who else has seen it, and what is stored of it. */
#include "tests/calendar.h"

#include <math.h>

#include "domains.sql.h"
#include "message/convert.h"
#include "quorum.h"
#include "testing/database.h"
#include "validation.pb-c.h"

static struct arena arena;
static struct database *database;
static struct script *admin, *service; /* the owner; the role of this service */

static const char *ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *ask(const char *format, ...)
{
    char sql[2048];
    const char *out = NULL;
    struct fault f;
    va_list list;
    va_start(list, format);
    vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

static const char *literal(struct instant at)
{
    return arena_format(&arena, "('epoch'::timestamptz + %lld * interval '1 microsecond')",
                        (long long)at.us);
}

static const char *number(int64_t n)
{
    return n > 0 ? arena_format(&arena, "%lld", (long long)n) : "";
}

/* ---- who else sees it */

/* As a round of look-ups gets them at that instant; NULL: nobody else is asked. */
static const QuorumRules *quorum_of(const char *scope, struct instant at)
{
    static long long last = 500000;
    ChallengeIds in = CHALLENGE_IDS__INIT;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    long long id = last++;
    int64_t ids[] = { id };
    ask("INSERT INTO challenge (id, account_id, asked_by, subject, identifier, rule_scope, method,"
        " random_value, random_value_at, poll_from) OVERRIDING SYSTEM VALUE"
        " VALUES (%lld, 1, 'domain', %lld, 'v.example', '%s', 'dns-txt-token', 'v', now(), now())",
        id, id, scope);
    in.ids = ids;
    in.n_ids = 1;
    in.now = instant_message(&arena, at);
    if (!store_all(store_mine(), &arena, &sql_challenge_open, &in.base, &rows, &f) ||
        rows.count != 1)
        fail_msg("%zu challenges: %s", rows.count, f.detail);
    return ((const OpenChallenge *)rows.items[0])->quorum;
}

static bool reached(const QuorumRules *rules, size_t asked, size_t agreed, size_t regions)
{
    return quorum_reached(rules, &(struct quorum_count){ asked, agreed, regions });
}

/* The fewest that are enough, where all agree and each is in a region of its own. */
static const char *remotes(const Rule *r, struct instant at)
{
    const QuorumRules *rules = quorum_of(r->scope, at);
    size_t n = 0;
    while (rules && n < PERSPECTIVES_MAX && !reached(rules, n, n, n))
        n++;
    return number((int64_t)n);
}

static const char *regions(const Rule *r, struct instant at)
{
    const QuorumRules *rules = quorum_of(r->scope, at);
    size_t n = 0;
    while (rules && n < PERSPECTIVES_MAX && !reached(rules, PERSPECTIVES_MAX, PERSPECTIVES_MAX, n))
        n++;
    return number((int64_t)n);
}

/* The most of so many that may see it otherwise. */
static const char *misses(const Rule *r, struct instant at, size_t asked)
{
    const QuorumRules *rules = quorum_of(r->scope, at);
    size_t n = 0;
    while (rules && n < asked && reached(rules, asked, asked - n - 1, asked))
        n++;
    return number((int64_t)n);
}

static const char *misses_of_5(const Rule *r, struct instant at)
{
    return misses(r, at, 5);
}

static const char *misses_of_6(const Rule *r, struct instant at)
{
    return misses(r, at, 6);
}

/* Along the equator; the chord over an arc. */
static struct place east_of(double km)
{
    return (struct place){ 0, 2 * asin(km / 2 / 6371) * 180 / acos(-1) };
}

/* The nearest that counts. */
static const char *distance(const Rule *r, struct instant at)
{
    const QuorumRules *rules = quorum_of(r->scope, at);
    size_t chosen[PERSPECTIVES_MAX];
    int km = 0;
    for (bool counts = !rules; !counts && km < 1000; km += !counts) {
        struct perspectives all = { .count = 1 };
        all.all[0].place = east_of(km + 0.001);
        counts = quorum_choose(rules, &all, chosen) == 1;
    }
    return number(km);
}

static const char *const sections[] = { "3.2.2.4.4",  "3.2.2.4.7",  "3.2.2.4.12", "3.2.2.4.18",
                                        "3.2.2.4.20", "3.2.2.4.22", "3.2.2.5.1",  "3.2.2.5.2",
                                        "3.2.2.5.5",  "3.2.2.5.8" };
enum { SECTIONS = sizeof sections / sizeof *sections };

static const char *exempt(const Rule *r, struct instant at)
{
    const QuorumRules *rules = quorum_of(r->scope, at);
    struct text out;
    text_init(&out, &arena);
    for (size_t i = 0; rules && i < SECTIONS; i++)
        if (!quorum_needed(rules, sections[i]))
            text_format(&out, "%s%s", out.length ? " " : "", sections[i]);
    return out.length ? out.data : "";
}

/* ---- what is stored of it */

/* Is a proof that says no more than this refused? */
static const char *refused(const char *method, const char *evidence, const char *names,
                           struct instant at)
{
    struct fault f = { 0 };
    bool stored = script_run(
        service,
        arena_format(&arena,
                     "INSERT INTO validation (account_id, identifier, method, br_method,"
                     " completed_at, evidence, dns_names) VALUES (900, 'v.example', '%s',"
                     " '3.2.2.4.7', %s, '%s', '%s')",
                     method, literal(at), evidence, names),
        &f);
    assert_true(stored || strstr(f.detail, "evidence does not tell"));
    return stored ? "" : "1";
}

static const char *outcome_told(const Rule *r, struct instant at)
{
    (void)r;
    return refused("dns-txt-token", "{}", "{v.example}", at);
}

static const char *bogus_refused(const Rule *r, struct instant at)
{
    (void)r;
    return refused("dns-txt-token",
                   "{\"dnssec_secure\": false,"
                   " \"looks\": [{\"outcome\": \"found\", \"dnssec\": \"bogus\"}]}",
                   "{v.example}", at);
}

static const char *names_told(const Rule *r, struct instant at)
{
    (void)r;
    return refused("email", "{}", "{}", at);
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "mpic.remotes",      remotes,       "7" },
    { "mpic.rirs",         regions,       "4" },
    { "mpic.misses_2_5",   misses_of_5,   "2" },
    { "mpic.misses_6plus", misses_of_6,   "1" },
    { "mpic.distance",     distance,      "300" },
    { "mpic.exempt",       exempt,        "3.2.2.4.7" },
    { "dnssec.primary",    outcome_told,  NULL },
    { "dnssec.fail",       bogus_refused, NULL },
    { "dcv.audit",         names_told,    NULL },
    { 0 },
};
// clang-format on

/* ---- the database counts as this service does */

enum { ASKED_MOST = 9 };

/* "1" where quorum_missed() finds enough, for each that could be asked, agree, and be in regions. */
static const char *enough_by_database(const char *section, struct instant at)
{
    return ask(
        "SELECT string_agg((NOT EXISTS (SELECT FROM quorum_missed('TLS', '%s', n, a, g, %s)))"
        "::int::text, '' ORDER BY n, a, g)"
        " FROM generate_series(0, %d) n, generate_series(0, n) a, generate_series(0, a) g",
        section, literal(at), ASKED_MOST);
}

static const char *enough_by_service(const char *section, struct instant at)
{
    const QuorumRules *rules = quorum_of("TLS", at);
    bool needed = rules && rules->blocks && quorum_needed(rules, section);
    struct text out;
    text_init(&out, &arena);
    for (size_t n = 0; n <= ASKED_MOST; n++)
        for (size_t a = 0; a <= n; a++)
            for (size_t g = 0; g <= a; g++)
                text_add_char(&out, !needed || reached(rules, n, a, g) ? '1' : '0');
    return out.data;
}

static void compare_on(struct instant at)
{
    for (size_t i = 0; i < SECTIONS; i++)
        assert_string_equal(enough_by_database(sections[i], at),
                            enough_by_service(sections[i], at));
}

static void what_is_stored_is_counted_alike(void **state)
{
    size_t days_asked = 0;
    (void)state;
    for (size_t i = 0; i < calendar.count; i++)
        if (strncmp(calendar.rules[i]->parameter, "mpic.", 5) == 0 && calendar.rules[i]->from) {
            compare_on((struct instant){ calendar.rules[i]->from->us - 1 });
            compare_on((struct instant){ calendar.rules[i]->from->us });
            days_asked++;
        }
    assert_true(days_asked > 0);
}

/* Days on which too few only warn, and those on which they do not count, follow the level of the rule. */
static void level_decides_what_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        if (strcmp(r->parameter, "mpic.remotes") != 0)
            continue;
        bool counts = *enough_by_database("3.2.2.4.7", (struct instant){ r->from->us }) == '1';
        assert_int_equal(counts, *r->level == 'S');
    }
}

static bool set_up(void)
{
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    service = script_open((struct secret){ database_url(database, "validation") }, &f);
    if (!admin || !service)
        return false;
    store_set_mine(
        store_new(&(struct store_options){ .url = { database_url(database, "validation") },
                                           .timeout = seconds(30),
                                           .application = "calendar_test" }));
    calendar_open(&arena, admin);
    return true;
}

static void tear_down(void)
{
    struct store *mine = store_mine();
    store_set_mine(NULL);
    store_free(mine);
    script_close(service);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest alike[] = { cmocka_unit_test(what_is_stored_is_counted_alike),
                                        cmocka_unit_test(level_decides_what_counts) };
    if (!set_up())
        return 1;
    int failed = calendar_tests("services/validation/proof_calendar_test.c", probes) +
                 cmocka_run_group_tests(alike, NULL, NULL);
    tear_down();
    return failed;
}
