/* figures - counts for /metrics what only the database knows: jobs, webhooks that fail, the tail of
 * the audit log, certificates that expire. Asked here and nowhere else, every few seconds on a
 * thread of its own. What cannot be asked is not shown. */
#ifndef SCHEDULER_FIGURES_H
#define SCHEDULER_FIGURES_H

#include "store/store.h"

struct figures;

struct figures *figures_start(const struct store_options *store, struct duration every);
void figures_stop(struct figures *g); /* NULL allowed */

/* Once, now. */
bool figures_take(struct store *store, struct fault *f);

#endif
