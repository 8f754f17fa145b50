/* front_matter - the lines before a text that say what it is:
 *
 *     ---
 *     title: Certificates are valid for at most 47 days
 *     begins: tls-validity-47, tls-advised-46
 *     ---
 *     The text.
 *
 * A line is a member of a message, by its name; of a list it has all items, with commas between. Nothing is
 * quoted, continued or nested: what would mean something else in YAML is refused.
 */
#ifndef MESSAGE_FRONT_MATTER_H
#define MESSAGE_FRONT_MATTER_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"

enum { FRONT_MATTER_MEMBERS_MAX = 32, FRONT_MATTER_SIZE_MAX = 1 << 20 };

struct front_matter {
    struct bytes text; /* what comes after it; borrowed */
    int line;          /* ... begins there; after a fault, where the fault is */
    int lines
        [FRONT_MATTER_MEMBERS_MAX]; /* where each member of the descriptor is said; 0: it is not */
};

/* Fills in `m`, whose members are texts and lists of texts; a member that is set already cannot be said.
 * False with FAULT_INVALID: what is wrong, at line `out->line`. Which members must be there, and what they may
 * say, is the caller's. */
bool front_matter_read(struct arena *a, struct bytes file, ProtobufCMessage *m,
                       struct front_matter *out, struct fault *f);

#endif
