/* readiness - what a service must have to be ready: the database, if it has one, as it answers, as it
 * takes what is written, and as its clock goes; the services that it needs; and checks of its own. */
#ifndef SERVICE_READINESS_H
#define SERVICE_READINESS_H

#include "service/service.h"

struct readiness;

/* `store` is its own from now on; NULL: without a database. The list of checks ends with a row without name. */
struct readiness *readiness_new(const struct service_run *run, struct store *store);
const struct health_check *readiness_checks(const struct readiness *r);
void readiness_free(struct readiness *r); /* NULL allowed */

#endif
