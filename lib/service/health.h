/* health - the admin listener: /livez, /readyz and /metrics, without authentication. Bind it where
 * only the orchestrator reaches it.
 *
 * Checks run on a thread of their own every two seconds, so that one that hangs delays nobody;
 * their last outcome is what /readyz shows.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

/* Ready as far as this check knows? If not, `f` says why; it is shown. */
struct health_check {
    const char *name;
    bool (*ready)(void *context, struct fault *f);
    void *context;
};

struct health;

/* `listen` is "127.0.0.1:9100"; `checks` (borrowed) ends with a row without name. Nothing is ready
 * before all checks were run once. */
struct health *health_start(const char *listen, const struct health_check *checks, struct fault *f);
void health_stop(struct health *h); /* NULL allowed */

/* From now on not ready: the service is about to stop and wants no new work. */
void health_drain(struct health *h);

/* Runs the checks once more and waits for that. For tests. */
void health_refresh(struct health *h);

uint16_t health_port(const struct health *h);

#endif
