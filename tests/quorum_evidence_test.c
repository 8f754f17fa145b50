/* What too few points of view have confirmed does not count: by the rules as they are shipped, on the day before
 * and the day of each change, as the database judges what is stored. */
#include "tests/statements.h"

#include <ctype.h>

#include "store/script.h"

static struct script *admin, *validation, *issuer;

static const char *ask(struct script *who, const char *sql)
{
    const char *out = NULL;
    struct fault f;

    if (!script_ask(who, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "none";
}

static void run(struct script *who, const char *sql)
{
    struct fault f;

    if (!script_run(who, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char policy[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2025-01-01');"
    "INSERT INTO policy_active (one, version, activated_at) SELECT true, max(id), '2025-01-01'"
    "  FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT version, 'reuse', 'TLS', 'reuse.dcv', '398', 'd', 'M', '-infinity', 'infinity', '', ''"
    "   FROM policy_active;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from,"
    " valid_till, statement, source)"
    " SELECT version, r ->> 'id', r ->> 'scope', r ->> 'parameter', r ->> 'value', r ->> 'unit',"
    "        r ->> 'level', coalesce((r ->> 'from')::timestamptz, '-infinity'),"
    "        coalesce((r ->> 'until')::timestamptz, 'infinity'), r ->> 'statement', r ->> 'source'"
    "   FROM policy_active, json_array_elements('%s'::json -> 'rules') r";

/* A JSON text in quotes of SQL. */
static const char *quoted(const char *text)
{
    struct text t;

    text_init(&t, &arena);
    for (; *text; text++)
        text_format(&t, *text == '\'' ? "''" : "%c", *text);
    return t.data;
}

static int open_world(void **state)
{
    struct fault f;

    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    validation = script_open((struct secret){ database_url(database, "validation") }, &f);
    issuer = script_open((struct secret){ database_url(database, "issuer") }, &f);
    if (!admin || !validation || !issuer)
        return -1;
    run(admin, arena_format(&arena, policy, quoted(file_text("policy/rules/perspectives.json"))));
    return 0;
}

static int close_world(void **state)
{
    script_close(issuer);
    script_close(validation);
    script_close(admin);
    return stop(state);
}

/* ---- validations */

/* A letter for each that was asked: R, A and P stand in regions of their own, in lower case they did not agree. */
static const char *corroboration(const char *asked)
{
    static const char *const regions[] = { ['R'] = "RIPE", ['A'] = "ARIN", ['P'] = "APNIC" };
    struct text t;

    text_init(&t, &arena);
    for (const char *at = asked; *at; at++)
        text_format(&t, "%s{\"perspective\": \"p%zu\", \"region\": \"%s\", \"agreed\": %s}",
                    at > asked ? "," : "", (size_t)(at - asked),
                    regions[toupper((unsigned char)*at)],
                    isupper((unsigned char)*at) ? "true" : "false");
    return arena_format(&arena, "{\"quorum\": \"-\", \"perspectives\": [%s]}", t.data);
}

/* As validation stores it. `seen` NULL: nobody was asked. */
static void store(const char *name, const char *section, const char *at, const char *seen)
{
    run(validation,
        arena_format(
            &arena,
            "INSERT INTO validation (account_id, identifier, method, br_method, completed_at,"
            " evidence, corroboration, remotes, agreed, regions)"
            " VALUES (900, '%s', 'x', '%s', '%s', '{\"perspective\": \"primary\"}', %s, 9, 9, 9)",
            name, section, at, seen ? arena_format(&arena, "'%s'", seen) : "NULL"));
}

/* For a while, on the day after. */
static bool counts(const char *name, const char *at, bool alone)
{
    return strcmp(ask(issuer,
                      arena_format(&arena,
                                   "SELECT count(*) FROM dcv_evidence(900, '%s', '%s', 'TLS', NULL,"
                                   " '%s'::timestamptz + interval '1 day', %s)",
                                   name, name, at, alone ? "true" : "false")),
                  "1") == 0;
}

/* ---- each phase, a second before it and when it begins */

#define P1        "2025-03-15T00:00:00Z"
#define P2        "2025-09-15T00:00:00Z"
#define P3        "2026-03-15T00:00:00Z"
#define P4        "2026-06-15T00:00:00Z"
#define P5        "2026-12-15T00:00:00Z"
#define BEFORE_P1 "2025-03-14T23:59:59Z"
#define BEFORE_P2 "2025-09-14T23:59:59Z"
#define BEFORE_P3 "2026-03-14T23:59:59Z"
#define BEFORE_P4 "2026-06-14T23:59:59Z"
#define BEFORE_P5 "2026-12-14T23:59:59Z"

// clang-format off
static const struct {
    const char *at, *asked;
    bool counts;
} phases[] = {
    /* Until the second phase nothing is held back. */
    { BEFORE_P1, NULL, true },   { P1, NULL, true },          { BEFORE_P2, NULL, true },  { BEFORE_P2, "rr", true },
    /* Two, of which one may miss; the regions do not matter yet. */
    { P2, NULL, false },         { P2, "", false },           { P2, "R", false },         { P2, "RR", true },
    { P2, "Rr", true },          { P2, "rr", false },         { BEFORE_P3, "RR", true },  { BEFORE_P3, "Rr", true },
    /* Three, and two regions. */
    { P3, "RR", false },         { P3, "RA", false },         { P3, "RRR", false },       { P3, "RRA", true },
    { P3, "RAp", true },         { P3, "RRa", false },        { P3, "Rap", false },       { BEFORE_P4, "RAp", true },
    /* Four. */
    { P4, "RAP", false },        { P4, "RAPR", true },        { P4, "RAPr", true },       { P4, "RApr", false },
    { BEFORE_P5, "RAPr", true },
    /* Five. */
    { P5, "RAPR", false },       { P5, "RAPRA", true },       { P5, "RAPRa", true },      { P5, "RAPra", false },
    /* Of six two may miss. */
    { P5, "RAPRap", true },      { P5, "RAPrap", false },     { P4, "RAPRap", true },
};
// clang-format on

static void each_phase_begins_on_its_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        const char *name = arena_format(&arena, "n%zu.example", i);

        store(name, "3.2.2.4.7", phases[i].at,
              phases[i].asked ? corroboration(phases[i].asked) : NULL);
        if (counts(name, phases[i].at, false) != phases[i].counts)
            fail_msg("%s on %s", phases[i].asked, phases[i].at);
        /* A demonstration. */
        assert_true(counts(name, phases[i].at, true));
    }
}

/* By mail, by phone and by the registrar: nobody else needs to look. By all others, and those that are to come. */
static void methods_are_exempt_by_name(void **state)
{
    static const char *const exempt[] = { "3.2.2.4.4", "3.2.2.4.12", "3.2.2.5.2", "3.2.2.5.5" };
    static const char *const others[] = { "3.2.2.4.7",  "3.2.2.4.8",  "3.2.2.4.13", "3.2.2.4.14",
                                          "3.2.2.4.16", "3.2.2.4.17", "3.2.2.4.18", "3.2.2.4.19",
                                          "3.2.2.4.20", "3.2.2.4.21", "3.2.2.4.22", "3.2.2.5.1",
                                          "3.2.2.5.3",  "3.2.2.5.6",  "3.2.2.5.7",  "3.2.2.5.8",
                                          "3.2.2.4.1",  "3.2.2.4.99" };

    (void)state;
    for (size_t i = 0; i < sizeof exempt / sizeof *exempt; i++) {
        store(exempt[i], exempt[i], P5, NULL);
        assert_true(counts(exempt[i], P5, false));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        store(others[i], others[i], P5, NULL);
        assert_false(counts(others[i], P5, false));
    }
}

/* ---- what is counted */

// clang-format off
static const struct {
    const char *seen, *counts; /* remotes, agreed, regions */
} counted[] = {
    { NULL, "0 0 0" },
    { "{}", "0 0 0" },
    { "{\"perspectives\": null}", "0 0 0" },
    { "{\"perspectives\": []}", "0 0 0" },
    /* One that is named twice is one. */
    { "{\"perspectives\": [{\"perspective\": \"a\", \"region\": \"RIPE\", \"agreed\": true},"
      " {\"perspective\": \"a\", \"region\": \"RIPE\", \"agreed\": true}]}", "1 1 1" },
    /* The primary is none. */
    { "{\"perspectives\": [{\"perspective\": \"primary\", \"region\": \"RIPE\", \"agreed\": true},"
      " {\"perspective\": \"b\", \"region\": \"ARIN\", \"agreed\": true}]}", "1 1 1" },
    /* Agreed is what says true, and the region of who did not does not count. */
    { "{\"perspectives\": [{\"perspective\": \"a\", \"region\": \"RIPE\", \"agreed\": \"yes\"},"
      " {\"perspective\": \"b\", \"region\": \"ARIN\", \"agreed\": false},"
      " {\"perspective\": \"c\", \"region\": \"APNIC\", \"agreed\": true},"
      " {\"perspective\": \"d\", \"region\": \"APNIC\", \"agreed\": true}]}", "4 2 1" },
};
// clang-format on

/* Whatever a writer says of it: each row is stored with 9 of all. */
static void the_database_counts_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++) {
        store(arena_format(&arena, "c%zu.example", i), "3.2.2.4.7", P5, counted[i].seen);
        assert_string_equal(
            ask(admin, arena_format(&arena,
                                    "SELECT concat_ws(' ', remotes, agreed, regions)"
                                    "  FROM validation WHERE identifier = 'c%zu.example'",
                                    i)),
            counted[i].counts);
    }
}

/* What is stored cannot be made more of afterwards. */
static void nobody_counts_anew(void **state)
{
    struct fault f;

    (void)state;
    store("fixed.example", "3.2.2.4.7", P5, NULL);
    assert_false(
        script_run(validation, "UPDATE validation SET remotes = 5, agreed = 5, regions = 2", &f));
    assert_false(counts("fixed.example", P5, false));
}

/* ---- whom it is demanded of */

/* DER: `tag` and what is in it. Shorter than 128 bytes. */
static struct bytes der(uint8_t tag, struct bytes value)
{
    uint8_t *out = arena_alloc(&arena, value.size + 2);

    assert_in_range(value.size, 0, 127);
    out[0] = tag;
    out[1] = (uint8_t)value.size;
    memcpy(out + 2, value.data, value.size);
    return (struct bytes){ out, value.size + 2 };
}

static struct bytes both(struct bytes a, struct bytes b)
{
    uint8_t *out = arena_alloc(&arena, a.size + b.size);

    memcpy(out, a.data, a.size);
    memcpy(out + a.size, b.data, b.size);
    return (struct bytes){ out, a.size + b.size };
}

/* A name of an organization (2.5.4.10) and a common name (2.5.4.3). */
static struct bytes name_of(const char *organization, const char *common_name)
{
    struct bytes o = both(der(6, BYTES_OF("\x55\x04\x0a")), der(0x13, BYTES_OF(organization)));
    struct bytes cn = both(der(6, BYTES_OF("\x55\x04\x03")), der(0x0c, BYTES_OF(common_name)));

    return der(0x30, both(der(0x31, der(0x30, o)), der(0x31, der(0x30, cn))));
}

/* As much of a certificate as is read: `version` is what stands before the serial number. */
static const char *certificate_of(struct bytes version, struct bytes by, struct bytes subject)
{
    struct bytes none = { (const uint8_t *)"", 0 }, empty = der(0x30, none);
    struct bytes tbs = both(version, both(der(2, BYTES_OF("\x01")), empty));

    tbs = both(tbs, both(by, both(empty, subject)));
    return hex_upper(&arena, der(0x30, both(der(0x30, tbs), empty)));
}

/* It is the subject's organization that says so, whatever else stands in the certificate or beside it. */
static void a_demonstration_says_so_in_its_organization(void **state)
{
    struct bytes none = { (const uint8_t *)"", 0 }, v3 = der(0xa0, der(2, BYTES_OF("\x02")));
    struct bytes acme = name_of("Acme", "CA"), show = name_of("Show (Do Not Trust)", "CA");
    struct bytes named = name_of("Acme", "do not trust");
    const struct {
        const char *der, *is;
    } cases[] = {
        { certificate_of(v3, acme, show), "t" },
        { certificate_of(none, show, show), "t" },
        { certificate_of(v3, acme, acme), "f" },
        { certificate_of(v3, show, acme), "f" },
        { certificate_of(v3, acme, named), "f" },
        { "3082", "f" },
        { "", "f" },
        { "30ff00646F206E6F74207472757374", "f" },
        { "646F206E6F74207472757374", "f" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run(admin,
            arena_format(&arena,
                         "INSERT INTO authority (id, name, key_label, key_type, der, public, "
                         "may_sign, created_at) VALUES ('00000000000000A%zu', 'do not "
                         "trust', 'do not trust %zu', 'ec', '\\x%s', true, true, "
                         "'2026-01-01')",
                         i + 1, i, cases[i].der));
        run(admin, "UPDATE authority SET demonstration = NOT demonstration, changed_at = now()");
        const char *is =
            ask(validation,
                arena_format(&arena,
                             "SELECT demonstration FROM authority WHERE id = '00000000000000A%zu'",
                             i + 1));
        if (strcmp(is, cases[i].is) != 0)
            fail_msg("case %zu: %s", i, is);
    }
}

/* In every part of it: what is cut off anywhere is none, and no error. */
static void a_certificate_that_is_cut_is_none(void **state)
{
    const char *whole = certificate_of(der(0xa0, der(2, BYTES_OF("\x02"))), name_of("A", "B"),
                                       name_of("(do not trust)", "C"));

    (void)state;
    for (size_t size = 0; size < strlen(whole); size += 2)
        assert_string_equal(
            ask(admin, arena_format(&arena, "SELECT certificate_is_demonstration('\\x%.*s')",
                                    (int)size, whole)),
            "f");
}

static void only_a_demonstration_needs_nobody(void **state)
{
    (void)state;
    store("alone.example", "3.2.2.4.7", "2026-12-20", NULL);
    run(admin, "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
               "signature_hash,"
               " ca_id, dcv_scope, requester_id, created_at)"
               " SELECT n, n, 900, 1, 'new_request', 'approved', 'TLS', 'sha256', ca, "
               "'base_domain', 1, '2026-12-20'"
               "   FROM (VALUES (1, '00000000000000A1'), (2, '00000000000000A3'), (3, 'unknown')) "
               "AS r (n, ca);"
               "INSERT INTO request_name SELECT n, 0, 900, 'dns', 'alone.example', 'alone.example'"
               "  FROM generate_series(1, 3) n");
    assert_string_equal(
        ask(issuer, "SELECT string_agg(concat_ws(' ', request_id, valid_until IS NOT NULL), ', '"
                    " ORDER BY request_id) FROM request_need('{1,2,3}', '2026-12-21')"),
        "1 t, 2 f, 3 f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_begins_on_its_day),
        cmocka_unit_test(methods_are_exempt_by_name),
        cmocka_unit_test(the_database_counts_itself),
        cmocka_unit_test(nobody_counts_anew),
        cmocka_unit_test(a_demonstration_says_so_in_its_organization),
        cmocka_unit_test(a_certificate_that_is_cut_is_none),
        cmocka_unit_test(only_a_demonstration_needs_nobody),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
