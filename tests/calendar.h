/* calendar - the rules of policy/, each asked on its days of whoever enforces it.
 *
 * A test brings a table of probes. A probe measures what the code that enforces a parameter does at an
 * instant: for how long it lets a validation count, say. For each rule that a probe is for there is a test
 * of its own, named by the rule: the day before it begins and the last moment before, its first moment, the
 * last moment before it ends, and the moment when it has ended. What is measured must be what the rules say
 * then; and it must change when the rule is another, or is not there, so a rule that nobody obeys fails.
 *
 * A rule whose parameter names this test (lib/ledger/parameters.def) and for which there is no probe fails,
 * too. With CHANCERY_CALENDAR=1 each measurement is printed.
 *
 * Include once in a test program; everything is static. Run from the top of the tree.
 */
#ifndef TESTS_CALENDAR_H
#define TESTS_CALENDAR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ledger/parameter.h"
#include "message/json.h"
#include "product.pb-c.h"
#include "store/script.h"

struct calendar_probe {
    const char *parameter; /* as in parameters.def; "check": of rules that bring one */
    /* What is done at that instant by the parameter of that rule, in the words of its value; of a
     * prohibition "prohibited"; "" for what is done without a rule. */
    const char *(*measure)(const Rule *rule, struct instant at);
    const char *other; /* a value that changes what is done; NULL: so does leaving the rule out */
    const char *(*change)(const Rule *rule); /* the same, where it depends on the rule */
    const char *(*says)(const Rule *rule);   /* what a rule says, where measure has other words */
    const char *(*without)(
        const Rule *like); /* what is done without a rule, where that is something */
};

static struct {
    struct arena *arena;
    struct script *admin;
    const char *file; /* of the test */
    const struct calendar_probe *probes;
    const Rule *rules[1000];
    size_t count;
    long long version;   /* as in the files */
    long long world;     /* the one in force, its copy or itself */
    const Rule *changed; /* in the copy: the rule, */
    const char *value;   /* and what it gives there; NULL: it is left out */
} calendar;

/* ---- the policy, as a version of the database */

static void calendar_run(const char *sql)
{
    struct fault f;
    if (!script_run(calendar.admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static char *calendar_text(const char *path)
{
    FILE *file = fopen(path, "re");
    struct text t;
    char part[4096];
    if (!file) {
        fail_msg("%s cannot be read (run from the top of the tree)", path);
        return NULL;
    }
    text_init(&t, calendar.arena);
    for (size_t size; (size = fread(part, 1, sizeof part - 1, file)) > 0;) {
        part[size] = '\0';
        text_add(&t, part);
    }
    fclose(file);
    return t.data;
}

/* Calls `take` with the text of each .json file of a folder, and its name without that. */
static void calendar_files(const char *folder, void (*take)(const char *name, const char *text))
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t length = strlen(e->d_name);
        if (length < 6 || strcmp(e->d_name + length - 5, ".json") != 0)
            continue;
        take(arena_strndup(calendar.arena, e->d_name, length - 5),
             calendar_text(arena_format(calendar.arena, "%s/%s", folder, e->d_name)));
    }
    closedir(dir);
}

static void calendar_rules_take(const char *name, const char *text)
{
    struct fault f = { 0 };
    const RuleFile *file = (const RuleFile *)message_from_json(
        calendar.arena, &rule_file__descriptor, text, strlen(text), &f);
    if (!file) {
        fail_msg("%s.json: %s %s", name, f.field, f.detail);
        return;
    }
    assert_true(calendar.count + file->n_rules <= sizeof calendar.rules / sizeof *calendar.rules);
    for (size_t i = 0; i < file->n_rules; i++)
        calendar.rules[calendar.count++] = file->rules[i];
    calendar_run(arena_format(
        calendar.arena,
        "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
        " valid_till, statement, source, check_name)"
        " SELECT %lld, r.id, r.scope, r.parameter, r.value, r.unit, r.level,"
        " coalesce(r.\"from\", '-infinity'), coalesce(r.until, 'infinity'), r.statement, r.source, "
        "r.\"check\""
        " FROM json_to_recordset((%s)::json -> 'rules') AS r (id text, scope text, parameter text,"
        " value text, unit text, level text, \"from\" timestamptz, until timestamptz,"
        " statement text, source text, \"check\" text)",
        calendar.version, script_literal(calendar.arena, text)));
}

static void calendar_document_take(const char *kind, const char *name, const char *text)
{
    const char *literal = script_literal(calendar.arena, text);
    calendar_run(arena_format(calendar.arena,
                              "INSERT INTO policy_document (version, kind, name, document, sha256)"
                              " VALUES (%lld, '%s', '%s', %s, sha256(convert_to(%s, 'UTF8')))",
                              calendar.version, kind, name, literal, literal));
}

static void calendar_product_take(const char *name, const char *text)
{
    calendar_document_take("product", name, text);
}

static void calendar_profile_take(const char *name, const char *text)
{
    calendar_document_take("profile", name, text);
}

static long long calendar_number(const char *sql)
{
    const char *text = NULL;
    struct fault f;
    if (!script_ask(calendar.admin, calendar.arena, sql, NULL, 0, &text, &f))
        fail_msg("%s: %s", sql, f.detail);
    return text ? strtoll(text, NULL, 10) : 0;
}

static long long calendar_version_new(void)
{
    return calendar_number("INSERT INTO policy_version (sha256, loaded_at)"
                           " VALUES (sha256(random()::text::bytea), '2020-01-01') RETURNING id");
}

static void calendar_activate(long long version)
{
    calendar_run(arena_format(calendar.arena,
                              "INSERT INTO policy_active (one, version, activated_at) VALUES "
                              "(true, %lld, '2020-01-01') ON CONFLICT (one) DO UPDATE SET version "
                              "= excluded.version",
                              version));
    calendar.world = version;
}

/* The policy with another value of one rule; `value` NULL: without the rule. */
static void calendar_change(const Rule *rule, const char *value)
{
    struct arena *a = calendar.arena;
    calendar_run("BEGIN");
    long long version = calendar_version_new();
    const char *literal = value ? script_literal(a, value) : "NULL";
    calendar_run(arena_format(
        a,
        "INSERT INTO policy_rule SELECT %lld, id, scope, parameter,"
        " CASE WHEN id = '%s' THEN %s ELSE value END, unit, level, valid_from, valid_till,"
        " statement, source, check_name"
        " FROM policy_rule WHERE version = %lld AND (id <> '%s' OR %s);"
        "INSERT INTO policy_document SELECT %lld, kind, name, document, sha256"
        " FROM policy_document WHERE version = %lld; COMMIT",
        version, rule->id, literal, calendar.version, rule->id, value ? "true" : "false", version,
        calendar.version));
    calendar.changed = rule;
    calendar.value = value;
    calendar_activate(version);
}

/* The rules of the version in force, for who takes them from a folder and not from the database; `out` has room
 * for all of them. How many. */
__attribute__((unused)) static size_t calendar_in_force(const Rule **out)
{
    size_t count = 0;
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        bool changed =
            calendar.world != calendar.version && strcmp(r->id, calendar.changed->id) == 0;
        Rule *other = arena_copy(calendar.arena, r, sizeof *r);
        if (changed && calendar.value)
            other->value = arena_strdup(calendar.arena, calendar.value);
        if (!changed || calendar.value)
            out[count++] = other;
    }
    return count;
}

/* Loads policy/ as the version in force; `owner` is of the database. */
static void calendar_open(struct arena *a, struct script *owner)
{
    calendar.arena = a;
    calendar.admin = owner;
    calendar.count = 0;
    calendar_run("BEGIN");
    calendar.version = calendar_version_new();
    calendar_files("policy/rules", calendar_rules_take);
    calendar_files("policy/products", calendar_product_take);
    calendar_files("policy/profiles", calendar_profile_take);
    calendar_run("COMMIT");
    calendar_activate(calendar.version);
}

/* ---- what the rules say */

static bool calendar_holds(const Rule *r, struct instant at)
{
    return (!r->from || r->from->us <= at.us) && (!r->until || at.us < r->until->us);
}

/* Rules of one scope that give the same follow each other. */
static bool calendar_same(const Rule *a, const Rule *b)
{
    return strcmp(a->scope, b->scope) == 0 && strcmp(a->parameter, b->parameter) == 0 &&
           (!a->check || !b->check || strcmp(a->check, b->check) == 0);
}

static const char *calendar_says(const struct calendar_probe *p, const Rule *like,
                                 struct instant at)
{
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        if (calendar_same(r, like) && calendar_holds(r, at))
            return p->says ? p->says(r) : r->value ? r->value : "prohibited";
    }
    return p->without ? p->without(like) : "";
}

/* ---- one rule */

static const char *calendar_home(const Rule *r)
{
    const struct parameter *p = parameter_find(r->parameter);
    return r->check ? PARAMETER_CHECKS_TEST : p ? p->test : "";
}

/* The same parameter may be both: a lint's, and somebody else's. */
static const struct calendar_probe *calendar_probe_of(const Rule *r)
{
    const struct parameter *known = parameter_find(r->parameter);
    const char *name = known ? known->name : "";
    for (const struct calendar_probe *p = calendar.probes; p->parameter; p++)
        if (strcmp(p->parameter, r->check ? "check" : name) == 0)
            return p;
    return NULL;
}

static void calendar_told(const Rule *r, struct instant at, const char *told, const char *what)
{
    char text[INSTANT_TEXT_SIZE];
    if (getenv("CHANCERY_CALENDAR"))
        print_message("    %s %s  %s%s\n", r->id, instant_text(at, text), *told ? told : "nothing",
                      what);
}

static void calendar_compare(const struct calendar_probe *p, const Rule *r, struct instant at)
{
    char text[INSTANT_TEXT_SIZE];
    const char *done = p->measure(r, at), *said = calendar_says(p, r, at);
    calendar_told(r, at, done, "");
    if (strcmp(done, said) != 0)
        fail_msg("%s on %s: done is \"%s\", said is \"%s\"", r->id, instant_text(at, text), done,
                 said);
}

/* A day on which it holds. */
static struct instant calendar_day(const Rule *r)
{
    struct instant at = { 0 };
    instant_read("2026-12-01", &at);
    if (r->from)
        at.us = r->from->us;
    else if (r->until)
        at.us = r->until->us - 1;
    return at;
}

static void calendar_change_shows(const struct calendar_probe *p, const Rule *r)
{
    struct instant at = calendar_day(r);
    const char *before = p->measure(r, at), *other = p->change ? p->change(r) : p->other;
    calendar_change(r, other);
    const char *after = p->measure(r, at);
    calendar_activate(calendar.version);
    calendar_told(r, at, after, other ? " with another value" : " without it");
    if (strcmp(before, after) == 0)
        fail_msg("%s does nothing: \"%s\" with it, and as much %s", r->id, before,
                 other ? "with another value" : "without it");
}

static void calendar_rule(void **state)
{
    const Rule *r = (const Rule *)*state;
    const struct calendar_probe *p = calendar_probe_of(r);
    if (!p) {
        fail_msg("rule %s: nobody asks what %s does: there is no probe of %s in %s", r->id,
                 r->parameter, r->check ? r->check : r->parameter, calendar.file);
        return;
    }
    if (!r->from && !r->until)
        calendar_compare(p, r, calendar_day(r));
    if (r->from) {
        struct instant from = { r->from->us };
        calendar_compare(p, r, (struct instant){ from.us - days(1).us });
        calendar_compare(p, r, (struct instant){ from.us - 1 });
        calendar_compare(p, r, from);
    }
    if (r->until) {
        calendar_compare(p, r, (struct instant){ r->until->us - 1 });
        calendar_compare(p, r, (struct instant){ r->until->us });
    }
    calendar_change_shows(p, r);
}

static bool calendar_has_probe(const char *parameter)
{
    for (const struct calendar_probe *p = calendar.probes; p->parameter; p++)
        if (strcmp(p->parameter, parameter) == 0)
            return true;
    return false;
}

/* Of the parameters that are to be asked here, has each a probe, and each probe a rule? */
static void calendar_probes_have_rules(void **state)
{
    (void)state;
    for (const struct parameter *p = parameters; p->name; p++) {
        bool checked = strcmp(p->name, "validity.max") == 0; /* by the lint that its rules bring */
        if (strcmp(p->test, calendar.file) == 0 && !checked && !calendar_has_probe(p->name))
            fail_msg("there is no probe of %s in %s", p->name, calendar.file);
        if (access(p->test, R_OK) != 0)
            fail_msg("%s is to be asked in %s, which there is not", p->name, p->test);
    }
    for (const struct calendar_probe *p = calendar.probes; p->parameter; p++) {
        size_t rules = 0;
        for (size_t i = 0; i < calendar.count; i++)
            rules += calendar_probe_of(calendar.rules[i]) == p;
        if (!rules)
            fail_msg("no rule gives %s", p->parameter);
    }
}

/* The tests: one for each rule that is to be asked here, or that a probe is for. Ends the program with the
 * number of those that failed. */
static int calendar_tests(const char *file, const struct calendar_probe *probes)
{
    static struct CMUnitTest tests[sizeof calendar.rules / sizeof *calendar.rules + 1];
    size_t count = 0;
    calendar.file = file;
    calendar.probes = probes;
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(calendar_probes_have_rules);
    for (size_t i = 0; i < calendar.count; i++) {
        const Rule *r = calendar.rules[i];
        if (strcmp(calendar_home(r), file) == 0 || calendar_probe_of(r))
            tests[count++] =
                (struct CMUnitTest){ .name = r->id,
                                     .test_func = calendar_rule,
                                     .initial_state = arena_copy(calendar.arena, r, sizeof *r) };
    }
    return _cmocka_run_group_tests("calendar", tests, count, NULL, NULL);
}

#endif
