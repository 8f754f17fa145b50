/* The subject of a domain validated certificate. */
#include <stdio.h>
#include <string.h>

#include "lints/lint.h"
#include "lints/names.h"
#include "pki/dn.h"
#include "x509/oid.h"

enum { COMMON_NAME_MAX = 64, ATTRIBUTES_MAX = 32 };

/* Each attribute in turn until `holds` is false for one. */
static bool each_attribute(struct lint_case *c,
                           bool (*holds)(struct lint_case *, const struct dn_attribute *))
{
    struct dn_attribute attribute;
    struct dn walk;

    if (!dn_open(c->tbs.subject, &walk))
        return lint_miss(c, "subject is malformed");
    while (dn_next(&walk, &attribute))
        if (!holds(c, &attribute))
            return false;
    return true;
}

static bool is_dv_attribute(struct lint_case *c, const struct dn_attribute *a)
{
    return bytes_equal(a->oid, OID_COMMON_NAME) || bytes_equal(a->oid, OID_COUNTRY) ||
           lint_miss(c, "subject has more than country and common name");
}

static bool subject_dv(struct lint_case *c)
{
    return each_attribute(c, is_dv_attribute);
}

static bool subject_no_duplicates(struct lint_case *c)
{
    struct dn_attribute attribute;
    struct bytes seen[ATTRIBUTES_MAX];
    size_t count = 0;
    struct dn walk;

    if (!dn_open(c->tbs.subject, &walk))
        return lint_miss(c, "subject is malformed");
    for (; dn_next(&walk, &attribute); seen[count++] = attribute.oid) {
        if (count == ATTRIBUTES_MAX)
            return lint_miss(c, "subject has too many attributes");
        for (size_t i = 0; i < count; i++)
            if (bytes_equal(seen[i], attribute.oid))
                return lint_miss(c, "subject has an attribute twice");
    }
    return true;
}

/* RFC 5280 A.1: those that are not 64 characters. */
// clang-format off
static const struct {
    struct bytes oid;
    size_t most;
} bounds[] = {
#define BYTES(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
    { BYTES("\x55\x04\x07"), 128 }, /* locality */
    { BYTES("\x55\x04\x08"), 128 }, /* state */
    { BYTES("\x55\x04\x09"), 128 }, /* street */
    { BYTES("\x55\x04\x11"), 40 },  /* postal code */
};
// clang-format on

static size_t bound_of(struct bytes oid)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        if (bytes_equal(bounds[i].oid, oid))
            return bounds[i].most;
    return COMMON_NAME_MAX;
}

static size_t characters(struct bytes value)
{
    size_t count = 0;

    for (size_t i = 0; i < value.size; i++)
        count += (value.data[i] & 0xc0) != 0x80;
    return count;
}

static bool is_well_encoded(struct lint_case *c, const struct dn_attribute *a)
{
    bool country = bytes_equal(a->oid, OID_COUNTRY);
    size_t length = characters(a->value);

    if (a->tag != DER_PRINTABLE_STRING && (country || a->tag != DER_UTF8_STRING))
        return lint_miss(c, "subject has a string of the wrong type");
    if (country)
        return a->value.size == 2 || lint_miss(c, "country is no two letters");
    return (length > 0 && length <= bound_of(a->oid)) ||
           lint_miss(c, "subject has an attribute of %zu characters", length);
}

static bool subject_encoding(struct lint_case *c)
{
    return each_attribute(c, is_well_encoded);
}

static bool is_from_san(struct lint_case *c, const struct dn_attribute *a)
{
    struct bytes name;
    struct name_walk walk;
    char text[COMMON_NAME_MAX + 1];
    struct identifier said = { .value = text };
    unsigned tag;

    if (!bytes_equal(a->oid, OID_COMMON_NAME))
        return true;
    snprintf(text, sizeof text, "%.*s", (int)a->value.size, (const char *)a->value.data);
    name_walk_open(c, &walk);
    while (name_walk_any(&walk, &tag, &name))
        if (a->value.size == strlen(text) && name_kind(tag, &said.kind) &&
            name_is(tag, name, &said))
            return true;
    return lint_miss(c, "common name is not one of the names");
}

static bool cn_in_san(struct lint_case *c)
{
    return each_attribute(c, is_from_san);
}

// clang-format off
const struct lint subject_lints[] = {
    { "subject_dv",            "BR 7.1.2.7.2", NULL, 0, subject_dv },
    { "subject_no_duplicates", "BR 7.1.4.1",   NULL, 0, subject_no_duplicates },
    { "subject_encoding",      "BR 7.1.4.2",   NULL, 0, subject_encoding },
    { "cn_in_san",             "BR 7.1.4.3",   NULL, 0, cn_in_san },
    { 0 },
};
// clang-format on
