/* Who calls, as statements hear of it. */
#include "api/placed_test.h"

#include "api/keys.sql.h"
#include "api/users.sql.h"
#include "statement.h"
#include "user.pb-c.h"

static struct call call;

static void call_begin(int64_t account_id)
{
    call = (struct call){ .deadline = tick_after(seconds(30)),
                          .actor = { .account_id = account_id, .user_id = USER },
                          .traceparent = "00-1-2-01" };
    arena_init(&call.arena);
    snprintf(call.actor.source, sizeof call.actor.source, "api");
}

static void all_of_the_call_is_there(void **state)
{
    (void)state;
    call_begin(ACCOUNT);
    call.actor.api_key_id = 7;
    snprintf(call.actor.ip, sizeof call.actor.ip, "192.0.2.1");
    struct instant before = clock_now();
    const Caller *c = statement_caller(&call);
    assert_true(c->account_id == ACCOUNT && c->has_user_id && c->user_id == USER);
    assert_true(c->has_api_key_id && c->api_key_id == 7);
    assert_string_equal(c->source, "api");
    assert_string_equal(c->ip, "192.0.2.1");
    assert_string_equal(c->traceparent, "00-1-2-01");
    assert_false(instant_before(instant_value(c->now), before));
    arena_free(&call.arena);
}

/* NULL in the database, and not "" or 0. */
static void what_is_not_known_is_absent(void **state)
{
    (void)state;
    call_begin(ACCOUNT);
    call.actor.user_id = 0;
    *call.traceparent = '\0';
    const Caller *c = statement_caller(&call);
    assert_false(c->has_user_id || c->has_api_key_id);
    assert_true(!c->ip && !c->traceparent);
    arena_free(&call.arena);
}

static bool is_seen(int64_t order_id)
{
    OrderId in = ORDER_ID__INIT;
    OrderInfo out = ORDER_INFO__INIT;
    bool found = false;
    in.order_id = order_id;
    if (!statement_maybe(&call, &sql_order_info_open, &in.base, &out.base, &found))
        fail_msg("%s", call.fault.detail);
    return found;
}

static void an_account_sees_its_own(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    call_begin(ACCOUNT);
    assert_true(is_seen(id));
    arena_free(&call.arena);
    call_begin(ACCOUNT + 1);
    assert_false(is_seen(id));
    arena_free(&call.arena);
}

static void who_was_not_recognised_asks_nothing(void **state)
{
    KeyChange in = KEY_CHANGE__INIT;
    KeyMade out = KEY_MADE__INIT;
    UserName name = USER_NAME__INIT;
    UserNameState free_name = USER_NAME_STATE__INIT;
    (void)state;
    call_begin(0);
    in.has_of_user_id = true;
    in.of_user_id = USER;
    assert_null(statement_caller(&call));
    assert_false(statement_one(&call, &sql_key_add, &in.base, &out.base));
    assert_int_equal(call.fault.code, FAULT_INTERNAL);
    /* What wants to know nobody is answered. */
    name.username = arena_strdup(&arena, "test");
    assert_true(statement_one(&call, &sql_user_name_free, &name.base, &free_name.base));
    assert_false(free_name.available);
    arena_free(&call.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_the_call_is_there),
        cmocka_unit_test(what_is_not_known_is_absent),
        cmocka_unit_test(an_account_sees_its_own),
        cmocka_unit_test(who_was_not_recognised_asks_nothing),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
