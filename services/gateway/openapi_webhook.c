#include "openapi_webhook.h"

#include "delivery.pb-c.h"
#include "message/json.h"

/* Standard Webhooks 1.0, and the published API's own header. */
static const struct {
    const char *name, *about, *schema;
    bool always;
} headers[] = {
    { "webhook-id", "The same for each attempt to deliver this message: drop what you have seen.",
      "{\"type\":\"string\",\"examples\":[\"evt_17_1234\"]}", true },
    { "webhook-timestamp", "When it was sent: seconds since 1970-01-01T00:00:00Z.",
      "{\"type\":\"integer\",\"format\":\"int64\"}", true },
    { "webhook-signature",
      "If the webhook has a secret: `v1,` and the base64 of HMAC-SHA-256 over webhook-id, a dot, "
      "webhook-timestamp, a dot and the body as it came. The key is the secret; of one that begins "
      "with `whsec_` what follows, decoded from base64. There may be several, with blanks between "
      "them, for a day after the secret was changed: one that fits is enough.",
      "{\"type\":\"string\"}", false },
    { "X-WEBHOOK-KEY", "The secret as it is, unless it begins with `whsec_`.",
      "{\"type\":\"string\"}", false },
};

static const char answers[] =
    "\"responses\":{\"2XX\":{\"description\":\"Taken.\"},\"410\":{\"description\":\"Nothing more "
    "is "
    "wanted: the webhook becomes inactive.\"},\"default\":{\"description\":\"Not taken: it is sent "
    "again, later and later.\"}}";

static void add_header(struct schemas *s, size_t index)
{
    text_add(s->out, index ? ",{\"name\":" : "{\"name\":");
    json_add_string(s->out, headers[index].name);
    text_add(s->out, ",\"in\":\"header\",\"description\":");
    json_add_string(s->out, headers[index].about);
    text_format(s->out, ",\"required\":%s,\"schema\":%s}", headers[index].always ? "true" : "false",
                headers[index].schema);
}

void openapi_webhooks(struct schemas *s)
{
    text_add(s->out, "\"webhooks\":{\"event\":{\"post\":{\"operationId\":\"Webhook.Event\","
                     "\"summary\":\"An event, or the challenge of an endpoint\",\"description\":"
                     "\"Posted to each active webhook that is to be told of it.\","
                     "\"tags\":[\"Webhooks\"],\"security\":[],\"parameters\":[");
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        add_header(s, i);
    text_add(s->out, "],\"requestBody\":{\"required\":true,\"content\":{\"application/json\":"
                     "{\"schema\":");
    schema_add_ref(s, &event_body__descriptor);
    text_format(s->out, "}}},%s}}},", answers);
}
