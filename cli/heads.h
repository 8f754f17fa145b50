/* heads - the copy of the audit chain's heads outside the database: lines "ID HASH TIME", in order
 * of the ids, read one by one. */
#ifndef CLI_HEADS_H
#define CLI_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "pki/digest.h"

struct head {
    int64_t id;
    uint8_t hash[SHA256_SIZE];
};

struct heads;

struct heads *heads_open(const char *path, struct fault *f);
void heads_close(struct heads *h); /* NULL allowed */

/* The next head, without going on; false at the end, and at a line that is no head. */
bool heads_peek(struct heads *h, struct head *out);
void heads_next(struct heads *h);

/* False when it did not end at the end of the file. */
bool heads_good(const struct heads *h, struct fault *f);

#endif
