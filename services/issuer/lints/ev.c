/* The subject of an EV certificate (EVG 7.1.4.2), and the extension that goes with its organizationIdentifier. */
#include <ctype.h>
#include <string.h>

#include "lints/attributes.h"

static bool ev_has(struct lint_case *c)
{
    enum lint_attribute which = (enum lint_attribute)c->lint->what;

    return lint_subject_find(c, which) ||
           lint_miss(c, "the subject has no %s", lint_attributes[which].name);
}

static bool is_text(struct bytes v, const char *text)
{
    return bytes_equal(v, BYTES_OF(text));
}

static bool ev_category(struct lint_case *c)
{
    static const char *const categories[] = { "Private Organization", "Government Entity",
                                              "Business Entity", "Non-Commercial Entity" };
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_CATEGORY);

    if (!a || a->value.size == 0)
        return true;
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
        if (is_text(a->value, categories[i]))
            return true;
    return lint_miss(c, "businessCategory is none of the four");
}

static bool ev_attributes(struct lint_case *c)
{
    const unsigned no =
        1U << ATTRIBUTE_DOMAIN_COMPONENT | 1U << ATTRIBUTE_SURNAME | 1U << ATTRIBUTE_GIVEN_NAME;

    for (size_t i = 0; i < c->subject.count; i++) {
        enum lint_attribute which = lint_attribute_of(c->subject.attribute[i].oid);
        if (which < ATTRIBUTES && no & 1U << which)
            return lint_miss(c, "the subject has %s", lint_attributes[which].name);
    }
    return true;
}

static bool is_digits(struct bytes v, const char *form)
{
    for (size_t i = 0; i < v.size; i++)
        if (form[i] == '0' ? !isdigit(v.data[i]) : v.data[i] != (uint8_t)form[i])
            return false;
    return true;
}

/* What has no digit is no registration number: where there is none a date stands there, or one of two words. */
static bool ev_serial_form(struct lint_case *c)
{
    static const char date[] = "0000-00-00";
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_SERIAL_NUMBER);
    bool digit = false, slashes = false;

    if (!a || a->value.size == 0 || !(c->policies.set & POLICY_EV))
        return true;
    for (size_t i = 0; i < a->value.size; i++) {
        digit |= isdigit(a->value.data[i]) != 0;
        slashes |= a->value.data[i] == '/' && a->value.size == sizeof date - 1;
    }
    return (digit && !slashes) || is_text(a->value, "Government Entity") ||
           is_text(a->value, "Non-Commercial Entity") ||
           (a->value.size == sizeof date - 1 && is_digits(a->value, date)) ||
           lint_miss(c,
                     "serialNumber is neither a number, a date as YYYY-MM-DD, nor one of the two "
                     "fixed texts");
}

static bool ev_no_wildcard(struct lint_case *c)
{
    struct der walk = c->names.list;
    struct bytes name;
    unsigned tag;

    while (lint_has(c, EXT_SUBJECT_ALT_NAME) && der_next(&walk, &tag, &name, NULL))
        if (tag == NAME_DNS && name.size > 2 && memcmp(name.data, "*.", 2) == 0)
            return lint_miss(c, "%.*s is a wildcard", (int)name.size, (const char *)name.data);
    return true;
}

/* ---- organizationIdentifier: "VATDE-123456789", "NTRUS+CA-12345" */

struct organization {
    struct bytes scheme, country, state, reference;
};

static bool organization_read(struct bytes v, struct organization *out)
{
    const uint8_t *dash = v.size > 5 ? memchr(v.data, '-', v.size) : NULL;
    size_t head = dash ? (size_t)(dash - v.data) : 0;

    *out = (struct organization){ 0 };
    if (head < 5 || v.size < head + 2)
        return false;
    out->scheme = (struct bytes){ v.data, 3 };
    out->country = (struct bytes){ v.data + 3, 2 };
    if (head > 5)
        out->state = (struct bytes){ v.data + 6, head - 6 };
    out->reference = (struct bytes){ dash + 1, v.size - head - 1 };
    return head == 5 || (v.data[5] == '+' && head > 6);
}

static bool organization_scheme(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_ORGANIZATION_ID);
    struct organization o;

    if (!a || a->value.size == 0)
        return true;
    return (organization_read(a->value, &o) &&
            (is_text(o.scheme, "NTR") || is_text(o.scheme, "VAT") || is_text(o.scheme, "PSD"))) ||
           lint_miss(c, "organizationIdentifier has none of the schemes NTR, VAT and PSD");
}

static bool organization_state(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_ORGANIZATION_ID);
    struct organization o;

    return !a || !organization_read(a->value, &o) || o.state.size == 0 ||
           is_text(o.scheme, "NTR") ||
           lint_miss(c, "organizationIdentifier has a state, which only NTR may have");
}

static bool organization_extension(struct lint_case *c)
{
    return !lint_subject_find(c, ATTRIBUTE_ORGANIZATION_ID) || c->extension[EXT_ORGANIZATION_ID] ||
           lint_miss(c, "organizationIdentifier is there without its extension");
}

static bool organization_agrees(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_ORGANIZATION_ID);
    struct organization o;

    if (!a || !lint_has(c, EXT_ORGANIZATION_ID) || !organization_read(a->value, &o))
        return true;
    return (bytes_equal(o.scheme, c->organization.scheme) &&
            bytes_equal(o.country, c->organization.country) &&
            bytes_equal(o.state, c->organization.state) &&
            bytes_equal(o.reference, c->organization.reference)) ||
           lint_miss(c, "organizationIdentifier and its extension say different things");
}

static bool jurisdiction_country(struct lint_case *c)
{
    const struct dn_attribute *a = lint_subject_find(c, ATTRIBUTE_JURISDICTION_COUNTRY);

    return !a || a->value.size != 2 || (isupper(a->value.data[0]) && isupper(a->value.data[1])) ||
           lint_miss(c, "jurisdictionCountry is no two capital letters");
}

// clang-format off
const struct lint ev_lints[] = {
    { "ev_has_category",     "EVG 7.1.4.2.3", LINT_LEAF, ASKED, NULL, 0, ev_has, ATTRIBUTE_CATEGORY },
    { "ev_has_jurisdiction", "EVG 7.1.4.2.4", LINT_LEAF, ASKED, NULL, 0, ev_has, ATTRIBUTE_JURISDICTION_COUNTRY },
    { "ev_has_serial",       "EVG 7.1.4.2.5", LINT_LEAF, ASKED, NULL, 0, ev_has, ATTRIBUTE_SERIAL_NUMBER },
    { "ev_category",         "EVG 7.1.4.2.3", LINT_LEAF, ASKED, NULL, 0, ev_category },
    { "ev_attributes",       "EVG 7.1.4.2.9", LINT_LEAF, ASKED, NULL, 0, ev_attributes },
    { "ev_jurisdiction",     "EVG 7.1.4.2.4", LINT_LEAF, ASKED, NULL, 0, jurisdiction_country },
    { "ev_serial_form",      "EVG 7.1.4.2.5", LINT_LEAF, ASKED, NULL, 0, ev_serial_form },
    { "ev_no_wildcard",      "EVG 3.2.2.7",   LINT_LEAF, ASKED, NULL, 0, ev_no_wildcard },
    { "ev_id_scheme",        "EVG 7.1.4.2.8", LINT_LEAF, ASKED, NULL, 0, organization_scheme },
    { "ev_id_state",         "EVG 7.1.4.2.8", LINT_LEAF, ASKED, NULL, 0, organization_state },
    { "ev_id_extension",     "EVG 7.1.2.2",   LINT_LEAF, ASKED, NULL, 0, organization_extension },
    { "ev_id_agrees",        "EVG 7.1.2.2",   LINT_LEAF, ASKED, NULL, 0, organization_agrees },
    { 0 },
};
// clang-format on
