/* Names of subject and issuer, whatever they say (BR 7.1.4, RFC 5280 4.1.2.4): encodings and lengths. A row's
 * `what` is whose name it looks at. */
#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "lints/attributes.h"

enum whose { SUBJECT, ISSUER };

#define OID(literal)                                                                               \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define JURISDICTION(last) OID("\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01" last)

// clang-format off
const struct lint_attribute_row lint_attributes[ATTRIBUTES] = {
    [ATTRIBUTE_DOMAIN_COMPONENT]      = { "domainComponent",  OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), DER_IA5_STRING, 63, true },
    [ATTRIBUTE_COUNTRY]               = { "countryName",      OID("\x55\x04\x06"), DER_PRINTABLE_STRING, 2,   false },
    [ATTRIBUTE_STATE]                 = { "stateOrProvinceName", OID("\x55\x04\x08"), 0,                 128, false },
    [ATTRIBUTE_LOCALITY]              = { "localityName",     OID("\x55\x04\x07"), 0,                    128, false },
    [ATTRIBUTE_POSTAL_CODE]           = { "postalCode",       OID("\x55\x04\x11"), 0,                    40,  false },
    [ATTRIBUTE_STREET]                = { "streetAddress",    OID("\x55\x04\x09"), 0,                    128, true },
    [ATTRIBUTE_ORGANIZATION]          = { "organizationName", OID("\x55\x04\x0a"), 0,                    64,  false },
    [ATTRIBUTE_SURNAME]               = { "surname",          OID("\x55\x04\x04"), 0,                    64,  false },
    [ATTRIBUTE_GIVEN_NAME]            = { "givenName",        OID("\x55\x04\x2a"), 0,                    64,  false },
    [ATTRIBUTE_UNIT]                  = { "organizationalUnitName", OID("\x55\x04\x0b"), 0,              64,  false },
    [ATTRIBUTE_COMMON_NAME]           = { "commonName",       OID("\x55\x04\x03"), 0,                    64,  false },
    [ATTRIBUTE_CATEGORY]              = { "businessCategory", OID("\x55\x04\x0f"), 0,                    128, false },
    [ATTRIBUTE_JURISDICTION_COUNTRY]  = { "jurisdictionCountry", JURISDICTION("\x03"), DER_PRINTABLE_STRING, 2, false },
    [ATTRIBUTE_JURISDICTION_STATE]    = { "jurisdictionStateOrProvince", JURISDICTION("\x02"), 0,        128, false },
    [ATTRIBUTE_JURISDICTION_LOCALITY] = { "jurisdictionLocality", JURISDICTION("\x01"), 0,               128, false },
    [ATTRIBUTE_SERIAL_NUMBER]         = { "serialNumber",     OID("\x55\x04\x05"), DER_PRINTABLE_STRING, 64,  false },
    [ATTRIBUTE_ORGANIZATION_ID]       = { "organizationIdentifier", OID("\x55\x04\x61"), 0,              32768, false },
};
// clang-format on

enum lint_attribute lint_attribute_of(struct bytes oid)
{
    enum lint_attribute which = 0;

    while (which < ATTRIBUTES && !bytes_equal(lint_attributes[which].oid, oid))
        which++;
    return which;
}

const struct dn_attribute *lint_subject_find(const struct lint_case *c, enum lint_attribute which)
{
    for (size_t i = 0; i < c->subject.count; i++)
        if (bytes_equal(c->subject.attribute[i].oid, lint_attributes[which].oid))
            return &c->subject.attribute[i];
    return NULL;
}

/* ---- one name */

static const struct lint_name *name_of(const struct lint_case *c)
{
    return c->lint->what == ISSUER ? &c->issuer : &c->subject;
}

static const char *whose(const struct lint_case *c)
{
    return c->lint->what == ISSUER ? "issuer" : "subject";
}

static const char *what_it_is(const struct dn_attribute *a)
{
    enum lint_attribute which = lint_attribute_of(a->oid);

    return which < ATTRIBUTES ? lint_attributes[which].name : "an attribute";
}

static bool name_formed(struct lint_case *c)
{
    return name_of(c)->formed || lint_miss(c, "the %s is no Name", whose(c));
}

static bool name_not_crowded(struct lint_case *c)
{
    return !name_of(c)->crowded ||
           lint_miss(c, "the %s has more than %d attributes", whose(c), LINT_ATTRIBUTES_MAX);
}

static bool name_single(struct lint_case *c)
{
    return !name_of(c)->multiple ||
           lint_miss(c, "a part of the %s has more than one attribute", whose(c));
}

static bool name_not_empty(struct lint_case *c)
{
    return !name_of(c)->formed || name_of(c)->count > 0 ||
           lint_miss(c, "the %s is empty", whose(c));
}

/* ---- each attribute of one */

static bool type_fits(const struct dn_attribute *a)
{
    enum lint_attribute which = lint_attribute_of(a->oid);
    unsigned tag = which < ATTRIBUTES ? lint_attributes[which].tag : 0;

    return tag ? a->tag == tag : a->tag == DER_UTF8_STRING || a->tag == DER_PRINTABLE_STRING;
}

/* Not bytes: what continues a character of UTF-8 is not counted. */
static size_t characters(struct bytes value)
{
    size_t count = 0;

    for (size_t i = 0; i < value.size; i++)
        count += (value.data[i] & 0xc0) != 0x80;
    return count;
}

static bool length_fits(const struct dn_attribute *a)
{
    enum lint_attribute which = lint_attribute_of(a->oid);

    return characters(a->value) <= (which < ATTRIBUTES
                                        ? lint_attributes[which].most
                                        : lint_attributes[ATTRIBUTE_ORGANIZATION_ID].most);
}

static bool says_something(const struct dn_attribute *a)
{
    return a->value.size > 0;
}

static bool is_utf8(const struct dn_attribute *a)
{
    return a->tag != DER_UTF8_STRING || utf8_valid((const char *)a->value.data, a->value.size);
}

/* X.680 41.4 */
static bool is_printable(const struct dn_attribute *a)
{
    if (a->tag != DER_PRINTABLE_STRING)
        return true;
    for (size_t i = 0; i < a->value.size; i++)
        if (!isalnum(a->value.data[i]) && !memchr(" '()+,-./:=?", a->value.data[i], 12))
            return false;
    return true;
}

static bool has_no_control(const struct dn_attribute *a)
{
    for (size_t i = 0; i < a->value.size; i++) {
        uint8_t b = a->value.data[i];
        bool c1 = b == 0xc2 && i + 1 < a->value.size && a->value.data[i + 1] < 0xa0;
        if (b < 0x20 || b == 0x7f || (c1 && a->tag == DER_UTF8_STRING))
            return false;
    }
    return true;
}

static bool has_no_edge(const struct dn_attribute *a)
{
    return a->value.size == 0 ||
           (a->value.data[0] != ' ' && a->value.data[a->value.size - 1] != ' ');
}

static bool each(struct lint_case *c, bool (*fits)(const struct dn_attribute *), const char *why)
{
    const struct lint_name *name = name_of(c);

    for (size_t i = 0; i < name->count; i++)
        if (!fits(&name->attribute[i]))
            return lint_miss(c, "%s of the %s %s", what_it_is(&name->attribute[i]), whose(c), why);
    return true;
}

#define EACH(lint_, fits_, why_)                                                                   \
    static bool lint_(struct lint_case *c)                                                         \
    {                                                                                              \
        return each(c, fits_, why_);                                                               \
    }

EACH(name_types, type_fits, "has a string type that it may not have")
EACH(name_lengths, length_fits, "is too long")
EACH(name_says, says_something, "says nothing")
EACH(name_utf8, is_utf8, "is no UTF-8")
EACH(name_printable, is_printable, "has a character that PrintableString has not")
EACH(name_control, has_no_control, "has a control character")
EACH(name_edges, has_no_edge, "begins or ends with a blank")

// clang-format off
const struct lint name_lints[] = {
    { "subject_formed",    "RFC 5280 4.1.2.6", LINT_ALL, ALWAYS, NULL, 0, name_formed,      SUBJECT },
    { "subject_crowded",   "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_not_crowded, SUBJECT },
    { "subject_single",    "BR 7.1.4.1",       LINT_ALL, ALWAYS, NULL, 0, name_single,      SUBJECT },
    { "subject_encoding",  "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_types,       SUBJECT },
    { "subject_length",    "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_lengths,     SUBJECT },
    { "subject_says",      "RFC 5280 A.1",     LINT_ALL, ALWAYS, NULL, 0, name_says,        SUBJECT },
    { "subject_utf8",      "X.690 8.23",       LINT_ALL, ALWAYS, NULL, 0, name_utf8,        SUBJECT },
    { "subject_printable", "X.680 41.4",       LINT_ALL, ALWAYS, NULL, 0, name_printable,   SUBJECT },
    { "subject_control",   "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_control,     SUBJECT },
    { "subject_edges",     "RFC 5280 7.1",     LINT_ALL, ALWAYS, NULL, 0, name_edges,       SUBJECT },
    { "issuer_formed",     "RFC 5280 4.1.2.4", LINT_ALL, ALWAYS, NULL, 0, name_formed,      ISSUER },
    { "issuer_crowded",    "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_not_crowded, ISSUER },
    { "issuer_not_empty",  "RFC 5280 4.1.2.4", LINT_ALL, ALWAYS, NULL, 0, name_not_empty,   ISSUER },
    { "issuer_single",     "BR 7.1.4.1",       LINT_ALL, ALWAYS, NULL, 0, name_single,      ISSUER },
    { "issuer_encoding",   "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_types,       ISSUER },
    { "issuer_length",     "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_lengths,     ISSUER },
    { "issuer_says",       "RFC 5280 A.1",     LINT_ALL, ALWAYS, NULL, 0, name_says,        ISSUER },
    { "issuer_utf8",       "X.690 8.23",       LINT_ALL, ALWAYS, NULL, 0, name_utf8,        ISSUER },
    { "issuer_printable",  "X.680 41.4",       LINT_ALL, ALWAYS, NULL, 0, name_printable,   ISSUER },
    { "issuer_control",    "BR 7.1.4.2",       LINT_ALL, ALWAYS, NULL, 0, name_control,     ISSUER },
    { "issuer_edges",      "RFC 5280 7.1",     LINT_ALL, ALWAYS, NULL, 0, name_edges,       ISSUER },
    { 0 },
};
// clang-format on
