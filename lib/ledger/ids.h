/* ids - numbers that are ours alone, leased from a database sequence in blocks of 64, so that rows
 * that point at each other can be written by one statement. Gaps are normal. */
#ifndef LEDGER_IDS_H
#define LEDGER_IDS_H

#include "store/store.h"

struct ids;

/* `block`: a statement from Nothing to IdBlock on a sequence that grows by 64. */
struct ids *ids_new(const struct sql *block);
void ids_free(struct ids *ids);

/* The next number, from any thread with a store_mine(); it asks the database once in 64 calls. */
bool ids_next(struct ids *ids, int64_t *out, struct fault *f);

#endif
