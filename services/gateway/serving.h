/* serving - which families of routes this process serves, and at which addresses.
 *
 * What a gateway can serve has names, as they stand in GATEWAY_SERVES. Each has a setting for an
 * address of its own; those that name the same address share one door.
 */
#ifndef GATEWAY_SERVING_H
#define GATEWAY_SERVING_H

#include "base/arena.h"
#include "http.h"

struct serving {
    const char *name;
    const char *setting;                 /* "PAGES_LISTEN": what it is called ... */
    const char *const *listen;           /* ... and says; "": where the first row listens */
    const struct route_family *families; /* ends with a row without tables */
};

/* "api pages": a bit for each row that is named, 1 << its place. 0: a name is unknown, or there is
 * none. Rows end with one without a name. */
unsigned serving_read(const struct serving *rows, const char *words);

/* One after the other, in the arena. */
struct route_family *serving_families(struct arena *a, const struct serving *rows, unsigned chosen);

/* A door for each address of what is chosen, at most HTTP_DOORS_MAX; the next has no `listen`. */
void serving_doors(struct arena *a, const struct serving *rows, unsigned chosen,
                   struct http_door *out);

#endif
