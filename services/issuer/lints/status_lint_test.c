/* What openssl makes holds; what is changed in one place trips one check and no other. */
#include "lints/status_lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lints/status_case.h"
#include "lints/status_trips.h"

// clang-format off
static const struct status_rule rules[] = {
    { "crl.life.max",               { INT64_C(10) * 86400 * 1000000 }, 'M' },
    { "crl.idp",                    { 0 },                             'M' },
    { "ocsp.life.min",              { INT64_C(8) * 3600 * 1000000 },   'M' },
    { "ocsp.life.max",              { INT64_C(10) * 86400 * 1000000 }, 'M' },
    { "ocsp.light",                 { 0 },                             'M' },
    { "revocation.reason",          { 0 },                             'M' },
    { "revocation.reason.6",        { 0 },                             'X' },
    { "revocation.reason.10",       { 0 },                             'X' },
    { "revocation.invalidity_date", { 0 },                             'X' },
};
// clang-format on

/* ---- what failed */

struct failures {
    const char *names, *why; /* of all that fail, and the last one's */
};

static void note(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    struct failures *f = data;

    (void)advice;
    if (!why)
        return;
    f->names = *f->names ? arena_format(&arena, "%s %s", f->names, lint->name) : lint->name;
    f->why = arena_strdup(&arena, why);
}

static void check(const struct status_input *in, const char *wanted, const char *what)
{
    struct failures found = { "", "" };
    struct fault f = { 0 };

    if (!status_each(in, note, &found, &f))
        fail_msg("%s: %s", what, f.detail);
    if (strcmp(found.names, wanted) != 0)
        fail_msg("%s: \"%s\" failed, not \"%s\": %s", what, found.names, wanted, found.why);
}

/* ---- the rows */

static struct status_input ruled_input_of(enum input which)
{
    struct status_input in = input_of(which);
    in.rules = rules;
    in.rule_count = sizeof rules / sizeof *rules;
    return in;
}

static void change(struct status_input *in, struct status_issuer *issuer, enum but but)
{
    *issuer = rig.issuer;
    in->issuer = issuer;
    if (but == UNSIGNED)
        in->algorithm = (struct bytes){ NULL, 0 };
    if (but == OUTSIDE)
        in->algorithm = hex("300d06092a864886f70d01010b0500");
    if (but == YOUNG)
        issuer->not_before = rig.now;
    if (but == SHORT)
        issuer->not_after = instant_add(rig.now, seconds(3600));
    if (but == ALONE)
        in->crl = (struct bytes){ NULL, 0 };
    if (but == OTHER)
        in->serial = hex("41");
    if (but == CROWD)
        in->certificates = 3;
    if (but >= SIGNER)
        in->signer = but == NONSENSE ? hex("3000") : rig.delegate[but - SIGNER];
}

static void each_trips_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status_input in = ruled_input_of(rows[i].input);
        struct status_issuer issuer;
        in.der = rows[i].path ? edited(in.der, rows[i].path, replacement(rows[i].with))
                              : special(rows[i].lint, in.der);
        change(&in, &issuer, rows[i].but);
        check(&in, rows[i].lint, rows[i].lint);
    }
}

static void good_ones_hold(void **state)
{
    (void)state;
    for (enum input which = 0; which < INPUTS; which++) {
        struct status_input in = ruled_input_of(which);
        check(&in, "", "what OpenSSL has made");
    }
}

/* A check that no row trips is none. */
static void each_has_a_row(void **state)
{
    (void)state;
    for (size_t t = 0; status_tables[t]; t++)
        for (const struct status_lint *l = status_tables[t]; l->name; l++) {
            bool found = false;
            for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
                found = found || strcmp(rows[i].lint, l->name) == 0;
            if (!found)
                fail_msg("no row trips %s", l->name);
            assert_ptr_equal(status_lint_find(l->name), l);
        }
    assert_null(status_lint_find("crl_nonsense"));
}

/* Without its rule a check is not run; what a rule only recommends does not stop. */
static void rules_decide(void **state)
{
    struct status_input in = ruled_input_of(LEAF);
    struct status_rule advice = { "crl.life.max", { 1000000 }, 'S' };
    struct fault f = { 0 };

    (void)state;
    in.der = edited(in.der, "4", time_of('u', 1000));
    assert_false(lint_crl(&in, &f));
    assert_int_equal(f.code, FAULT_INTERNAL);
    assert_string_equal(f.field, "crl_life_max");
    in.rules = &advice;
    in.rule_count = 1;
    assert_true(lint_crl(&in, &f));
    in.rule_count = 0;
    assert_true(lint_crl(&in, &f));
    assert_false(lint_ocsp(&in, &f));
}

/* Whatever is cut off, or is wrong in one byte, is refused or read, and read again alike. */
static void broken_ones_are_refused(void **state)
{
    const struct status_input all[] = { ruled_input_of(LEAF), ruled_input_of(REVOKED) };
    struct failures found;
    struct fault f = { 0 };

    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (size_t size = 0; size < all[k].der.size; size++) {
            struct status_input in = all[k];
            in.der.size = size;
            found = (struct failures){ "", "" };
            assert_false(status_each(&in, note, &found, &f));
            assert_int_equal(f.code, FAULT_INTERNAL);
        }
}

static void parts_are_strict(void **state)
{
    struct ocsp_parts ocsp;
    struct crl_parts crl;
    struct fault f = { 0 };

    (void)state;
    for (size_t size = 0; size < rig.crl_der[0].size; size++)
        assert_false(crl_split((struct bytes){ rig.crl_der[0].data, size }, &crl, &f));
    for (size_t size = 0; size < rig.ocsp_der[RIG_DELEGATE].size; size++)
        assert_false(
            ocsp_split((struct bytes){ rig.ocsp_der[RIG_DELEGATE].data, size }, &ocsp, &f));
    assert_false(ocsp_split(hex("30030a0106"), &ocsp, &f));
    assert_string_equal(f.detail, "has responseStatus 6, and so no answer");
    assert_false(ocsp_split(edited(rig.ocsp_der[0], "1.0.0", hex("06022b06")), &ocsp, &f));
    assert_non_null(strstr(f.detail, "id-pkix-ocsp-basic"));
    assert_int_equal(rig.ocsp[RIG_DELEGATE].certificates, 1);
    assert_true(bytes_equal(rig.ocsp[RIG_DELEGATE].certificate, rig.delegate[RIG_GOOD]));
}

static int open_rig(void **state)
{
    (void)state;
    arena_init(&arena);
    rig_open(&rig, &arena);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    rig_close(&rig);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_hold),          cmocka_unit_test(each_trips_its_own),
        cmocka_unit_test(each_has_a_row),          cmocka_unit_test(rules_decide),
        cmocka_unit_test(broken_ones_are_refused), cmocka_unit_test(parts_are_strict),
    };

    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
