/* thread - threads of the bus: no signal is delivered to them. */
#ifndef BUS_THREAD_H
#define BUS_THREAD_H

#include <pthread.h>

#include "base/fault.h"

/* `name` has at most 15 characters; it shows in ps and in core files. */
bool thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *context,
                  struct fault *f);

#endif
