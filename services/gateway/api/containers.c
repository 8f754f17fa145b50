#include "api/containers.h"

#include "api/containers.sql.h"
#include "api/text_rules.h"
#include "caller.h"
#include "list.h"
#include "statement.h"

// clang-format off
static const struct text_rule edit_rules[] = {
    { "name",        TEXT_LINE,  128,  .need = TEXT_FILLED },
    { "description", TEXT_LINES, 1024 },
    { 0 },
};
// clang-format on

/* ---- reading */

static void answer_list(struct call *call, ContainerFilter *filter, ContainerList_Closure answer)
{
    ContainerList out = CONTAINER_LIST__INIT;
    Page page = PAGE__INIT;
    out.page = &page;
    if (container_list_read(call, filter, &out))
        answer(&out, call);
    else
        call_fail(call);
}

static void containers_list(Containers_Service *self, const ContainerFilter *in,
                            ContainerList_Closure answer, void *data)
{
    (void)self;
    ContainerFilter filter = *in;
    answer_list(data, &filter, answer);
}

static void containers_children(Containers_Service *self, const ContainerPart *in,
                                ContainerList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ContainerFilter filter = CONTAINER_FILTER__INIT;
    Container *parent;
    if (!container_find(call, in->container_id, &parent)) {
        call_fail(call);
        return;
    }
    filter.has_parent_id = true;
    filter.parent_id = parent->id;
    filter.has_offset = in->has_offset;
    filter.offset = in->offset;
    filter.has_limit = in->has_limit;
    filter.limit = in->limit;
    filter.sort = in->sort;
    answer_list(call, &filter, answer);
}

static void containers_show(Containers_Service *self, const ContainerId *in,
                            Container_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    Container *container;
    if (container_find(call, in->container_id, &container))
        answer(container, call);
    else
        call_fail(call);
}

static void containers_parent(Containers_Service *self, const ContainerId *in,
                              Container_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    Container *container;
    if (container_find(call, in->container_id, &container) &&
        container_find(call, container->parent_id, &container))
        answer(container, call);
    else
        call_fail(call);
}

/* ---- what divisions begin with: policy/roles.json */

static AccessRole **roles_shown(struct call *call, const int32_t *ids, size_t count, size_t *shown)
{
    AccessRole **out = arena_array(&call->arena, AccessRole *, count + 1);
    *shown = 0;
    for (size_t i = 0; i < count; i++) {
        const Role *role = roles_find(caller_roles(call), ids[i]);
        if (!role)
            continue;
        AccessRole *one = out[(*shown)++] = arena_new(&call->arena, AccessRole);
        access_role__init(one);
        one->id = role->id;
        one->name = role->name;
    }
    return out;
}

const ContainerTemplate *container_template_find(struct call *call, int32_t id)
{
    const Roles *file = roles_file(caller_roles(call));
    for (size_t i = 0; i < file->n_container_templates; i++)
        if (file->container_templates[i]->id == id)
            return file->container_templates[i];
    return NULL;
}

/* The roles that people of a division can have are those of its template. */
static void containers_roles(Containers_Service *self, const ContainerWhole *in,
                             AccessRoleList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    AccessRoleList out = ACCESS_ROLE_LIST__INIT;
    Container *container;
    if (!container_find(call, in->container_id, &container)) {
        call_fail(call);
        return;
    }
    const ContainerTemplate *t = container_template_find(call, container->template_id);
    out.access_roles = roles_shown(call, t ? t->access_roles : NULL, t ? t->n_access_roles : 0,
                                   &out.n_access_roles);
    if (list_sort_items(call, &access_role__descriptor, in->sort,
                        (ProtobufCMessage **)(void *)out.access_roles, out.n_access_roles))
        answer(&out, call);
    else
        call_fail(call);
}

static ContainerTemplateInfo *template_shown(struct call *call, const ContainerTemplate *t)
{
    ContainerTemplateInfo *out = arena_new(&call->arena, ContainerTemplateInfo);
    container_template_info__init(out);
    out->id = t->id;
    out->name = t->name;
    out->date_created = t->date_created;
    return out;
}

static void containers_templates(Containers_Service *self, const ContainerWhole *in,
                                 ContainerTemplateList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ContainerTemplateList out = CONTAINER_TEMPLATE_LIST__INIT;
    const Roles *file = roles_file(caller_roles(call));
    Container *container;
    if (!container_find(call, in->container_id, &container)) {
        call_fail(call);
        return;
    }
    out.container_templates =
        arena_array(&call->arena, ContainerTemplateInfo *, file->n_container_templates + 1);
    for (size_t i = 0; i < file->n_container_templates; i++)
        out.container_templates[out.n_container_templates++] =
            template_shown(call, file->container_templates[i]);
    if (list_sort_items(call, &container_template_info__descriptor, in->sort,
                        (ProtobufCMessage **)(void *)out.container_templates,
                        out.n_container_templates))
        answer(&out, call);
    else
        call_fail(call);
}

static void containers_template(Containers_Service *self, const ContainerTemplateRef *in,
                                ContainerTemplateInfo_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    Container *container;
    if (!container_find(call, in->container_id, &container)) {
        call_fail(call);
        return;
    }
    const ContainerTemplate *t = container_template_find(call, in->template_id);
    if (!t) {
        fault_set(&call->fault, FAULT_NOT_FOUND, "template_id", "there is no such template");
        call_fail(call);
        return;
    }
    ContainerTemplateInfo *out = template_shown(call, t);
    out->access_roles = roles_shown(call, t->access_roles, t->n_access_roles, &out->n_access_roles);
    answer(out, call);
}

/* No division has fewer products than its account. */
static void containers_limits(Containers_Service *self, const ContainerId *in,
                              ProductLimits_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ProductLimits out = PRODUCT_LIMITS__INIT;
    Container *container;
    out.limited_container_ids = arena_new(&call->arena, int64_t);
    if (container_find(call, in->container_id, &container))
        answer(&out, call);
    else
        call_fail(call);
}

/* ---- changing */

static void change_store(struct call *call, ContainerChange *change, int64_t container_id,
                         Nothing_Closure answer)
{
    PersonChanged done = PERSON_CHANGED__INIT;
    Nothing nothing = NOTHING__INIT;
    bool found = false;
    change->has_container_id = true;
    change->container_id = container_id;
    if (statement_maybe(call, &sql_container_change, &change->base, &done.base, &found) &&
        (found || container_missing(call)) &&
        (done.changed || fault_set(&call->fault, FAULT_INVALID, "container_id",
                                   "is the account's own division, which stays active")))
        answer(&nothing, call);
    else
        call_fail(call);
}

static void containers_edit(Containers_Service *self, const ContainerEdit *in,
                            Nothing_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    ContainerChange change = CONTAINER_CHANGE__INIT;
    Container *container;
    if (!container_find(call, in->container_id, &container) ||
        !texts_good(call, &in->base, edit_rules, "")) {
        call_fail(call);
        return;
    }
    change.name = in->name;
    change.description = in->description;
    change_store(call, &change, in->container_id, answer);
}

static void containers_activate(Containers_Service *self, const ContainerId *in,
                                Nothing_Closure answer, void *data)
{
    (void)self;
    ContainerChange change = CONTAINER_CHANGE__INIT;
    change.has_is_active = change.is_active = true;
    change_store(data, &change, in->container_id, answer);
}

static void containers_deactivate(Containers_Service *self, const ContainerId *in,
                                  Nothing_Closure answer, void *data)
{
    (void)self;
    ContainerChange change = CONTAINER_CHANGE__INIT;
    change.has_is_active = true;
    change_store(data, &change, in->container_id, answer);
}

Containers_Service containers_service = CONTAINERS__INIT(containers_);

// clang-format off
const struct route container_routes[] = {
    { GET,  "/container",                                        WORKER, RPC(containers_service, "List"),       "container:read",   200, "List the account's divisions" },
    { GET,  "/container/{container_id}",                         WORKER, RPC(containers_service, "Show"),       "container:read",   200, "Show a division" },
    { PUT,  "/container/{container_id}",                         WORKER, RPC(containers_service, "Edit"),       "container:update", 204, "Change a division" },
    { PUT,  "/container/{container_id}/activate",                WORKER, RPC(containers_service, "Activate"),   "container:update", 204, "Let orders be placed in a division" },
    { PUT,  "/container/{container_id}/deactivate",              WORKER, RPC(containers_service, "Deactivate"), "container:update", 204, "Take no new orders in a division" },
    { GET,  "/container/{container_id}/parent",                  WORKER, RPC(containers_service, "Parent"),     "container:read",   200, "Show the division above" },
    { GET,  "/container/{container_id}/children",                WORKER, RPC(containers_service, "Children"),   "container:read",   200, "List the divisions below" },
    { POST, "/container/{container_id}/children",                WORKER, RPC(containers_service, "Add"),        "container:create", 201, "Add a division below" },
    { GET,  "/container/{container_id}/role",                    WORKER, RPC(containers_service, "Roles"),      "container:read",   200, "List the roles of a division's users" },
    { GET,  "/container/{container_id}/template",                WORKER, RPC(containers_service, "Templates"),  "container:read",   200, "List what new divisions may begin with" },
    { GET,  "/container/{container_id}/template/{template_id}",  WORKER, RPC(containers_service, "Template"),   "container:read",   200, "Show one of them" },
    { GET,  "/container/{container_id}/product-limits",          WORKER, RPC(containers_service, "Limits"),     "container:read",   200, "Show to which products a division is limited" },
    { 0 },
};
// clang-format on
