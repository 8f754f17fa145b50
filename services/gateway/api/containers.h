/* containers - the service Containers: the divisions of an account. */
#ifndef API_CONTAINERS_H
#define API_CONTAINERS_H

#include "role.pb-c.h"
#include "route.h"
#include "user.pb-c.h"

extern Containers_Service containers_service;
extern const struct route container_routes[];

const ContainerTemplate *container_template_find(struct call *call, int32_t id); /* or NULL */

/* container_add.c */
void containers_add(Containers_Service *self, const ContainerRequest *in,
                    ContainerMade_Closure answer, void *data);

/* container_list.c. One of the caller's account, or FAULT_NO_CONTAINER. */
bool container_find(struct call *call, int64_t container_id, Container **out);
bool container_missing(struct call *call); /* sets that fault; false */

/* The part that the filter asks for; `out` has its page. */
bool container_list_read(struct call *call, ContainerFilter *filter, ContainerList *out);

/* Those of the caller's account, the first thousand. */
bool containers_all(struct call *call, Container ***out, size_t *count);

/* Those of them that take orders. */
struct container_ids {
    int64_t *items;
    size_t count;
};
bool containers_active(struct call *call, struct container_ids *out);

/* May orders of the caller's account be placed there? Else FAULT_INVALID at container.id. */
bool container_takes_orders(struct call *call, int64_t container_id);

#endif
