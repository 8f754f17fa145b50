#include "serving.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const struct route *const tables[] = { NULL };
static const struct route_family api[] = { { .base = "/services", .tables = tables },
                                           { .base = "", .tables = tables },
                                           { .base = NULL } };
static const struct route_family pages[] = { { .base = "/dcv", .tables = tables },
                                             { .base = NULL } };
static const struct route_family status[] = { { .base = "/status", .tables = tables },
                                              { .base = NULL } };

static const char *api_listen, *pages_listen, *status_listen;
static const struct serving rows[] = { { "api", "LISTEN", &api_listen, api },
                                       { "pages", "PAGES_LISTEN", &pages_listen, pages },
                                       { "status", "STATUS_LISTEN", &status_listen, status },
                                       { .name = NULL } };

static void names_are_read(void **state)
{
    static const struct {
        const char *words;
        unsigned chosen;
    } cases[] = {
        { "api", 1 },          { "pages", 2 },      { "api pages", 3 }, { " pages,  api ", 3 },
        { "status api", 5 },   { "api api", 1 },    { "", 0 },          { "  ", 0 },
        { "api page", 0 },     { "page", 0 },       { "pagess", 0 },    { "API", 0 },
        { "nonsense api", 0 }, { "api,pages;", 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (serving_read(rows, cases[i].words) != cases[i].chosen)
            fail_msg("\"%s\"", cases[i].words);
}

/* "SETTING ADDRESS /base /base; ..." of all doors. */
static const char *doors(struct arena *a, const char *words)
{
    struct http_door out[HTTP_DOORS_MAX + 1];
    struct text all;
    text_init(&all, a);
    serving_doors(a, rows, serving_read(rows, words), out);
    for (const struct http_door *d = out; d->listen; d++) {
        text_format(&all, "%s %s", d->setting, d->listen);
        for (const struct route_family *f = d->families; f->tables; f++)
            text_format(&all, " %s/", f->base);
        text_add(&all, "; ");
    }
    return all.data;
}

static void those_of_one_address_share_a_door(void **state)
{
    static const struct {
        const char *api, *pages, *status, *words, *doors;
    } cases[] = {
        { "a:1", "", "", "api pages", "LISTEN a:1 /services/ / /dcv/; " },
        { "a:1", "", "", "pages", "LISTEN a:1 /dcv/; " },
        { "a:1", "b:2", "", "api pages", "LISTEN a:1 /services/ /; PAGES_LISTEN b:2 /dcv/; " },
        { "a:1", "b:2", "", "pages", "PAGES_LISTEN b:2 /dcv/; " },
        { "a:1", "a:1", "", "api pages", "LISTEN a:1 /services/ / /dcv/; " },
        { "a:1", "b:2", "b:2", "status pages api",
          "LISTEN a:1 /services/ /; PAGES_LISTEN b:2 /dcv/ /status/; " },
        { "a:1", "b:2", "c:3", "status pages api",
          "LISTEN a:1 /services/ /; PAGES_LISTEN b:2 /dcv/; STATUS_LISTEN c:3 /status/; " },
        { "a:1", "b:2", "", "status pages", "PAGES_LISTEN b:2 /dcv/; LISTEN a:1 /status/; " },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        api_listen = cases[i].api;
        pages_listen = cases[i].pages;
        status_listen = cases[i].status;
        assert_string_equal(doors(&a, cases[i].words), cases[i].doors);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_read),
        cmocka_unit_test(those_of_one_address_share_a_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
