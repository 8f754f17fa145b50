/* status_trips - for each check of CRLs and OCSP responses what trips it, and no other check: what OpenSSL makes
 * (status_rig.h), changed in one place. Include once in a test program; everything is static.
 */
#ifndef LINTS_STATUS_TRIPS_H
#define LINTS_STATUS_TRIPS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lints/status_rig.h"
#include "pki/der.h"

static struct arena arena;
static struct rig rig;

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

static struct bytes time_at(char type, struct instant at)
{
    struct text t;

    text_init(&t, &arena);
    if (type == 'g')
        der_add_generalized_time(&t, at);
    else
        der_add_time(&t, at);
    return der_written(&t);
}

/* A time so many hours from now: 'u' and 'g' choose the type. */
static struct bytes time_of(char type, int64_t hours)
{
    return time_at(type, instant_add(rig.now, seconds(hours * 3600)));
}

/* In a row: hex, or "u+5": UTCTime in five hours, "g-5": GeneralizedTime five hours ago. */
static struct bytes replacement(const char *with)
{
    if (*with == 'u' || *with == 'g')
        return time_of(*with, strtoll(with + 1, NULL, 10));
    return hex(with);
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

/* Without rules. */
static struct status_input input_of(enum input which)
{
    int object = inputs[which].object;
    struct status_input in = { .kind = inputs[which].kind, .issuer = &rig.issuer, .now = rig.now };

    if (in.kind & STATUS_CRL)
        fill_crl(&in, &rig.crl[object], which);
    else
        fill_ocsp(&in, &rig.ocsp[object], which);
    return in;
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

#endif
