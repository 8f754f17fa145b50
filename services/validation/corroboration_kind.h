/* corroboration_kind - what other points of view are asked about: a table of two. How they are asked, and what is
 * made of their answers, is the same for both (corroboration.c).
 */
#ifndef VALIDATION_CORROBORATION_KIND_H
#define VALIDATION_CORROBORATION_KIND_H

#include "corroboration.h"

struct corroboration_kind {
    /* Words for people: "found, but 3 of 5 other points of view see it". */
    const char *here, *agree;

    /* The section of the Baseline Requirements by which rules may exempt it; NULL: they cannot. */
    const char *(*section)(const struct corroboration *c);

    /* About `count` names from the first on, in the corroboration's arena. */
    const ProtobufCMessage *(*question)(const struct corroboration *c, size_t first, size_t count);

    void (*ask)(ProtobufCService *service, const ProtobufCMessage *question,
                PerspectiveAnswer_Closure told, struct bus_call *call);

    /* Why what one sees is no confirmation; NULL: it is one. Made of the sight's strings, or in `a`. */
    const char *(*objection)(struct arena *a, const struct corroboration *c,
                             const struct corroboration_name *n, const PerspectiveSight *sight);

    /* Of what one has said, when all have said more than can be kept, what may be left out. */
    void (*cut)(Corroborator *by);

    /* Nobody has looked there: that says nothing of what there is to be seen. */
    bool (*unseen)(const PerspectiveSight *sight);

    /* Moves the sight's proof into what is kept. Of who agrees the looks say nothing more. */
    void (*keep)(Corroborator *out, const PerspectiveSight *sight);
};

#endif
