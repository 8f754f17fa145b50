/* What a subject says, by what was validated: domain, organization or individual (BR 7.1.2.7.2 to 7.1.2.7.4), and
 * of a CA (BR 7.1.2.10.2). A row's `what` is the attribute it looks for, or a set of them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lints/attributes.h"
#include "pki/ip.h"

#define SET(attribute) (1 << (attribute))

static unsigned present(const struct lint_case *c)
{
    unsigned set = 0;

    for (size_t i = 0; i < c->subject.count; i++)
        set |= 1U << lint_attribute_of(c->subject.attribute[i].oid);
    return set;
}

/* ---- which attributes */

static bool has_no_others(struct lint_case *c)
{
    unsigned more = present(c) & ~(unsigned)c->lint->what;
    unsigned first = 0;

    while (more && !(more >> first & 1))
        first++;
    return !more || lint_miss(c, "the subject has %s, which it may not have",
                              first < ATTRIBUTES ? lint_attributes[first].name : "an attribute");
}

static bool has_all(struct lint_case *c)
{
    unsigned missing = (unsigned)c->lint->what & ~present(c);
    unsigned first = 0;

    while (missing && !(missing >> first & 1))
        first++;
    return !missing || lint_miss(c, "the subject has no %s", lint_attributes[first].name);
}

static bool has_one_of(struct lint_case *c)
{
    return (present(c) & (unsigned)c->lint->what) ||
           lint_miss(c, "the subject has neither locality nor state");
}

static bool has_none_of(struct lint_case *c)
{
    unsigned set = present(c) & (unsigned)c->lint->what, first = 0;

    while (set && !(set >> first & 1))
        first++;
    return !set || lint_miss(c, "the subject has %s", lint_attributes[first].name);
}

static bool no_duplicates(struct lint_case *c)
{
    unsigned seen = 0;

    for (size_t i = 0; i < c->subject.count; i++) {
        enum lint_attribute which = lint_attribute_of(c->subject.attribute[i].oid);
        if (which == ATTRIBUTES || lint_attributes[which].several)
            continue;
        if (seen & 1U << which)
            return lint_miss(c, "the subject has %s twice", lint_attributes[which].name);
        seen |= 1U << which;
    }
    return true;
}

/* Those with a place stand in the order of the table; the others anywhere. */
static bool in_order(struct lint_case *c)
{
    enum lint_attribute last = 0;

    for (size_t i = 0; i < c->subject.count; i++) {
        enum lint_attribute which = lint_attribute_of(c->subject.attribute[i].oid);
        if (which > ATTRIBUTE_COMMON_NAME)
            continue;
        if (which < last)
            return lint_miss(c, "%s stands behind %s in the subject", lint_attributes[which].name,
                             lint_attributes[last].name);
        last = which;
    }
    return true;
}

/* ---- what they say */

/* Only marks and blanks, or "n/a": as good as nothing (BR 7.1.2.7.3). */
static bool is_meta(struct bytes v)
{
    size_t marks = 0;

    for (size_t i = 0; i < v.size; i++)
        marks += memchr(".- ", v.data[i], 3) != NULL;
    return v.size > 0 &&
           (marks == v.size || (v.size == 3 && strncasecmp((const char *)v.data, "n/a", 3) == 0));
}

static bool no_meta(struct lint_case *c)
{
    for (size_t i = 0; i < c->subject.count; i++)
        if (is_meta(c->subject.attribute[i].value))
            return lint_miss(c, "the subject has a value that only says there is none");
    return true;
}

/* "&amp;": what a web page was copied from, and not a name. */
static bool no_entity(struct lint_case *c)
{
    for (size_t i = 0; i < c->subject.count; i++) {
        struct bytes v = c->subject.attribute[i].value;
        const uint8_t *at = memchr(v.data, '&', v.size);
        size_t left = at ? (size_t)(v.data + v.size - at) : 0, word = 1;
        while (word < left && isalnum(at[word]))
            word++;
        if (word > 2 && word < left && at[word] == ';')
            return lint_miss(c, "the subject has an entity of HTML");
    }
    return true;
}

static const char countries[] = /* ISO 3166-1, and XX where it has none (BR 7.1.2.7) */
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC "
    "EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK "
    "HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB "
    "LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ "
    "NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU "
    "RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN "
    "TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XX ";

static bool is_country(struct bytes v)
{
    if (v.size != 2)
        return false;
    for (const char *at = countries; *at; at += 3)
        if (memcmp(at, v.data, 2) == 0)
            return true;
    return false;
}

static bool country_known(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, (enum lint_attribute)c->lint->what);

    return !a || a->value.size == 0 || a->value.size > 2 || is_country(a->value) ||
           lint_miss(c, "%s is none of ISO 3166-1 in capital letters",
                     lint_attributes[c->lint->what].name);
}

/* ---- the common name */

static bool is_from_san(const struct lint_case *c, const struct dn_attribute *a)
{
    enum { COMMON_NAME_MAX = 64 };
    char text[COMMON_NAME_MAX + 1];
    struct identifier said = { .value = text };
    struct der walk = c->names.list;
    struct bytes name;
    unsigned tag;

    snprintf(text, sizeof text, "%.*s", (int)a->value.size, (const char *)a->value.data);
    while (a->value.size == strlen(text) && der_next(&walk, &tag, &name, NULL))
        if (lint_name_kind(tag, &said.kind) && lint_name_is(tag, name, &said))
            return true;
    return false;
}

/* Letter by letter, but for an address, which has another form there. One that is too long to be any is
 * another check's. */
static bool cn_in_san(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_COMMON_NAME);

    return !a || a->value.size == 0 || a->value.size > 64 || !lint_has(c, EXT_SUBJECT_ALT_NAME) ||
           is_from_san(c, a) || lint_miss(c, "the common name is not one of the names");
}

/* An address has one spelling: dotted (RFC 3986 3.2.2), or that of RFC 5952. */
static bool cn_address_form(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_COMMON_NAME);
    struct arena scratch;
    char text[64];
    struct ip ip;

    if (!a || a->value.size >= sizeof text)
        return true;
    snprintf(text, sizeof text, "%.*s", (int)a->value.size, (const char *)a->value.data);
    if (!ip_read(text, &ip))
        return true;
    arena_init(&scratch);
    bool same = strcmp(ip_text(&scratch, (struct bytes){ ip.octets, ip.size }), text) == 0;
    arena_free(&scratch);
    return same || lint_miss(c, "the common name is an address in another spelling than its own");
}

// clang-format off
enum {
    DV_SET = SET(ATTRIBUTE_COUNTRY) | SET(ATTRIBUTE_COMMON_NAME),
    PLACE_SET = SET(ATTRIBUTE_LOCALITY) | SET(ATTRIBUTE_STATE),
    PERSON_SET = SET(ATTRIBUTE_SURNAME) | SET(ATTRIBUTE_GIVEN_NAME),
};

const struct lint subject_lints[] = {
    { "subject_dv",            "BR 7.1.2.7.2",  LINT_LEAF, ASKED,  NULL, 0, has_no_others, DV_SET },
    { "subject_has_organization", "BR 7.1.2.7.4", LINT_LEAF, ASKED, NULL, 0, has_all, SET(ATTRIBUTE_ORGANIZATION) },
    { "subject_has_country",   "BR 7.1.2.7.4",  LINT_LEAF, ASKED,  NULL, 0, has_all, SET(ATTRIBUTE_COUNTRY) },
    { "subject_has_place",     "BR 7.1.2.7.4",  LINT_LEAF, ASKED,  NULL, 0, has_one_of, PLACE_SET },
    { "subject_has_person",    "BR 7.1.2.7.3",  LINT_LEAF, ASKED,  NULL, 0, has_all, PERSON_SET },
    { "subject_no_person",     "BR 7.1.2.7.4",  LINT_LEAF, ASKED,  NULL, 0, has_none_of, PERSON_SET },
    { "subject_no_unit",       "BR 7.1.4.2",    LINT_ALL,  ASKED,  NULL, 0, has_none_of, SET(ATTRIBUTE_UNIT) },
    { "subject_known",         "BR 7.1.4.2",    LINT_ALL,  ASKED,  NULL, 0, has_no_others, SET(ATTRIBUTES) - 1 },
    { "subject_no_duplicates", "BR 7.1.4.1",    LINT_ALL,  ALWAYS, NULL, 0, no_duplicates },
    { "subject_order",         "BR 7.1.4.2",    LINT_ALL,  ASKED,  NULL, 0, in_order },
    { "subject_no_meta",       "BR 7.1.2.7.3",  LINT_ALL,  ALWAYS, NULL, 0, no_meta },
    { "subject_no_entity",     "BR 7.1.2.7.4",  LINT_ALL,  ALWAYS, NULL, 0, no_entity },
    { "subject_country",       "BR 7.1.2.7.2",  LINT_ALL,  ALWAYS, NULL, 0, country_known, ATTRIBUTE_COUNTRY },
    { "cn_in_san",             "BR 7.1.4.3",    LINT_LEAF, ALWAYS, NULL, 0, cn_in_san },
    { "cn_address_form",       "BR 7.1.4.3",    LINT_LEAF, ALWAYS, NULL, 0, cn_address_form },
    { "ca_has_country",        "BR 7.1.2.10.2", LINT_CA,   ALWAYS, NULL, 0, has_all, SET(ATTRIBUTE_COUNTRY) },
    { "ca_has_organization",   "BR 7.1.2.10.2", LINT_CA,   ALWAYS, NULL, 0, has_all, SET(ATTRIBUTE_ORGANIZATION) },
    { "ca_has_common_name",    "BR 7.1.2.10.2", LINT_CA,   ALWAYS, NULL, 0, has_all, SET(ATTRIBUTE_COMMON_NAME) },
    { 0 },
};
// clang-format on
