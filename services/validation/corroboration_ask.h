/* corroboration_ask - one question to one perspective, and what its answer says: inside of corroboration.c, which asks, and
 * corroboration_said.c, which makes of all answers what is kept, logged and told.
 */
#ifndef VALIDATION_CORROBORATION_ASK_H
#define VALIDATION_CORROBORATION_ASK_H

#include "corroboration_kind.h"

/* One question to one perspective, about up to PERSPECTIVE_PLACES names. */
struct corroboration_ask {
    struct corroboration *of;
    const struct perspective *perspective;
    const ProtobufCMessage *question;
    const struct corroboration_name *names; /* that it is about */
    size_t count;
    struct arena arena; /* of the answer: others may come in at the same time */
    const PerspectiveAnswer *answer;
    const char *why; /* NULL: the answer can be used; else nobody knows what it sees */
    struct tick begun;
    struct bus_call call;
};

/* Why this one does not confirm the i-th of its names; NULL: it does. In `arena`, or of the answer's strings. */
const char *corroboration_objection(struct arena *arena, const struct corroboration_ask *a,
                                    size_t i);

/* When all have answered or given up: what came of the i-th name of the corroboration. */
void corroboration_judge(struct corroboration *c, size_t i);

#endif
