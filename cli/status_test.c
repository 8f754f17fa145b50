/* One page: what an operator looks at first. */
#include "fixture_test.h"

static void an_empty_system(void **state)
{
    (void)state;
    must(run_with(status_command, NULL, NULL));
    must_say(
        "POLICY\nnone is in force (chancery policy load)\n\nAUTHORITIES\nnone (chancery-issuer "
        "ceremony)\n\nPERSPECTIVES\nnone was asked about the names that were looked at "
        "last\n\nLANES OF JOBS\nLANE "
        "    DUE  HELD  LATER  OLDEST DUE SECONDS  GIVEN UP\n"
        "issue    0    0     0      0                   0\n");
    must_say("\nFIGURES\nORDERS NOT ISSUED SOON    0\n");
    must(run_with(status_command, NULL, WORDS("json", "")));
    must_say("{\"policy\":null\n,\"authorities\":[\n]\n,\"perspectives\":[\n]\n,\"lanes\":[\n{"
             "\"lane\":\"issue\",");
}

static const char *ago(struct duration d)
{
    char text[INSTANT_TEXT_SIZE];
    return arena_strdup(&arena,
                        instant_text(instant_add(clock_now(), (struct duration){ -d.us }), text));
}

static const char *hence(struct duration d)
{
    return ago((struct duration){ -d.us });
}

/* An Ed25519 certificate without names (RFC 5280 4.1, RFC 8410 3), valid until 2030-05-06; its key and its
 * signature are zeros. */
#define DER_UNTIL_2030                                                                             \
    "decode('"                                                                                     \
    "3081ab305fa003020102020101300506032b65703000301e170d3236303130313030303030305a170d3330303530" \
    "363030303030305a3000302a300506032b6570032100' || repeat('00', 32) || '300506032b6570034100' " \
    "|| repeat('00', 64), 'hex')"

static void an_authority_says_when_it_ends(void **state)
{
    (void)state;
    execute(
        "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at) "
        "VALUES ('00000000000000AC', 'CA', 'b', 'p256', " DER_UNTIL_2030
        ", true, true, '2026-01-03')");
    must(run_with(status_command, NULL, WORDS("json", "")));
    must_say("\"stopped\":null,\"not_after\":\"2030-05-06T00:00:00+00:00\",\"name\":\"CA\"}");
}

static void perspectives_say_how_they_have_done(void **state)
{
    (void)state;
    must(run_with(status_command, NULL, NULL));
    must_say("PERSPECTIVES\nnone was asked about the names that were looked at last\n");
    execute(
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence, corroboration)"
        " SELECT 900, 'n' || n, 'x', '3.2.2.4.7', '2026-01-01'::timestamptz + n * interval '1 "
        "day', '{}',"
        "        jsonb_build_object('perspectives', jsonb_build_array("
        "            jsonb_build_object('perspective', 'fra', 'region', 'RIPE', 'agreed', true),"
        "            jsonb_build_object('perspective', 'iad', 'region', 'ARIN', 'agreed', n < 2, "
        "'reason', 'no answer in time'),"
        "            jsonb_build_object('perspective', 'sin', 'region', 'APNIC', 'agreed', false)))"
        "   FROM generate_series(1, 3) n;"
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
        " VALUES (900, 'mailed', 'email', '3.2.2.4.4', '2026-01-09', '{}')");
    must(run_with(status_command, NULL, NULL));
    must_say("NAME  REGION  ASKED  AGREED  NOT  AGREED LAST                ASKED LAST              "
             "   SAID LAST\n");
    must_say("fra   RIPE    3      3       0    2026-01-04T00:00:00+00:00  "
             "2026-01-04T00:00:00+00:00  agreed\n");
    must_say("iad   ARIN    3      1       2    2026-01-02T00:00:00+00:00  "
             "2026-01-04T00:00:00+00:00  no answer in time\n");
    must_say("sin   APNIC   3      0       3    -                          "
             "2026-01-04T00:00:00+00:00  has not found it\n");
    must(run_with(status_command, NULL, WORDS("json", "")));
    must_say("{\"name\":\"sin\",\"region\":\"APNIC\",\"asked\":3,\"agreed\":0,\"not\":3,\"agreed_"
             "last\":null,"
             "\"asked_last\":\"2026-01-04T00:00:00+00:00\",\"said_last\":\"has not found it\"}");
}

/* Where nothing is proved any more there are checks of CAA records that were not confirmed, and names that are open. */
static void a_perspective_that_always_fails_is_seen(void **state)
{
    (void)state;
    execute(
        "INSERT INTO caa_check (account_id, name, checked_at, ttl, result, detail, evidence, "
        "corroboration)"
        " VALUES (900, 'a.example', '2026-01-05', 60, 'unconfirmed', 'x', '{}', "
        "'{\"perspectives\": ["
        "{\"perspective\": \"fra\", \"region\": \"RIPE\", \"agreed\": true},"
        "{\"perspective\": \"iad\", \"region\": \"ARIN\", \"agreed\": false, \"reason\": \"has "
        "not looked at it\"}]}');"
        "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
        "random_value_at, poll_from, looked)"
        " VALUES (900, 'request', 7, 'TLS', 'dns-txt-token', 'r', '2026-01-06', '2026-01-06', "
        "'{\"b.example\": ["
        "{\"at\": \"2026-01-06T00:00:00Z\", \"perspective\": \"primary\"},"
        "{\"at\": \"2026-01-06T00:00:00Z\", \"perspective\": \"iad\", \"reason\": \"no answer "
        "in time\"},"
        "{\"at\": \"2026-01-06T00:00:00Z\", \"perspective\": \"gru\", \"looks\": []},"
        "{\"at\": \"2026-01-06T00:00:00Z\", \"perspective\": \"primary\"}]}')");
    must(run_with(status_command, NULL, NULL));
    must_say("fra   RIPE    1      1       0    2026-01-05T00:00:00+00:00  "
             "2026-01-05T00:00:00+00:00  agreed\n");
    must_say("gru   -       1      0       1    -                          "
             "2026-01-06T00:00:00+00:00  has not found it\n");
    must_say("iad   ARIN    2      0       2    -                          "
             "2026-01-06T00:00:00+00:00  no answer in time\n");
    assert_null(strstr(output, "primary"));
}

static void policy_put(const char *product, const char *logs)
{
    execute(arena_format(
        &arena,
        "DELETE FROM policy_active;"
        "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256(random()::text::bytea), "
        "'2026-01-01');"
        "INSERT INTO policy_document (version, kind, name, document, sha256)"
        " SELECT v.id, d.kind, 'x', d.document::json, sha256(convert_to(d.document, 'UTF8'))"
        "   FROM (SELECT max(id) AS id FROM policy_version) v,"
        "        (VALUES ('product', '%s'), ('logs', '%s')) AS d (kind, document);"
        "INSERT INTO policy_active SELECT true, max(id), '2026-01-02' FROM policy_version",
        product, logs));
    must(run_with(status_command, NULL, NULL));
}

static void logs_of_certificates_are_counted(void **state)
{
    static const char logged[] = "{\"transparency\":true}";
    (void)state;
    policy_put("{}", "{\"operators\":[]}");
    assert_null(strstr(output, "LOGS OF CERTIFICATES"));
    policy_put(logged, "{\"operators\":[]}");
    must_say("LOGS OF CERTIFICATES  none: certificates are given to no log, and browsers");
    policy_put(logged, "{}");
    must_say("LOGS OF CERTIFICATES  none");
    policy_put(logged, "{\"operators\":[{\"logs\":[{},{}],\"tiled_logs\":[{}]},{\"logs\":[{}]}]}");
    must_say("LOGS OF CERTIFICATES  4 listed\n");
}

/* Each section, and each figure, from rows that are there. */
static void what_waits_is_counted(void **state)
{
    (void)state;
    execute(arena_format(
        &arena,
        "INSERT INTO policy_version (sha256, loaded_at) VALUES (decode(repeat('ab', 32), 'hex'), "
        "'2026-01-01');"
        "INSERT INTO policy_active VALUES (true, 1, '2026-01-02');"
        "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at, "
        "stopped_at) VALUES ('00000000000000AA', 'Root', 'r', 'p384', '', true, false, "
        "'2026-01-01', NULL), ('00000000000000AB', 'CA 1', 'a', 'p256', '', true, false, "
        "'2026-01-02', '2026-01-03'), ('00000000000000AC', 'CA 2', 'b', 'p256', '', true, true, "
        "'2026-01-03', NULL);"
        "INSERT INTO job (lane, subject, run_at) VALUES ('issue', 1, '%s'), ('issue', 2, '%s'), "
        "('dcv', 3, '%s');"
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) "
        "VALUES (77, 'dcv', 5, '2026-01-01', 10, 0, 'gone', '2026-01-01'),"
        " (78, 'issue', 6, '2026-01-01', 10, 0, 'LINT validity_max it is valid for too long', "
        "'2026-01-04'),"
        " (79, 'issue', 7, '2026-01-01', 10, 0, 'LINT validity_max the same', '2026-01-05'),"
        " (80, 'issue', 8, '2026-01-01', 10, 0, 'INTERNAL issuance_one twice', '2026-01-05');"
        "INSERT INTO precertificate (id, request_id, account_id, ca_id, serial, der, signed_at, "
        "complete_before, looked) SELECT n, n, 900, 'x', '', '', "
        "'2026-01-01', '2026-01-03', format('[{\"log\": \"Oak\", \"operator\": \"Ann\", \"at\": "
        "\"2026-01-0%%s\", \"detail\": \"said %%s\"}]', n, n)::jsonb "
        "FROM generate_series(1, 3) n;"
        "UPDATE precertificate SET logged_at = '2026-01-09' WHERE id = 3;"
        "INSERT INTO certificate SELECT n, n, n, 900, 'x', '\\x0102030405060708', "
        "decode(repeat('00', 20), 'hex'), '2026-01-01', CASE n WHEN 1 THEN '%s' ELSE '%s' "
        "END::timestamptz, '2026-01-01', '' FROM generate_series(1, 3) n",
        ago(seconds(3600)), ago(seconds(60)), hence(days(1)), hence(days(2)), hence(days(20))));
    must(run_with(status_command, NULL, NULL));
    must_say("POLICY\nVERSION         1\nIN FORCE SINCE  2026-01-02T00:00:00+00:00\n");
    must_say("00000000000000AA  p384  signs no leaf  -                          -          Root\n"
             "00000000000000AB  p256  stopped        2026-01-03T00:00:00+00:00  -          CA 1\n"
             "00000000000000AC  p256  signs          -                          -          CA 2\n");
    must_say("validity_max  2         2026-01-04T00:00:00+00:00  it is valid for too long\n");
    must_say("LOGS ASKED IN VAIN\nLOG         REQUESTS  LAST                       SAID\n"
             "Oak of Ann  2         2026-01-02T00:00:00+00:00  said 2\n");
    must_say("EXPIRE IN 7 DAYS          1\nEXPIRE IN 30 DAYS         3\n");
    must(run_with(status_command, NULL, WORDS("json", "")));
    must_say("{\"lane\":\"issue\",\"due\":2,\"held\":0,\"later\":0,\"oldest_due_seconds\":36");
    must_say("{\"lane\":\"dcv\",\"due\":0,\"held\":0,\"later\":1,\"oldest_due_seconds\":0,"
             "\"given_up\":1}");
    must_say("\"held_up_by_jobs_given_up\":4,\"attempts_in_quarantine\":0,");
    assert_string_equal(output + strlen(output) - 4, "}\n}\n");
    must_say("\"relay_for_mails\":null}");
    execute("INSERT INTO mail_relay VALUES (true, false, '2026-01-01')");
    must(run_with(status_command, NULL, NULL));
    must_say("RELAY FOR MAILS           none\n");
    must(run_with(status_command, NULL, WORDS("json", "")));
    int64_t rows = number("SELECT count(*) FROM audit");
    assert_true(rows > 0);
    must_say(arena_format(&arena, "\"audit_rows_unsealed\":%lld,", (long long)rows));
}

/* None is on its way any more: then a version of before may take over. */
static void open_precertificates(void **state)
{
    static const struct {
        const char *attempt, *job;
        int open;
    } rows[] = {
        { "issued", "job (lane, subject, run_at) VALUES ('issue', 1, now())", 0 },
        { "reserved", "job (lane, subject, run_at) VALUES ('issue', 2, now())", 0 },
        { "ghost", "job (lane, subject, run_at) VALUES ('issue', 3, now())", 0 },
        { "precert_signed", "job (lane, subject, run_at) VALUES ('ct', 4, now())", 1 },
        { "precert_signed", "job (lane, subject, run_at) VALUES ('issue', 5, now())", 2 },
        { "final_reserved",
          "job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at) VALUES "
          "(1, 'issue', 6, now(), 10, 0, 'x', now())",
          3 },
    };
    (void)state;
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
        execute(
            arena_format(&arena,
                         "INSERT INTO issuance VALUES (%d, %d, 900, 'x', int8send(%d), 0, '%s', "
                         "1, 1, 1, '', '{}', now(), now(), now()); INSERT INTO %s",
                         i + 1, i + 1, i + 1, rows[i].attempt, rows[i].job));
        must(run_with(status_command, NULL, WORDS("json", "")));
        must_say(arena_format(&arena, "\"precertificates_open\":%d,", rows[i].open));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(an_empty_system),
        FRESH(an_authority_says_when_it_ends),
        FRESH(perspectives_say_how_they_have_done),
        FRESH(logs_of_certificates_are_counted),
        FRESH(a_perspective_that_always_fails_is_seen),
        FRESH(open_precertificates),
        FRESH(what_waits_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
