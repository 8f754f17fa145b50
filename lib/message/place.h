/* place - where in a document we are, for faults: "certificate.dns_names[3]". */
#ifndef MESSAGE_PLACE_H
#define MESSAGE_PLACE_H

#include <stddef.h>

struct place {
    const struct place *outer; /* NULL: in the document itself */
    const char *name;          /* NULL: an item of a list */
    size_t index;
};

/* Cut off where `out` is full. `p` may be NULL. */
void place_text(const struct place *p, char *out, size_t size);

#endif
