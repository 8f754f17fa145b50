#include "lints/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lints/trip_rules.h"
#include "lints/trips.h"

static struct arena arena;
static struct instant now;
static struct trip good;
static struct trip_rules rules;

/* ---- what policy says */

/* The rules of a scope, and one for `lint` if none of them is for it: its value is that of any rule. */
static size_t rules_of(const char *scope, const char *lint, struct lint_rule *out)
{
    size_t count = trip_rules_at(&rules, scope, now, out);
    struct lint_rule one = { lint, 0, 'M' };

    for (size_t i = 0; i < count; i++)
        if (strcmp(out[i].check_name, lint) == 0)
            return count;
    for (size_t i = 0; i < rules.count; i++)
        if (strcmp(rules.all[i]->check, lint) == 0)
            one.value = trip_rule_of(rules.all[i]).value;
    if (*lint)
        out[count++] = one;
    return count;
}

static int64_t value_for(const char *scope, const char *lint)
{
    struct lint_rule all[TRIP_RULES_MAX + 1];
    size_t count = rules_of(scope, lint, all);
    int64_t value = 0;

    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].check_name, lint) == 0)
            value = all[i].value;
    return value;
}

/* All lints in force for its profile, and that one. */
static void run(const struct trip *trip, const char *lint, struct lint_outcome *out,
                struct fault *f)
{
    struct lint_rule all[TRIP_RULES_MAX + 1];
    size_t count = rules_of(trip->profile->rule_scope, lint, all);
    struct lint_plan *plan = lint_plan_new(trip->profile, all, count, f);

    if (!plan)
        fail_msg("%s: %s", f->field, f->detail);
    lint_run(plan, &trip->input, out, f);
    lint_plan_free(plan);
}

/* ---- trips */

static size_t tell(const struct lint_found *found, const char *but, const char *of)
{
    size_t count = 0;

    for (size_t i = 0; i < found->count; i++)
        if (strcmp(found->names[i], but) != 0) {
            print_error("%s: also %s\n", of, found->names[i]);
            count++;
        }
    return count;
}

static void good_certificates_pass_all(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof trip_goods / sizeof *trip_goods; i++) {
        struct lint_outcome out;
        struct fault f = { 0 };
        struct trip trip;
        trip_of(&arena, trip_goods[i].profile, "", 0, now, &trip);
        run(&trip, "", &out, &f);
        if (out.errors.count + out.warnings.count)
            print_error("%s: %s %s\n", trip_goods[i].profile, f.field, f.detail);
        wrong += out.errors.count + tell(&out.warnings, "", trip_goods[i].profile);
        assert_true(out.held > 50);
    }
    assert_int_equal(wrong, 0);
}

/* What becomes of a good certificate on its way through the logs. What was run on the precertificate is not run again. */
static void good_precertificates_and_what_becomes_of_them_pass(void **state)
{
    (void)state;
    static const struct {
        const char *changes;
        unsigned run_before;
        size_t held; /* at least */
    } cases[] = { { "kind precert; +POISON critical null#", 0, 50 },
                  { "kind logged; +SCT $scts; scts $sct", 0, 50 },
                  { "kind logged; +SCT $scts; scts $sct", LINT_PRECERT, 8 } };
    size_t held[3];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lint_outcome out;
        struct fault f = { 0 };
        struct trip trip;
        trip_of(&arena, "tls-dv", cases[i].changes, 0, now, &trip);
        trip.input.run_before = cases[i].run_before;
        run(&trip, "", &out, &f);
        if (out.errors.count + out.warnings.count)
            fail_msg("%s: %s %s", cases[i].changes, f.field, f.detail);
        assert_true(out.held >= cases[i].held);
        held[i] = out.held;
    }
    assert_true(held[2] < 20 && held[2] < held[1]);
}

static void kinds_in_words(void **state)
{
    (void)state;
    assert_string_equal(lint_kinds_text(&arena, LINT_LEAF | LINT_OCSP), "leaf,ocsp_responder");
    assert_string_equal(lint_kinds_text(&arena, LINT_PRECERT | LINT_UNLOGGED),
                        "unlogged,precertificate");
    assert_int_equal(lint_kind_read("leaf"), LINT_LEAF);
    assert_int_equal(lint_kind_read(NULL), LINT_LEAF);
    assert_int_equal(lint_kind_read("precertificate"), 0); /* no profile's */
}

static const char *scope_of_trip(const char *lint)
{
    for (size_t i = 0; i < sizeof trip_rows / sizeof *trip_rows; i++)
        if (strcmp(trip_rows[i].lint, lint) == 0)
            return trip_profile(&arena, trip_rows[i].profile)->rule_scope;
    return "";
}

static bool trips_alone(const struct lint *l)
{
    struct lint_outcome out;
    struct fault f = { 0 };
    struct trip trip;

    if (!trip_make(&arena, l->name, value_for(scope_of_trip(l->name), l->name), now, &trip)) {
        print_error("%s: has no trip\n", l->name);
        return false;
    }
    run(&trip, l->name, &out, &f);
    bool tripped = false;
    for (size_t i = 0; i < out.errors.count; i++)
        tripped |= strcmp(out.errors.names[i], l->name) == 0;
    for (size_t i = 0; i < out.warnings.count; i++)
        tripped |= strcmp(out.warnings.names[i], l->name) == 0;
    if (!tripped)
        print_error("%s: is not tripped (%s %s)\n", l->name, f.field, f.detail);
    if (tripped && out.errors.count)
        assert_non_null(strstr(f.detail, lint_find(f.field)->source));
    return tripped && tell(&out.errors, l->name, l->name) == 0 &&
           tell(&out.warnings, l->name, l->name) == 0;
}

static void each_lint_is_tripped_by_its_own_alone(void **state)
{
    (void)state;
    size_t wrong = 0, count = 0;

    for (size_t t = 0; lint_tables[t]; t++)
        for (const struct lint *l = lint_tables[t]; l->name; l++, count++) {
            wrong += !trips_alone(l);
            assert_true(strlen(l->source) > 3);
            assert_ptr_equal(lint_find(l->name), l);
        }
    for (size_t i = 0; i < sizeof trip_rows / sizeof *trip_rows; i++)
        if (!lint_find(trip_rows[i].lint))
            fail_msg("there is no lint %s", trip_rows[i].lint);
    print_message("%zu lints\n", count);
    assert_int_equal(wrong, 0);
    assert_true(count >= 120);
}

/* Other ways to break a rule, and what just keeps it. */
static const struct {
    const char *lint, *profile, *changes;
    bool holds;
} more[] = {
    // clang-format off
    { "version_v3",      "tls-dv", "version ", false },
    { "serial_positive", "tls-dv", "serial int#00", false },
    { "signature_ecdsa_bare", "tls-dv", "algorithm seq{oid:ecdsa256 seq{}}", false },
    { "signature_fits_key", "tls-dv", "algorithm seq{oid:rsa256 null#}", false },
    { "signature_pss_exact", "tls-dv", "signer rsa; algorithm #304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
                                       "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120", true },
    { "signature_pss_exact", "tls-dv", "signer rsa; algorithm #304106092a864886f70d01010a3034a00f300d06096086480165030402020500"
                                       "a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130", true },
    { "signature_pss_exact", "tls-dv", "signer rsa; algorithm #304106092a864886f70d01010a3034a00f300d06096086480165030402030500"
                                       "a11c301a06092a864886f70d010108300d06096086480165030402030500a203020140", true },
    { "signature_pss_exact", "tls-dv", "signer rsa; algorithm #304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
                                       "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020121", false },
    { "spki_exact",      "tls-dv", "spki seq{seq{oid:rsaKey} bits{seq{int:1 int:3}}}", false },
    { "san_hosts_only",  "tls-dv", "+SAN seq{$san [1]'a@b.c'}", false },
    { "san_dns_empty_label", "tls-dv", "+SAN seq{[2]'.a.bc'}", false },
    { "san_dns_not_empty", "tls-dv", "+SAN seq{[2]'*.'}", false },
    { "san_dns_hyphen",  "tls-dv", "+SAN seq{[2]'-a.bc'}", false },
    { "san_dns_wildcard", "tls-dv", "+SAN seq{[2]'a.*.c'}", false },
    { "san_dns_wildcard", "tls-dv", "+SAN seq{[2]'*'}", false },
    { "san_dns_wildcard", "tls-dv", "+SAN seq{[2]'*.*.example.com'}", false },
    { "san_dns_no_number", "tls-dv", "+SAN seq{[2]'1.1.1.1'}", false },
    { "san_dns_syntax",  "tls-dv", "+SAN seq{[2]#612000}", false },
    { "san_dns_punycode", "tls-dv", "+SAN seq{[2]'XN--MNCHEN-3YA.example.com'}", true },
    { "san_dns_long_label", "tls-dv", "+SAN seq{[2]'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com'}", true },
    { "san_no_reverse",  "tls-dv", "+SAN seq{[2]'*.1.ip6.arpa'}", false },
    { "san_ip_host",     "tls-private", "+SAN seq{[7]#e00000fb}", false },
    { "san_ip_host",     "tls-private", "+SAN seq{[7]#00000000000000000000000000000000}", false },
    { "san_ip_host",     "tls-private", "+SAN seq{[7]#00000000000000000000ffff7f000001}", false },
    { "san_ip_host",     "tls-private", "+SAN seq{[2]'db' [2]'*.corp.internal' [7]#c0000201}", true },
    { "san_ip_public",   "tls-private", "+SAN seq{[7]#ac200001 [7]#c6140001 [7]#08080808}", true },
    { "san_ip_public",   "tls-private", "+SAN seq{[7]#ac1f0001}", false },
    { "san_ip_public",   "tls-private", "+SAN seq{[7]#fd000000000000000000000000000001}", false },
    { "san_ip_public",   "tls-private", "+SAN seq{[7]#20010db8000000000000000000000001}", false },
    { "san_ip_public",   "tls-private", "+SAN seq{[7]#20010db9000000000000000000000001}", true },
    { "names_exact",     "tls-private", "+SAN seq{[7]#c0000201}; names 192.0.2.1", true },
    { "names_exact",     "tls-private", "+SAN seq{[2]'192.0.2.1'}; names 192.0.2.1", false },
    { "names_exact",     "tls-dv", "names a.example.com b.example.com", false },
    { "names_no_duplicate", "tls-private", "+SAN seq{[7]#c0000201 [7]#c0000201}", false },
    { "cn_in_san",       "tls-private", "+SAN seq{[7]#c0000201}; subject seq{rdn:CN utf8'192.0.2.1'}", true },
    { "cn_in_san",       "tls-private", "subject seq{rdn:CN utf8#612e6578616d706c6500636f}", false },
    { "subject_length",  "tls-ov", "subject seq{rdn:O utf8#c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4"
                                   "c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4c3a4}", true },
    { "subject_no_duplicates", "tls-ov", "subject seq{rdn:street utf8'A' rdn:street utf8'B'}", true },
    { "subject_no_meta", "tls-ov", "subject seq{rdn:L utf8' - '}", false },
    { "subject_no_entity", "tls-ov", "subject seq{rdn:O utf8'A & B; C'}", true },
    { "subject_country", "tls-ov", "subject seq{rdn:C printable'XX'}", true },
    { "subject_country", "tls-ov", "subject seq{rdn:C printable'de'}", false },
    { "ev_serial_form",  "tls-ev", "subject seq{rdn:serialNumber printable'2020-10-15'}", true },
    { "ev_serial_form",  "tls-ev", "subject seq{rdn:serialNumber printable'Government Entity'}", true },
    { "ev_serial_form",  "tls-ev", "subject seq{rdn:serialNumber printable'Registered'}", false },
    { "ku_der",          "tls-dv", "+KU critical bits#", false },
    { "ku_der",          "tls-dv", "+KU critical bits#0880", false },
    { "ku_ec",           "tls-dv", "spki rsa:2048; +KU critical bits#05a0", true },
    { "ku_leaf",         "tls-dv", "+KU critical bits#0780; spki rsa:2048", true },
    { "eku_forbidden",   "tls-dv", "+EKU seq{oid:serverAuth oid:any}", false },
    { "policy_reserved_oid", "tls-dv", "+POL seq{seq{oid:dv} seq{oid:ov}}", false },
    { "policy_cps_http", "tls-dv", "+POL seq{seq{oid:dv seq{seq{oid:cps ia5'https://s.example/cps'}}}}", true },
    { "aia_unique",      "tls-dv", "+AIA seq{seq{oid:ocsp [6]'http://a/'} seq{oid:caIssuers [6]'http://a/'}}", false },
    { "aia_plain",       "tls-dv", "+AIA seq{seq{oid:ocsp [6]'http://{status}/'}}", false },
    { "crldp_one",       "tls-dv", "+CRLDP seq{}", false },
    { "crldp_full_name", "tls-dv", "+CRLDP seq{seq{}}", false },
    { "crldp_der",       "tls-dv", "+CRLDP seq{seq{[0]{[0]{}}}}", false },
    { "crldp_shard",     "tls-dv", "serial int#0193a1b2c3d4e59f8e7d6c5b4a39281701", false },
    { "sct_der",         "tls-dv", "kind logged; +SCT octets#00040002aabb", true },
    { "sct_der",         "tls-dv", "kind logged; +SCT octets#00020000", false },
    { "sct_der",         "tls-dv", "kind logged; +SCT octets#0000", false },
    { "no_sct",          "tls-dv", "+SCT $scts", false },
    { "no_poison",       "tls-dv", "+POISON critical null#", false },
    { "sct_exact",       "tls-dv", "kind logged; +SCT $scts; scts $sct", true },
    { "sct_exact",       "tls-dv", "kind logged; +SCT $scts; scts $sct $sct2", false },
    { "sct_exact",       "tls-dv", "kind logged; +SCT octets{#0062002f$sct #002f$sct2}; scts $sct2", false },
    { "sct_distinct",    "tls-dv", "kind logged; +SCT octets{#0062002f$sct #002f$sct2}", true },
    { "not_before_skew", "tls-dv", "kind precert; +POISON critical null#; validity seq{time:-49h time:-49h+46d-1s}", false },
    { "validity_max",    "tls-dv", "validity seq{time:-1h time:-1h+100d-1s}", true },
    { "validity_order",  "tls-dv", "validity seq{time:+1s time:+1s}", false },
    { "not_before_skew", "tls-dv", "validity seq{time:-48h time:+1d}", true },
    { "not_before_skew", "tls-dv", "validity seq{time:+48h time:+72h}", true },
    { "not_before_skew", "tls-dv", "validity seq{time:+49h time:+72h}", false },
    { "begins_with_issuer", "tls-dv", "validity seq{time:-365d time:+1d}", true },
    { "begins_with_issuer", "tls-dv", "validity seq{time:-365d-1s time:+1d}", false },
    { "within_issuer",   "tls-dv", "validity seq{time:-1h time:+3650d}", true },
    { "root_validity_min", "ca-root", "validity seq{time:+0s time:+2922d-1s}", true },
    { "root_validity_max", "ca-root", "validity seq{time:+0s time:+9132d-1s}", true },
    { "time_encoding",   "ca-subordinate", "validity seq{time:+0s time:+9000d}", true },
    // clang-format on
};

static void rules_are_broken_in_more_ways(void **state)
{
    (void)state;
    size_t wrong = 0;

    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        struct lint_outcome out;
        struct fault f = { 0 };
        struct trip trip;
        bool holds = true;
        trip_of(&arena, more[i].profile, more[i].changes, 0, now, &trip);
        run(&trip, more[i].lint, &out, &f);
        for (size_t j = 0; j < out.errors.count; j++)
            holds &= strcmp(out.errors.names[j], more[i].lint) != 0;
        if (holds != more[i].holds) {
            print_error("%s %s: %s\n", more[i].lint, more[i].changes, f.detail);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

static void unknown_checks_and_missing_values_fail(void **state)
{
    (void)state;
    static char unknown[] = "unheard_of", dated[] = "validity_max", kind[] = "timestamp";
    char *checks[] = { unknown };
    Profile profile = PROFILE__INIT;
    struct fault f;

    profile.n_checks = 1;
    profile.checks = checks;
    assert_null(lint_find(unknown));
    assert_false(lint_tbs(&good.input, &profile, NULL, 0, NULL, &f));
    assert_string_equal(f.field, "unheard_of");
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    checks[0] = dated;
    assert_false(lint_tbs(&good.input, &profile, NULL, 0, NULL, &f));
    assert_string_equal(f.detail, "no value is in force");
    static char of_before[] = "ku_allowed";
    checks[0] = of_before; /* in policies that are older than the program */
    assert_true(lint_tbs(&good.input, &profile, NULL, 0, NULL, &f) || f.code == FAULT_LINT);
    profile.n_checks = 0;
    profile.certificate = kind;
    assert_false(lint_tbs(&good.input, &profile, NULL, 0, NULL, &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
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
        const char *field, *warning;
    } cases[] = {
        // clang-format off
        { false, { { 0 } },                                               0, FAULT_NONE, "", NULL },
        { false, { { "validity_max", 100, 'M' } },                        1, FAULT_NONE, "", NULL },
        { false, { { "validity_max", 10, 'M' } },                         1, FAULT_LINT, "validity_max", NULL },
        { false, { { "validity_max", 10, 'X' } },                         1, FAULT_LINT, "validity_max", NULL },
        { false, { { "validity_max", 10, 'S' } },                         1, FAULT_NONE, "", "validity_max" },
        { true,  { { "validity_max", 10, 'S' } },                         1, FAULT_LINT, "validity_max", NULL },
        { true,  { { "validity_max", 100, 'M' }, { "validity_max", 10, 'M' } }, 2, FAULT_LINT, "validity_max", NULL },
        { true,  { { 0 } },                                               0, FAULT_INTERNAL, "validity_max", NULL },
        { false, { { "validity_max", 0, 'M' } },                          1, FAULT_INTERNAL, "validity_max", NULL },
        { false, { { "not_before_skew", 0, 'M' } },                       1, FAULT_NONE, "", NULL }, /* its own 48 h */
        { false, { { "serial_entropy", 90, 'M' } },                       1, FAULT_LINT, "serial_entropy", NULL },
        { false, { { "serial_entropy", 90, 'S' } },                       1, FAULT_LINT, "serial_entropy", NULL }, /* always runs */
        { false, { { "policy_not_reserved", 0, 'X' } },                   1, FAULT_LINT, "policy_not_reserved", NULL },
        { false, { { "ca_any_alone", 0, 'X' } },                          1, FAULT_NONE, "", NULL }, /* of another kind */
        { false, { { "unheard_of", 0, 'M' } },                            1, FAULT_UNAVAILABLE, "unheard_of", NULL },
        { false, { { "unheard_of", 0, 'S' } },                            1, FAULT_UNAVAILABLE, "unheard_of", NULL },
        // clang-format on
    };
    char *checks[] = { dated };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Profile profile = *good.profile;
        struct lint_outcome out = { 0 };
        struct fault f = { 0 };
        profile.n_checks = cases[i].named;
        profile.checks = checks;
        bool passed = lint_tbs(&good.input, &profile, cases[i].rules, cases[i].count, &out, &f);
        if (passed != (cases[i].code == FAULT_NONE) || f.code != cases[i].code ||
            strcmp(f.field, cases[i].field) != 0)
            fail_msg("%zu: %s %s", i, f.field, f.detail);
        assert_int_equal(out.warnings.count, cases[i].warning != NULL);
        if (cases[i].warning)
            assert_string_equal(out.warnings.names[0], cases[i].warning);
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

/* Also where an extension is cut: nothing outside of the bytes is read (the sanitizers see it). */
static void malformed_bytes_fail(void **state)
{
    (void)state;
    struct lint_input in = good.input;
    uint8_t *bytes = arena_copy(&arena, in.tbs.data, in.tbs.size);
    struct fault f;

    for (size_t cut = 0; cut < good.input.tbs.size; cut++) {
        in.tbs = (struct bytes){ arena_copy(&arena, bytes, cut), cut };
        assert_false(lint_tbs(&in, good.profile,
                              (struct lint_rule[]){ { "validity_max", 47, 'M' } }, 1, NULL, &f));
        assert_int_equal(f.code, FAULT_LINT);
    }
    in.tbs = (struct bytes){ bytes, good.input.tbs.size };
    for (size_t at = 0; at < in.tbs.size; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] = (uint8_t)(bytes[at] ^ 1U << bit);
            lint_tbs(&in, good.profile, (struct lint_rule[]){ { "validity_max", 47, 'M' } }, 1,
                     NULL, &f);
            bytes[at] = (uint8_t)(bytes[at] ^ 1U << bit);
        }
}

static int group_setup(void **state)
{
    (void)state;
    arena_init(&arena);
    assert_true(instant_read("2027-12-01T12:00:00Z", &now));
    trip_rules_read(&arena, &rules);
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
        cmocka_unit_test(good_precertificates_and_what_becomes_of_them_pass),
        cmocka_unit_test(kinds_in_words),
        cmocka_unit_test(each_lint_is_tripped_by_its_own_alone),
        cmocka_unit_test(rules_are_broken_in_more_ways),
        cmocka_unit_test(unknown_checks_and_missing_values_fail),
        cmocka_unit_test(rules_bring_their_checks),
        cmocka_unit_test(rules_in_another_unit_are_not_known),
        cmocka_unit_test(malformed_bytes_fail),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
