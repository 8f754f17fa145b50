/* migrate - the schema's versions: files NNNN_name.sql, forward only, each applied once, in order,
 * in a transaction of its own (so a file has no BEGIN or COMMIT). What was applied is recorded in
 * table schema_migration with the SHA-256 of the file; a file that was changed afterwards is a
 * fault.
 *
 * NNNN_index.concurrent.sql is one CREATE INDEX CONCURRENTLY of the index that it is named after,
 * outside of a transaction, so that writers go on. What a failed try has left is dropped and tried
 * again; it is recorded when the index stands.
 *
 * The functions are not versions: after the migrations all files of the sibling folder `functions`
 * are loaded in the order of their names, in one transaction, whenever one of them has changed. So
 * they say CREATE OR REPLACE; what is to go, a migration drops.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/secret.h"
#include "store/store.h"

/* As the owner of the schema. One at a time: others wait. `*applied` (may be NULL) counts the files
 * that were new. A database that is ahead of `folder` is left as it is, its functions too. */
bool migrate(struct secret url, const char *folder, int *applied, struct fault *f);

/* Number of the newest migration in the database; 0 when there is none. */
bool migrate_current(struct store *s, int *number, struct fault *f);

/* Services start only on a schema they know: FAULT_INTERNAL when it is outside [oldest, newest].
 * `newest` is 0 when any later one will do. */
bool migrate_check(struct store *s, int oldest, int newest, struct fault *f);

/* 64 hex digits over names and contents of all files: the same for the same schema. */
bool migrate_fingerprint(const char *folder, char out[65], struct fault *f);

#endif
