/* subject - distinguished names that we write: of leaves and of authorities. */
#ifndef X509_SUBJECT_H
#define X509_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "base/text.h"

/* In the order in which they stand in a name (TLS BR 7.1.4.2). */
enum subject_type {
    SUBJECT_COUNTRY,
    SUBJECT_STATE,
    SUBJECT_LOCALITY,
    SUBJECT_POSTAL_CODE,
    SUBJECT_STREET,
    SUBJECT_ORGANIZATION,
    SUBJECT_SURNAME,
    SUBJECT_GIVEN_NAME,
    SUBJECT_COMMON_NAME,
    SUBJECT_TYPES
};

struct subject_attribute {
    enum subject_type type;
    const char *value;
};

/* Is it there, and no longer than RFC 5280 A.1 allows, in characters? */
bool subject_fits(const struct subject_attribute *attribute);

/* The whole Name, in the order above whatever the order given; empty when there is none.
 * FAULT_INTERNAL for one that does not fit. */
bool subject_add(struct text *t, const struct subject_attribute *attributes, size_t count,
                 struct fault *f);

#endif
