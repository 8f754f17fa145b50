/* What the commands answer that ask the policy in force. */
#include "fixture_test.h"

static const char orders[] =
    "INSERT INTO account (name, status, dcv_scope, created_at)"
    " VALUES ('A', 'active', 'fqdn', '2026-01-01'), ('B', 'active', 'fqdn', '2026-01-01');"
    "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
    " VALUES ('AAAAAAAAAAAAAAAA', 'P', 'p256', 'ec', '', true, true, '2026-01-01'),"
    "        ('BBBBBBBBBBBBBBBB', 'Q', 'private-p256', 'ec', '', false, true, '2026-01-01');"
    "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
    " valid_till, created_at, answer_by, status_at, certificate_id)"
    " SELECT n, 900 + n % 2, 1, 'p', s, n, '2031-01-01', '2026-11-01', '2026-11-01', '2026-11-01',"
    "        CASE s WHEN 'issued' THEN n END"
    "   FROM (VALUES (1, 'pending'), (2, 'pending'), (3, 'needs_approval'), (4, 'issued'),"
    "                (5, 'issued'), (6, 'issued'), (7, 'pending')) AS o (n, s);"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
    " signature_hash, ca_id, dcv_scope, dcv_method, profile_option, requester_id, created_at)"
    " SELECT o.id, o.id, o.account_id, 1, 'new_request', 'approved',"
    "        CASE o.id WHEN 7 THEN 'PRIV' ELSE 'TLS' END, 'sha256', 'x', 'fqdn',"
    "        CASE o.id WHEN 2 THEN 'dns-txt-token' ELSE 'email' END,"
    "        CASE o.id WHEN 3 THEN 'non_repudiation' END, 1, '2026-11-01' FROM orders o;"
    "INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value,"
    " random_value_at, poll_from)"
    " VALUES (901, 'request', 3, 'TLS', 'http-token', 'v', '2026-11-01', '2026-11-01');"
    "INSERT INTO certificate (id, order_id, request_id, account_id, ca_id, serial, thumbprint,"
    " not_before, not_after, issued_at, der)"
    " SELECT o.id, o.id, o.id, o.account_id, CASE o.id WHEN 6 THEN 'BBBBBBBBBBBBBBBB' ELSE "
    "'AAAAAAAAAAAAAAAA' END,"
    "        decode(lpad(o.id::text, 2, '0'), 'hex'), substr(sha256(o.id::text::bytea), 1, 20),"
    "        '2026-11-01', t::timestamptz, '2026-11-01', 'der'"
    "   FROM orders o JOIN (VALUES (4, '2027-05-19 23:59:59'), (5, '2027-01-30 23:59:59'),"
    "                              (6, '2028-11-01')) AS c (n, t) ON c.n = o.id;"
    /* all but 8 are confirmed by enough others */
    "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence,"
    " corroboration)"
    " SELECT 900 + n % 2, 'v' || n || '.example', 'x', m, t::timestamptz, '{}',"
    "        (SELECT jsonb_build_object('perspectives', jsonb_agg(jsonb_build_object("
    "                'perspective', 'p' || k, 'region', 'r' || k, 'agreed', n <> 8)))"
    "           FROM generate_series(1, 5) k)"
    "   FROM (VALUES (1, '3.2.2.4.7', '2026-11-01'), (2, '3.2.2.4.7', '2026-12-05'),"
    "                (3, '3.2.2.4.7', '2026-08-01'), (4, '3.2.2.4.16', '2027-01-01'),"
    "                (5, '3.2.2.4.4', '2026-12-10'), (6, '3.2.2.4.4', '2028-01-01'),"
    "                (7, '3.2.2.4.22', '2026-11-29'), (8, '3.2.2.4.7', '2026-11-02'))"
    "     AS v (n, m, t)";

static int loaded(void **state)
{
    begin(state);
    must(run(policy_load_command, "policy"));
    execute(orders);
    return 0;
}

static void must_not_say(const char *text)
{
    if (strstr(output, text))
        fail_msg("\"%s\" is in:\n%s", text, output);
}

static bool run_for(bool (*command)(struct command_run *, struct fault *), const char *const *words,
                    const char *product, bool json)
{
    const char *options[5] = { NULL };
    int n = 0;
    if (product)
        options[n++] = "product", options[n++] = product;
    if (json)
        options[n++] = "json", options[n++] = "";
    return run_with(command, words, options);
}

static void product_is_shown_with_what_holds(void **state)
{
    (void)state;
    must(run_for(policy_at_command, WORDS("2027-03-15"), "ssl_dv_geotrust", false));
    must_say("GeoTrust Standard DV (ssl_dv_geotrust)");
    must_say("What is signed: profile tls-dv");
    must_say("validity_max 100 days (tls-validity-100)");
    must_say("What holds on 2027-03-15");
    must_not_say("private-");
    must_not_say("tls-validity-200");
    must(run_for(policy_at_command, WORDS("2027-03-15"), "private_ssl_flex", false));
    must_say("private-validity-825");
    must_not_say("tls-validity");
    must(run_for(policy_at_command, WORDS("2027-03-15"), "ssl_dv_geotrust", true));
    must_say("{\"product\": {\"name_id\":\"ssl_dv_geotrust\"");
    must_say("\"profile\": {\"name\":\"tls-dv\"");
    must_say("\"rule\":\"tls-validity-100\"");
    must_fail(run_for(policy_at_command, WORDS("2027-03-15"), "ssl_none", false),
              "is not in the policy in force");
}

/* The answer comes first, and is the one of the day. */
static const struct {
    const char *product, *day, *says[9];
} answers[] = {
    { "ssl_dv_geotrust",
      "2027-03-15",
      { "GeoTrust Standard DV (ssl_dv_geotrust) on 2027-03-15\n"
        "    validity      at most 100 days; issued for 99 days at the longest (tls-validity-100, "
        "tls-advised-99)\n"
        "    methods       dns-txt-token, dns-cname-token, http-token, email\n"
        "    reuse         what is proved counts for 100 days (reuse-dcv-100)\n"
        "    perspectives  5 others must see it as well, or more; of up to 5, 1 may see it "
        "otherwise;",
        "    CAA           looked at for each name; what was seen counts for 8 hours, or its TTL "
        "if that is longer; they name",
        "    keys          RSA of at least 2048 bits, or on P-256, P-384 or P-521; none that is "
        "known to be weak",
        "    names         up to 250; wildcards: no\n", NULL } },
    { "ssl_dv_geotrust",
      "2028-03-15",
      { "    methods       dns-txt-token, dns-cname-token, http-token; prohibited: email "
        "(dcv-04)\n",
        NULL } },
    { "ssl_dv_geotrust",
      "2026-11-30",
      { "    validity      at most 200 days;", "    perspectives  4 others", NULL } },
    { "private_ssl_flex",
      "2027-03-15",
      { "    validity      at most 825 days;", "    methods       names are not proved\n    keys ",
        NULL } },
};

static void the_answer_comes_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        must(run_for(policy_at_command, WORDS(answers[i].day), answers[i].product, false));
        *strstr(output, "\nWhat is sold\n") = '\0';
        for (size_t j = 0; answers[i].says[j]; j++)
            must_say(answers[i].says[j]);
    }
    must_not_say("CAA");
    must_not_say("perspectives");
}

static void difference_of_two_days(void **state)
{
    (void)state;
    must(run(policy_diff_command, "2027-03-14", "2027-03-15"));
    must_say("changes  TLS validity.max");
    must_say("must 200 days");
    must_say("must 100 days");
    must_say("begins   TLS dcv.method.3.2.2.4.16");
    must_not_say("PRIV");
    must_not_say("dcv.method.3.2.2.4.4 ");
    must(run(policy_diff_command, "2023-01-01", "2029-03-15"));
    must_say("ends     TLS dcv.method.3.2.2.4.21");
    must_say("must 398 days");
    must_say("must 47 days");
    must(
        run_for(policy_diff_command, WORDS("2027-03-14", "2027-03-15"), "private_ssl_flex", false));
    must_say("the same holds on both days");
    must(run_for(policy_diff_command, WORDS("2027-03-14", "2027-03-15"), "ssl_dv_geotrust", true));
    must_say("{\"day\":\"2027-03-15\",\"what\":\"changes\",\"scope_and_parameter\":\"TLS "
             "reuse.dcv\",\"before\":\"must 200 days\",\"after\":\"must 100 "
             "days\",\"rule\":\"reuse-dcv-100\"");
    must_fail(run(policy_diff_command, "2027-03-15", "2027-03-15"), "must be later");
    must_fail(run(policy_diff_command, "2027-03-15", "soon"), "is no date");
}

// clang-format off
static const struct {
    const char *rule, *says[4];
} touched[] = {
    /* 200 days reach back to 2026-08-27, 100 to 2026-12-05: between them are 1 and 2 of method 7; that 4
       counts no more is the work of another rule, 5 is younger, and 8 has never counted. On 2029-03-15 all
       are too old before. */
    { "reuse-dcv-100", { "2027-03-15  validations that count no more  2      2",
                         "2029-03-15  validations that count no more  0      0", "not reached certificates" } },
    { "dcv-16",        { "2027-03-15  validations that count no more                  1      1",
                         "orders that wait and are proved by this method  0 " } },
    { "dcv-04",        { "2028-03-15  validations that count no more                  1 ",
                         "2028-03-15  orders that wait and are proved by this method  1 " } },
    { "tls-validity-100", { "certificates alive on that day that are longer than 47 days   0 ",
                            "orders that wait, and are judged by it from then on           3 " } },
    { "tls-option-repudiation", { "orders that wait and have this option  1 " } },
    { "order-pending", { "orders that wait, and are judged by it from then on  3 " } },
    { "mpic-p5", { "2026-12-15  orders that wait, and are judged by it from then on  3 ",
                   "was proved before counts as long as it did" } },
    { "crl-life", { "not reached orders, certificates and validations" } },
    { "private-pending", { "orders that wait, and are judged by it from then on  1 " } },
};
// clang-format on

static void days_of_a_rule_reach(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof touched / sizeof *touched; i++) {
        must(run(policy_touches_command, touched[i].rule));
        for (size_t j = 0; j < 4 && touched[i].says[j]; j++)
            must_say(touched[i].says[j]);
    }
    /* For a demonstration the 8th has counted all the time. */
    execute("INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, "
            "created_at) VALUES ('00000000000000DD', 'Show', 'show', 'p256', "
            "'\\x302430220201013000300030003017311530130603"
            "55040a130c646f206e6f74207472757374', true, true, '2026-01-01')");
    must(run(policy_touches_command, "reuse-dcv-100"));
    must_say("2027-03-15  validations that count no more  3      ");
    must_say("2029-03-15  validations that count no more  0      0");
    /* Whatever the day is, it is alive or over. */
    must(run(policy_touches_command, "tls-validity-100"));
    must_say(arena_format(
        &arena, "certificates alive on that day that are longer than 100 days  %lld ",
        (long long)number("SELECT count(*) FROM certificate WHERE id = 4 AND not_after > now()")));
    must(run_for(policy_touches_command, WORDS("dcv-04"), NULL, true));
    must_say("{\"day\":\"2028-03-15\",\"what\":\"validations that count no "
             "more\",\"count\":1,\"accounts\":1}");
    must_fail(run(policy_touches_command, "dcv-99"), "is no rule of the policy in force");
}

/* So many that were proved at different times: who looks ahead does not ask the rules for each. */
static void many_are_counted_at_once(void **state)
{
    static const char looks[] =
        "SELECT sum(idx_scan)::int FROM pg_stat_xact_all_tables WHERE relname = 'policy_rule'";

    (void)state;
    execute("BEGIN");
    execute(
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, "
        "evidence, corroboration) SELECT 800 + n % 7, 'many' || n || '.example', 'x', "
        "'3.2.2.4.7', '2026-09-01'::timestamptz + n * interval '2 hours', '{}', "
        "(SELECT jsonb_build_object('perspectives', jsonb_agg(jsonb_build_object('perspective', "
        "'p' || k, 'region', 'r' || k, 'agreed', n % 2 = 0))) FROM generate_series(1, 5) k) "
        "FROM generate_series(1, 1000) n");
    long long before = number(looks);
    assert_int_equal(number("SELECT validations FROM proof_lost(NULL, 'TLS', '2027-03-15') p WHERE "
                            "accounts > 7"),
                     502);
    assert_in_range(number(looks) - before, 1, 300);
    execute("ROLLBACK");
}

static void each_row_has_an_enforcer_and_a_test(void **state)
{
    (void)state;
    must(run_for(policy_rows_command, NULL, NULL, true));
    must_say("\"rule\":\"reuse-dcv-100\",\"file\":\"reuse.json\"");
    must_say("\"enforced_by\":\"dcv_evidence()\",\"probed_by\":\"tests/calendar_test.c\"");
    must_say("\"enforced_by\":\"lint validity_max, services/issuer/lints/");
    must_not_say("\"enforced_by\":null");
    must_not_say("\"enforced_by\":\"\"");
    must_not_say("\"probed_by\":null");
    must(run_for(policy_rows_command, NULL, NULL, false));
    must_say(" rules\n");
}

#define LOADED(name) cmocka_unit_test_setup_teardown(name, loaded, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOADED(product_is_shown_with_what_holds), LOADED(the_answer_comes_first),
        LOADED(difference_of_two_days),           LOADED(days_of_a_rule_reach),
        LOADED(many_are_counted_at_once),         FRESH(each_row_has_an_enforcer_and_a_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
