/* share - how much of what this process looks at is one account's: names that are looked at at a time
 * (ROUNDS_ROOM in all, which is the room of the lane). Whoever has his share comes back later, so that
 * there is room for others. From any thread.
 */
#ifndef VALIDATION_SHARE_H
#define VALIDATION_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/turns.h"

enum { ROUNDS_ROOM = 2000, ROUNDS_SHARE = ROUNDS_ROOM / 4 };

/* False: the account has its share already, and whoever asks is to come back. */
bool share_take(struct turns_item *part, int64_t account_id, int names);
void share_give(struct turns_item *part);

/* What is given out is given back. */
void share_open(void);
void share_close(void);

#endif
