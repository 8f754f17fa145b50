#include "openapi_body.h"

#include <string.h>

enum { MEMBERS_MAX = 8 };

/* What the messages do not say, since several calls share one or a handler looks itself: members that
 * a call refuses to be without, and members that are another call's. tests/api/bodies.mjs tries them. */
static const struct body_rule {
    const char *service, *method;
    const char *needed[MEMBERS_MAX], *foreign[MEMBERS_MAX];
} rules[] = {
    { "OrderContacts", "Set", { "contacts" }, { 0 } },
    { "WebhookSettingsApi", "Create", { "endpoint" }, { "webhook_id", "token" } },
    { "WebhookSettingsApi", "Update", { "endpoint" }, { "token" } },
    { "WebhookSettingsApi",
      "CheckChallenge",
      { "token" },
      { "endpoint", "secret", "events", "webhook_settings" } },
    { "Users", "Add", { "email" }, { 0 } },
    { "Users", "SetRole", { "access_roles" }, { 0 } },
    { "Keys", "Add", { "name" }, { 0 } },
};

static const struct body_rule *rule_of(const struct route_entry *e)
{
    const struct rpc *rpc = &e->route->rpc;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].service, rpc->service->descriptor->name) == 0 &&
            strcmp(rules[i].method, rpc->method) == 0)
            return &rules[i];
    return NULL;
}

static bool is_among(const char *const *names, const char *name)
{
    size_t i = 0;
    while (i < MEMBERS_MAX && names[i] && strcmp(names[i], name) != 0)
        i++;
    return i < MEMBERS_MAX && names[i];
}

/* The body is the input without what comes from elsewhere. */
static bool is_in_body(const void *context, const ProtobufCFieldDescriptor *field)
{
    const struct body_rule *rule = rule_of(context);
    return route_opens(context, field->name) && !(rule && is_among(rule->foreign, field->name));
}

static bool is_needed(const void *context, const ProtobufCFieldDescriptor *field)
{
    const struct body_rule *rule = rule_of(context);
    return field->label == PROTOBUF_C_LABEL_REQUIRED ||
           (rule && is_among(rule->needed, field->name));
}

void openapi_body(struct schemas *s, const struct route_entry *e)
{
    const struct schema_part part = { e->in, is_in_body, is_needed, e };
    if (e->route->flags & ROUTE_RAW) {
        text_add(s->out, ",\"requestBody\":{\"required\":true,\"content\":{\"*/*\":{}}}");
        return;
    }
    text_format(s->out, ",\"requestBody\":{%s\"content\":{\"application/json\":{\"schema\":",
                schema_needs_any(&part) ? "\"required\":true," : "");
    schema_add_object(s, &part);
    text_add(s->out, "}}}");
}
