/* conduct - the manner of a log (ct_log.c names them), and how many have asked it. Any thread. */
#ifndef PEERS_LOG_CONDUCT_H
#define PEERS_LOG_CONDUCT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* How one that asks is taken; who is held waits for another manner. */
const char *conduct_asked(struct arena *a);

/* From now on; false: there is no such manner. */
bool conduct_set(const char *manner);

/* As JSON. */
const char *conduct_told(struct arena *a, size_t entries);

#endif
