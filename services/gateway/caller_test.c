/* Whatever way a caller was recognised: what it may, and whom it covers. */
#include "http_toy.h"

#include "caller.h"

enum { ADMINISTRATOR = 1, STANDARD = 5, NO_SUCH = 9 };
enum { UNRESTRICTED = 0, VIEW_ONLY = 102 };

static struct roles *roles;
static struct caller is; /* who calls; account 0: nobody is recognised */

static bool admit(struct call *call, const struct route *route, void *context)
{
    (void)route, (void)context;
    if (is.account_id)
        caller_enter(call, &is);
    return true;
}

/* What a handler hears, in words. */
static bool shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const struct caller *c = caller_of(call);
    (void)answer;
    const char *text = arena_format(
        &call->arena, "%s%s%s%s%s role %d, %lld %lld %lld", c ? "" : "nobody ",
        caller_may(call, "any") ? "any " : "", caller_may(call, "order:create") ? "creates " : "",
        caller_covers(call, STANDARD, UNRESTRICTED) ? "covers " : "",
        caller_role_covers(call, STANDARD) ? "covers-people" : "-", caller_role(call),
        (long long)call->actor.account_id, (long long)call->actor.user_id,
        (long long)call->actor.api_key_id);
    out->type = "text/plain";
    out->body = BYTES_OF(text);
    return true;
}

// clang-format off
static const struct route routes[] = {
    { GET, "/who", WORKER, RPC(toys, "Echo"), NULL, 200, "Who calls?", .shape = shape },
    { 0 },
};

static const struct {
    struct caller is;
    const char *heard;
} rows[] = {
    { { 0 }, "nobody - role 0, 0 0 0" },
    { { 5, 7, 61, .role_id = ADMINISTRATOR }, "any creates covers covers-people role 1, 5 7 61" },
    { { 5, 7, 61, .role_id = STANDARD }, "any creates covers covers-people role 5, 5 7 61" },
    { { 5, 7, 61, .role_id = ADMINISTRATOR, .key_role_id = VIEW_ONLY }, "any covers-people role 1, 5 7 61" },
    { { 5, 7, 0, .role_id = ADMINISTRATOR }, "any creates covers covers-people role 1, 5 7 0" },
    { { 5, 7, 61, .role_id = NO_SUCH }, "- role 9, 5 7 61" },
};
// clang-format on

static void a_caller_is_heard_of_the_same_way(void **state)
{
    static const struct route *const tables[] = { routes, NULL };
    static const struct route_family families[] = {
        { .base = "", .tables = tables, .admit = admit }, { 0 }
    };
    struct fault f = { 0 };
    struct arena a;
    (void)state;
    arena_init(&a);
    roles = roles_load("policy/roles.json", &f);
    struct http *h = http_start(
        &(struct http_options){ HTTP_DEFAULTS,
                                .doors = { { .listen = "127.0.0.1:0", .families = families } } },
        &f);
    assert_non_null(h);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        is = rows[i].is;
        is.roles = roles;
        const char *answer = exchange(h, &a, "GET /who", "", NULL);
        if (!strstr(answer, arena_format(&a, "\r\n\r\n%s", rows[i].heard)))
            fail_msg("%zu: %s", i, answer);
    }
    toy_stop(h);
    roles_free(roles);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_caller_is_heard_of_the_same_way) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
