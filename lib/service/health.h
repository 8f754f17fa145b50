/* health - the admin listener's pages: /livez, /readyz and /metrics, without authentication. Bind it
 * where only the orchestrator reaches it.
 *
 * Checks run on a thread of their own every two seconds, so that one that hangs delays nobody; what
 * is not ready is looked at again sooner, at first at once and then each second. Their last outcome
 * is what /readyz shows, for three rounds: then it is out of date, and nothing is ready. /livez says
 * no when no check has ended for a minute: only a new process helps.
 */
#ifndef SERVICE_HEALTH_H
#define SERVICE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"

/* Ready as far as this check knows? If not, `f` says why; it is shown. */
struct health_check {
    const char *name;
    bool (*ready)(void *context, struct fault *f);
    void *context;
};

/* Of the service itself, and one for each other that it may need (BUS_SERVICES_MAX). */
enum { HEALTH_CHECKS_MAX = 48 };

struct health_options {
    const char *listen;                /* "127.0.0.1:9100" */
    const struct health_check *checks; /* borrowed; ends with a row without name */
    struct duration every;             /* a round of checks; 0: 2 s */
    struct duration stuck;             /* a check that takes so long does not end; 0: 60 s */
};

struct health;

/* Nothing is ready before all checks were run once. More than HEALTH_CHECKS_MAX are not looked at. */
struct health *health_start(const struct health_options *options, struct fault *f);
void health_stop(struct health *h); /* NULL allowed */

/* From now on not ready: the service is about to stop and wants no new work. */
void health_drain(struct health *h);

/* Runs the checks once more and waits for that. For tests. */
void health_refresh(struct health *h);

uint16_t health_port(const struct health *h);

#endif
