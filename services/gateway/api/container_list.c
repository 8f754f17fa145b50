/* Which divisions there are. */
#include "api/containers.h"

#include "api/containers.sql.h"
#include "api/page.h"
#include "statement.h"

bool container_missing(struct call *call)
{
    return fault_set(&call->fault, FAULT_NO_CONTAINER, "container_id",
                     "there is no such container");
}

static bool container_look(struct call *call, int64_t container_id, Container **out, bool *found)
{
    ContainerFilter filter = CONTAINER_FILTER__INIT;
    ContainerRow row = CONTAINER_ROW__INIT;
    filter.has_only_id = filter.has_offset = filter.has_limit = true;
    filter.only_id = container_id;
    filter.limit = 1;
    if (!statement_maybe(call, &sql_container_list, &filter.base, &row.base, found))
        return false;
    *out = row.container;
    return true;
}

bool container_find(struct call *call, int64_t container_id, Container **out)
{
    bool found = false;
    return container_look(call, container_id, out, &found) && (found || container_missing(call));
}

bool container_takes_orders(struct call *call, int64_t container_id)
{
    Container *container;
    bool found = false;
    if (!container_look(call, container_id, &container, &found))
        return false;
    return (found && container->is_active) ||
           fault_set(&call->fault, FAULT_INVALID, "container.id",
                     found ? "is a division that is not active" : "is no division of this account");
}

bool container_list_read(struct call *call, ContainerFilter *filter, ContainerList *out)
{
    struct rows rows;
    if (!page_read(call, &sql_container_list, &filter->base, &rows, out->page))
        return false;
    out->containers = arena_array(&call->arena, Container *, rows.count);
    for (size_t i = 0; i < rows.count; i++)
        out->containers[out->n_containers++] = ((const ContainerRow *)rows.items[i])->container;
    return true;
}

bool containers_all(struct call *call, Container ***out, size_t *count)
{
    ContainerFilter filter = CONTAINER_FILTER__INIT;
    ContainerList list = CONTAINER_LIST__INIT;
    Page page = PAGE__INIT;
    list.page = &page;
    if (!container_list_read(call, &filter, &list))
        return false;
    *out = list.containers;
    *count = list.n_containers;
    return true;
}

bool containers_active(struct call *call, struct container_ids *out)
{
    Container **all;
    size_t count;
    if (!containers_all(call, &all, &count))
        return false;
    *out = (struct container_ids){ arena_array(&call->arena, int64_t, count), 0 };
    for (size_t i = 0; i < count; i++)
        if (all[i]->is_active)
            out->items[out->count++] = all[i]->id;
    return true;
}
