#include "openapi_component.h"

#include <string.h>

#include "message/json.h"

/* Headers of requests are parameters, those of answers are headers: one form. */
struct header {
    const char *name, *about, *schema;
};

static const struct header asked[] = {
    { "Prefer",
      "`handling=strict` (RFC 7240): unknown parameters, filters and keys to sort by are refused "
      "instead of left out.",
      "{\"type\":\"string\",\"examples\":[\"handling=strict\"]}" },
    { "Idempotency-Key",
      "A text of the client's own, one for each order it means to place. A second request with the "
      "same key and body gets the answer of the first; with another body it is refused (422). "
      "Without the header the request itself is the key, for ten minutes.",
      "{\"type\":\"string\"}" },
};

static const struct header told[] = {
    { "Request-Id", "Names this exchange in the logs: tell it when you ask about an answer.",
      "{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{32}$\"}" },
    { "Ignored-Parameters",
      "What was left out because it is not known, each with the known word that is nearest, if one "
      "is near: `filters[statuss] (status?), sort=colour`.",
      "{\"type\":\"string\"}" },
    { "Preference-Applied", "`handling=strict` when that was asked for (RFC 7240).",
      "{\"type\":\"string\"}" },
    { "Duplicate-Of", "The order that this request had placed before; no other one was placed.",
      "{\"type\":\"string\",\"pattern\":\"^[0-9]+$\"}" },
    { "Retry-After", "Seconds to wait before the next try (RFC 9110 section 10.2.3).",
      "{\"type\":\"integer\",\"minimum\":0}" },
    { "RateLimit",
      "Which limit is used up, what remains of it, and in how many seconds there is more.",
      "{\"type\":\"string\",\"examples\":[\"\\\"burst\\\";r=0;t=1\"]}" },
    { "RateLimit-Policy",
      "The limits of the API key, or of all keys of the account: how many requests (q) in how many "
      "seconds (w).",
      "{\"type\":\"string\"}" },
};

/* `headers` are of `told`, beside Request-Id. */
static const struct refusal {
    const char *name, *about;
    const char *headers[4];
} refusals[] = {
    { "Error", "What went wrong.", { "Retry-After" } },
    { "BadRequest", "A member is missing or wrong; `field` names it.", { 0 } },
    { "Forbidden", "The key is not valid, or its roles do not allow this call.", { 0 } },
    { "NotFound", "There is nothing of that name or id in the account.", { 0 } },
    { "Conflict", "The state that it is in does not allow the change.", { 0 } },
    { "TooManyRequests",
      "The limit of the API key, or that of all keys of the account, is used up.",
      { "Retry-After", "RateLimit", "RateLimit-Policy" } },
};

static void add_named(struct text *out, size_t index, const char *name)
{
    text_add(out, index ? "," : "");
    json_add_string(out, name);
    text_add(out, ":{\"description\":");
}

static void add_parameters(struct text *out)
{
    text_add(out, "\"parameters\":{");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        add_named(out, i, asked[i].name);
        json_add_string(out, asked[i].about);
        text_format(out, ",\"name\":\"%s\",\"in\":\"header\",\"schema\":%s}", asked[i].name,
                    asked[i].schema);
    }
    text_add(out, "},");
}

static void add_headers(struct text *out)
{
    text_add(out, "\"headers\":{");
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        add_named(out, i, told[i].name);
        json_add_string(out, told[i].about);
        text_format(out, ",\"schema\":%s}", told[i].schema);
    }
    text_add(out, "},");
}

static void add_refusals(struct text *out)
{
    static const char form[] = ",\"%s\":{\"$ref\":\"#/components/headers/%s\"}";
    text_add(out, "\"responses\":{");
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        add_named(out, i, r->name);
        json_add_string(out, r->about);
        text_add(out,
                 ",\"headers\":{\"Request-Id\":{\"$ref\":\"#/components/headers/Request-Id\"}");
        for (size_t n = 0; r->headers[n]; n++)
            text_format(out, form, r->headers[n], r->headers[n]);
        text_add(out, "},\"content\":{\"application/json\":{\"schema\":{\"$ref\":"
                      "\"#/components/schemas/Errors\"}}}}");
    }
    text_add(out, "},");
}

void openapi_components(struct text *out)
{
    text_add(out, "\"securitySchemes\":{\"key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":"
                  "\"X-DC-DEVKEY\",\"description\":\"An API key of the account.\"}},");
    add_parameters(out);
    add_headers(out);
    add_refusals(out);
}

/* The codes of lib/base/faults.def, each once. */
static const char *const codes[] = {
#define FAULT(name, status, code, retry) code,
#include "base/faults.def"
#undef FAULT
};

static bool is_first(size_t at)
{
    size_t i = 0;
    while (strcmp(codes[i], codes[at]) != 0)
        i++;
    return i == at && *codes[at];
}

void openapi_errors(struct text *out)
{
    bool comma = false;
    text_add(out, "\"Errors\":{\"type\":\"object\",\"description\":\"Why a call was refused.\","
                  "\"required\":[\"errors\"],\"properties\":{\"errors\":{\"type\":\"array\","
                  "\"description\":\"One or more reasons.\",\"items\":{\"type\":\"object\","
                  "\"required\":[\"code\",\"message\"],\"properties\":{\"code\":{\"type\":"
                  "\"string\",\"description\":\"For programs; new ones may be added.\",\"enum\":[");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (!is_first(i))
            continue;
        text_add(out, comma ? "," : "");
        json_add_string(out, codes[i]);
        comma = true;
    }
    text_add(out, "]},\"message\":{\"type\":\"string\",\"description\":\"For people.\"},"
                  "\"field\":{\"type\":\"string\",\"description\":\"The member that is meant, "
                  "dotted from the top of the body.\"}}}}}}");
}
