/* A new division, with its first user where one is named: both are made, or neither. */
#include "api/containers.h"
#include "api/containers.sql.h"
#include "api/text_rules.h"
#include "api/users.h"
#include "caller.h"
#include "statement.h"

enum { DEPARTMENT = 5 }; /* the template of who names none */

// clang-format off
static const struct text_rule add_rules[] = {
    { "name",        TEXT_LINE,  128,  .need = TEXT_REQUIRED },
    { "description", TEXT_LINES, 1024 },
    { 0 },
};
// clang-format on

struct addition {
    struct call *call;
    ContainerChange division;
    UserChange *user; /* NULL: nobody */
    ContainerMade made;
};

/* ---- the first user */

static bool given(const char *text)
{
    return text && *text;
}

/* Clients that have no user to name send one without anything in it. */
static bool is_nobody(const UserRequest *u)
{
    if (!u)
        return true;
    for (size_t i = 0; i < u->n_access_roles; i++)
        if (u->access_roles[i]->has_id)
            return false;
    return !given(u->username) && !given(u->first_name) && !given(u->last_name) &&
           !given(u->email) && !given(u->job_title) && !given(u->telephone) &&
           !given(u->api_name) && !u->container && u->n_container_id_assignments == 0 &&
           !u->has_restricted_to_role_id && !u->is_api_only && !u->is_saml_sso_only;
}

static bool may_be_first(struct call *call, const UserRequest *u)
{
    if (u->is_api_only)
        return fault_set(&call->fault, FAULT_INVALID, "is_api_only",
                         "is for POST user, which tells the key");
    if (u->container)
        return fault_set(&call->fault, FAULT_INVALID, "container",
                         "must be left out: it is the new division");
    return caller_may(call, "user:create") || caller_refuse(call, "user:create");
}

/* What is wrong with the user is told as a member of it. */
static bool within_user(struct call *call, bool good)
{
    const char *field = arena_format(&call->arena, "user.%s", call->fault.field);
    const char *detail = arena_strdup(&call->arena, call->fault.detail);
    if (good || !*call->fault.field || fault_is_private(call->fault.code))
        return good;
    return fault_set(&call->fault, call->fault.code, field, "%s", detail);
}

static bool user_read(struct addition *a, const UserRequest *in)
{
    if (is_nobody(in))
        return true;
    a->user = arena_new(&a->call->arena, UserChange);
    user_change__init(a->user);
    return within_user(a->call, may_be_first(a->call, in) && person_read(a->call, in, a->user));
}

/* ---- both */

static bool division_read(struct addition *a, const ContainerRequest *in)
{
    Container *parent;
    struct call *call = a->call;
    if (!container_find(call, in->container_id, &parent) ||
        !texts_good(call, &in->base, add_rules, ""))
        return false;
    if (in->has_template_id && !container_template_find(call, in->template_id))
        return fault_set(&call->fault, FAULT_INVALID, "template_id", "is no template");
    a->division.has_container_id = a->division.has_template_id = true;
    a->division.container_id = in->container_id;
    a->division.template_id = in->has_template_id ? in->template_id : DEPARTMENT;
    a->division.name = in->name;
    a->division.description = in->description;
    return parent->is_active || fault_set(&call->fault, FAULT_INVALID, "container_id",
                                          "is a division that is not active");
}

/* The worker's own connection, which is `s`, and the call's own fault. */
static bool store(struct store *s, void *context, struct fault *f)
{
    (void)s, (void)f;
    struct addition *a = context;
    struct call *call = a->call;
    UserMade user = USER_MADE__INIT;
    bool found = false;
    if (!statement_maybe(call, &sql_container_add, &a->division.base, &a->made.base, &found))
        return false;
    if (!found)
        return container_missing(call);
    if (!a->user)
        return true;
    a->user->has_container_id = true;
    a->user->container_id = a->made.id;
    return within_user(call, user_insert(call, a->user, &user));
}

void containers_add(Containers_Service *self, const ContainerRequest *in,
                    ContainerMade_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct addition a = { .call = call,
                          .division = CONTAINER_CHANGE__INIT,
                          .made = CONTAINER_MADE__INIT };
    if (division_read(&a, in) && user_read(&a, in->user) &&
        store_transaction(store_mine(), store, &a, &call->fault))
        answer(&a.made, call);
    else
        call_fail(call);
}
