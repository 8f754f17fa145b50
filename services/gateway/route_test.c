#include "http_toy.h"

// clang-format off
static const struct route trick_routes[] = {
    { GET,    "/a",               WORKER, RPC(toys, "Echo"), "any", 200, "literal" },
    { GET,    "/a/{id}",          WORKER, RPC(toys, "Echo"), "any", 200, "member" },
    { GET,    "/a/{name}/b",      WORKER, RPC(toys, "Echo"), "any", 200, "member below" },
    { GET,    "/a/x",             WORKER, RPC(toys, "Echo"), "any", 200, "literal below" },
    { POST,   "/a/{name}",        WORKER, RPC(toys, "Echo"), "any", 200, "other member name" },
    { DELETE, "/a/x/{id}/{name}", WORKER, RPC(toys, "Echo"), "any", 204, "two" },
    { GET,    "/f/{filters.name}", WORKER, RPC(toys, "Echo"), "any", 200, "deep" },
    { GET,    "/r/{rest...}",     WORKER, RPC(toys, "Echo"), "any", 200, "rest" },
    { 0 },
};

static const struct {
    enum method method;
    const char *path;
    const char *summary;  /* of the row that is found, or NULL */
    const char *values[2];
    unsigned allowed;
    const char *unserved;
} searches[] = {
    { GET,    "/v2/a",          "literal",           { NULL },       1 << GET },
    { GET,    "/v2/a/",         "literal",           { NULL },       1 << GET },
    { GET,    "/v2//a",         "literal",           { NULL },       1 << GET },
    { GET,    "//v2///a/7",     "member",            { "7" },        1 << GET | 1 << POST },
    { GET,    "/v2/a//7",       NULL,                { NULL },       0 },
    { GET,    "/v2/a/7",        "member",            { "7" },        1 << GET | 1 << POST },
    { GET,    "/v2/a/7/b",      "member below",      { "7" },        1 << GET },
    { GET,    "/v2/a/x",        "literal below",     { NULL },       1 << GET },
    { POST,   "/v2/a/x",        "other member name", { "x" },        1 << GET | 1 << POST },
    { GET,    "/v2/a/x/b",      "member below",      { "x" },        1 << GET },
    { DELETE, "/v2/a/x/1/y%20", "two",               { "1", "y " },  1 << DELETE },
    { GET,    "/v2/f/n",        "deep",              { "n" },        1 << GET },
    { GET,    "/v2/r/a/b//",    "rest",              { "a/b//" },    1 << GET },
    { GET,    "/v2/r",          NULL,                { NULL },       0 },
    { PUT,    "/v2/a/7",        NULL,                { NULL },       1 << GET | 1 << POST },
    { NO_METHOD, "/v2/a",       NULL,                { NULL },       1 << GET },
    { GET,    "/a",             NULL,                { NULL },       0 },
    { GET,    "/v2",            NULL,                { NULL },       0 },
    { GET,    "",               NULL,                { NULL },       0 },
    { GET,    "v2/a",           NULL,                { NULL },       0 },
    { GET,    "/v2/a/%2",       NULL,                { NULL },       0 },
    { GET,    "/v2/a%00",       NULL,                { NULL },       0 },
    { GET,    "/v2/%61",        "literal",           { NULL },       1 << GET },
    /* What is published and not served. */
    { POST,   "/v2/a/x/b",      NULL,                { NULL },       1 << GET,             "/v2/a/{any}/b" },
    { GET,    "/v2/a/7/z/",     NULL,                { NULL },       0,                    "/v2/a/{any}/z" },
    { PUT,    "/v2/a/7/z",      NULL,                { NULL },       0 },
    { GET,    "/v2/a/7/zz",     NULL,                { NULL },       0 },
    { GET,    "/v2/a/list",     NULL,                { NULL },       0,                    "/v2/a/list" },
    { POST,   "/v2/a/list",     "other member name", { "list" },     1 << GET | 1 << POST },
    { PATCH,  "/v2/a",          NULL,                { NULL },       1 << GET,             "/v2/a" },
};

/* Each of these rows cannot be served. */
static const struct route bad_routes[] = {
    { GET,  "/{nothing}",    WORKER, RPC(toys, "Echo"), "any", 200, "no such member" },
    { GET,  "/{tags}",       WORKER, RPC(toys, "Echo"), "any", 200, "a list" },
    { GET,  "/{filters}",    WORKER, RPC(toys, "Echo"), "any", 200, "a message" },
    { GET,  "/{account_id}", WORKER, RPC(toys, "Echo"), "any", 200, "somebody else's" },
    { GET,  "/{rest...}/x",  WORKER, RPC(toys, "Echo"), "any", 200, "below the rest" },
    { GET,  "/x",            WORKER, RPC(toys, "Eco"),  "any", 200, "no such rpc" },
    { GET,  "/x",            WORKER, { NULL, NULL },    "any", 200, "no service" },
    { NO_METHOD, "/x",       WORKER, RPC(toys, "Echo"), "any", 200, "no method" },
    { GET,  "/x",            WORKER, RPC(toys, "Echo"), "any", 404, "no success" },
    { GET,  "/x",            INLINE, RPC(toys, "Echo"), "any", 200, "inline with a key" },
    { POST, "/x",            WORKER, RPC(toys, "Need"), "any", 200, "no body", .flags = ROUTE_RAW },
    { POST, "/x",            AWAIT,  RPC(toys, "Echo"), "any", 200, "other input", .late = RPC(toys, "Need") },
    { POST, "/x",            AWAIT,  RPC(toys, "Echo"), "any", 200, "no such late", .late = RPC(toys, "Nix") },
};
// clang-format on

static const struct route *const trick_tables[] = { trick_routes, NULL };
static const struct published trick_published[] = {
    { GET, "/a" },
    { PATCH, "/a" },
    { GET, "/a/list" },
    { POST, "/a/{any}" },
    { GET, "/a/{any}/z" },
    { POST, "/a/{any}/b" },
    { 0 },
};
static const struct route_family trick_families[] = {
    { .base = "/v2", .tables = trick_tables, .published = trick_published }, { 0 }
};

static void rows_are_found(void **state)
{
    struct fault f = { 0 };
    struct router *r = router_new(trick_families, &f);
    (void)state;
    assert_non_null(r);
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        struct arena a;
        struct route_match m;
        arena_init(&a);
        router_match(r, &a, searches[i].method, searches[i].path, &m);
        const char *found = m.entry ? m.entry->route->summary : "";
        if (strcmp(found, searches[i].summary ? searches[i].summary : "") != 0 ||
            m.allowed != searches[i].allowed)
            fail_msg("%s found \"%s\", allowed %x", searches[i].path, found, m.allowed);
        assert_string_equal(m.unserved ? m.unserved : "",
                            searches[i].unserved ? searches[i].unserved : "");
        for (int v = 0; m.entry && v < 2 && searches[i].values[v]; v++)
            assert_string_equal(m.values[v], searches[i].values[v]);
        arena_free(&a);
    }
    router_free(r);
}

static void rows_that_nobody_published_are_own(void **state)
{
    struct fault f = { 0 };
    const struct route_entry *entries;
    struct router *r = router_new(trick_families, &f);
    size_t count = router_entries(r, &entries), published = 0;
    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct route *route = entries[i].route;
        bool known = (route->method == GET && strcmp(route->path, "/a") == 0) ||
                     (route->method == POST && strncmp(route->path, "/a/{", 4) == 0);
        if (entries[i].own == known)
            fail_msg("%s %s", method_name(route->method), route->path);
        published += known;
    }
    assert_int_equal(published, 2);
    router_free(r);
}

static void bad_rows_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_routes / sizeof *bad_routes; i++) {
        const struct route table[] = { bad_routes[i], { 0 } };
        const struct route *const tables[] = { table, NULL };
        const struct route_family families[] = { { .base = "", .tables = tables }, { 0 } };
        struct fault f = { 0 };
        if (router_new(families, &f))
            fail_msg("%s was taken", bad_routes[i].summary);
        assert_string_equal(f.field, bad_routes[i].path);
    }
}

static void a_row_cannot_stand_twice(void **state)
{
    const struct route table[] = { { GET, "/x/{id}", WORKER, RPC(toys, "Echo"), "any", 200, "a" },
                                   { GET, "/x/{name}/", WORKER, RPC(toys, "Echo"), "any", 200,
                                     "b" },
                                   { 0 } };
    const struct route *const tables[] = { table, NULL };
    const struct route_family families[] = { { .base = "", .tables = tables }, { 0 } };
    struct fault f = { 0 };
    (void)state;
    assert_null(router_new(families, &f));
    assert_string_equal(f.field, "/x/{name}/");
}

static void families_keep_apart(void **state)
{
    const struct route one[] = { { GET, "/x", WORKER, RPC(toys, "Echo"), "any", 200, "one" },
                                 { 0 } };
    const struct route two[] = { { GET, "/x", WORKER, RPC(toys, "Echo"), NULL, 200, "two" },
                                 { 0 } };
    const struct route *const ones[] = { one, NULL }, *const twos[] = { two, NULL };
    const struct route_family families[] = { { .base = "/services/v2", .tables = ones },
                                             { .base = "", .tables = twos },
                                             { 0 } };
    struct fault f = { 0 };
    struct arena a;
    struct route_match m;
    (void)state;
    arena_init(&a);
    struct router *r = router_new(families, &f);
    assert_non_null(r);
    router_match(r, &a, GET, "/services/v2/x", &m);
    assert_string_equal(m.entry->route->summary, "one");
    router_match(r, &a, GET, "/x", &m);
    assert_string_equal(m.entry->route->summary, "two");
    router_match(r, &a, GET, "/services/v2/y", &m);
    assert_null(m.entry);
    assert_ptr_equal(m.family, &families[0]);
    router_match(r, &a, GET, "/y", &m);
    assert_ptr_equal(m.family, &families[1]);
    router_free(r);
    arena_free(&a);
}

static void methods_have_names(void **state)
{
    static const struct {
        const char *name;
        enum method method;
    } names[] = { { "GET", GET },        { "HEAD", GET },      { "POST", POST },
                  { "DELETE", DELETE },  { "PATCH", PATCH },   { "PUT", PUT },
                  { "BREW", NO_METHOD }, { "get", NO_METHOD }, { "", NO_METHOD } };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(method_read(names[i].name), names[i].method);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found),
        cmocka_unit_test(bad_rows_are_refused),
        cmocka_unit_test(a_row_cannot_stand_twice),
        cmocka_unit_test(families_keep_apart),
        cmocka_unit_test(methods_have_names),
        cmocka_unit_test(rows_that_nobody_published_are_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
