#include "common.pb-c.h"
#include "http_toy.h"
#include "openapi.h"

static const struct route_family families[] = {
    { .base = "/v2", .tables = toy_tables, .admit = toy_admit },
    { .base = "", .tables = openapi_tables },
    { 0 },
};

// clang-format off
static const char *const parts[] = {
    "{\"openapi\":\"3.1.0\",",
    "\"/v2/toy/{id}\":{\"get\":{\"operationId\":\"Toys.Echo.3\",\"summary\":\"Show\",\"tags\":[\"Toys\"],"
        "\"security\":[{\"key\":[]}],\"x-permission\":\"toy:read\",\"parameters\":["
        "{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",\"format\":\"int64\"}},",
    ",\"responses\":{\"204\":{\"description\":\"Done; no body\"},\"default\":{\"$ref\":\"#/components/responses/Error\"}}",
    "{\"name\":\"filters[status]\",\"in\":\"query\",\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}",
    "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]}}}}",
    "\"requestBody\":{\"content\":{\"*/*\":{}}}",
    "\"filters\":{\"$ref\":\"#/components/schemas/ToyFilters\"}",
    "\"/v2/rest/{rest}\":{\"get\":",
    "\"ToyFilters\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"name\":{\"type\":\"string\"}}}",
    "\"name\":\"X-DC-DEVKEY\"",
    "\"body\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}",
};

/* What no client is to know: members that the door fills in. They are members of ToyOut, too. */
static const char *const absent[] = {
    "\"name\":\"account_id\"", "\"name\":\"now\"", "\"source\"", "\"ip\"", "\"Instant\"",
};
// clang-format on

static void the_document_is_served(void **state)
{
    struct fault f = { 0 };
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = http_start(
        &(struct http_options){ HTTP_DEFAULTS, .listen = "127.0.0.1:0", .families = families }, &f);
    assert_non_null(h);
    for (int i = 0; i < 2; i++) {
        const char *text = body_of(exchange(h, &a, "GET /openapi.json", "", NULL));
        if (!message_from_json(&a, &nothing__descriptor, text, strlen(text), &f))
            fail_msg("no JSON: %s %s", f.field, f.detail);
        for (size_t n = 0; n < sizeof parts / sizeof *parts; n++)
            if (!strstr(text, parts[n]))
                fail_msg("%s is not in %s", parts[n], text);
        for (size_t n = 0; n < sizeof absent / sizeof *absent; n++)
            if (strstr(text, absent[n]))
                fail_msg("%s is in %s", absent[n], text);
    }
    toy_stop(h);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_document_is_served) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
