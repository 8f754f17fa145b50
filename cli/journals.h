/* journals - the lines of an issuer's journal (services/issuer/journal.h), with what was set aside of it. */
#ifndef CLI_JOURNALS_H
#define CLI_JOURNALS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/fault.h"

/* Each line, its end cut off, the oldest first: PATH.000001 and so on, then PATH itself. The issuer may
 * go on writing: what it sets aside meanwhile is not missed, though it may be read twice. Ends with the
 * first that `take` refuses. FAULT_INVALID when a file cannot be read. */
bool journal_lines(struct arena *a, const char *path,
                   bool (*take)(void *data, char *line, struct fault *f), void *data,
                   struct fault *f);

#endif
