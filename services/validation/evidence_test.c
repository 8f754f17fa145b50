/* What is stored of looks: of the one that counted, and of the last one that did not; and what a rule of the
 * day wants to be known of a proof. */
#include "fixture_test.h"

#include "pki/digest.h"

static struct script *service; /* as the role of this service */

static int set_up(void **state)
{
    struct fault f = { 0 };
    (void)state;
    if (world_start("127.77.48.53") != 0)
        return 1;
    parts_start(seconds(10));
    service = script_open((struct secret){ database_url(database, "validation") }, &f);
    return service ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    script_close(service);
    parts_stop(seconds(10));
    return world_stop();
}

static void records(const char *lines)
{
    struct fault f = { 0 };
    if (!dns_rig_load(&rig, lines, &f))
        fail_msg("%s", f.detail);
}

static const char *hash_of(const char *text)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(BYTES_OF(text), hash);
    return hex_lower(&arena, (struct bytes){ hash, sizeof hash });
}

/* ---- of the look that counted */

#define LOOK_OF(path)                                                                              \
    "jsonb_path_query_first(evidence, '$.looks[*] ? (@.outcome == \"found\")')" path
#define PROVED_BY " FROM validation WHERE challenge_id = %lld"

static void what_counted_is_told_whole(void **state)
{
    long long id;
    (void)state;
    records("_dnsauth.whole.example.com TXT " VALUE "\n"
            "_dnsauth.whole.example.com TXT another\n");
    id = challenge_for(&usual, "whole.example.com");
    lane_run("dcv", id);
    assert_sql("{whole.example.com}", "SELECT dns_names" PROVED_BY, id);
    assert_sql("whole.example.com 3.2.2.4.7",
               "SELECT (evidence ->> 'domain') || ' ' || (evidence ->> 'method')" PROVED_BY, id);
    assert_sql(hash_of(VALUE), "SELECT evidence ->> 'expected_sha256'" PROVED_BY, id);
    assert_sql("TXT _dnsauth.whole.example.com found secure 2 127.77.48.53",
               "SELECT concat_ws(' ', l ->> 'type', l ->> 'name', l ->> 'state', l ->> 'dnssec',"
               " l ->> 'record_count', l ->> 'server')"
               " FROM (SELECT " LOOK_OF("") " AS l" PROVED_BY ") x",
               id);
    assert_sql("t",
               "SELECT (l ->> 'took_ms')::int >= 0 AND (l ->> 'ttl')::int >= 0"
               " AND (l ->> 'at')::timestamptz <= (evidence ->> 'at')::timestamptz"
               " FROM (SELECT evidence, " LOOK_OF("") " AS l" PROVED_BY ") x",
               id);
}

/* BR 5.4.1: the information validated, the authorization domain name where it is another, and the method. */
static void the_audit_row_says_what_was_validated(void **state)
{
    long long id;
    (void)state;
    records("_dnsauth.deep.example.com TXT " VALUE "\n");
    id = challenge_for(&usual, "deep.example.com");
    run_sql(arena_format(&arena,
                         "INSERT INTO request_name (request_id, position, account_id, kind, name,"
                         " domain) SELECT subject, n, account_id, 'dns', d, 'deep.example.com'"
                         " FROM challenge, (VALUES (1, '*.deep.example.com'),"
                         " (2, 'www.deep.example.com')) AS v (n, d) WHERE id = %lld",
                         id));
    lane_run("dcv", id);
    assert_sql("deep.example.com [\"*.deep.example.com\", \"deep.example.com\", "
               "\"www.deep.example.com\"] 3.2.2.4.7 dns-txt-token",
               "SELECT concat_ws(' ', a.detail ->> 'identifier', a.detail ->> 'dns_names',"
               " a.detail ->> 'br_method', a.detail ->> 'method') FROM audit a"
               " WHERE a.activity = 'domain validated' AND a.subject ="
               " (SELECT 'validation/' || id" PROVED_BY ")",
               id);
}

/* ---- of the last look that did not */

#define LOOKED_OF(n) "looked #> '{last.example.com,0,looks," n "}'"

static void what_was_seen_instead_is_kept(void **state)
{
    long long id;
    (void)state;
    records("_dnsauth.last.example.com TXT wrong\n");
    id = challenge_for(&usual, "last.example.com");
    lane_run("dcv", id);
    assert_sql(
        "TXT _dnsauth.last.example.com found secure [\"wrong\"]",
        "SELECT concat_ws(' ', l ->> 'type', l ->> 'name', l ->> 'state', l ->> 'dnssec',"
        " l ->> 'records') FROM (SELECT " LOOKED_OF("0") " AS l FROM challenge WHERE id = %lld) x",
        id);
    assert_sql("no_data secure",
               "SELECT concat_ws(' ', l ->> 'state', l ->> 'dnssec')"
               " FROM (SELECT " LOOKED_OF("1") " AS l FROM challenge WHERE id = %lld) x",
               id);
    assert_sql("0", "SELECT position('" VALUE "' IN looked::text) FROM challenge WHERE id = %lld",
               id);
    records("_dnsauth.last.example.com TXT " VALUE "\n");
    run_sql(arena_format(&arena, "UPDATE job SET lease_until = NULL WHERE subject = %lld", id));
    await_that((lane_run("dcv", id), strcmp(standing(id), "1 evidence, 1 issue, 0 dcv") == 0));
    assert_sql("[\"wrong\"]",
               "SELECT looked #>> '{last.example.com,0,looks,0,records}' FROM challenge"
               " WHERE id = %lld",
               id);
}

static void a_forged_answer_is_kept_with_its_reason(void **state)
{
    long long id;
    (void)state;
    records("_dnsauth.bogus.example.org TXT " VALUE "\n");
    id = challenge_for(&usual, "bogus.example.org");
    lane_run("dcv", id);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_sql("bogus bogus DNSSEC validation failed: the parent zone's DS is of none of the "
               "zone's keys (zone bogus.example.org)",
               "SELECT concat_ws(' ', l ->> 'state', l ->> 'dnssec', l ->> 'outcome')"
               " FROM (SELECT looked #> '{bogus.example.org,0,looks,0}' AS l FROM challenge"
               " WHERE id = %lld) x",
               id);
}

/* A name server may send what it likes: of 40 names with 60 records of 250 bytes each, which are the worst that
 * can be shown, less is kept than a row may have, and all of it as JSON. */
static void a_hostile_zone_does_not_fill_the_database(void **state)
{
    enum { NAMES = 40, RECORDS = 60 };
    struct text lines, names, record;
    long long id;
    (void)state;
    text_init(&lines, &arena);
    text_init(&names, &arena);
    text_init(&record, &arena);
    for (int i = 0; i < 240; i++)
        text_add(&record, "\\001");
    for (int n = 0; n < NAMES; n++) {
        text_format(&names, "%sf%d.example.com", n ? " " : "", n);
        for (int i = 0; i < RECORDS; i++)
            text_format(&lines, "f%d.example.com TXT \"%d%s\"\n", n, i, record.data);
    }
    records(lines.data);
    id = challenge_for(&usual, names.data);
    lane_run("dcv", id);
    assert_sql("t",
               "SELECT octet_length(looked::text) BETWEEN 10000 AND 40000"
               " AND octet_length(seen::text) < 40000 FROM challenge WHERE id = %lld",
               id);
}

/* ---- what the rules of a day want */

static const char dated_rules[] =
    "INSERT INTO policy_version (sha256, loaded_at)"
    " SELECT sha256(max(id)::text::bytea), '2020-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT (SELECT max(id) FROM policy_version), id, scope, parameter, value, unit, level,"
    " valid_from, valid_till, statement, source"
    " FROM policy_rule WHERE version = (SELECT version FROM policy_active)"
    " UNION ALL"
    " SELECT (SELECT max(id) FROM policy_version), p, 'TLS', p, '1', 'bool', 'M', d::timestamptz,"
    " 'infinity', 's', 's'"
    "   FROM (VALUES ('dnssec.primary', '2026-03-15'), ('dnssec.fail', '2026-04-15'),"
    "                ('dcv.audit', '2026-07-15')) AS r (p, d);"
    "UPDATE policy_active SET version = (SELECT max(id) FROM policy_version)";

#define OUTCOME "{\"dnssec_secure\": false}"
#define BOGUS                                                                                      \
    "{\"dnssec_secure\": false, \"looks\": [{\"outcome\": \"found\", \"dnssec\": \"bogus\"}]}"
#define BOGUS_ELSEWHERE                                                                            \
    "{\"dnssec_secure\": true, \"looks\": [{\"outcome\": \"x\", \"dnssec\": \"bogus\"},"           \
    " {\"outcome\": \"found\", \"dnssec\": \"secure\"}]}"

static const struct {
    const char *day, *method, *evidence, *names, *rule; /* NULL: it is stored */
} days_of_rules[] = {
    // clang-format off
    { "2026-03-14 23:59:59", "dns-txt-token", "{}",            "NULL",  NULL },
    { "2026-03-15",          "dns-txt-token", "{}",            "NULL",  "dnssec.primary" },
    { "2026-03-15",          "http-token",    "{}",            "NULL",  "dnssec.primary" },
    { "2026-03-15",          "email",         "{}",            "NULL",  NULL }, /* nothing is looked up */
    { "2026-03-15",          "dns-txt-token", OUTCOME,         "NULL",  NULL },
    { "2026-03-15",          "dns-txt-token", "{\"dnssec_secure\": null}", "NULL", "dnssec.primary" },
    { "2026-04-14 23:59:59", "dns-txt-token", BOGUS,           "NULL",  NULL },
    { "2026-04-15",          "dns-txt-token", BOGUS,           "NULL",  "dnssec.fail" },
    { "2026-04-15",          "http-token",    BOGUS,           "NULL",  "dnssec.fail" },
    { "2026-04-15",          "dns-txt-token", BOGUS_ELSEWHERE, "NULL",  NULL },
    { "2026-07-14 23:59:59", "dns-txt-token", OUTCOME,         "'{}'",  NULL },
    { "2026-07-15",          "dns-txt-token", OUTCOME,         "NULL",  NULL }, /* the owner knows them */
    { "2026-07-15",          "dns-txt-token", OUTCOME,         "'{}'",  "dcv.audit" },
    { "2026-07-15",          "email",         "{}",            "'{}'",  "dcv.audit" },
    { "2026-07-15",          "email",         "{}",            "'{x}'", NULL },
    { "2026-07-15",          "dns-txt-token", OUTCOME,         "'{x}'", NULL },
    // clang-format on
};

static void a_proof_tells_what_the_rules_of_its_day_want(void **state)
{
    (void)state;
    run_sql(dated_rules);
    for (size_t i = 0; i < sizeof days_of_rules / sizeof *days_of_rules; i++) {
        struct fault f = { 0 };
        const char *rule = days_of_rules[i].rule;
        bool stored = script_run(
            service,
            arena_format(&arena,
                         "INSERT INTO validation (account_id, identifier, method, br_method,"
                         " completed_at, evidence, dns_names)"
                         " VALUES (900, 'x', '%s', '3.2.2.4.7', '%s+00', '%s', %s)",
                         days_of_rules[i].method, days_of_rules[i].day, days_of_rules[i].evidence,
                         days_of_rules[i].names),
            &f);
        if (stored == (rule != NULL) || (rule && !strstr(f.detail, rule)))
            fail_msg("%zu, %s: %d %s", i, days_of_rules[i].day, stored, f.detail);
    }
}

/* A release of before does not say which names it has looked for: the owner of the table does. */
static void a_release_of_before_need_not_name_them(void **state)
{
    long long id = challenge_for(&usual, "older.example.com other.example.com *.older.example.com");
    struct fault f = { 0 };
    (void)state;
    if (!script_run(
            service,
            arena_format(&arena,
                         "INSERT INTO validation (account_id, identifier, method, br_method,"
                         " completed_at, evidence, challenge_id) VALUES (900, 'older.example.com',"
                         " 'dns-txt-token', '3.2.2.4.7', '2026-08-01', '" OUTCOME "', %lld),"
                         " (900, 'token.example.com', 'dns-txt-token', '3.2.2.4.7', '2026-08-01',"
                         " '" OUTCOME "', NULL)",
                         id),
            &f))
        fail_msg("%s", f.detail);
    assert_sql("{older.example.com,*.older.example.com}",
               "SELECT dns_names FROM validation WHERE challenge_id = %lld", id);
    assert_sql("{token.example.com}",
               "SELECT dns_names FROM validation WHERE identifier = 'token.example.com'");
}

/* Whoever writes it. */
static void evidence_has_an_end(void **state)
{
    struct fault f = { 0 };
    (void)state;
    assert_false(script_run(
        service,
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
        " SELECT 900, 'x', 'dns-txt-token', '3.2.2.4.7', '2026-01-01',"
        " jsonb_agg(sha256(n::text::bytea)::text) FROM generate_series(1, 2000) n",
        &f));
    assert_non_null(strstr(f.detail, "validation_evidence_size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counted_is_told_whole),
        cmocka_unit_test(the_audit_row_says_what_was_validated),
        cmocka_unit_test(what_was_seen_instead_is_kept),
        cmocka_unit_test(a_forged_answer_is_kept_with_its_reason),
        cmocka_unit_test(a_hostile_zone_does_not_fill_the_database),
        cmocka_unit_test(a_proof_tells_what_the_rules_of_its_day_want),
        cmocka_unit_test(a_release_of_before_need_not_name_them),
        cmocka_unit_test(evidence_has_an_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
