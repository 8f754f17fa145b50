/* perspective_climb - a perspective's looks at CAA records. */
#ifndef VALIDATION_PERSPECTIVE_CLIMB_H
#define VALIDATION_PERSPECTIVE_CLIMB_H

#include "perspective.pb-c.h"
#include "service/service.h"

/* Looks as validation does, for whoever takes himself for `id`, and answers; a question that makes no sense is refused
 * with a fault that names its field. Keeps nothing, decides nothing. From any thread. */
void perspective_climb_begin(struct call *call, const char *id, const CaaQuestion *in,
                             PerspectiveAnswer_Closure closure);

#endif
