/* key_uses - when was each API key used last?
 *
 * No request updates a row for that: uses are remembered here, and a thread writes those of all keys
 * as one statement, every few seconds and when the gateway stops. What a crash forgets is that long
 * ago at the most.
 */
#ifndef GATEWAY_KEY_USES_H
#define GATEWAY_KEY_USES_H

#include <stdint.h>

#include "base/clock.h"
#include "store/store.h"

struct key_uses;

struct key_uses *key_uses_start(const struct store_options *store, struct duration every);
void key_uses_stop(struct key_uses *u); /* writes what is left; NULL allowed */

void key_uses_note(struct key_uses *u, int64_t api_key_id, int64_t account_id, struct instant at);

#endif
