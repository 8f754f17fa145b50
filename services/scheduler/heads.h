/* heads - a copy of the audit chain's heads in a file outside the database, so that a chain that
 * was computed anew does not pass. One line each: "ID HASH TIME". */
#ifndef SCHEDULER_HEADS_H
#define SCHEDULER_HEADS_H

#include "store/store.h"

/* Can the file be written? It is made if it is not there. */
bool heads_usable(const char *path, struct fault *f);

/* Appends the heads that the file lacks, and syncs it. FAULT_INTERNAL when its last head is not the
 * database's: one of the two was changed. */
bool heads_copy(struct store *store, struct arena *a, const char *path, struct fault *f);

#endif
