/* cache - Redis: what may be lost at any moment. One object per thread.
 *
 * Connects at first use and waits for nothing: 100 ms to connect, 100 ms for an answer, and after a
 * failure it is taken as down for a second, in which every call returns false at once. (A host name
 * is looked up by the system's resolver, which has its own patience: give an address or a socket.)
 * The process must ignore SIGPIPE.
 */
#ifndef STORE_CACHE_H
#define STORE_CACHE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"

struct cache;

/* "redis://[[user]:password@]host[:port]" or "unix:///path"; NULL and a fault for anything else. */
struct cache *cache_new(struct secret url, struct fault *f);
void cache_free(struct cache *c); /* NULL allowed */

bool cache_ping(struct cache *c);

/* A token bucket that all processes share, leased in portions: it gains `rate` tokens a second up
 * to `burst`. Takes up to `want` tokens and says how many it got, maybe 0; false when Redis cannot
 * be asked. */
bool cache_lease(struct cache *c, const char *bucket, double rate, int burst, int want,
                 int *granted);

/* Keeps bytes under a key for so long, at the most. False when Redis cannot be asked. */
bool cache_put(struct cache *c, const char *key, struct bytes value, struct duration life);

/* False: there are none, or Redis cannot be asked. */
bool cache_get(struct cache *c, struct arena *a, const char *key, struct bytes *out);

#endif
