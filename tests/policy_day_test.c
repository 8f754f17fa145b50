/* policy_day says of evidence what the rules say: its rows, which the database makes of policy_rule, against
 * policy_at() on each day on which a rule begins or ends, and on the moment before. */
#include "tests/statements.h"

#include <string.h>

#include "store/script.h"

static struct script *admin;

static const char *ask(const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

static void run(const char *sql)
{
    struct fault f;

    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* ---- the world: the rules that are shipped, and others in a scope of their own */

#define VERSION                                                                                    \
    "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256(random()::text::bytea)," \
    " '2025-01-01'); INSERT INTO policy_active (one, version, activated_at)"                       \
    " SELECT true, max(id), '2025-01-01' FROM policy_version"                                      \
    " ON CONFLICT (one) DO UPDATE SET version = excluded.version"

#define RULE                                                                                       \
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"      \
    " valid_till, statement, source) "

static const char shipped[] = RULE
    "SELECT version, r ->> 'id', r ->> 'scope', r ->> 'parameter', r ->> 'value', r ->> 'unit',"
    "        r ->> 'level', coalesce((r ->> 'from')::timestamptz, '-infinity'),"
    "        coalesce((r ->> 'until')::timestamptz, 'infinity'), r ->> 'statement', r ->> 'source'"
    "   FROM policy_active, json_array_elements($rules$%s$rules$::json -> 'rules') r";

static const char *const files[] = { "policy/rules/caa.json", "policy/rules/domain-control.json",
                                     "policy/rules/methods.json", "policy/rules/perspectives.json",
                                     "policy/rules/reuse.json" };

/* What no rule that is shipped does: ages of a method that begin and end, one that is permitted by name and not
 * for ever, a quorum that is given up, rules with gaps between them. */
static const char odd[] =
    RULE "SELECT version, 'odd ' || row_number() OVER (), 'ODD', o.parameter, o.value, o.unit, "
         "o.level, o.valid_from, o.valid_till, '', ''"
         "  FROM policy_active, (VALUES"
         " ('reuse.dcv', '40', 'd', 'M', '2020-01-01'::timestamptz, '2020-06-01'::timestamptz),"
         " ('reuse.dcv', '30', 'd', 'S', '2020-08-01', '2021-01-01'),"
         " ('reuse.dcv.3.2.2.4.7', '10', 'd', 'M', '2020-02-01', '2020-03-01'),"
         " ('reuse.dcv.3.2.2.4.7', '20', 'h', 'M', '2020-04-01', 'infinity'),"
         " ('dcv.method.3.2.2.4.7', NULL, NULL, 'S', '2020-05-01', '2020-09-01'),"
         " ('dcv.method.3.2.2.4.7', NULL, NULL, 'X', '2020-10-01', '2020-11-01'),"
         " ('dcv.method.3.2.2.4.4', NULL, NULL, 'X', '2020-02-15', '2020-02-20'),"
         " ('dcv.exact.3.2.2.4.18', '1', 'bool', 'M', '2020-03-03', '2020-04-04'),"
         " ('mpic.remotes', '3', 'count', 'M', '2020-02-02', '2020-05-05'),"
         " ('mpic.remotes', '4', 'count', 'S', '2020-05-05', '2020-07-07'),"
         " ('mpic.remotes', '5', 'count', 'M', '2020-07-07', '2020-12-12'),"
         " ('mpic.rirs', '2', 'count', 'M', '2020-03-05', '2020-08-08'),"
         " ('mpic.misses_2_5', '1', 'count', 'M', '2020-02-12', '2020-09-19'),"
         " ('mpic.misses_6plus', '2', 'count', 'S', '2020-02-22', '2020-11-21'),"
         " ('mpic.exempt', '3.2.2.4.4 3.2.2.4.12', NULL, 'M', '2020-07-17', 'infinity'),"
         " ('caa.check', '1', 'bool', 'M', '2020-01-11', '2020-06-16'),"
         " ('caa.window', '8', 'h', 'M', '2020-01-21', '2020-06-06'),"
         " ('caa.unheard', '1', 'bool', 'S', '2020-02-28', '2020-03-28'))"
         " AS o (parameter, value, unit, level, valid_from, valid_till)";

static int open_world(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return -1;
    run("SET timezone = 'UTC'");
    run(VERSION);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        run(arena_format(&arena, shipped, file_text(files[i])));
    run(odd);
    run("COMMIT");
    return 0;
}

static int close_world(void **state)
{
    script_close(admin);
    return stop(state);
}

/* ---- what is asked, of each scope and on each moment that tells two days from each other */

#define MOMENTS                                                                                    \
    "WITH moment AS MATERIALIZED ("                                                                \
    " SELECT DISTINCT r.scope, t.at"                                                               \
    "   FROM policy_rule r"                                                                        \
    "   CROSS JOIN LATERAL (VALUES (r.valid_from), (r.valid_from - interval '1 microsecond'),"     \
    "                              (r.valid_till), (r.valid_till - interval '1 microsecond'),"     \
    "                              ('1999-12-31'), ('2099-12-31')) t (at)"                         \
    "  WHERE r.version = (SELECT version FROM policy_active) AND isfinite(t.at)) "

/* "" where both agree; else the moment, with what the row says and what the rule. */
#define COMPARED(said, ruled)                                                                      \
    MOMENTS "SELECT string_agg(concat_ws(' ', m.scope, m.at, x.*), '; ')"                          \
            "  FROM moment m"                                                                      \
            "  LEFT JOIN LATERAL policy_day_at(m.at, m.scope) p ON true"                           \
            "  CROSS JOIN LATERAL (SELECT (" said ")::text AS said, (" ruled ")::text AS ruled) x" \
            " WHERE x.said IS DISTINCT FROM x.ruled"

#define RULED(what, parameter) "SELECT " what " FROM policy_at(m.at, m.scope, '" parameter "') r"

static void a_day_has_what_the_rules_give(void **state)
{
    static const char *const compared[] = {
        COMPARED("p.reuse", RULED("rule_interval(r.value, r.unit)", "reuse.dcv")),
        COMPARED("p.reuse_till", RULED("r.valid_till", "reuse.dcv")),
        COMPARED("p.caa_check", "EXISTS (SELECT FROM policy_at(m.at, m.scope, 'caa.check'))"),
        COMPARED("p.caa_unheard", "EXISTS (SELECT FROM policy_at(m.at, m.scope, 'caa.unheard'))"),
        COMPARED("p.caa_window", RULED("rule_interval(r.value, r.unit)", "caa.window")),
        COMPARED("p.caa_till", RULED("r.valid_till", "caa.window")),
        COMPARED(
            "SELECT array_agg(s ORDER BY s) FROM unnest(p.exact) s",
            "SELECT array_agg(s ORDER BY s) FROM generate_series(0, 30) n, concat('3.2.2.4.', n) s"
            " WHERE EXISTS (SELECT FROM policy_at(m.at, m.scope, 'dcv.exact.' || s))"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++)
        assert_string_equal(ask(compared[i]), "");
    assert_string_equal(ask(MOMENTS "SELECT count(*) > 100 FROM moment"), "t");
}

/* By the rules of its own that are in force, and those that are to come; for all sections, known or not. */
// clang-format off
static const char methods[] = MOMENTS
    "SELECT string_agg(concat_ws(' ', m.scope, m.at, s.section, x.*), '; ')"
    "  FROM moment m"
    "  CROSS JOIN LATERAL policy_day_at(m.at, m.scope) p"
    "  CROSS JOIN (SELECT '3.2.2.' || a || '.' || b AS section FROM generate_series(4, 5) a, generate_series(1, 23) b) s"
    "  CROSS JOIN (VALUES (interval '1 minute'), ('5 days'), ('15 days'), ('100 days')) w (age)"
    "  CROSS JOIN LATERAL"
    "       (SELECT day_method_end(p, array_position(p.sections, s.section), m.at - w.age) AS said,"
    "               coalesce(min(CASE WHEN r.level = 'X' OR r.valid_from > m.at THEN r.valid_from"
    "                                 ELSE least(m.at - w.age + rule_interval(r.value, r.unit), r.valid_till) END),"
    "                        'infinity') AS ruled"
    "          FROM policy_rule r"
    "         WHERE r.version = p.version AND r.scope = m.scope AND m.at < r.valid_till"
    "           AND r.parameter IN ('dcv.method.' || s.section, 'reuse.dcv.' || s.section)) x"
    " WHERE x.said IS DISTINCT FROM x.ruled";
// clang-format on

static void a_method_ends_when_its_rules_say(void **state)
{
    (void)state;
    assert_string_equal(ask(methods), "");
}

/* Asked of its own day, and of any other: what the last row says of the day on which something was seen. */
// clang-format off
static const char quorums[] = MOMENTS
    ", demand AS MATERIALIZED ("
    " SELECT m.scope, m.at, (SELECT r.value::int FROM policy_at(m.at, m.scope, 'mpic.remotes') r WHERE r.level = 'M') AS remotes,"
    "        (SELECT r.value::int FROM policy_at(m.at, m.scope, 'mpic.rirs') r) AS rirs,"
    "        coalesce((SELECT r.value::int FROM policy_at(m.at, m.scope, 'mpic.misses_2_5') r), 0) AS few,"
    "        coalesce((SELECT r.value::int FROM policy_at(m.at, m.scope, 'mpic.misses_6plus') r), 0) AS many,"
    "        string_to_array((SELECT r.value FROM policy_at(m.at, m.scope, 'mpic.exempt') r), ' ') AS exempt"
    "   FROM moment m)"
    "SELECT string_agg(concat_ws(' ', d.scope, d.at, s.section, c.*, x.*), '; ')"
    "  FROM demand d"
    "  CROSS JOIN (VALUES ('3.2.2.4.7'), ('3.2.2.4.4'), ('3.2.2.4.1'), ('4.2.2.1')) s (section)"
    "  CROSS JOIN (SELECT n AS remotes, n - missed AS agreed, regions"
    "                FROM generate_series(0, 7) n, generate_series(0, 3) missed, generate_series(0, 2) regions"
    "               WHERE missed <= n) c"
    "  JOIN policy_day l ON l.version = (SELECT version FROM policy_active) AND l.scope = d.scope AND l.valid_till = 'infinity'"
    "  CROSS JOIN LATERAL"
    "       (SELECT EXISTS (SELECT FROM quorum_missed(d.scope, s.section, c.remotes, c.agreed, c.regions, d.at)) AS said,"
    "               day_quorum_missed(l, width_bucket(d.at, l.quorum_days), s.section, c.remotes, c.agreed, c.regions) AS said_later,"
    "               d.remotes IS NOT NULL AND NOT coalesce(s.section = ANY (d.exempt), false)"
    "               AND (c.remotes < d.remotes"
    "                    OR c.remotes - c.agreed > CASE WHEN c.remotes < 6 THEN d.few ELSE d.many END"
    "                    OR coalesce(c.regions < d.rirs, false)) AS ruled) x"
    " WHERE x.said <> x.ruled OR x.said_later IS DISTINCT FROM x.ruled";
// clang-format on

static void a_quorum_is_that_of_its_day(void **state)
{
    (void)state;
    assert_string_equal(ask(quorums), "");
}

/* ---- it comes and goes with the rules */

static const char *reuse(const char *scope)
{
    return ask(
        arena_format(&arena, "SELECT p.reuse FROM policy_day_at('2020-01-15', '%s') p", scope));
}

static void each_write_makes_it_anew(void **state)
{
    (void)state;
    run(VERSION);
    run(RULE "SELECT version, 'a', 'A', 'reuse.dcv', '1', 'h', 'M', '-infinity', 'infinity', '', "
             "'' FROM policy_active");
    assert_string_equal(reuse("A"), "01:00:00");
    run(RULE "SELECT version, 'b', 'B', 'reuse.dcv', '2', 'h', 'M', '-infinity', 'infinity', '', "
             "'' FROM policy_active");
    assert_string_equal(reuse("A"), "01:00:00");
    assert_string_equal(reuse("B"), "02:00:00");
    run("UPDATE policy_rule SET value = '3' WHERE id = 'b'");
    assert_string_equal(reuse("B"), "03:00:00");
    run("DELETE FROM policy_rule WHERE id = 'a'");
    assert_string_equal(reuse("A"), "");
    run("ROLLBACK");
    assert_string_equal(reuse("B"), "");
    assert_string_equal(reuse("ODD"), "960:00:00");
}

/* Where it has no row nothing counts, so nothing is issued. */
static void nothing_counts_without_it(void **state)
{
    static const char counted[] =
        "SELECT count(*) FROM dcv_evidence(900, 'n.example', 'n.example', 'ODD',"
        " NULL, '2020-01-15', true)";

    (void)state;
    run("BEGIN; INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence)"
        " VALUES (900, 'n.example', 'x', '3.2.2.4.99', '2020-01-14', '{}')");
    assert_string_equal(ask(counted), "1");
    run("DELETE FROM policy_day");
    assert_string_equal(ask(counted), "0");
    run("ROLLBACK");
}

/* A function that the planner cannot take apart is called for each name, and begins anew each time; a row that it has
 * to put together for one is worse. Nothing tells of it but the plan. */
static void no_call_is_left_in_the_plan(void **state)
{
    static const char *const calls[] = { "day_method_end(", "day_quorum_missed(", "ROW(",
                                         "policy_day_at",   "policy_at",          "proof_place",
                                         "dcv_evidence",    "caa_standing",       "request_need" };
    const char *plan;

    (void)state;
    plan = ask("EXPLAIN (VERBOSE, FORMAT JSON) SELECT * FROM request_need(ARRAY[1], '2026-01-01')");
    assert_non_null(strstr(plan, "policy_day"));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strstr(plan, calls[i]))
            fail_msg("%s is called: %s", calls[i], plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_has_what_the_rules_give),
        cmocka_unit_test(a_method_ends_when_its_rules_say),
        cmocka_unit_test(a_quorum_is_that_of_its_day),
        cmocka_unit_test(each_write_makes_it_anew),
        cmocka_unit_test(nothing_counts_without_it),
        cmocka_unit_test(no_call_is_left_in_the_plan),
    };
    return cmocka_run_group_tests_name("policy_day", tests, open_world, close_world);
}
