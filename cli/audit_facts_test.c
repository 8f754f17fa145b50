/* What the verifier of facts must find: each case is an edit that whoever owns the database could make. */
#include "fixture_test.h"

/* One certificate as gateway, validation and issuer leave it behind. */
static const char world[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('p'), '2026-01-01');"
    "INSERT INTO authority VALUES ('00112233445566AA', 'CA', 'ca', 'p256', NULL, '', true, true, "
    "'2026-01-01');"
    "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
    "certificate_id, valid_till, created_at, answer_by, status_at) VALUES (7, 900, 1, 'p', "
    "'issued', 77, 5001, '2027-01-01', '2026-01-01', '2026-01-01', '2026-01-01');"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (77, 7, 900, 1, "
    "'new_request', 'approved', 'TLS', 'sha256', '00112233445566AA', 'fqdn', 1, '2026-01-01');"
    "INSERT INTO request_name VALUES (77, 0, 900, 'dns', 'www.example.com', 'example.com');"
    "INSERT INTO issuance VALUES (5001, 77, 900, '00112233445566AA', "
    "'\\x0a0b0c0d0e0f10111213141516171819', 0, 'issued', 1, 1, 1, '', '{1}', '2026-01-01', "
    "'2026-02-01', '2026-01-01');"
    "INSERT INTO to_sign VALUES (5001, 'final', '', sha256('t'), '\\x3045');"
    "INSERT INTO certificate VALUES (5001, 7, 77, 900, '00112233445566AA', "
    "'\\x0a0b0c0d0e0f10111213141516171819', decode(repeat('ab', 20), 'hex'), '2026-01-01', "
    "'2026-02-01', '2026-01-01', '\\x3082');"
    "INSERT INTO audit (at, account_id, source, activity, subject) VALUES ('2026-01-01', 900, "
    "'api', 'order placed', 'order/7');";

static void connected_as(const char *role, const char *sql)
{
    struct script *s = script_open((struct secret){ database_url(database, role) }, &f);
    assert_non_null(s);
    if (!script_run(s, sql, &f))
        fail_msg("%s: %s", role, f.detail);
    script_close(s);
}

#define ISSUED_ROW                                                                                 \
    "INSERT INTO audit (at, account_id, source, activity, subject, detail) VALUES ('2026-01-01', " \
    "900, 'system', 'certificate issued', 'order/7', jsonb_build_object('certificate_id', 5001, "  \
    "'der_sha256', encode(sha256('\\x3082'), 'hex')))"

#define PRECERT_ROW                                                                                \
    "INSERT INTO audit (at, account_id, source, activity, subject, detail) VALUES ('2026-01-01', " \
    "900, 'system', 'precertificate signed', 'order/7', jsonb_build_object('issuance_id', 5001, "  \
    "'der_sha256', encode(sha256('\\x3081'), 'hex')))"

static int world_made(void **state)
{
    begin(state);
    execute(world);
    execute("INSERT INTO to_sign VALUES (5001, 'precert', '', sha256('p'), '\\x3044');"
            "INSERT INTO precertificate SELECT id, request_id, account_id, ca_id, serial, "
            "'\\x3081', '2026-01-01', '2026-01-03' FROM issuance");
    connected_as("issuer", PRECERT_ROW);
    connected_as(
        "validation",
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence, corroboration) VALUES (900, 'example.com', 'dns-txt-token', '3.2.2.4.7', "
        "'2026-01-01', '{\"seen\": \"a value\"}',"
        " '{\"perspectives\": [{\"perspective\": \"fra\", \"agreed\": false}]}')");
    connected_as("issuer", ISSUED_ROW);
    return 0;
}

static void what_stands_is_what_the_log_says(void **state)
{
    (void)state;
    must(run_with(audit_facts_command, NULL, NULL));
    must_say("what stands is what the log says");
    assert_int_equal(status, 0);
    assert_null(strstr(output, "NO "));
}

static const struct {
    const char *edit, *says;
} edits[] = {
    { "UPDATE certificate SET der = '\\x3083'", "NO   each certificate was announced" },
    { "UPDATE certificate SET der = '\\x3083'",
      "NO   each certificate that was announced is there" },
    { "DELETE FROM certificate", "NO   each certificate that was announced is there" },
    { "DELETE FROM audit WHERE activity = 'certificate issued'",
      "NO   each certificate was announced" },
    { "DELETE FROM audit WHERE activity = 'certificate issued';" ISSUED_ROW,
      "NO   each certificate was announced" }, /* by whom it was not */
    { "DELETE FROM audit WHERE activity = 'order placed'",
      "NO   each certificate belongs to an order that was placed" },
    { "UPDATE validation SET evidence = '{\"seen\": \"another\"}'",
      "NO   all evidence is as it was stored" },
    { "UPDATE validation SET identifier = 'example.net'", "NO   all evidence is as it was stored" },
    { "UPDATE validation SET corroboration = replace(corroboration::text, 'false', 'true')::jsonb",
      "NO   all evidence is as it was stored" },
    { "UPDATE validation SET corroboration = NULL", "NO   all evidence is as it was stored" },
    { "UPDATE validation SET remotes = 5, agreed = 5", "NO   all evidence is as it was stored" },
    { "DELETE FROM audit WHERE activity = 'domain validated'",
      "NO   all evidence is as it was stored" },
    { "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence) "
      "VALUES (900, 'example.org', 'dns-txt-token', '3.2.2.4.7', '2026-01-01', '{}')",
      "NO   all evidence was stored by validation" },
    { "DELETE FROM validation", "NO   each public name had evidence" },
    { "UPDATE request_name SET name = 'www.example.net', domain = 'example.net'",
      "NO   each public name had evidence" },
    { "UPDATE issuance SET serial = '\\x1a0b0c0d0e0f10111213141516171819'",
      "NO   each certificate has its attempt" },
    { "UPDATE issuance SET state = 'ghost'", "NO   nothing that was given up is signed" },
    { "UPDATE precertificate SET der = '\\x3083'", "NO   each precertificate was announced" },
    { "UPDATE precertificate SET der = '\\x3083'",
      "NO   each precertificate that was announced is there" },
    { "DELETE FROM precertificate", "NO   each precertificate that was announced is there" },
    { "DELETE FROM audit WHERE activity = 'precertificate signed'",
      "NO   each precertificate was announced" },
    { "DELETE FROM audit WHERE activity = 'precertificate signed';" PRECERT_ROW,
      "NO   each precertificate was announced" }, /* by whom it was not */
    { "UPDATE precertificate SET serial = '\\x1a0b0c0d0e0f10111213141516171819'",
      "NO   each precertificate has its certificate" },
    { "UPDATE issuance SET state = 'ghost'", "NO   each precertificate has its certificate" },
    { "UPDATE certificate SET request_id = 78", "NO   each precertificate has its certificate" },
    { "UPDATE policy_version SET sha256 = sha256('q')", "NO   each policy that was used" },
};

static void edits_are_found(void **state)
{
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        if (i)
            world_made(state);
        execute(edits[i].edit);
        must(run_with(audit_facts_command, NULL, NULL));
        must_say(edits[i].says);
        must_say("FINDINGS");
        assert_int_equal(status, 1);
        if (i + 1 < sizeof edits / sizeof *edits)
            end(state);
    }
}

/* On its way to a certificate, or given up with its serial revoked: nobody is wrong to have seen it. */
static void precertificates_without_certificates(void **state)
{
    static const char *const fine[] = {
        "UPDATE issuance SET state = 'precert_signed'",
        "UPDATE issuance SET state = 'final_reserved'",
        "UPDATE issuance SET state = 'ghost'; INSERT INTO revocation (ca_id, serial, shard, "
        "reason, "
        "issuance_id, request_id, revoked_at, not_after) SELECT ca_id, serial, 0, 0, id, "
        "request_id, "
        "'2026-01-02', not_after FROM issuance",
    };
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        if (i)
            world_made(state);
        execute("DELETE FROM certificate; DELETE FROM to_sign WHERE kind = 'final';"
                "DELETE FROM audit WHERE activity = 'certificate issued'");
        execute(fine[i]);
        must(run_with(audit_facts_command, NULL, NULL));
        must_say("what stands is what the log says");
        if (i + 1 < sizeof fine / sizeof *fine)
            end(state);
    }
}

static void precertificates_and_journals(void **state)
{
    (void)state;
    const char *path = path_of("journal");
    file_put(path, "precert_signature 1 5001 3044\nsignature 2 5001 3045\n");
    must(run_with(audit_facts_command, NULL, WORDS("journal", path)));
    must_say("yes  each precertificate since the journals begin is in one of them (1 signatures)");
    assert_int_equal(status, 0);
    file_put(path, "signature 2 5001 3045\n");
    must(run_with(audit_facts_command, NULL, WORDS("journal", path)));
    must_say("precertificate/5001: no journal has a signature of it");
    assert_int_equal(status, 1);
}

static void what_is_older_is_not_asked(void **state)
{
    (void)state;
    execute("DELETE FROM audit WHERE activity = 'order placed'");
    must(run_with(audit_facts_command, NULL, WORDS("since", "2026-01-02")));
    assert_int_equal(status, 0);
    must_fail(run_with(audit_facts_command, NULL, WORDS("since", "soon")), "--since");
}

static void journal_and_certificates(void **state)
{
    (void)state;
    const char *path = path_of("journal");
    file_put(path, "precert_signature 1 5001 3044\nintent 1 5001 77 00112233445566AA 0a "
                   "0b\nsignature 2 5001 3045\nsignature 3 4 30");
    must(run_with(audit_facts_command, NULL, WORDS("journal", path)));
    must_say("yes  each certificate since the journals begin is in one of them (2 signatures)");
    file_put(path, "intent 1 5001 77 00112233445566AA 0a 0b\nsignature 2 5002 3045\n");
    must(run_with(audit_facts_command, NULL, WORDS("journal", path)));
    must_say("certificate/5001: no journal has a signature of it");
    assert_int_equal(status, 1);
    /* A journal that begins later says nothing about what was before. */
    file_put(path, "signature 1798761600000000 6000 3045\n");
    must(run_with(audit_facts_command, NULL, WORDS("journal", path)));
    assert_int_equal(status, 0);
    must_fail(run_with(audit_facts_command, NULL, WORDS("journal", path_of("none"))),
              "cannot be read: No such file or directory");
}

static void journals_of_several_issuers(void **state)
{
    (void)state;
    const char *one = path_of("one"), *other = path_of("other");
    file_put(path_of("one.000001"), "signature 1 4 30\n");
    file_put(path_of("one.000002"), "signature 2 5001 3045\n");
    file_put(one, "signature 3 5 30\n");
    file_put(other, "signature 1 6 30\nprecert_signature 1 5001 3044\n");
    must(run_with(audit_facts_command, NULL, WORDS("journal", one, "journal", other)));
    must_say("yes  each certificate since the journals begin is in one of them (4 signatures)");
    assert_int_equal(status, 0);
    must(run_with(audit_facts_command, NULL, WORDS("journal", other)));
    must_say("no journal has a signature of it");
    /* Before the last of them begins, it may have been one of that journal's that is gone. */
    file_put(one, "signature 1798761600000000 6000 3045\n");
    unlink(path_of("one.000001"));
    unlink(path_of("one.000002"));
    must(run_with(audit_facts_command, NULL, WORDS("journal", one, "journal", other)));
    assert_int_equal(status, 0);
}

/* More than a page, in which one is wrong; and an order that is older than what is asked for. */
static void pages_are_walked(void **state)
{
    (void)state;
    execute(
        "INSERT INTO audit (at, account_id, source, activity, subject) SELECT '2026-02-15', 900, "
        "'api', 'order placed', 'order/' || n FROM generate_series(10000, 13500) n;"
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence) "
        "SELECT 900, 'n' || n || '.example', 'dns-txt-token', '3.2.2.4.7', '2026-03-01', '{}' "
        "FROM generate_series(1, 2500) n;"
        "UPDATE validation SET evidence = '[]' WHERE identifier = 'n2400.example'");
    must(run_with(audit_facts_command, NULL, NULL));
    must_say("(the first 20 of 2500)"); /* stored by the owner, all of them */
    must_say("validation/2401: no audit row has the hash of its evidence\nNO ");
    execute("UPDATE certificate SET issued_at = '2026-02-15';"
            "UPDATE audit SET at = '2026-02-15' WHERE activity = 'certificate issued';"
            "DELETE FROM validation WHERE id > 1;"
            "DELETE FROM audit WHERE at > '2026-02-15'");
    must(run_with(audit_facts_command, NULL, WORDS("since", "2026-02-15")));
    must_say("what stands is what the log says");
    execute("DELETE FROM audit WHERE subject = 'order/7' AND activity = 'order placed'");
    must(run_with(audit_facts_command, NULL, WORDS("since", "2026-02-15")));
    must_say("NO   each certificate belongs to an order that was placed");
}

#define WORLD(name) cmocka_unit_test_setup_teardown(name, world_made, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(what_stands_is_what_the_log_says),     WORLD(edits_are_found),
        WORLD(what_is_older_is_not_asked),           WORLD(journal_and_certificates),
        WORLD(journals_of_several_issuers),          WORLD(pages_are_walked),
        WORLD(precertificates_without_certificates), WORLD(precertificates_and_journals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
