/* schema - the schema as files: a folder of migrations, and beside it a folder `functions`, which is
 * loaded as a whole.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#include "base/arena.h"
#include "base/fault.h"
#include "pki/digest.h"

enum { SCHEMA_HASH_SIZE = 2 * SHA256_SIZE + 1 };

struct schema_file {
    int number; /* 0: functions */
    char *name, *text;
    char sha256[SCHEMA_HASH_SIZE];
    char *index; /* which it builds outside of a transaction; NULL: a transaction of its own */
};

struct schema {
    struct arena arena;
    struct schema_file *migrations, *functions;
    int migration_count, function_count;
    char functions_sha256[SCHEMA_HASH_SIZE]; /* over names and contents */
};

/* Migrations in the order of their numbers, functions in that of their names. schema_free() it even
 * after a fault. */
bool schema_read(struct schema *out, const char *migrations, struct fault *f);
void schema_free(struct schema *s);

/* 64 hex digits over names and contents of all files: the same for the same schema. */
void schema_fingerprint(struct schema *s, char out[SCHEMA_HASH_SIZE]);

#endif
