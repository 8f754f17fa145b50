/* heads - a copy of the audit chain's heads in a file outside the database, so that a chain that
 * was computed anew does not pass. One line each: "ID HASH TIME", the first of id 0. */
#ifndef SCHEDULER_HEADS_H
#define SCHEDULER_HEADS_H

#include "store/store.h"

/* Can the file be written? It is made if it is not there. */
bool heads_usable(const char *path, struct fault *f);

/* Has the file its beginning? It gets one before the first seal, or on an operator's word (chancery
 * audit heads begin); else an empty file is one whose heads are lost: FAULT_INTERNAL. */
bool heads_ready(struct store *store, struct arena *a, const char *path, struct fault *f);

/* Appends the heads that the file lacks, and syncs it. FAULT_INTERNAL when its last head is not the
 * database's: one of the two was changed. */
bool heads_copy(struct store *store, struct arena *a, const char *path, struct fault *f);

#endif
