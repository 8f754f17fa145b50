#include "x509/subject.h"

#include <string.h>

#include "x509/oid.h"

#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

// clang-format off
static const struct row {
    const char *name;
    struct bytes oid;
    unsigned tag;
    size_t least, most; /* characters: TLS BR 7.1.4.2, RFC 5280 A.1 */
} rows[SUBJECT_TYPES] = {
    [SUBJECT_COUNTRY]      = { "country",      BYTES("\x55\x04\x06"), DER_PRINTABLE_STRING, 2, 2 },
    [SUBJECT_STATE]        = { "state",        BYTES("\x55\x04\x08"), DER_UTF8_STRING, 1, 128 },
    [SUBJECT_LOCALITY]     = { "locality",     BYTES("\x55\x04\x07"), DER_UTF8_STRING, 1, 128 },
    [SUBJECT_POSTAL_CODE]  = { "postal_code",  BYTES("\x55\x04\x11"), DER_UTF8_STRING, 1, 40 },
    [SUBJECT_STREET]       = { "street",       BYTES("\x55\x04\x09"), DER_UTF8_STRING, 1, 128 },
    [SUBJECT_ORGANIZATION] = { "organization", BYTES("\x55\x04\x0a"), DER_UTF8_STRING, 1, 64 },
    [SUBJECT_SURNAME]      = { "surname",      BYTES("\x55\x04\x04"), DER_UTF8_STRING, 1, 64 },
    [SUBJECT_GIVEN_NAME]   = { "given_name",   BYTES("\x55\x04\x2a"), DER_UTF8_STRING, 1, 64 },
    [SUBJECT_COMMON_NAME]  = { "common_name",  BYTES("\x55\x04\x03"), DER_UTF8_STRING, 1, 64 },
};
// clang-format on

static size_t characters(const char *s)
{
    size_t count = 0;

    for (; *s; s++)
        count += (*s & 0xc0) != 0x80; /* not inside a character of UTF-8 */
    return count;
}

bool subject_fits(const struct subject_attribute *attribute)
{
    const struct row *row = &rows[attribute->type];
    size_t length = attribute->value ? characters(attribute->value) : 0;

    return length >= row->least && length <= row->most;
}

static void add_attribute(struct text *t, const struct row *row, const char *value)
{
    size_t set = der_begin(t, DER_SET), attribute = der_begin(t, DER_SEQUENCE);

    der_add(t, DER_OID, row->oid);
    der_add_text(t, row->tag, value);
    der_end(t, attribute);
    der_end(t, set);
}

bool subject_add(struct text *t, const struct subject_attribute *attributes, size_t count,
                 struct fault *f)
{
    size_t name = der_begin(t, DER_SEQUENCE);

    for (size_t i = 0; i < count; i++)
        if (!subject_fits(&attributes[i]))
            return fault_set(f, FAULT_INTERNAL, rows[attributes[i].type].name,
                             "is missing or of the wrong length for a subject");
    for (enum subject_type type = 0; type < SUBJECT_TYPES; type++)
        for (size_t i = 0; i < count; i++)
            if (attributes[i].type == type)
                add_attribute(t, &rows[type], attributes[i].value);
    der_end(t, name);
    return true;
}
