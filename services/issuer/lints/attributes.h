/* attributes - what may stand in a subject: the one table of encodings, lengths and places (BR 7.1.4.2,
 * EVG 7.1.4.2, RFC 5280 A.1). */
#ifndef LINTS_ATTRIBUTES_H
#define LINTS_ATTRIBUTES_H

#include "lints/read.h"

enum lint_attribute {
    ATTRIBUTE_DOMAIN_COMPONENT,
    ATTRIBUTE_COUNTRY,
    ATTRIBUTE_STATE,
    ATTRIBUTE_LOCALITY,
    ATTRIBUTE_POSTAL_CODE,
    ATTRIBUTE_STREET,
    ATTRIBUTE_ORGANIZATION,
    ATTRIBUTE_SURNAME,
    ATTRIBUTE_GIVEN_NAME,
    ATTRIBUTE_UNIT,
    ATTRIBUTE_COMMON_NAME, /* up to here each has its place in the order */
    ATTRIBUTE_CATEGORY,
    ATTRIBUTE_JURISDICTION_COUNTRY,
    ATTRIBUTE_JURISDICTION_STATE,
    ATTRIBUTE_JURISDICTION_LOCALITY,
    ATTRIBUTE_SERIAL_NUMBER,
    ATTRIBUTE_ORGANIZATION_ID,
    ATTRIBUTES
};

struct lint_attribute_row {
    const char *name;
    struct bytes oid;
    unsigned tag; /* the one string type that it may have; 0: UTF8String or PrintableString */
    size_t most;  /* characters */
    bool several; /* may stand there more than once */
};
extern const struct lint_attribute_row lint_attributes[ATTRIBUTES];

enum lint_attribute lint_attribute_of(struct bytes oid); /* ATTRIBUTES for any other */

/* The first of that kind in the subject; NULL if there is none. */
const struct dn_attribute *lint_subject_find(const struct lint_case *c, enum lint_attribute which);

#endif
