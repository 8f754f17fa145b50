/* containers - the service Containers: the divisions of an account. */
#ifndef API_CONTAINERS_H
#define API_CONTAINERS_H

#include "route.h"
#include "user.pb-c.h"

extern Containers_Service containers_service;
extern const struct route container_routes[];

/* Those of the caller's account, the first thousand. */
bool containers_all(struct call *call, Container ***out, size_t *count);

/* May orders of the caller's account be placed there? Else FAULT_INVALID at container.id. */
bool container_takes_orders(struct call *call, int64_t container_id);

#endif
