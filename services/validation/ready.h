/* ready - does the resolver get validated answers? */
#ifndef VALIDATION_READY_H
#define VALIDATION_READY_H

#include <stdbool.h>

#include "base/fault.h"

/* A health check: the root's own record; when it was found it is asked for again after 5 s. */
bool resolver_ready(void *context, struct fault *f);

#endif
