/* writable - what this process's last writes to the database achieved: a server can answer every
 * question and yet have no room left, or be a replica now. All threads and connections share it. */
#ifndef STORE_WRITABLE_H
#define STORE_WRITABLE_H

#include "store/store.h"

/* False after a statement failed since the server could not write, until somebody proved that it
 * can again; `f` is what it said then. */
bool store_writable(struct fault *f);

/* Somebody wrote. */
void store_writes_again(void);

#endif
