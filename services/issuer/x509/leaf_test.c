#include "x509/leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "pki/evp.h"
#include "testdata/house.h"
#include "x509/certificate.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(X509_STORE, X509_STORE_free);
AUTO_FREE(X509_STORE_CTX, X509_STORE_CTX_free);
AUTO_FREE(GENERAL_NAMES, GENERAL_NAMES_free);

static struct house house;
static struct arena arena;

/* Subscribers' keys: the authorities' public halves do as well as any. */
static struct key subscriber(enum key_type type)
{
    return house.ca[type == KEY_RSA ? HOUSE_RSA : HOUSE_P256]->public;
}

static const struct identifier names[] = { { IDENTIFIER_DNS, "a.example.com" },
                                           { IDENTIFIER_DNS, "b.example.com" },
                                           { IDENTIFIER_DNS, "*.example.com" } };

static const struct subject_attribute common_name = { SUBJECT_COMMON_NAME, "a.example.com" };

static struct leaf_request request_of(const struct key *key, const uint8_t *serial)
{
    struct instant now = clock_now();

    return (struct leaf_request){ .names = names,
                                  .name_count = 3,
                                  .subject = &common_name,
                                  .subject_count = 1,
                                  .key = key,
                                  .serial = { serial, SERIAL_SIZE },
                                  .not_before = now,
                                  .not_after = instant_add(now, days(90)) };
}

static struct leaf_template *template_of(const Profile *profile, int ca, const char *hash)
{
    struct fault f;
    struct leaf_template *out =
        leaf_template_new(profile, NULL, house.ca[ca], hash, HOUSE_STATUS, &f);

    if (!out)
        fail_msg("%s", f.detail);
    return out;
}

static struct bytes issue(const struct leaf_template *t, const struct leaf_request *r)
{
    const struct sign_algorithm *algorithm = leaf_template_algorithm(t);
    struct bytes tbs, signature, der;
    struct fault f = { 0 };

    assert_true(leaf_build(t, r, &arena, &tbs, &f));
    assert_true(token_sign(house.token, leaf_template_ca(t)->key, algorithm->hash, tbs,
                           tick_after(seconds(30)), &arena, &signature, &f));
    assert_true(certificate_assemble(&arena, tbs, signature, &der, &f));
    assert_true(certificate_compare(der, tbs, &f));
    assert_true(certificate_verify(der, leaf_template_ca(t), &f));
    return der;
}

static X509 *x509_of(struct bytes der)
{
    const uint8_t *p = der.data;
    X509 *out = d2i_X509(NULL, &p, (long)der.size);

    assert_non_null(out);
    assert_ptr_equal(p, der.data + der.size);
    return out;
}

/* The chain to the root, by OpenSSL at its strictest. */
static void assert_path(X509 *leaf, int ca)
{
    AUTO(X509) issuer = x509_of(house.ca[ca]->der);
    AUTO(X509) root = x509_of(house.ca[HOUSE_ROOT]->der);
    AUTO(X509_STORE) store = X509_STORE_new();
    AUTO(X509_STORE_CTX) ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();

    sk_X509_push(chain, issuer);
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, chain), 1);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)(clock_now().us / 1000000));
    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), names[0].value, 0);
    if (X509_verify_cert(ctx) != 1)
        fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    sk_X509_free(chain);
}

static void every_combination_is_a_good_certificate(void **state)
{
    (void)state;
    static const struct {
        int ca;
        const char *hash;
        enum key_type type;
        unsigned usage;
    } cases[] = {
        { HOUSE_P256, "sha256", KEY_EC, KU_DIGITAL_SIGNATURE },
        { HOUSE_P256, "sha384", KEY_RSA, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT },
        { HOUSE_RSA, "sha256", KEY_EC, KU_DIGITAL_SIGNATURE },
        { HOUSE_RSA, "sha384", KEY_RSA, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT },
        { HOUSE_RSA, "sha512", KEY_RSA, KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT },
    };
    Profile profile = house_profile();

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct leaf_template *t = template_of(&profile, cases[i].ca, cases[i].hash);
        struct key key = subscriber(cases[i].type);
        uint8_t serial[SERIAL_SIZE];
        serial_make(clock_now(), serial);
        struct leaf_request r = request_of(&key, serial);
        AUTO(X509) leaf = x509_of(issue(t, &r));
        assert_path(leaf, cases[i].ca);
        assert_int_equal(X509_get_version(leaf), 2);
        assert_int_equal(X509_check_ca(leaf), 0);
        assert_int_equal(X509_get_key_usage(leaf), cases[i].usage);
        assert_int_equal(X509_get_extended_key_usage(leaf), XKU_SSL_SERVER);
        assert_int_equal(X509_get_ext_count(leaf), 7);
        assert_int_equal(X509_check_host(leaf, "c.example.com", 0, 0, NULL), 1);
        assert_int_equal(X509_check_host(leaf, "example.com", 0, 0, NULL), 0);
        leaf_template_free(t);
    }
}

static void san_is_critical_only_without_subject(void **state)
{
    (void)state;
    static const char long_name[] =
        "a-name-that-is-longer-than-sixty-four-characters.and-no-common-name.example.com";
    const struct {
        bool include;
        const char *common_name;
        int critical, entries;
    } cases[] = {
        { true, names[0].value, 0, 1 },
        { true, NULL, 1, 0 },
        { true, long_name, 1, 0 }, /* does not fit */
        { false, names[0].value, 1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Profile profile = house_profile();
        uint8_t serial[SERIAL_SIZE];
        struct key key = subscriber(KEY_EC);
        int critical = -1;
        profile.include_common_name = cases[i].include;
        struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
        serial_make(clock_now(), serial);
        struct leaf_request r = request_of(&key, serial);
        struct subject_attribute subject = { SUBJECT_COMMON_NAME, cases[i].common_name };
        r.subject = &subject;
        AUTO(X509) leaf = x509_of(issue(t, &r));
        AUTO(GENERAL_NAMES) san = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
        assert_non_null(san);
        assert_int_equal(sk_GENERAL_NAME_num(san), 3);
        assert_int_equal(critical, cases[i].critical);
        assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(leaf)), cases[i].entries);
        leaf_template_free(t);
    }
}

static void optional_extensions_follow_the_profile(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE];

    profile.include_subject_key_identifier = true;
    profile.basic_constraints = true;
    profile.ocsp_url = NULL;
    profile.ca_issuers_url = NULL;
    profile.crl_url = NULL;
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    serial_make(clock_now(), serial);
    struct leaf_request r = request_of(&key, serial);
    AUTO(X509) leaf = x509_of(issue(t, &r));
    assert_path(leaf, HOUSE_P256);
    assert_int_equal(X509_get_ext_count(leaf), 7);
    assert_true(X509_get_ext_by_NID(leaf, NID_subject_key_identifier, -1) >= 0);
    assert_true(X509_get_ext_by_NID(leaf, NID_basic_constraints, -1) >= 0);
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_info_access, -1), -1);
    leaf_template_free(t);
}

/* What no public certificate has: addresses, a single label, no policy, and what an option adds. */
static void private_names_and_options(void **state)
{
    (void)state;
    static const struct identifier hosts[] = { { IDENTIFIER_IP, "192.0.2.1" },
                                               { IDENTIFIER_DNS, "intranet" },
                                               { IDENTIFIER_IP, "2001:db8::1" } };
    static char encipherment[] = "data_encipherment", repudiation[] = "non_repudiation",
                rsa[] = "rsa", ec[] = "ecdsa";
    char *usages[] = { encipherment, repudiation }, *types[] = { rsa, ec };
    const struct {
        enum key_type type;
        size_t types;
        unsigned usage;
    } cases[] = {
        { KEY_RSA, 1,
          KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_NON_REPUDIATION },
        { KEY_EC, 1, KU_DIGITAL_SIGNATURE }, /* the option is none for this key */
        { KEY_EC, 2, KU_DIGITAL_SIGNATURE | KU_DATA_ENCIPHERMENT | KU_NON_REPUDIATION },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Profile profile = house_profile();
        ProfileOption option = PROFILE_OPTION__INIT;
        struct fault f;
        struct key key = subscriber(cases[i].type);
        uint8_t serial[SERIAL_SIZE];
        option.n_key_usage = 2;
        option.key_usage = usages;
        option.n_key_types = cases[i].types;
        option.key_types = types;
        profile.n_policy_oids = 0;
        struct leaf_template *t =
            leaf_template_new(&profile, &option, house.ca[HOUSE_P256], "sha256", HOUSE_STATUS, &f);
        assert_non_null(t);
        serial_make(clock_now(), serial);
        struct leaf_request r = request_of(&key, serial);
        r.names = hosts;
        const struct subject_attribute subject = { SUBJECT_COMMON_NAME, hosts[0].value };
        r.subject = &subject;
        AUTO(X509) leaf = x509_of(issue(t, &r));
        assert_int_equal(X509_get_key_usage(leaf), cases[i].usage);
        assert_int_equal(X509_get_ext_by_NID(leaf, NID_certificate_policies, -1), -1);
        assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.1", 0), 1);
        assert_int_equal(X509_check_ip_asc(leaf, "2001:db8::1", 0), 1);
        assert_int_equal(X509_check_ip_asc(leaf, "192.0.2.2", 0), 0);
        assert_int_equal(X509_check_host(leaf, "intranet", 0, 0, NULL), 1);
        assert_int_equal(
            X509_check_host(leaf, "192.0.2.1", 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 0);
        leaf_template_free(t);
    }
}

/* TLS BR 7.1.4.2: from the country to the common name, however they come. */
static void subject_is_in_the_order_of_the_requirements(void **state)
{
    (void)state;
    static const struct subject_attribute given[] = { { SUBJECT_COMMON_NAME, "a.example.com" },
                                                      { SUBJECT_ORGANIZATION, "M\xc3\xbcller" },
                                                      { SUBJECT_STREET, "Weg 1" },
                                                      { SUBJECT_COUNTRY, "XX" },
                                                      { SUBJECT_LOCALITY, "City" },
                                                      { SUBJECT_POSTAL_CODE, "12345" },
                                                      { SUBJECT_STATE, "State" } };
    static const int order[] = { NID_countryName, NID_stateOrProvinceName, NID_localityName,
                                 NID_postalCode,  NID_streetAddress,       NID_organizationName,
                                 NID_commonName };
    Profile profile = house_profile();
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE];
    struct bytes tbs;
    struct fault f;
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");

    serial_make(clock_now(), serial);
    struct leaf_request r = request_of(&key, serial);
    r.subject = given;
    r.subject_count = 7;
    AUTO(X509) leaf = x509_of(issue(t, &r));
    const X509_NAME *name = X509_get_subject_name(leaf);
    assert_int_equal(X509_NAME_entry_count(name), 7);
    for (int i = 0; i < 7; i++)
        assert_int_equal(OBJ_obj2nid(X509_NAME_ENTRY_get_object(X509_NAME_get_entry(name, i))),
                         order[i]);
    assert_string_equal(
        ASN1_STRING_get0_data(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, 5))),
        "M\xc3\xbcller");
    const struct subject_attribute bad[] = { { SUBJECT_COUNTRY, "CHE" }, { SUBJECT_STATE, "" } };
    r.subject_count = 1;
    for (size_t i = 0; i < 2; i++) {
        r.subject = &bad[i];
        assert_false(leaf_build(t, &r, &arena, &tbs, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
    }
    leaf_template_free(t);
}

/* The kind is what was validated; nothing is made of how a name looks. */
static void names_are_of_the_kind_they_are_said_to_be(void **state)
{
    (void)state;
    static const struct identifier kinds[] = { { IDENTIFIER_EMAIL, "a@example.com" },
                                               { IDENTIFIER_DNS, "192.0.2.1" },
                                               { IDENTIFIER_IP, "192.0.2.1" } },
                                   none = { IDENTIFIER_IP, "a.example.com" };
    Profile profile = house_profile();
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE];
    struct bytes tbs;
    struct fault f;

    serial_make(clock_now(), serial);
    struct leaf_request r = request_of(&key, serial);
    r.names = kinds;
    AUTO(X509) leaf = x509_of(issue(t, &r));
    AUTO(GENERAL_NAMES) san = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(san), 3);
    assert_int_equal(sk_GENERAL_NAME_value(san, 0)->type, GEN_EMAIL);
    assert_int_equal(sk_GENERAL_NAME_value(san, 1)->type, GEN_DNS);
    assert_int_equal(sk_GENERAL_NAME_value(san, 2)->type, GEN_IPADD);
    r.names = &none;
    r.name_count = 1;
    assert_false(leaf_build(t, &r, &arena, &tbs, &f));
    assert_non_null(strstr(f.detail, "a.example.com is no address"));
    leaf_template_free(t);
}

static void no_purpose_is_no_extension(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE] = { 0x40 };

    profile.n_ext_key_usage = 0;
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    struct leaf_request r = request_of(&key, serial);
    AUTO(X509) leaf = x509_of(issue(t, &r));
    assert_int_equal(X509_get_ext_by_NID(leaf, NID_ext_key_usage, -1), -1);
    leaf_template_free(t);
}

static void times_change_their_form_in_2050(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE] = { 0x40 };
    struct leaf_request r = request_of(&key, serial);

    assert_true(instant_read("2049-12-31T23:59:59Z", &r.not_before));
    assert_true(instant_read("2050-01-01T00:00:00Z", &r.not_after));
    AUTO(X509) leaf = x509_of(issue(t, &r));
    assert_int_equal(X509_get0_notBefore(leaf)->type, V_ASN1_UTCTIME);
    assert_string_equal(X509_get0_notBefore(leaf)->data, "491231235959Z");
    assert_int_equal(X509_get0_notAfter(leaf)->type, V_ASN1_GENERALIZEDTIME);
    assert_string_equal(X509_get0_notAfter(leaf)->data, "20500101000000Z");
    leaf_template_free(t);
}

static void bad_requests_build_nothing(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    struct key key = subscriber(KEY_EC);
    uint8_t serial[21] = { 0x40 }, negative[] = { 0x80, 1 };
    struct leaf_request cases[4];
    struct bytes tbs;
    struct fault f;

    for (size_t i = 0; i < 4; i++)
        cases[i] = request_of(&key, serial);
    cases[0].name_count = 0;
    cases[1].serial.size = 21;
    cases[2].serial = (struct bytes){ negative, 2 };
    cases[3].not_after = cases[3].not_before;
    for (size_t i = 0; i < 4; i++) {
        assert_false(leaf_build(t, &cases[i], &arena, &tbs, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
    }
    leaf_template_free(t);
}

static void bad_profiles_make_no_template(void **state)
{
    (void)state;
    static char nonsense[] = "nonsense";
    static char *list[] = { nonsense };
    Profile cases[3] = { house_profile(), house_profile(), house_profile() };
    struct fault f;

    cases[0].n_key_usage_ec = 1;
    cases[0].key_usage_ec = list;
    cases[1].ext_key_usage = list;
    cases[2].policy_oids = list;
    for (size_t i = 0; i < 3; i++) {
        assert_null(
            leaf_template_new(&cases[i], NULL, house.ca[HOUSE_P256], "sha256", HOUSE_STATUS, &f));
        assert_int_equal(f.code, FAULT_INVALID);
        assert_non_null(strstr(f.detail, "nonsense"));
    }
    Profile good = house_profile();
    assert_null(leaf_template_new(&good, NULL, house.ca[HOUSE_RSA], "sha1", HOUSE_STATUS, &f));
    assert_int_equal(f.code, FAULT_INVALID);
}

static void changed_certificates_are_noticed(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    struct key key = subscriber(KEY_EC);
    uint8_t serial[SERIAL_SIZE] = { 0x40 };
    struct leaf_request r = request_of(&key, serial);
    struct bytes der = issue(t, &r), tbs;
    struct fault f;
    size_t caught = 0;

    assert_true(leaf_build(t, &r, &arena, &tbs, &f));
    uint8_t *copy = arena_copy(&arena, der.data, der.size);
    struct bytes changed = { copy, der.size };
    for (size_t i = 0; i < der.size; i++) {
        copy[i] ^= 1;
        caught += !certificate_compare(changed, tbs, &f) ||
                  !certificate_verify(changed, house.ca[HOUSE_P256], &f);
        copy[i] ^= 1;
    }
    assert_int_equal(caught, der.size);
    assert_false(certificate_verify(der, house.ca[HOUSE_RSA], &f));
    assert_false(certificate_compare((struct bytes){ der.data, der.size - 1 }, tbs, &f));
    leaf_template_free(t);
}

static const char *crl_url_of(X509 *leaf)
{
    STACK_OF(DIST_POINT) *points = X509_get_ext_d2i(leaf, NID_crl_distribution_points, NULL, NULL);
    assert_non_null(points);
    assert_int_equal(sk_DIST_POINT_num(points), 1);
    GENERAL_NAMES *full = sk_DIST_POINT_value(points, 0)->distpoint->name.fullname;
    assert_int_equal(sk_GENERAL_NAME_num(full), 1);
    const ASN1_STRING *url = sk_GENERAL_NAME_value(full, 0)->d.uniformResourceIdentifier;
    const char *out = arena_strndup(&arena, (const char *)ASN1_STRING_get0_data(url),
                                    (size_t)ASN1_STRING_length(url));
    sk_DIST_POINT_pop_free(points, DIST_POINT_free);
    return out;
}

static void crl_is_the_one_of_the_shard(void **state)
{
    (void)state;
    Profile profile = house_profile();
    struct key key = subscriber(KEY_EC);

    struct leaf_template *t = template_of(&profile, HOUSE_P256, "sha256");
    for (unsigned shard = 0; shard < 3; shard++) {
        uint8_t serial[SERIAL_SIZE];
        serial_make(clock_now(), serial);
        serial[SERIAL_SIZE - 1] = (uint8_t)(0x80 + 63 * shard);
        struct leaf_request r = request_of(&key, serial);
        AUTO(X509) leaf = x509_of(issue(t, &r));
        assert_string_equal(
            crl_url_of(leaf),
            arena_format(&arena, "http://" HOUSE_STATUS "/crl/p256/%u.crl", 63 * shard));
    }
    leaf_template_free(t);
}

static int group_setup(void **state)
{
    (void)state;
    arena_init(&arena);
    house_open(&house, clock_now());
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    house_close(&house);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_combination_is_a_good_certificate),
        cmocka_unit_test(san_is_critical_only_without_subject),
        cmocka_unit_test(optional_extensions_follow_the_profile),
        cmocka_unit_test(private_names_and_options),
        cmocka_unit_test(subject_is_in_the_order_of_the_requirements),
        cmocka_unit_test(names_are_of_the_kind_they_are_said_to_be),
        cmocka_unit_test(no_purpose_is_no_extension),
        cmocka_unit_test(times_change_their_form_in_2050),
        cmocka_unit_test(bad_requests_build_nothing),
        cmocka_unit_test(bad_profiles_make_no_template),
        cmocka_unit_test(changed_certificates_are_noticed),
        cmocka_unit_test(crl_is_the_one_of_the_shard),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
