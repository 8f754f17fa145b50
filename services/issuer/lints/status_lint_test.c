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
#include "lints/status_rig.h"

static struct arena arena;
static struct rig rig;

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

/* ---- changing one place */

static struct bytes hex(const char *text)
{
    struct bytes out;

    assert_true(hex_read(&arena, text, &out));
    return out;
}

static struct bytes wrap(unsigned tag, struct bytes content)
{
    struct text t;

    text_init(&t, &arena);
    der_add(&t, tag, content);
    return der_written(&t);
}

/* The value at `path`, such as "5.0.2": the third in the first in the sixth, also inside an OCTET STRING,
 * becomes `with`: what is to stand there, or nothing. One place more than there are is a new one. */
static struct bytes edited(struct bytes whole, const char *path, struct bytes with)
{
    struct der all = der_open(whole), walk;
    struct bytes content, child;
    struct text t;
    unsigned tag;
    char *rest;

    if (!*path)
        return with;
    long place = strtol(path, &rest, 10);
    rest += *rest == '.';
    assert_true(der_next(&all, &tag, &content, NULL));
    text_init(&t, &arena);
    for (walk = der_open(content); !der_done(&walk); place--) {
        assert_true(der_next(&walk, NULL, NULL, &child));
        der_add_raw(&t, place == 0 ? edited(child, rest, with) : child);
    }
    if (place == 0)
        der_add_raw(&t, with);
    assert_true(place <= 0);
    return wrap(tag, der_written(&t));
}

/* A time so many hours from now: 'u' and 'g' choose the type. */
static struct bytes time_of(char type, int64_t hours)
{
    struct instant at = instant_add(rig.now, seconds(hours * 3600));
    struct text t;

    text_init(&t, &arena);
    if (type == 'g')
        der_add_generalized_time(&t, at);
    else
        der_add_time(&t, at);
    return der_written(&t);
}

/* In a row: hex, or "u+5": UTCTime in five hours, "g-5": GeneralizedTime five hours ago. */
static struct bytes replacement(const char *with)
{
    if (*with == 'u' || *with == 'g')
        return time_of(*with, strtoll(with + 1, NULL, 10));
    return hex(with);
}

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

enum input { LEAF, FULL, CA, SELF, DELEGATE, REVOKED, UNASSIGNED, INPUTS };

/* What is known beside the bytes, and is not as it should be. */
enum but {
    NOTHING,
    UNSIGNED, /* no algorithm beside the bytes yet */
    OUTSIDE,  /* another algorithm there than inside, or than the key's */
    YOUNG,    /* the authority's certificate begins now */
    SHORT,    /* it ends in an hour */
    ALONE,    /* no CRL to agree with */
    OTHER,    /* another number was asked for */
    CROWD,    /* three certificates come along */
    SIGNER,   /* from here on: the certificate of who signs is a bad one */
    NONSENSE = SIGNER + RIG_DELEGATES
};

static const struct {
    enum status_kind kind;
    int object; /* enum rig_crl or enum rig_ocsp */
} inputs[] = {
    [LEAF] = { STATUS_CRL_LEAF, RIG_LEAF },
    [FULL] = { STATUS_CRL_LEAF, RIG_LEAF },
    [CA] = { STATUS_CRL_CA, RIG_CA },
    [SELF] = { STATUS_OCSP_LEAF, RIG_SELF },
    [DELEGATE] = { STATUS_OCSP_LEAF, RIG_DELEGATE },
    [REVOKED] = { STATUS_OCSP_LEAF, RIG_REVOKED },
    [UNASSIGNED] = { STATUS_OCSP_LEAF, RIG_UNKNOWN },
};

static void fill_crl(struct status_input *in, const struct crl_parts *crl, enum input which)
{
    in->der = crl->tbs;
    in->algorithm = crl->algorithm;
    in->url = which == LEAF ? RIG_URL : NULL;
}

/* producedAt is OpenSSL's now. */
static void fill_ocsp(struct status_input *in, const struct ocsp_parts *ocsp, enum input which)
{
    in->der = edited(ocsp->data, "1", time_of('g', 0));
    in->algorithm = ocsp->algorithm;
    in->certificates = ocsp->certificates;
    in->signer = ocsp->certificate;
    in->issued = which != UNASSIGNED;
    in->crl = rig.crl[RIG_LEAF].tbs;
}

static struct status_input input_of(enum input which)
{
    int object = inputs[which].object;
    struct status_input in = { .kind = inputs[which].kind,
                               .issuer = &rig.issuer,
                               .now = rig.now,
                               .rules = rules,
                               .rule_count = sizeof rules / sizeof *rules };

    if (in.kind & STATUS_CRL)
        fill_crl(&in, &rig.crl[object], which);
    else
        fill_ocsp(&in, &rig.ocsp[object], which);
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

#define REASON "551d15"

// clang-format off
static const struct {
    const char *lint;
    enum input input;
    const char *path, *with; /* see edited() and replacement(); NULL: special() */
    enum but but;
} rows[] = {
    { "crl_version",                 LEAF, "0",     "" },
    { "crl_version",                 LEAF, "0",     "020100" },
    { "crl_algorithm_exact",         LEAF, "1",     "300a06082a8648ce3d040303", UNSIGNED },
    { "crl_algorithm_equal",         LEAF, NULL,    NULL, OUTSIDE },
    { "crl_issuer_exact",            LEAF, "2",     "3000" },
    { "crl_time_encoding",           LEAF, "3",     "g-1" },
    { "crl_time_encoding",           LEAF, "4",     "g+1" },
    { "crl_this_update_past",        LEAF, "3",     "u+1" },
    { "crl_this_update_issuer",      LEAF, NULL,    NULL, YOUNG },
    { "crl_next_update_present",     LEAF, "4",     "" },
    { "crl_next_update_order",       LEAF, "4",     "u-1" },
    { "crl_next_update_order",       LEAF, "4",     "u-2" },
    { "crl_life_max",                LEAF, "4",     "u+240" },
    { "crl_entries_not_empty",       LEAF, "5",     "3000" },
    { "crl_serials",                 LEAF, "5.0.0", "020100" },
    { "crl_serials",                 LEAF, "5.2.0", "0201ff" },
    { "crl_serials",                 LEAF, "5.2.0", "02150102030405060708090a0b0c0d0e0f101112131415" },
    { "crl_serials_sorted",          LEAF, "5.0.0", "02020100" },
    { "crl_serials_unique",          LEAF, "5.1.0", "020110" },
    { "crl_revoked_encoding",        LEAF, "5.0.1", "g-30" },
    { "crl_revoked_past",            LEAF, "5.1.1", "u+1" },
    { "crl_entry_not_critical",      LEAF, "5.0.2.0", "300d0603" REASON "0101ff04030a0101" },
    { "crl_entry_extensions_known",  LEAF, "5.0.2.1", "30090603551d1d04023000" },   /* certificateIssuer */
    { "crl_entry_extensions_unique", LEAF, "5.0.2.1", "300a0603" REASON "04030a0101" },
    { "crl_reasons",                 LEAF, "5.0.2.0.1.0", "0a0100" },
    { "crl_reasons",                 LEAF, "5.0.2.0.1.0", "0a0107" },
    { "crl_reasons",                 LEAF, "5.0.2.0.1.0", "0a0108" },
    { "crl_reasons",                 LEAF, "5.0.2.0.1.0", "0a010b" },
    { "crl_reasons",                 LEAF, "5.0.2.0.1.0", "020101" },
    { "crl_reasons_allowed",         LEAF, "5.0.2.0.1.0", "0a0106" },
    { "crl_reasons_allowed",         LEAF, "5.0.2.0.1.0", "0a010a" },
    { "crl_reasons_present",         CA,   "5.0.2", "" },
    { "crl_no_invalidity_date",      LEAF, "5.0.2.1", "30180603551d180411180f32303237303130313030303030305a" },
    { "crl_extensions_known",        LEAF, "6.0.3", "300c0603551d1b0101ff04020201" },   /* deltaCRLIndicator */
    { "crl_extensions_unique",       LEAF, "6.0.3", "300a0603551d140403020105" },
    { "crl_extension_criticality",   LEAF, "6.0.1", "300d0603551d140101ff0403020105" },
    { "crl_extension_criticality",   LEAF, "6.0.2.1", "" },
    { "crl_number_present",          LEAF, "6.0.1", "" },
    { "crl_number_range",            LEAF, "6.0.1.1.0", "020100" },
    { "crl_number_range",            LEAF, "6.0.1.1.0", "0201ff" },
    { "crl_number_range",            LEAF, "6.0.1.1.0", "02020005" },
    { "crl_number_range",            LEAF, "6.0.1.1.0", "02150102030405060708090a0b0c0d0e0f101112131415" },
    { "crl_aki_present",             LEAF, "6.0.0", "" },
    { "crl_aki_exact",               LEAF, "6.0.0.1.0.0", "800101" },
    { "crl_aki_exact",               LEAF, "6.0.0.1.0.1", "820101" },
    { "crl_idp_formed",              LEAF, "6.0.2.2.0.0.0.1", "8603612e62" },
    { "crl_idp_formed",              LEAF, "6.0.2.2.0.1", "810100" },
    { "crl_idp_present",             LEAF, "6.0.2", "" },
    { "crl_idp_scope",               LEAF, "6.0.2.2.0.2", "8401ff" },  /* indirectCRL */
    { "crl_idp_scope",               LEAF, "6.0.2.2.0.2", "83020780" }, /* onlySomeReasons */
    { "crl_idp_only",                LEAF, "6.0.2.2.0.1", "" },
    { "crl_idp_only",                LEAF, "6.0.2.2.0.1", "8201ff" },
    { "crl_idp_only",                LEAF, "6.0.2.2.0.2", "8201ff" },
    { "crl_idp_url",                 LEAF, "6.0.2.2.0.0", "" },
    { "crl_idp_url",                 LEAF, "6.0.2.2.0.0.0.0", "8608687474703a2f2f61" }, /* http://a */
    { "crl_idp_http",                FULL, "6.0.2.2.0.0.0.0", "860a68747470733a2f2f612e" },

    { "ocsp_version",             SELF,     NULL,      NULL },
    { "ocsp_algorithm_exact",     SELF,     NULL,      NULL, OUTSIDE },
    { "ocsp_algorithm_exact",     DELEGATE, NULL,      NULL, OUTSIDE },
    { "ocsp_responder_exact",     SELF,     "0.0",     "0401aa" },
    { "ocsp_responder_by_key",    SELF,     NULL,      NULL },
    { "ocsp_produced_past",       SELF,     "1",       "g+1" },
    { "ocsp_one_answer",          SELF,     "2",       "3000" },
    { "ocsp_extensions_known",    SELF,     "3",       "a1133011300f06092b060105050730010404023000" },
    { "ocsp_nonce",               SELF,     "3",       "a1133011300f06092b060105050730010204020400" },
    { "ocsp_hash",                SELF,     "2.0.0.0", "300b0609608648016503040201" }, /* SHA-256 */
    { "ocsp_issuer_exact",        SELF,     "2.0.0.1", "0401aa" },
    { "ocsp_issuer_exact",        SELF,     "2.0.0.2", "0401aa" },
    { "ocsp_serial",              SELF,     "2.0.0.3", "020100" },
    { "ocsp_status_known",        SELF,     "2.0.1",   "8200" },
    { "ocsp_status_unassigned",   UNASSIGNED, "2.0.1", "8000" },
    { "ocsp_serial_asked",        SELF,     NULL,      NULL, OTHER },
    { "ocsp_revoked_past",        REVOKED,  "2.0.1.0", "g+1", ALONE },
    { "ocsp_reason",              REVOKED,  "2.0.1.1.0", "0a0100", ALONE },
    { "ocsp_reason_allowed",      REVOKED,  "2.0.1.1.0", "0a0106", ALONE },
    { "ocsp_no_reason_extension", REVOKED,  "2.0.4",   "a10e300c300a0603" REASON "04030a0101" },
    { "ocsp_no_other_extension",  SELF,     "2.0.4",   "a10d300b30090603551d1d04023000" },
    { "ocsp_status_as_crl",       REVOKED,  "2.0.1",   "8000" },
    { "ocsp_reason_as_crl",       REVOKED,  "2.0.1.1", "" },
    { "ocsp_reason_as_crl",       REVOKED,  "2.0.1.1.0", "0a0104" },
    { "ocsp_reason_as_crl",       REVOKED,  "2.0.1.0", "g-31" },
    { "ocsp_this_update_past",    SELF,     "2.0.2",   "g+1" },
    { "ocsp_next_update_present", SELF,     "2.0.3",   "" },
    { "ocsp_next_update_order",   SELF,     "2.0.3.0", "g-1" },
    { "ocsp_life_min",            SELF,     "2.0.3.0", "g+6" },
    { "ocsp_life_max",            SELF,     "2.0.3.0", "g+239" },
    { "ocsp_certificates_few",    SELF,     NULL,      NULL, CROWD },
    { "ocsp_certificates_few",    DELEGATE, NULL,      NULL, CROWD },
    { "ocsp_signer_formed",       DELEGATE, NULL,      NULL, NONSENSE },
    { "ocsp_signer_issuer",       DELEGATE, NULL,      NULL, SIGNER + RIG_STRANGER },
    { "ocsp_signer_purpose",      DELEGATE, NULL,      NULL, SIGNER + RIG_PURPOSE },
    { "ocsp_signer_usage",        DELEGATE, NULL,      NULL, SIGNER + RIG_USAGE },
    { "ocsp_signer_no_check",     DELEGATE, NULL,      NULL, SIGNER + RIG_CHECKED },
    { "ocsp_signer_current",      DELEGATE, NULL,      NULL, SIGNER + RIG_EARLY },
    { "ocsp_signer_outlives",     SELF,     NULL,      NULL, SHORT },
};
// clang-format on

static struct bytes inserted_before(struct bytes whole, struct bytes what)
{
    struct der all = der_open(whole);
    struct bytes content;
    struct text t;

    assert_true(der_take(&all, DER_SEQUENCE, &content));
    text_init(&t, &arena);
    der_add_raw(&t, what);
    der_add_raw(&t, content);
    return wrap(DER_SEQUENCE, der_written(&t));
}

/* A version where none stands, and the name of the responder in place of its key; nothing for the others. */
static struct bytes special(const char *lint, struct bytes der)
{
    if (strcmp(lint, "ocsp_version") == 0)
        return inserted_before(der, hex("a003020100"));
    if (strcmp(lint, "ocsp_responder_by_key") == 0)
        return edited(der, "0", wrap(DER_CONTEXT_OF(1), rig.issuer.subject));
    return der;
}

static void each_trips_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct status_input in = input_of(rows[i].input);
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
        struct status_input in = input_of(which);
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
    struct status_input in = input_of(LEAF);
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
    const struct status_input all[] = { input_of(LEAF), input_of(REVOKED) };
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
