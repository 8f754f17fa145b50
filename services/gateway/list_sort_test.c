/* Keys to sort by: what a statement has lines for, and what items have members for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http_request.h"
#include "list.h"
#include "user.pb-c.h"

/* A call as from the door, of a client that may have a preference. */
static struct fixture {
    struct request request;
    struct side side;
    struct http_header prefer;
    struct route_entry entry;
} it;

static struct call *call_new(const char *prefer)
{
    memset(&it, 0, sizeof it);
    arena_init(&it.side.call.arena);
    it.prefer = (struct http_header){ "Prefer", prefer, NULL };
    it.request.headers.first = prefer ? &it.prefer : NULL;
    it.request.match.entry = &it.entry;
    it.side.request = &it.request;
    it.side.call.door = &it.side;
    return &it.side.call;
}

static void call_end(struct call *call)
{
    arena_free(&call->arena);
}

static const struct sql statement = {
    .text = "SELECT 1 ORDER BY\n a,  --> by_id\n a DESC,  --> by_id_desc\n s,  --> by_status\n"
            " s DESC,  --> by_status_desc\n a\n",
    .parts = true,
};

// clang-format off
static const struct {
    const char *sort, *parts, *ignored, *fault;
} rows[] = {
    { NULL,              "",                          NULL, NULL },
    { "",                "",                          NULL, NULL },
    { "id",              "by_id ",                    NULL, NULL },
    { "-id",             "by_id_desc ",               NULL, NULL },
    { "+id,-status",     "by_id by_status_desc ",     NULL, NULL },
    { " status, +id",    "by_status by_id ",          NULL, NULL }, /* a bare '+' is a blank */
    { "statuss,id",      "by_id ",                    "sort=statuss (status?)", NULL },
    { "colour,-hue",     "",                          "sort=colour, sort=hue", NULL },
    { "id_desc",         "",                          "sort=id_desc", NULL },
    { "--id",            "",                          "sort=-id (id?)", NULL },
    { "-",               "",                          "sort=", NULL },
    { "id;DROP",         "",                          "sort=id;DROP", NULL },
    { "id,id",           NULL,                        NULL, "names id twice" },
    { "id,-id",          NULL,                        NULL, "names id twice" },
};
// clang-format on

/* Of two texts, either of which may be NULL. */
static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *ignored_in(void)
{
    return it.side.headers ? it.side.headers->value : NULL;
}

static const char *picked(struct arena *a, const struct pick *p)
{
    struct text out;
    text_init(&out, a);
    for (size_t i = 0; i < p->count; i++)
        text_format(&out, "%s ", p->parts[i]);
    return out.data;
}

static void keys_of_a_statement(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct call *call = call_new(NULL);
        struct pick order = { 0 };
        bool good = list_sort(call, &statement, rows[i].sort, &order);
        const char *parts = good ? picked(&call->arena, &order) : NULL;
        const char *fault = good ? NULL : call->fault.detail;
        if (!same(parts, rows[i].parts) || !same(fault, rows[i].fault) ||
            !same(ignored_in(), rows[i].ignored))
            fail_msg("%s: %s, %s, %s", rows[i].sort, parts, ignored_in(), fault);
        call_end(call);
    }
}

static void strict_names_the_keys(void **state)
{
    struct pick order = { 0 };
    struct call *call = call_new("handling=strict");
    (void)state;
    assert_true(list_sort(call, &statement, "-id", &order));
    assert_false(list_sort(call, &statement, "id,colour", &order));
    assert_int_equal(call->fault.code, FAULT_INVALID);
    assert_string_equal(call->fault.field, "sort");
    assert_string_equal(call->fault.detail, "is not known here, which takes id, status");
    assert_null(strstr(it.side.headers ? it.side.headers->name : "", "Ignored"));
    call_end(call);
}

/* ---- items */

static Instant instants[] = { { PROTOBUF_C_MESSAGE_INIT(&instant__descriptor), 5 },
                              { PROTOBUF_C_MESSAGE_INIT(&instant__descriptor), 9 } };

static ApiKey key(int64_t id, const char *name, Instant *used, int32_t role, bool legacy)
{
    ApiKey k = API_KEY__INIT;
    k.id = id;
    k.name = arena_strdup(&it.side.call.arena, name);
    k.last_used_date = used;
    k.restricted_to_role_id = role;
    k.is_legacy = legacy;
    return k;
}

// clang-format off
static const struct {
    const char *sort, *ids, *ignored;
} items[] = {
    { NULL,                            "3124", NULL },
    { "id",                            "1234", NULL },
    { "-id",                           "4321", NULL },
    { "name",                          "3214", NULL }, /* whatever their case */
    { "-name",                         "4132", NULL },
    { "name,id",                       "2314", NULL },
    { "last_used_date",                "1432", NULL }, /* absent is last, and stays in place */
    { "-last_used_date,-id",           "4132", NULL },
    { "restricted_to_role_id,-id",     "3241", NULL },
    { "-is_legacy,id",                 "4123", NULL },
    { "user,id",                       "1234", "sort=user" }, /* has more than one value */
    { "naem",                          "3124", "sort=naem (name?)" },
};
// clang-format on

static void members_of_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        struct call *call = call_new(NULL);
        ApiKey keys[] = { key(3, "b", NULL, -7, false), key(1, "C", &instants[0], 100, false),
                          key(2, "B", NULL, 0, false), key(4, "d", &instants[1], 100, true) };
        ProtobufCMessage *list[] = { &keys[0].base, &keys[1].base, &keys[2].base, &keys[3].base };
        char ids[5] = "";
        bool good = list_sort_items(call, &api_key__descriptor, items[i].sort, list, 4);
        for (size_t j = 0; j < 4; j++)
            ids[j] = (char)('0' + ((const ApiKey *)list[j])->id);
        if (!good || !same(ids, items[i].ids) || !same(ignored_in(), items[i].ignored))
            fail_msg("%s: %s, %s", items[i].sort, ids, ignored_in());
        call_end(call);
    }
}

static void no_items(void **state)
{
    struct call *call = call_new("handling=strict");
    (void)state;
    assert_true(list_sort_items(call, &access_role__descriptor, "name", NULL, 0));
    assert_false(list_sort_items(call, &access_role__descriptor, "colour", NULL, 0));
    assert_string_equal(call->fault.detail, "is not known here, which takes id, name");
    call_end(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_statement),
        cmocka_unit_test(strict_names_the_keys),
        cmocka_unit_test(members_of_items),
        cmocka_unit_test(no_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
