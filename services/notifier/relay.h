/* relay - tells the others, by way of the database, whether this CA sends mails at all: without a relay the
 * gateway takes no order that is to be proved by mail. */
#ifndef NOTIFIER_RELAY_H
#define NOTIFIER_RELAY_H

#include "store/store.h"

/* What relay_said() will say, and the database it says it to; before the checks run. */
void relay_open(const struct store_options *store, bool is_there);

/* A health check: true once it has been said, which is tried until the database takes it. For the one thread
 * that runs the checks. */
bool relay_said(void *context, struct fault *f);

#endif
