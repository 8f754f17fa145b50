/* library - how libunbound is set up, and what it says in our words. Only the resolver's. */
#ifndef LOOK_LIBRARY_H
#define LOOK_LIBRARY_H

#include <unbound.h>

#include "look/resolver.h"

/* A context that is known to work, or NULL. */
struct ub_ctx *library_open(const struct resolver_options *options, struct fault *f);

/* `answer` borrows from `result` and from `records`. */
void library_answer(int error, struct ub_result *result, struct bytes records[RESOLVER_RECORDS_MAX],
                    struct resolver_answer *answer);

/* Why a look-up could not even begin, for people. */
const char *library_reason(int error);

#endif
