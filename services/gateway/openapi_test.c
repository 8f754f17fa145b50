#include "common.pb-c.h"
#include "http_toy.h"
#include "list_csv.h"
#include "openapi.h"

// clang-format off
static const struct route rows[] = {
    { POST, "/toy/{name}", WORKER, RPC(toys, "Echo"), "toy:write", 201, "Make", .flags = ROUTE_IDEMPOTENCY_KEY },
    { GET,  "/toy/{id}",   WORKER, RPC(toys, "Echo"), "toy:read",  200, "Show" },
    { GET,  "/list",       WORKER, RPC(toys, "Echo"), "toy:read",  200, "List", .shape = list_csv_shape },
    { 0 },
};
// clang-format on
static const struct route *const tables[] = { rows, NULL };

static const struct route_family families[] = {
    { .base = "/v3", .tables = tables, .admit = toy_admit },
    { .base = "/v2", .tables = toy_tables, .admit = toy_admit },
    { .base = "", .tables = openapi_tables },
    { 0 },
};

// clang-format off
static const char *const parts[] = {
    "{\"openapi\":\"3.1.0\",",
    "\"/v2/toy/{id}\":{\"get\":{\"operationId\":\"Toys.Echo.6\",\"summary\":\"Show\",\"description\":\"answers at once\",\"tags\":[\"Toys\"],"
        "\"security\":[{\"key\":[]}],\"x-permission\":\"toy:read\",\"parameters\":["
        "{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",\"format\":\"int64\"}},",
    ",\"responses\":{\"204\":{\"description\":\"Done; no body\",\"headers\":{\"Request-Id\":{\"$ref\":\"#/components/headers/Request-Id\"}}},"
        "\"400\":{\"$ref\":\"#/components/responses/BadRequest\"},\"403\":{\"$ref\":\"#/components/responses/Forbidden\"},"
        "\"404\":{\"$ref\":\"#/components/responses/NotFound\"},\"409\":{\"$ref\":\"#/components/responses/Conflict\"},"
        "\"429\":{\"$ref\":\"#/components/responses/TooManyRequests\"},\"default\":{\"$ref\":\"#/components/responses/Error\"}}",
    /* One path that its rows call by two names is one item with one parameter. */
    "\"/v3/toy/{name_or_id}\":{\"post\":{",
    "\"x-path\":\"/v3/toy/{id}\",\"parameters\":[{\"name\":\"name_or_id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"integer\",",
    "\"x-path\":\"/v3/toy/{name}\",\"parameters\":[{\"name\":\"name_or_id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\"}}"
        ",{\"$ref\":\"#/components/parameters/Idempotency-Key\"}]",
    "{\"$ref\":\"#/components/parameters/Prefer\"}]",
    "\"Ignored-Parameters\":{\"$ref\":\"#/components/headers/Ignored-Parameters\"}",
    "\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/ToyOut\"}},\"text/csv\":{\"schema\":{\"type\":\"string\"}}}",
    "\"summary\":\"At once\",\"description\":\"answers at once\",\"tags\":[\"Toys\"],\"security\":[],",
    "\"tags\":[\"Description\"],\"security\":[],",
    "{\"name\":\"Orders\",\"description\":",
    "\"invalid_field\",\"access_denied|access_denied_invalid_key\",",
    /* What proto/ says beside a field, above a field, of a message and of an rpc. */
    "\"tags\":{\"description\":\"any number of words\",\"type\":\"array\",",
    "\"text\":{\"description\":\"What came, as JSON. It is \\\"quoted\\\".\",\"type\":\"string\"}",
    "\"ToyOut\":{\"description\":\"What a toy answers.\",\"type\":\"object\",",
    "{\"name\":\"limit\",\"in\":\"query\",\"description\":\"goes on in a second line\",\"schema\":",
    "\"summary\":\"Make\",\"description\":\"answers at once\",\"tags\":",
    "\"webhooks\":{\"event\":{\"post\":{",
    "{\"name\":\"webhook-timestamp\",\"in\":\"header\",\"description\":",
    "{\"schema\":{\"$ref\":\"#/components/schemas/EventBody\"}}}},\"responses\":{\"2XX\":{",
    "\"license\":{\"name\":\"Apache License 2.0\",\"identifier\":\"Apache-2.0\"}",
    "{\"name\":\"filters[status]\",\"in\":\"query\",\"schema\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}",
    "\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}},\"required\":[\"name\"]}}}}",
    "\"requestBody\":{\"required\":true,\"content\":{\"*/*\":{}}}",
    "\"filters\":{\"$ref\":\"#/components/schemas/ToyFilters\"}",
    "\"/v2/rest/{rest}\":{\"get\":",
    "\"ToyFilters\":{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"name\":{\"type\":\"string\"}}}",
    "\"name\":\"X-DC-DEVKEY\"",
    "\"body\":{\"type\":\"string\",\"contentEncoding\":\"base64\"}",
};

/* Of another family. */
static const char *const absent[] = { "\"/v3/toy/{id}\":" };
// clang-format on

static void the_document_is_served(void **state)
{
    struct fault f = { 0 };
    struct arena a;
    struct http_options o = toy_options();
    (void)state;
    arena_init(&a);
    o.doors[0].listen = "127.0.0.1:0";
    o.doors[0].families = families;
    struct http *h = http_start(&o, &f);
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

static void who_has_it_is_told_so(void **state)
{
    struct fault f = { 0 };
    struct arena a;
    (void)state;
    arena_init(&a);
    struct http *h = http_start(
        &(struct http_options){ HTTP_DEFAULTS,
                                .doors = { { .listen = "127.0.0.1:0", .families = families } } },
        &f);
    assert_non_null(h);
    const char *answer = exchange(h, &a, "HEAD /openapi.json", "", NULL);
    const char *etag = strstr(answer, "ETag: \"");
    assert_int_equal(status_of(answer), 200);
    assert_non_null(etag);
    const char *header =
        arena_format(&a, "If-None-Match: %.*s\r\n", (int)strcspn(etag + 6, "\r"), etag + 6);
    answer = exchange(h, &a, "GET /openapi.json", header, NULL);
    assert_int_equal(status_of(answer), 304);
    assert_string_equal(body_of(answer), "");
    answer = exchange(h, &a, "GET /openapi.json", "If-None-Match: \"of old\"\r\n", NULL);
    assert_int_equal(status_of(answer), 200);
    assert_int_equal(*body_of(answer), '{');
    toy_stop(h);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_document_is_served),
                                        cmocka_unit_test(who_has_it_is_told_so) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
