/* The policy's commands on copies of the real policy. */
#include "policy_copy_test.h"

/* ---- loading */

static void same_policy_is_one_version(void **state)
{
    (void)state;
    must(load());
    must_say("policy version 1 is in force (new)");
    must(load());
    must_say("policy version 1 is in force (loaded before)");
    assert_int_equal(number("SELECT count(*) FROM policy_version"), 1);
    assert_int_equal(number("SELECT count(*) FROM audit WHERE source = 'cli'"), 2);
    assert_int_equal(number("SELECT count(*) FROM policy_rule WHERE valid_from = '-infinity'"),
                     number("SELECT count(*) FROM policy_rule WHERE NOT isfinite(valid_from)"));
}

static void form_does_not_count(void **state)
{
    (void)state;
    must(load());
    edit("rules/validity.json", "{\"id\": \"tls-validity-825\",",
         "{ \"id\" :\n\"tls-validity-825\" ,");
    must(load());
    must_say("policy version 1 is in force (loaded before)");
}

static void policy_of_another_key_is_a_new_version(void **state)
{
    char *private_pem, *public_pem;
    (void)state;
    must(load());
    ed25519_make(&arena, &private_pem, &public_pem);
    setenv("CHANCERY_POLICY_KEY", private_pem, 1);
    must(load());
    must_say("policy version 2 is in force (new)");
    must(load());
    must_say("policy version 2 is in force (loaded before)");
}

static void changed_policy_is_a_new_version(void **state)
{
    (void)state;
    must(load());
    edit("rules/validity.json", "\"199\"", "\"198\"");
    must(load());
    must_say("policy version 2 is in force (new)");
    edit("rules/validity.json", "\"198\"", "\"199\"");
    must(load());
    must_say("policy version 1 is in force (loaded before)");
    edit("products/ssl_dv_geotrust.json", "\"max_names\": 250", "\"max_names\": 249");
    must(load());
    must_say("policy version 3 is in force (new)");
    assert_int_equal(number("SELECT version FROM policy_active"), 3);
    assert_string_equal(
        answer("SELECT string_agg(activity || ' ' || subject, ', ' ORDER BY id) FROM audit"),
        "policy loaded policy_version/1, policy activated policy_active/1, "
        "policy loaded policy_version/2, policy activated policy_active/2, "
        "policy activated policy_active/1, "
        "policy loaded policy_version/3, policy activated policy_active/3");
    assert_int_equal(
        number("SELECT count(*) FROM audit WHERE operator IS NULL OR by_role <> 'chancery_cli'"),
        0);
}

static void stored_as_it_was_written(void **state)
{
    (void)state;
    must(load());
    assert_string_equal(
        answer("SELECT concat_ws('|', scope, parameter, value, unit, level, valid_from, "
               "valid_till, statement, source,"
               " check_name) FROM policy_rule WHERE id = 'tls-validity-47'"),
        "TLS|validity.max|47|d|M|2029-03-15 00:00:00+00|infinity|"
        "A TLS certificate is valid for at most 47 days.|TLS BR 6.3.2 (SC081v3)|validity_max");
    assert_string_equal(
        answer("SELECT concat_ws('|', value IS NULL, unit IS NULL, level) FROM policy_rule"
               " WHERE id = 'dcv-02'"),
        "t|t|X");
    assert_int_equal(number("SELECT (document ->> 'max_names')::int FROM policy_document"
                            " WHERE kind = 'product' AND name = 'ssl_dv_geotrust'"),
                     250);
    assert_int_equal(number("SELECT count(*) FROM policy_document WHERE length(sha256) <> 32"), 0);
    assert_int_equal(number("SELECT count(*) FROM policy_document WHERE kind = 'profile' AND name"
                            " IN ('tls-dv', 'tls-private')"),
                     2);
}

/* ---- what is refused; nothing is stored then */

static const struct {
    const char *file, *from, *to, *says;
} refused[] = {
    { "rules/validity.json", "\"until\": \"2027-03-15", "\"until\": \"2027-03-16",
      "validity.max on one day: end one before" },
    { "rules/validity.json", "\"until\": \"2020-09-01T00:00:00+00:00\", ", "",
      "validity.max on one day: end one before" },
    { "rules/validity.json", "tls-validity-398", "tls-validity-825", "is the id of two rules" },
    { "rules/validity.json", "tls-validity-398", "TLS-validity", "is no id" },
    { "rules/validity.json", "tls-validity-398", "tls--398", "is no id" },
    { "rules/validity.json", "tls-validity-398", "tls-398-", "is no id" },
    { "rules/validity.json", "\"825\"", "\"825.5\"", "must be a number of days" },
    { "rules/validity.json", "\"825\"", "\"0\"", "must be a number of days" },
    { "rules/validity.json", "\"unit\": \"h\"", "\"unit\": \"weeks\"",
      "validity.json: tls-notbefore has unit weeks, but check not_before_skew counts in h" },
    { "rules/validity.json", "\"unit\": \"d\"", "\"unit\": \"h\"",
      "has unit h, but validity.max counts in d" },
    { "rules/validity.json", "\"unit\": \"d\", ", "", "has unit none" },
    { "rules/validity.json", "\"unit\": \"d\"", "\"unit\": \"\"", "has unit , but" },
    { "rules/validity.json", "\"check\": \"validity_max\"", "\"check\": \"validity_min\"",
      "names check validity_min, which no issuer knows" },
    { "rules/validity.json", ", \"check\": \"not_before_skew\"", "",
      "tls-notbefore gives parameter notbefore.skew, which nobody reads" },
    { "rules/renewal.json", "\"renewal.before\"", "\"renewal.befor\"", "which nobody reads" },
    { "rules/renewal.json", "\"90\", \"unit\": \"d\"", "\"90\", \"unit\": \"bits\"",
      "renewal.before counts in d h min s" },
    { "rules/renewal.json", "\"level\": \"S\"", "\"level\": \"X\"", "is M or S" },
    { "rules/methods.json", "\"level\": \"X\"", "\"value\": \"1\", \"level\": \"X\"",
      "which must be nothing" },
    { "rules/methods.json", "\"level\": \"X\"", "\"level\": \"M\"", "is a prohibition, X" },
    { "rules/methods.json", "\"dcv.method.3.2.2.4.2\"", "\"dcv.method.3.2.2.4.16\"",
      "both give TLS dcv.method.3.2.2.4.16 on one day" },
    { "rules/profile-option.json", "\"not_allowed\"", "\"forbidden\"", "not_allowed or invalid" },
    { "rules/profile-option.json", "data_encipherment\"", "data encipherment\"", "end in a word" },
    { "rules/domain-control.json", "\"5\", \"level\"", "\"11\", \"level\"", "from 0 to 10" },
    { "rules/domain-control.json", "\"5000\"", "\"70000\"", "from 1 to 65536" },
    { "rules/domain-control.json", "301 302 307 308", "301 302 200", "status codes" },
    { "rules/domain-control.json", "\"parameter\": \"dcv.exact.3.2.2.4.18\", \"value\": \"1\"",
      "\"parameter\": \"dcv.exact.3.2.2.4.18\", \"value\": \"0\"", "without the rule" },
    { "profiles/tls-dv.json", "\"subject_dv\"", "\"version_v4\"",
      "tls-dv names check version_v4, which no issuer knows" },
    { "rules/validity.json", "\"check\": \"not_before_skew\"", "\"check\": \"version_v3\"",
      "check version_v3 counts in nothing" },
    { "rules/validity.json",
      "\"value\": \"48\", \"unit\": \"h\", \"level\": \"M\", \"from\": "
      "\"2023-09-15T00:00:00+00:00\", \"statement\": \"notBefore lies within 48 hours of the "
      "signing moment.\", \"source\": \"TLS BR 7.1.2.7\", \"check\": \"not_before_skew\"",
      "\"level\": \"M\", \"statement\": \"x\", \"source\": \"x\", \"check\": \"version_v3\"",
      "tls-notbefore (validity.json) does nothing" },
    { "rules/perspectives.json", "\"value\": \"5\"", "\"value\": \"five\"", "mpic-p5 has value" },
    { "rules/perspectives.json", "\"value\": \"500\"", "\"value\": \"500 km\"",
      "mpic-distance has value \"500 km\", which must be a number" },
    { "rules/perspectives.json", "3.2.2.4.4 3.2.2.4.12", "3.2.2.4.4  3.2.2.4.12",
      "which must be whole sections" },
    { "rules/perspectives.json", "3.2.2.4.4 3.2.2.4.12", "4 12", "which must be whole sections" },
    { "rules/caa.json", "\"chancery.example\"", "\"chancery.example, ca.example\"",
      "caa-disclose has value \"chancery.example, ca.example\", which must be domain names" },
    { "rules/status.json", "\"revocation.reason.10\"", "\"revocation.reason.010\"",
      "must end in a number from 0 to 255" },
    { "rules/validity.json", "\"level\": \"M\"", "\"level\": \"Z\"", "level \"Z\"" },
    { "rules/validity.json", "\"from\": \"2018-03-01", "\"from\": \"2021-03-01",
      "ends before it begins" },
    { "rules/validity.json", "\"from\": \"2018-03-01", "\"from\": \"2018-02-30", "rules[1].from" },
    { "rules/validity.json", "\"until\"", "\"untill\"", "unknown, misplaced" },
    { "rules/validity.json", "\"value\": \"825\", ", "", "has value \"\", which" },
    { "rules/validity.json", "\"level\": \"M\", ", "", "rules[0].level" },
    { "rules/validity.json", "\"rules\": [", "\"rules\": [ 5,", "rules[0]" },
    { "rules/domain-control.json", "1m/15m 5m/1h", "1m/15m 5m", "cadence" },
    { "rules/domain-control.json", "\"5/1h 20/24h\"", "\"5/1h 20\"",
      "how many within which times" },
    { "rules/domain-control.json", "\"5/1h 20/24h\"", "\"0/1h\"", "how many within which times" },
    { "rules/domain-control.json", "\"5/1h 20/24h\"", "\"5/1h \"", "how many within which times" },
    { "rules/domain-control.json", "\"1500/1h 5000/24h\"", "\"500/hour\"",
      "how many within which times" },
    { "rules/domain-control.json", "301 302 307 308", "301,302", "status codes" },
    { "rules/domain-control.json", "\"80 443\"", "\"80  443\"", "ports" },
    { "products/ssl_dv_ee.json", "\"tls-dv\"", "\"tls-xv\"", "which is not in profiles/" },
    { "products/ssl_dv_ee.json", "\"rule_scope\": \"TLS\"", "\"rule_scope\": \"SMIME\"",
      "its profile TLS" },
    { "products/ssl_dv_ee.json", "\"name_id\": \"ssl_dv_ee\"", "\"name_id\": \"other\"",
      "rename the file" },
    { "products/ssl_dv_ee.json", "\"default_authority\": \"p256\"",
      "\"default_authority\": \"p384\"", "not among authorities" },
    { "products/ssl_dv_ee.json", "\"default_dcv_method\": \"dns-txt-token\"",
      "\"default_dcv_method\": \"phone\"", "has default_dcv_method phone" },
    { "profiles/tls-dv.json", "\n    \"server_auth\"\n  ", "", "tls-dv has no ext_key_usage" },
    { "profiles/tls-dv.json", "/{shard}", "", "crl_shards alone" },
    { "profiles/tls-dv.json", ",\n  \"crl_shards\": 128", "", "{shard} alone" },
    { "profiles/tls-dv.json", "\"crl_shards\": 128", "\"crl_shards\": 0", "crl_shards 0" },
    { "profiles/tls-dv.json", "\"crl_shards\": 128", "\"crl_shards\": 99999", "crl_shards 99999" },
    { "products/private_ssl_flex.json", "\"private-p256\",", "\"p256\",",
      "has default_authority p256" },
    { "products/private_ssl_flex.json", "\"private-p256\"\n  ]", "\"private-p256\", \"p256\"\n  ]",
      "shares authority p256 with" },
    { "products/private_ssl_flex.json", "\"dcv_methods\": []",
      "\"dcv_methods\": [\"email\"], \"default_dcv_method\": \"email\"",
      "all products of scope PRIV have, or none" },
    { "rules/private.json", "\"order.pending\"", "\"dcv.exempt\"", "no rule excuses names" },
    { "rules/methods.json", "dcv.method.3.2.2.4.2\"", "dcv.method.2\"",
      "must name a whole section" },
    { "rules/domain-control.json", "dcv.exact.3.2.2.4.18\"", "dcv.exact.18\"",
      "must name a whole section" },
    { "rules/methods.json", "dcv.method.3.2.2.4.2\"", "dcv.method.3.2.2\"",
      "must name a whole section" },
    { "rules/methods.json", "dcv.method.3.2.2.4.2\"", "dcv.method.3.2.2.4.\"",
      "must name a whole section" },
    { "rules/methods.json", "dcv.method.3.2.2.4.2\"", "dcv.method.3.2.2.4.02\"",
      "must name a whole section" },
    { "rules/methods.json", "dcv.method.3.2.2.4.2\"", "dcv.method.3.2.2.4.2.1\"",
      "must name a whole section" },
    { "products/ssl_plus.json", "\"shim\": \"ssl_securesite_flex\"", "\"shim\": \"ssl_plus\"",
      "is no product or has one itself" },
    { "products/ssl_plus.json", "\"shim\": \"ssl_securesite_flex\"", "\"shim\": \"nothing\"",
      "is no product or has one itself" },
    { "products/private_ssl_flex.json", "    1,\n    2\n  ]\n",
      "    1,\n    2\n  ],\n  \"transparency\": true\n",
      "has transparency, but no dcv_methods: names of private certificates are not given to logs" },
    { "rules/transparency.json", "\"ct.scts.le180\"", "\"ct.scts.le181\"", "which nobody reads" },
    { "rules/transparency.json", "\"TLS\"", "\"TLS2\"",
      "has transparency, but no rule of scope TLS gives ct.scts.le180" },
    { "rules/transparency.json", "\"value\": \"2\"", "\"value\": \"two\"",
      "ct-scts-short has value \"two\", which must be a number from 1 to 16" },
    { "rules/transparency.json", "\"value\": \"3\"", "\"value\": \"17\"",
      "ct-scts-long has value \"17\", which must be a number from 1 to 16" },
    { "rules/transparency.json", "\"value\": \"1\"", "\"value\": \"0\"",
      "ct-rfc6962 has value \"0\"" },
    { "profiles/tls-dv.json", "\"backdate_seconds\": 3600",
      "\"backdate_seconds\": 3600, \"surprise\": 1", "unknown, misplaced" },
};

static void mistakes_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *before = file_get(path_of(refused[i].file));
        edit(refused[i].file, refused[i].from, refused[i].to);
        must_fail(load(), refused[i].says);
        file_put(path_of(refused[i].file), before);
    }
    assert_int_equal(number("SELECT count(*) FROM policy_version"), 0);
    assert_int_equal(number("SELECT count(*) FROM audit"), 0);
    must(load());
}

static void names_of_this_ca_may_be_many_and_long(void **state)
{
    (void)state;
    edit("rules/caa.json", "\"chancery.example\"",
         "\"caa.of-a-certification-authority-with-a-name.example chancery.example\"");
    must(load());
}

/* ---- asking */

static void a_day_before_and_after(void **state)
{
    (void)state;
    must_fail(run(policy_at_command, "2026-01-01"), "chancery policy load");
    must(load());
    must(run(policy_at_command, "2026-03-14T23:59:59Z"));
    must_say("398 days");
    assert_null(strstr(output, "200 days"));
    must(run(policy_at_command, "2026-03-15"));
    must_say("200 days");
    assert_null(strstr(output, "398 days"));
    must(run(policy_at_command, "2029-03-15", "TLS"));
    must_say("47 days");
    must_say("10 days");
    must_fail(run(policy_at_command, "2029-03-15", "SMIME"), "no rule is in force");
    must_fail(run(policy_at_command, "15 March"), "is no date");
}

/* ---- snapshots */

static bool snapshot(bool check)
{
    return run_with(policy_snapshot_command, WORDS(folder), check ? WORDS("check", "") : NULL);
}

static void snapshots_follow_the_policy(void **state)
{
    (void)state;
    must(snapshot(true));
    assert_int_equal(status, 1);
    must(snapshot(false));
    must(snapshot(true));
    assert_int_equal(status, 0);
    const char *text = file_get(path_of("snapshots/ssl_dv_geotrust.txt"));
    assert_non_null(strstr(text, "GeoTrust Standard DV"));
    assert_non_null(strstr(text, "Only on some of these days, and on 2029-03-15"));
    edit("rules/validity.json", "\"199\"", "\"198\"");
    must(snapshot(true));
    assert_int_equal(status, 1);
    must_say("is stale");
    must(snapshot(false));
    assert_int_equal(unlink(path_of("products/ssl_dv_ee.json")), 0);
    must(snapshot(true));
    assert_int_equal(status, 1);
    must_say("ssl_dv_ee.txt belongs to no product");
    must(snapshot(false));
    must(snapshot(true));
    assert_int_equal(status, 0);
}

/* Those in the tree are what the policy in the tree says. */
static void committed_snapshots_are_current(void **state)
{
    (void)state;
    must(run_with(policy_snapshot_command, WORDS("policy"), WORDS("check", "")));
    if (status)
        fail_msg("%s", output);
}

#define COPY(name) cmocka_unit_test_setup_teardown(name, policy_copy, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        COPY(same_policy_is_one_version),
        COPY(form_does_not_count),
        COPY(policy_of_another_key_is_a_new_version),
        COPY(changed_policy_is_a_new_version),
        COPY(stored_as_it_was_written),
        COPY(mistakes_are_refused),
        COPY(names_of_this_ca_may_be_many_and_long),
        COPY(a_day_before_and_after),
        COPY(snapshots_follow_the_policy),
        COPY(committed_snapshots_are_current),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
