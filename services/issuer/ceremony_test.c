#include "ceremony.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "ceremony_record.h"
#include "status_host.h"
#include "testdata/house.h"
#include "x509/certificate.h"

AUTO_FREE(X509, X509_free);
AUTO_FREE(EVP_PKEY, EVP_PKEY_free);

static struct house house;

static X509 *x509_of(const Authority *row)
{
    const uint8_t *p = row->der.data;
    X509 *out = d2i_X509(NULL, &p, (long)row->der.len);

    assert_non_null(out);
    assert_ptr_equal(p, row->der.data + row->der.len);
    return out;
}

static bool hold_again(struct instant now, Authority ***rows, struct fault *f)
{
    Ceremony script = house_script();
    struct ceremony ceremony = { &script,      house_ca_policy(), HOUSE_STATUS,
                                 house.folder, "a test",          now };
    size_t count;

    return ceremony_hold(house.token, &ceremony, &house.arena, rows, &count, f);
}

static char *log_text(void)
{
    struct bytes content;
    struct fault f;
    bool found;

    assert_true(record_read(&house.arena, house.folder, "ceremony", ".log", &content, &found, &f));
    assert_true(found);
    return arena_strndup(&house.arena, (const char *)content.data, content.size);
}

static size_t mentions(const char *text, const char *what)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, what)); at++)
        count++;
    return count;
}

static void hierarchy_is_as_the_requirements_want(void **state)
{
    (void)state;
    AUTO(X509) root = x509_of(house.rows[HOUSE_ROOT]);

    assert_int_equal(X509_check_ca(root), 1);
    assert_int_equal(X509_get_pathlen(root), -1);
    assert_int_equal(X509_get_key_usage(root),
                     KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_get_ext_by_NID(root, NID_ext_key_usage, -1), -1);
    assert_int_equal(X509_get_ext_by_NID(root, NID_certificate_policies, -1), -1);
    assert_int_equal(X509_check_issued(root, root), X509_V_OK);
    for (int i = HOUSE_P256; i < HOUSE_CAS; i++) {
        AUTO(X509) ca = x509_of(house.rows[i]);
        AUTO(EVP_PKEY) key = X509_get_pubkey(root);
        assert_int_equal(X509_check_ca(ca), 1);
        assert_int_equal(X509_get_pathlen(ca), 0);
        assert_int_equal(X509_get_key_usage(ca),
                         KU_DIGITAL_SIGNATURE | KU_KEY_CERT_SIGN | KU_CRL_SIGN);
        assert_int_equal(X509_get_extended_key_usage(ca), XKU_SSL_SERVER);
        assert_int_equal(X509_check_issued(root, ca), X509_V_OK);
        assert_int_equal(X509_verify(ca, key), 1);
        assert_true(X509_get_ext_by_NID(ca, NID_info_access, -1) >= 0);
        assert_true(X509_get_ext_by_NID(ca, NID_crl_distribution_points, -1) >= 0);
        assert_true(X509_get_ext_by_NID(ca, NID_certificate_policies, -1) >= 0);
    }
}

static void the_host_of_leaves_is_compared(void **state)
{
    (void)state;
    const Authority *root = house.rows[HOUSE_ROOT], *p256 = house.rows[HOUSE_P256];
    struct bytes below = { p256->der.data, p256->der.len };

    assert_true(status_host_fits(HOUSE_STATUS, below));
    assert_false(status_host_fits("status.other.example", below));
    assert_false(status_host_fits("status", below));
    assert_true(status_host_fits("any", (struct bytes){ root->der.data, root->der.len }));
}

static void rows_say_who_may_sign(void **state)
{
    (void)state;
    const Authority *root = house.rows[HOUSE_ROOT], *p256 = house.rows[HOUSE_P256];

    assert_false(root->may_sign);
    assert_null(root->parent_id);
    assert_true(p256->may_sign);
    assert_string_equal(p256->parent_id, root->id);
    assert_string_equal(p256->key_label, "p256");
    assert_string_equal(p256->key_type, "p256");
    assert_string_equal(p256->name, "House P256 CA");
    assert_int_equal(strlen(p256->id), 16);
}

static void second_ceremony_keeps_everything(void **state)
{
    (void)state;
    Authority **rows;
    struct fault f;

    assert_true(hold_again(clock_now(), &rows, &f));
    for (int i = 0; i < HOUSE_CAS; i++)
        assert_string_equal(rows[i]->id, house.rows[i]->id);
    assert_int_equal(mentions(log_text(), "generated"), 3);
    assert_true(mentions(log_text(), " kept") >= 6);
}

static void write_der(const char *name, const Authority *row)
{
    struct fault f;

    assert_true(record_write(&house.arena, house.folder, name, ".der",
                             (struct bytes){ row->der.data, row->der.len }, &f));
}

static void broken_ceremony_is_ended(void **state)
{
    (void)state;
    Authority **rows;
    struct fault f;
    char path[256];

    snprintf(path, sizeof path, "%s/rsa2048.der", house.folder); /* signed, not written any more */
    assert_int_equal(unlink(path), 0);
    assert_true(hold_again(instant_add(clock_now(), days(1)), &rows, &f));
    assert_string_equal(rows[HOUSE_P256]->id, house.rows[HOUSE_P256]->id);
    assert_int_equal(access(path, R_OK), 0);
    /* what is signed is what was to be signed then: serial number, dates and all */
    AUTO(X509) before = x509_of(house.rows[HOUSE_RSA]);
    AUTO(X509) after = x509_of(rows[HOUSE_RSA]);
    assert_int_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(before), X509_get0_serialNumber(after)), 0);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notBefore(before), X509_get0_notBefore(after)), 0);
    write_der("rsa2048", house.rows[HOUSE_RSA]);
}

/* Another folder, or this one without its files: the certificate may be anywhere. */
static void key_without_its_record_stops_it(void **state)
{
    (void)state;
    Ceremony script = house_script();
    char *elsewhere = arena_format(&house.arena, "%s-elsewhere", house.folder);
    struct ceremony ceremony = { &script,   house_ca_policy(), HOUSE_STATUS,
                                 elsewhere, "a test",          clock_now() };
    Authority **rows;
    struct fault f;
    size_t count;

    assert_false(ceremony_hold(house.token, &ceremony, &house.arena, &rows, &count, &f));
    assert_string_equal(f.field, "authorities.name");
    assert_non_null(strstr(f.detail, "put root.der back"));
    assert_non_null(strstr(f.detail, "root.begun"));
    char *path = arena_format(&house.arena, "%s/root.der", elsewhere);
    assert_int_equal(access(path, F_OK), -1);
    /* who knows better may say so */
    struct bytes nothing = BYTES_OF("begun\n");
    assert_true(record_write(&house.arena, elsewhere, "root", ".begun", nothing, &f));
    assert_false(ceremony_hold(house.token, &ceremony, &house.arena, &rows, &count, &f));
    assert_non_null(strstr(f.detail, "put p256.der back"));
    assert_int_equal(access(path, F_OK), 0);
}

static void certificate_of_another_key_stops_it(void **state)
{
    (void)state;
    Authority **rows;
    struct fault f;

    write_der("p256", house.rows[HOUSE_RSA]);
    assert_false(hold_again(clock_now(), &rows, &f));
    assert_non_null(strstr(f.detail, "for another key"));
    assert_int_equal(mentions(log_text(), "broke off at p256"), 1);
    write_der("p256", house.rows[HOUSE_P256]);
}

static void wrong_signature_stops_it(void **state)
{
    (void)state;
    Authority **rows, *p256 = house.rows[HOUSE_P256];
    struct fault f;

    p256->der.data[p256->der.len - 1] ^= 1;
    write_der("p256", p256);
    assert_false(hold_again(clock_now(), &rows, &f));
    assert_non_null(strstr(f.detail, "not one of the key of root"));
    p256->der.data[p256->der.len - 1] ^= 1;
    write_der("p256", p256);
}

static void scripts_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    Ceremony script = house_script();
    struct ceremony ceremony = { &script,      house_ca_policy(), HOUSE_STATUS,
                                 house.folder, "a test",          clock_now() };
    Authority **rows;
    struct fault f;
    size_t count;

    CeremonyAuthority *late[] = { house_list[1], house_list[0] };
    script.authorities = late;
    script.n_authorities = 2;
    assert_false(ceremony_hold(house.token, &ceremony, &house.arena, &rows, &count, &f));
    assert_string_equal(f.field, "authorities.issuer");

    CeremonyAuthority other = *house_list[0], *others[] = { &other };
    char kind[] = "p256";
    other.key = kind; /* the token's root is p384 */
    script.authorities = others;
    script.n_authorities = 1;
    assert_false(ceremony_hold(house.token, &ceremony, &house.arena, &rows, &count, &f));
    assert_string_equal(f.field, "authorities.key");
}

/* A CA without a purpose is one for every purpose: what a lint refuses is neither signed nor kept. */
static void what_a_lint_refuses_is_not_signed(void **state)
{
    (void)state;
    Ceremony script = house_script();
    struct ceremony ceremony = { &script,      house_ca_policy(), HOUSE_STATUS,
                                 house.folder, "a test",          clock_now() };
    CeremonyAuthority unfit = HOUSE_ROW("unfit", "p256", "House unfit CA", house_root, 1095, 0);
    CeremonyAuthority *rows_[] = { house_list[0], &unfit };
    Authority **rows;
    struct fault f;
    size_t count;

    script.authorities = rows_;
    script.n_authorities = 2;
    assert_false(ceremony_hold(house.token, &ceremony, &house.arena, &rows, &count, &f));
    assert_int_equal(f.code, FAULT_LINT);
    assert_string_equal(f.field, "sub_eku_present");
    assert_non_null(strstr(log_text(), "broke off at unfit: the certificate breaks BR 7.1.2.6.1"));
    assert_int_equal(access(arena_format(&house.arena, "%s/unfit.tbs", house.folder), F_OK), -1);
    assert_int_equal(access(arena_format(&house.arena, "%s/unfit.der", house.folder), F_OK), -1);
}

static int group_setup(void **state)
{
    (void)state;
    house_open(&house, clock_now());
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    house_close(&house);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hierarchy_is_as_the_requirements_want),
        cmocka_unit_test(the_host_of_leaves_is_compared),
        cmocka_unit_test(rows_say_who_may_sign),
        cmocka_unit_test(second_ceremony_keeps_everything),
        cmocka_unit_test(broken_ceremony_is_ended),
        cmocka_unit_test(key_without_its_record_stops_it),
        cmocka_unit_test(certificate_of_another_key_stops_it),
        cmocka_unit_test(wrong_signature_stops_it),
        cmocka_unit_test(scripts_that_make_no_sense_are_refused),
        cmocka_unit_test(what_a_lint_refuses_is_not_signed),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
