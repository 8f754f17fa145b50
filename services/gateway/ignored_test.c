/* What means nothing is named in the answer, or refused where the client prefers that. */
#include "http_toy.h"
#include "ignored.h"

#define PARAMETERS "Ignored-Parameters: "
#define MEMBERS    "Ignored-Members: "
#define STRICT     "Prefer: respond-async\r\nPREFER: handling=strict\r\n"

// clang-format off
static const struct {
    const char *line, *named; /* the header's value; NULL: there is none */
} lenient[] = {
    { "GET /v2/toy",                                          NULL },
    { "GET /v2/toy?limit=5&filters[status]=a",                NULL },
    { "GET /v2/toy?filters%5Bstatus%5D%5B0%5D=a&tags[0]=x",   NULL },
    { "GET /v2/toy?limit=&filters[name]=",                    NULL },
    { "GET /v2/toy?filters[statuss]=a",                       "filters[statuss] (status?)" },
    { "GET /v2/toy?filters%5Bstatuss%5D=a",                   "filters[statuss] (status?)" },
    { "GET /v2/toy?filters[Status]=a",                        "filters[Status] (status?)" },
    { "GET /v2/toy?filters[colour]=a",                        "filters[colour]" },
    { "GET /v2/toy?filter[status]=a",                         "filter[status] (filters[status]?)" },
    { "GET /v2/toy?status=a",                                 "status (filters[status]?)" },
    { "GET /v2/toy?limt=1&colour=red&filters[nmae]=x",        "limt (limit?), colour, filters[nmae] (name?)" },
    { "GET /v2/toy?filters[name]=x&filters[nane]=x",          "filters[nane] (name?)" },
    { "GET /v2/toy?colour",                                   "colour" },
    { "GET /v2/toy?filters[",                                 "filters[" },
    { "GET /v2/toy?filters[name][x]=1",                       "filters[name][x] (name?)" },
    { "GET /v2/toy?filters[name]=x&filters[][a]=1",           "filters[][a]" },
    { "GET /v2/toy?limit=1&",                                 NULL },
    { "GET /v2/toy?&&=1&",                                    NULL },
    { "GET /v2/toy?%zz=1",                                    "%25zz" },
    { "GET /v2/toy?a%0d%0aSet-Cookie:b=1",                    "a%0D%0ASet-Cookie:b" },
    { "GET /v2/toy?a,b(c)=1",                                 "a%2Cb%28c%29" },
    { "GET /v2/toy?%c3%a9=1",                                 "%C3%A9" },
    /* What the path or the door says is no parameter. */
    { "GET /v2/toy/3?id=4",                                   "id" },
    { "GET /v2/toy?account_id=1",                             "account_id" },
    /* Where there is a body the query has none. */
    { "POST /v2/toy?colour=red&account_id=1",                 "colour, account_id" },
};

static const struct {
    const char *line, *body;
    int status;
    const char *named;
} bodies[] = {
    { "POST /v2/toy", "{\"name\":\"x\",\"filters\":{\"name\":\"y\"}}",   201, NULL },
    { "POST /v2/toy", "{\"nane\":\"x\"}",                                  201, "nane (name?)" },
    { "POST /v2/toy", "{\"colour\":{\"secret\":\"a\"}}",                   201, "colour" },
    { "POST /v2/toy", "{\"filters\":{\"statuss\":[\"a\"]}}",               201, "filters.statuss (status?)" },
    { "POST /v2/toy", "{\"statuss\":[\"a\"]}",                             201, "statuss (filters.status?)" },
    { "POST /v2/toy", "{\"filters\":{\"limit\":1}}",                       201, "filters.limit" },
    { "POST /v2/toy", "{\"a.nane\":1,\"b c,(d)\":2,\"\\r\\nX: y\":3}",     201, "a.nane (name?), b%20c%2C%28d%29, %0D%0AX:%20y" },
    { "POST /v2/toy", "{\"account_id\":4,\"now\":\"2024-01-01T00:00:00Z\"}", 201, "account_id, now" },
    { "PUT /v2/toy/3", "{\"id\":4,\"nmae\":\"x\"}",                        204, "id, nmae (name?)" },
    { "POST /v2/toy/need/5", "{\"nane\":\"x\"}",                           400, "nane (name?)" },
    { "POST /v2/toy", "{\"\":1,\"nane\":\"x\"}",                          201, "\"\", nane (name?)" },
    { "POST /v2/toy", "{\"nane\":",                                        400, NULL },
    { "DELETE /v2/toy/3", "{\"nane\":1}",                                  200, NULL },
};

static const struct {
    const char *line, *field, *message; /* field NULL: 200 */
} strict[] = {
    { "GET /v2/toy?limit=5&filters[status]=a", NULL, NULL },
    { "GET /v2/toy?filters[statuss]=a", "filters.statuss", "filters.statuss is not known here, which takes status, name" },
    { "GET /v2/toy?colour=a", "colour",
      "colour is not known here, which takes id, name, tags, filters[...], limit, body, rest, parent_id" },
    { "GET /v2/toy?filters[a]=b&Limit=1", "filters.a", "filters.a is not known here, which takes status, name" },
    { "POST /v2/toy?colour=a", "colour", "colour is not known here, which takes nothing" },
    { "GET /v2/toy?limit=5&%zz=a", "query",
      "query is not known here, which takes id, name, tags, filters[...], limit, body, rest, parent_id" },
};

/* By a client who prefers nothing, unless the line says so. */
static const struct {
    const char *line, *headers, *body, *field, *message; /* field NULL: it is done */
} refused[] = {
    { "POST /v2/toy", STRICT, "{\"name\":\"x\"}", NULL, NULL },
    { "POST /v2/toy", STRICT, "{\"nane\":\"x\"}", "nane",
      "nane is not known here, which takes id, name, tags, filters, limit, body, rest, parent_id" },
    { "POST /v2/toy", STRICT, "{\"filters\":{\"nane\":\"x\"}}", "filters.nane",
      "filters.nane is not known here, which takes status, name" },
    { "PUT /v2/toy/3", STRICT, "{\"id\":3}", "id",
      "id is not known here, which takes name, tags, filters, limit, body, rest, parent_id" },
    /* What is misspelt is told before what is missing for that reason. */
    { "POST /v2/toy/need/5", STRICT, "{\"nane\":\"x\"}", "nane", "nane is not known here, which takes name" },
    /* Calls that nobody has published. */
    { "DELETE /v2/toy/3?nane=x", "", NULL, "nane",
      "nane is not known here, which takes name, tags, filters[...], limit, body, rest, parent_id" },
    { "POST /v2/toy/small", "Prefer: handling=lenient\r\n", "{\"a\":1}", "a",
      "a is not known here, which takes id, name, tags, filters, limit, body, rest, parent_id" },
    { "DELETE /v2/toy/3?name=x", "", NULL, NULL, NULL },
};

static const struct {
    const char *value;
    int strict;
} preferences[] = {
    { "handling=strict",                            1 },
    { "handling=lenient",                           0 },
    { "Handling = \"strict\"",                      1 },
    { "respond-async, handling=strict; x=y",        1 },
    { "return=minimal;foo=\"a,handling=lenient\" , handling=strict", 1 },
    { "foo=\"a\\\",handling=lenient\",handling=strict", 1 },
    { "handling=lenient, handling=strict",          0 }, /* the first counts */
    { "handling=stricter",                          0 },
    { "handling",                                  -1 },
    { "xhandling=strict",                          -1 },
    { "foo=\"handling=strict",                     -1 },
    { "",                                          -1 },
    { ",,",                                        -1 },
};
// clang-format on

static const char *named_in(struct arena *a, const char *answer, const char *header)
{
    const char *at = strstr(answer, header);
    if (!at)
        return NULL;
    at += strlen(header);
    return arena_strndup(a, at, strcspn(at, "\r"));
}

static void unknown_names_are_told(void **state)
{
    for (size_t i = 0; i < sizeof lenient / sizeof *lenient; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, lenient[i].line, "", NULL);
        const char *named = named_in(&a, answer, PARAMETERS), *wanted = lenient[i].named;
        if (status_of(answer) / 100 != 2 || !named != !wanted ||
            (named && strcmp(named, wanted) != 0))
            fail_msg("%s\n%s", lenient[i].line, answer);
        assert_null(strstr(answer, "Preference-Applied"));
        arena_free(&a);
    }
}

static void unknown_members_are_told(void **state)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, bodies[i].line, "", bodies[i].body);
        const char *named = named_in(&a, answer, MEMBERS), *wanted = bodies[i].named;
        if (status_of(answer) != bodies[i].status || !named != !wanted ||
            (named && strcmp(named, wanted) != 0))
            fail_msg("%s %s\n%s", bodies[i].line, bodies[i].body, answer);
        assert_null(strstr(answer, "secret"));
        arena_free(&a);
    }
}

static void check_refused(const char *line, const char *answer, const char *field,
                          const char *message)
{
    struct arena a;
    arena_init(&a);
    assert_null(strstr(answer, PARAMETERS));
    assert_null(strstr(answer, MEMBERS));
    const char *field_text = arena_format(&a, "\"field\":\"%s\"", field),
               *message_text = arena_format(&a, "\"message\":\"%s\"", message);
    if (field ? status_of(answer) != 400 || !strstr(answer, field_text) ||
                    !strstr(answer, message_text)
              : status_of(answer) / 100 != 2)
        fail_msg("%s\n%s", line, answer);
    arena_free(&a);
}

static void who_wants_to_be_refused_is(void **state)
{
    for (size_t i = 0; i < sizeof strict / sizeof *strict; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, strict[i].line, STRICT, NULL);
        assert_non_null(strstr(answer, "Preference-Applied: handling=strict\r\n"));
        check_refused(strict[i].line, answer, strict[i].field, strict[i].message);
        arena_free(&a);
    }
}

static void members_are_refused_too(void **state)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = exchange(*state, &a, refused[i].line, refused[i].headers, refused[i].body);
        check_refused(refused[i].line, answer, refused[i].field, refused[i].message);
        arena_free(&a);
    }
}

/* However much is made up, the answer stays small. */
static void a_flood_of_names_is_cut(void **state)
{
    struct arena a;
    struct text line;
    arena_init(&a);
    text_init(&line, &a);
    text_add(&line, "GET /v2/toy?");
    for (int i = 0; i < 60; i++)
        text_format(&line, "%02d%0100d=1&", i, i);
    char *answer = exchange(*state, &a, line.data, "", NULL);
    const char *named = named_in(&a, answer, PARAMETERS);
    assert_int_equal(status_of(answer), 200);
    assert_non_null(named);
    assert_non_null(strstr(named, "..., 01"));
    assert_in_range(strlen(named), 500, 1200);
    arena_free(&a);
}

static void a_flood_of_members_is_cut(void **state)
{
    struct arena a;
    struct text body;
    arena_init(&a);
    text_init(&body, &a);
    text_add(&body, "{");
    for (int i = 0; i < 200; i++)
        text_format(&body, "%s\"%02d%0100d\":1", i ? "," : "", i, i);
    text_add(&body, "}");
    char *answer = exchange(*state, &a, "POST /v2/toy", "", body.data);
    const char *named = named_in(&a, answer, MEMBERS);
    assert_int_equal(status_of(answer), 201);
    assert_non_null(named);
    assert_in_range(strlen(named), 500, 1200);
    arena_free(&a);
}

static void preferences_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof preferences / sizeof *preferences; i++)
        if (ignored_is_strict(preferences[i].value) != preferences[i].strict)
            fail_msg("%s", preferences[i].value);
}

static int start(void **state)
{
    *state = toy_start(toy_options());
    return 0;
}

static int stop(void **state)
{
    toy_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_names_are_told),     cmocka_unit_test(unknown_members_are_told),
        cmocka_unit_test(members_are_refused_too),    cmocka_unit_test(a_flood_of_members_is_cut),
        cmocka_unit_test(who_wants_to_be_refused_is), cmocka_unit_test(a_flood_of_names_is_cut),
        cmocka_unit_test(preferences_are_read),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
