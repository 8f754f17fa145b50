#include "lints/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lints/trips.h"
#include "message/convert.h"

/* What policy gives to lints that must be given something. */
static const struct {
    const char *lint;
    int64_t value;
} given[] = { { "validity_max", 47 } };

static struct arena arena;
static struct instant now;
static struct trip good;

static int64_t value_of(const char *lint)
{
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (strcmp(given[i].lint, lint) == 0)
            return given[i].value;
    return 0;
}

/* One lint alone. */
static bool passes(const struct trip *trip, const char *lint, struct fault *f)
{
    const struct lint_rule rule = { lint, value_of(lint), 'M' };
    Profile none = *trip->profile;

    none.n_checks = 0;
    *f = (struct fault){ 0 };
    return lint_tbs(&trip->input, &none, &rule, 1, f);
}

static size_t refusals(const struct trip *trip, const char *but)
{
    struct fault f;
    size_t count = 0;

    for (size_t i = 0; i < trip->profile->n_checks; i++)
        if (strcmp(trip->profile->checks[i], but) != 0 &&
            !passes(trip, trip->profile->checks[i], &f)) {
            print_error("%s: %s %s\n", *but ? but : trip->profile->name, f.field, f.detail);
            count++;
        }
    return count;
}

static void good_certificates_pass_all(void **state)
{
    (void)state;
    struct trip trip;

    for (size_t i = 0; i < sizeof trip_goods / sizeof *trip_goods; i++) {
        trip_of(&arena, trip_goods[i].profile, "", 0, now, &trip);
        assert_int_equal(refusals(&trip, ""), 0);
    }
}

static bool trips_alone(const struct lint *l)
{
    struct trip trip;
    struct fault f;

    if (!trip_make(&arena, l->name, value_of(l->name), now, &trip)) {
        print_error("%s: has no trip\n", l->name);
        return false;
    }
    if (passes(&trip, l->name, &f) || strcmp(f.field, l->name) != 0 ||
        !strstr(f.detail, l->source)) {
        print_error("%s: is not tripped: %s %s\n", l->name, f.field, f.detail);
        return false;
    }
    return refusals(&trip, l->name) == 0;
}

static void each_lint_is_tripped_by_its_own_alone(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++) {
            wrong += !trips_alone(l);
            assert_true(strlen(l->source) > 3);
            assert_ptr_equal(lint_find(l->name), l);
        }
    for (size_t i = 0; i < sizeof trip_rows / sizeof *trip_rows; i++)
        if (!lint_find(trip_rows[i].lint))
            fail_msg("there is no lint %s", trip_rows[i].lint);
    assert_int_equal(wrong, 0);
}

/* Other ways to break a rule, and what just keeps it. */
static const struct {
    const char *lint, *profile, *changes;
    bool passes;
} more[] = {
    // clang-format off
    { "version_v3",      "tls-dv", "version ", false },
    { "serial_positive", "tls-dv", "serial int#00", false },
    { "serial_entropy",  "tls-dv", "serial int#4000000000000000000000000000000000", false },
    { "signature_exact", "tls-dv", "algorithm seq{oid:ecdsa256 null#}", false },
    { "signature_exact", "tls-dv", "algorithm seq{oid:rsa256 null#}", false },
    { "subject_encoding", "tls-dv", "subject seq{rdn:CN utf8''}", false },
    { "san_present",     "tls-dv", "+SAN seq{}", false },
    { "san_dns_only",    "tls-dv", "+SAN seq{[1]'a@b.c'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'a..c'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'localhost'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'-a.bc'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'a.*.c'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'a.b.'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'1.1.1.1'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'a.b.0x'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]'a.0x7f'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]#612000}", false },
    { "extension_criticality", "tls-dv", "+KU bits#0780", false },
    { "aki_present",     "tls-dv", "+AKI seq{[0]#000102030405060708090a0b0c0d0e0f10111213}", false },
    { "aki_present",     "tls-dv", "+AKI seq{}", false },
    { "basic_constraints", "tls-dv", "+BC critical seq{bool#00}", false },
    { "ku_allowed",      "tls-dv", "-KU", false },
    { "ku_allowed",      "tls-dv", "+KU critical bits#0204", false },
    { "ku_allowed",      "tls-dv", "+KU critical bits#0680", false },
    { "ku_allowed",      "tls-dv", "+KU critical bits#00", false },
    { "ku_allowed",      "tls-dv", "spki rsa:2048; +KU critical bits#05a0", true },
    { "eku_server_auth", "tls-dv", "+EKU seq{oid:clientAuth}", false },
    { "eku_server_auth", "tls-dv", "+EKU seq{oid:serverAuth oid:OCSPSigning}", false },
    { "policy_reserved_oid", "tls-dv", "-POL", false },
    { "policy_reserved_oid", "tls-dv", "+POL seq{seq{oid:dv} seq{oid:ov}}", false },
    { "policy_reserved_oid", "tls-dv", "+POL seq{seq{oid:dv} seq{oid:anyPolicy}}", false },
    { "aia_http",        "tls-dv", "-AIA", false },
    { "aia_http",        "tls-dv", "+AIA seq{}", false },
    { "aia_http",        "tls-dv", "+AIA seq{seq{oid:timeStampingService [6]'http://a/'}}", false },
    { "aia_http",        "tls-dv", "+AIA seq{seq{oid:ocsp [6]'http://a/'} seq{oid:caIssuers [6]'http://a/'}}", false },
    { "crldp_http",      "tls-dv", "+CRLDP seq{}", false },
    { "crldp_http",      "tls-dv", "+CRLDP seq{seq{[0]{[0]{$crl}}} seq{[0]{[0]{$crl}}}}", false },
    { "crldp_http",      "tls-dv", "+CRLDP seq{seq{[0]{[0]{[6]'http://{'}}}}", false },
    { "crldp_shard",     "tls-dv", "serial int#0193a1b2c3d4e59f8e7d6c5b4a39281701", false },
    { "san_hosts_only",  "tls-private", "+SAN seq{[1]'a@b.c'}", false },
    { "san_hosts_only",  "tls-private", "+SAN seq{[7]#c000020100}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[2]'a..c'}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[2]'*.12'}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[7]#e00000fb}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[7]#00000000000000000000000000000000}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[7]#00000000000000000000ffff7f000001}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[2]'*.'}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[2]''}", false },
    { "san_host_syntax", "tls-private", "+SAN seq{[2]'db' [2]'*.corp.internal' [7]#c0000201}", true },
    { "names_exact",     "tls-private", "+SAN seq{[7]#c0000201}; names 192.0.2.1", true },
    { "names_exact",     "tls-private", "+SAN seq{[2]'192.0.2.1'}; names 192.0.2.1", false },
    { "names_no_duplicate", "tls-private", "+SAN seq{[7]#c0000201 [7]#c0000201}", false },
    { "cn_in_san",       "tls-private", "+SAN seq{[7]#c0000201}; subject seq{rdn:CN utf8'192.0.2.1'}", true },
    { "cn_in_san",       "tls-private", "subject seq{rdn:CN utf8#612e6578616d706c6500636f}", false },
    { "ku_fits_key",     "tls-private", "-KU", false },
    { "ku_fits_key",     "tls-private", "+KU critical bits#06c0", true },
    { "ku_fits_key",     "tls-private", "+KU critical bits#0640", false },
    { "ku_fits_key",     "tls-private", "+KU critical bits#0284", false },
    { "validity_max",    "tls-dv", "validity seq{time:-1h time:-1h+47d-1s}", true },
    { "validity_order",  "tls-dv", "validity seq{time:+1s time:+1s}", false },
    { "not_before_skew", "tls-dv", "validity seq{time:-48h time:+1d}", true },
    { "not_before_skew", "tls-dv", "validity seq{time:+48h time:+72h}", true },
    { "not_before_skew", "tls-dv", "validity seq{time:+49h time:+72h}", false },
    { "within_issuer",   "tls-dv", "validity seq{time:-365d-1s time:+1d}", false },
    { "within_issuer",   "tls-dv", "validity seq{time:-365d time:+3650d}", true },
    // clang-format on
};

static void rules_are_broken_in_more_ways(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        struct trip trip;
        struct fault f;
        trip_of(&arena, more[i].profile, more[i].changes, 0, now, &trip);
        if (passes(&trip, more[i].lint, &f) != more[i].passes) {
            print_error("%s %s: %s\n", more[i].lint, more[i].changes, f.detail);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void unknown_checks_and_missing_values_fail(void **state)
{
    (void)state;
    struct lint_input in = good.input;
    static char unknown[] = "unheard_of", dated[] = "validity_max";
    char *checks[] = { unknown };
    Profile profile = PROFILE__INIT;
    struct fault f;

    profile.n_checks = 1;
    profile.checks = checks;
    assert_null(lint_find(unknown));
    assert_false(lint_tbs(&in, &profile, NULL, 0, &f));
    assert_string_equal(f.field, "unheard_of");
    checks[0] = dated;
    assert_false(lint_tbs(&in, &profile, NULL, 0, &f));
    assert_string_equal(f.detail, "no value is in force");
}

/* A check comes with its rule and goes with it; the profile need not name it. */
static void rules_bring_their_checks(void **state)
{
    (void)state;
    static char dated[] = "validity_max";
    static const struct {
        bool named; /* by the profile */
        struct lint_rule rules[2];
        size_t count;
        enum fault_code code;
        const char *field;
    } cases[] = {
        // clang-format off
        { false, { { 0 } },                                               0, FAULT_NONE, "" },
        { false, { { "validity_max", 100, 'M' } },                        1, FAULT_NONE, "" },
        { false, { { "validity_max", 10, 'M' } },                         1, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 10, 'X' } },                         1, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 10, 'S' } },                         1, FAULT_NONE, "" },
        { true,  { { "validity_max", 10, 'S' } },                         1, FAULT_INTERNAL, "validity_max" },
        { true,  { { "validity_max", 100, 'M' }, { "validity_max", 10, 'M' } }, 2, FAULT_INTERNAL, "validity_max" },
        { true,  { { 0 } },                                               0, FAULT_INTERNAL, "validity_max" },
        { false, { { "validity_max", 0, 'M' } },                          1, FAULT_INTERNAL, "validity_max" },
        { false, { { "not_before_skew", 0, 'M' } },                       1, FAULT_NONE, "" }, /* its own 48 h */
        { false, { { "policy_not_reserved", 0, 'X' } },                   1, FAULT_INTERNAL, "policy_not_reserved" },
        { false, { { "unheard_of", 0, 'M' } },                            1, FAULT_UNAVAILABLE, "unheard_of" },
        { false, { { "unheard_of", 0, 'S' } },                            1, FAULT_UNAVAILABLE, "unheard_of" },
        // clang-format on
    };
    struct lint_input in = good.input;
    char *checks[] = { dated };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Profile profile = PROFILE__INIT;
        struct fault f = { 0 };
        profile.n_checks = cases[i].named;
        profile.checks = checks;
        bool passed = lint_tbs(&in, &profile, cases[i].rules, cases[i].count, &f);
        if (passed != (cases[i].code == FAULT_NONE) || f.code != cases[i].code ||
            strcmp(f.field, cases[i].field) != 0)
            fail_msg("%zu: %s %s", i, f.field, f.detail);
    }
}

static void rules_in_another_unit_are_not_known(void **state)
{
    (void)state;
    struct fault f = { 0 };

    assert_true(lint_rule_known("validity_max", "d", &f));
    assert_true(lint_rule_known("no_sct", NULL, &f));
    assert_false(lint_rule_known("validity_max", "h", &f));
    assert_false(lint_rule_known("unheard_of", NULL, &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
}

static void malformed_bytes_fail_before_any_check(void **state)
{
    (void)state;
    Profile none = PROFILE__INIT;
    struct fault f;

    for (size_t cut = 0; cut < good.input.tbs.size; cut++) {
        struct lint_input in = good.input;
        in.tbs.size = cut;
        assert_false(lint_tbs(&in, &none, NULL, 0, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
    }
    struct lint_input in = good.input;
    assert_true(lint_tbs(&in, &none, NULL, 0, &f));
}

static int group_setup(void **state)
{
    (void)state;
    arena_init(&arena);
    assert_true(instant_read("2027-12-01T12:00:00Z", &now));
    trip_of(&arena, "tls-dv", "", 0, now, &good);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_certificates_pass_all),
        cmocka_unit_test(each_lint_is_tripped_by_its_own_alone),
        cmocka_unit_test(rules_are_broken_in_more_ways),
        cmocka_unit_test(unknown_checks_and_missing_values_fail),
        cmocka_unit_test(rules_bring_their_checks),
        cmocka_unit_test(rules_in_another_unit_are_not_known),
        cmocka_unit_test(malformed_bytes_fail_before_any_check),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
