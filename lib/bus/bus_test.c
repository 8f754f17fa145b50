#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bus/frame.h"
#include "bus/peer.h"
#include "testing/bus_rig.h"
#include "testing/patience.h"

struct pair {
    struct bus_rig rig;
    struct bus *issuer, *gateway;
};

static struct pair pair;

static int open_pair(void **state)
{
    bus_rig_open(&pair.rig);
    pair.issuer = bus_rig_serve(&pair.rig, "tcp://127.0.0.1:*", 1);
    pair.gateway = bus_rig_dial(&pair.rig, "gateway", bus_endpoint(pair.issuer));
    *state = &pair;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;

    bus_rig_release();
    bus_free(p->gateway);
    bus_free(p->issuer);
    bus_rig_close(&p->rig);
    return 0;
}

static void answer_reaches_its_caller(void **state)
{
    struct pair *p = *state;
    struct rig_call c;

    rig_call(&c, p->gateway, "say", 7);
    assert_true(c.answered);
    assert_int_equal(c.id, 7);
    assert_int_equal(c.account, 1007);
    assert_string_equal(c.peer, "gateway");
    assert_true(bus_has_peer(p->gateway, "issuer"));
    assert_false(bus_has_peer(p->gateway, "scheduler"));
}

static void fault_crosses_the_bus(void **state)
{
    struct pair *p = *state;
    struct rig_call c;

    rig_call(&c, p->gateway, "fail", 9);
    assert_false(c.answered);
    assert_int_equal(c.call.fault.code, FAULT_NO_ORDER);
    assert_string_equal(c.call.fault.field, "order.id");
    assert_string_equal(c.call.fault.detail, "there is no order 9");
}

static void answer_may_come_later_from_another_thread(void **state)
{
    struct pair *p = *state;
    struct rig_call held[3], c;
    int before = bus_rig_begun(RIG_HOLD);

    for (int i = 0; i < 3; i++)
        rig_call_begin(&held[i], p->gateway, "hold", i, patience());
    bus_rig_await_begun(RIG_HOLD, before + 3);
    rig_call(&c, p->gateway, "say", 1); /* the one worker is free meanwhile */
    assert_true(c.answered);
    bus_rig_release();
    for (int i = 0; i < 3; i++) {
        rig_call_await(&held[i]);
        assert_true(held[i].answered);
        assert_int_equal(held[i].id, i);
    }
}

static void deadline_ends_a_call(void **state)
{
    struct pair *p = *state;
    struct rig_call c;
    struct tick start = tick_now();

    rig_call_begin(&c, p->gateway, "hold", 1, milliseconds(60));
    rig_call_await(&c);
    assert_int_equal(c.call.fault.code, FAULT_TIMEOUT);
    assert_true(c.at.us - start.us >= 60000);
    bus_rig_release(); /* the late reply meets nobody */
    rig_call(&c, p->gateway, "say", 2);
    assert_int_equal(c.id, 2);
}

/* The time in the queue counts: what nobody waits for is dropped before any work. */
static void late_call_is_never_begun(void **state)
{
    struct pair *p = *state;
    struct rig_call block, late, later, c;
    int blocked = bus_rig_begun(RIG_BLOCK), failed = bus_rig_begun(RIG_FAIL);

    rig_call_begin(&block, p->gateway, "block", 1, patience());
    bus_rig_await_begun(RIG_BLOCK, blocked + 1);
    rig_call_begin(&late, p->gateway, "fail", 2, milliseconds(20));
    rig_call_begin(&later, p->gateway, "hold", 2, seconds(2));
    rig_call_await(&late);
    assert_int_equal(late.call.fault.code, FAULT_TIMEOUT);
    rig_call_await(&later); /* by now the issuer's own clock has passed it, too */
    bus_rig_release();
    rig_call_await(&block);
    rig_call(&c, p->gateway, "say", 3); /* comes after `late` in the queue */
    assert_true(c.answered);
    assert_int_equal(bus_rig_begun(RIG_FAIL), failed);
}

static void call_past_its_deadline_is_not_sent(void **state)
{
    struct pair *p = *state;
    struct rig_call c;
    int before = bus_rig_begun(RIG_FAIL);

    rig_call_begin(&c, p->gateway, "fail", 1, milliseconds(0));
    rig_call_await(&c);
    assert_int_equal(c.call.fault.code, FAULT_TIMEOUT);
    rig_call(&c, p->gateway, "say", 1);
    assert_int_equal(bus_rig_begun(RIG_FAIL), before);
}

static void large_answer_arrives(void **state)
{
    struct pair *p = *state;
    struct rig_call c;

    rig_call(&c, p->gateway, "big", 1000000);
    assert_true(c.answered);
    assert_int_equal(c.size, 1000000);
}

static void too_large_answer_is_a_fault(void **state)
{
    struct pair *p = *state;
    struct rig_call c;

    rig_call(&c, p->gateway, "big", BUS_MESSAGE_MAX);
    assert_false(c.answered);
    assert_int_equal(c.call.fault.code, FAULT_INTERNAL);
    rig_call(&c, p->gateway, "say", 1);
    assert_true(c.answered);
}

static void too_large_request_is_a_fault(void **state)
{
    static char lane[BUS_MESSAGE_MAX + 1];
    struct pair *p = *state;
    struct rig_call c = { 0 };
    JobRef in = JOB_REF__INIT;

    memset(lane, 'x', sizeof lane - 1);
    in.lane = lane;
    c.call.deadline = tick_after(patience());
    jobs__run(bus_client(p->gateway, "issuer", &jobs__descriptor), &in, rig_on_answer, &c);
    rig_call_await(&c);
    assert_false(c.answered);
    assert_int_equal(c.call.fault.code, FAULT_BODY_TOO_LARGE);
}

static void service_that_is_no_peer_is_unavailable(void **state)
{
    struct pair *p = *state;
    struct rig_call c = { 0 };
    JobRef in = JOB_REF__INIT;
    char lane[] = "say";

    in.lane = lane;
    c.call.deadline = tick_after(patience());
    jobs__run(bus_client(p->gateway, "scheduler", &jobs__descriptor), &in, rig_on_answer, &c);
    rig_call_await(&c);
    assert_int_equal(c.call.fault.code, FAULT_UNAVAILABLE);
}

static void nobody_at_the_address_is_unavailable_at_once(void **state)
{
    struct pair *p = *state;
    struct bus *lonely = bus_rig_dial(&p->rig, "gateway", "ipc:///nonexistent/socket");
    struct rig_call c;

    rig_call_begin(&c, lonely, "say", 1, seconds(600));
    rig_call_await(&c);
    assert_int_equal(c.call.fault.code, FAULT_UNAVAILABLE);
    bus_free(lonely);
}

static void caller_that_trust_does_not_name_is_refused(void **state)
{
    struct pair *p = *state;
    struct bus *notifier = bus_rig_dial(&p->rig, "notifier", bus_endpoint(p->issuer));
    struct bus *validation = bus_rig_dial(&p->rig, "validation", bus_endpoint(p->issuer));
    struct rig_call c;
    int before = bus_rig_begun(RIG_SAY);

    rig_call(&c, notifier, "say", 1);
    assert_false(c.answered);
    assert_int_equal(c.call.fault.code, FAULT_PERMISSION);
    assert_int_equal(bus_rig_begun(RIG_SAY), before);
    rig_call(&c, validation, "say", 1);
    assert_true(c.answered);
    assert_string_equal(c.peer, "validation");
    bus_free(notifier);
    bus_free(validation);
}

enum { THREADS = 8, CALLS_EACH = 400 };

struct caller {
    pthread_t thread;
    struct bus *gateway;
    int64_t first_id;
    int wrong;
};

static void *call_many(void *data)
{
    struct caller *me = data;
    struct rig_call c;

    for (int64_t id = me->first_id; id < me->first_id + CALLS_EACH; id++) {
        rig_call(&c, me->gateway, "say", id);
        me->wrong += !c.answered || c.id != id || c.account != id + 1000;
    }
    return NULL;
}

static void many_threads_get_their_own_answers(void **state)
{
    static struct caller callers[THREADS];
    struct pair *p = *state;

    for (int i = 0; i < THREADS; i++) {
        callers[i].gateway = p->gateway;
        callers[i].first_id = (int64_t)i * CALLS_EACH;
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call_many, &callers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].wrong, 0);
    }
}

/* One peer owes at most BUS_CREDIT answers; so many more may wait; the next is told at once. */
static void credit_and_waiting_are_bounded(void **state)
{
    enum { WAITING = 4096, ALL = BUS_CREDIT + WAITING };
    static struct rig_call calls[ALL];
    struct pair *p = *state;
    struct rig_call over;
    int before = bus_rig_begun(RIG_HOLD);

    bus_rig_await_peer(p->gateway, true);
    for (int i = 0; i < BUS_CREDIT; i++)
        rig_call_begin(&calls[i], p->gateway, "hold", i, patience());
    bus_rig_await_begun(RIG_HOLD, before + BUS_CREDIT);
    for (int i = BUS_CREDIT; i < ALL; i++)
        rig_call_begin(&calls[i], p->gateway, "say", i, patience());
    rig_call(&over, p->gateway, "say", 1);
    assert_int_equal(over.call.fault.code, FAULT_UNAVAILABLE);
    bus_rig_release();
    for (int i = 0; i < ALL; i++) {
        rig_call_await(&calls[i]);
        assert_true(calls[i].answered);
        assert_int_equal(calls[i].id, i);
    }
}

static void *release_later(void *data)
{
    struct bus *gateway = data;
    struct rig_call c;

    do { /* until the issuer says that it is stopping */
        rig_call(&c, gateway, "say", 1);
    } while (c.answered);
    bus_rig_release();
    return NULL;
}

static void stop_waits_for_handlers_and_takes_nothing_new(void **state)
{
    struct pair *p = *state;
    struct rig_call held;
    pthread_t thread;
    int before = bus_rig_begun(RIG_HOLD);

    rig_call_begin(&held, p->gateway, "hold", 5, patience());
    bus_rig_await_begun(RIG_HOLD, before + 1);
    assert_int_equal(pthread_create(&thread, NULL, release_later, p->gateway), 0);
    bus_free(p->issuer);
    p->issuer = NULL;
    pthread_join(thread, NULL);
    rig_call_await(&held);
    assert_true(held.answered);
    assert_int_equal(held.id, 5);
}

static void stop_fails_what_is_outstanding(void **state)
{
    struct pair *p = *state;
    struct rig_call held;
    int before = bus_rig_begun(RIG_HOLD);

    rig_call_begin(&held, p->gateway, "hold", 5, patience());
    bus_rig_await_begun(RIG_HOLD, before + 1);
    bus_free(p->gateway);
    p->gateway = NULL;
    assert_true(held.done);
    assert_int_equal(held.call.fault.code, FAULT_UNAVAILABLE);
}

/* The bound that settings have (service/config_start.c). */
static void as_many_workers_as_a_setting_may_say(void **state)
{
    struct pair *p = *state;
    struct bus *issuer = bus_rig_serve(&p->rig, "tcp://127.0.0.1:*", BUS_WORKERS_MAX);

    assert_non_null(bus_endpoint(issuer));
    bus_free(issuer);
}

/* Whoever ends late: the call fails on his own thread, and the bus is there until it is freed. */
static void a_closed_bus_fails_every_call(void **state)
{
    struct pair *p = *state;
    struct rig_call held, late;
    int before = bus_rig_begun(RIG_HOLD), said = bus_rig_begun(RIG_SAY);

    rig_call_begin(&held, p->gateway, "hold", 5, patience());
    bus_rig_await_begun(RIG_HOLD, before + 1);
    bus_close(p->gateway);
    assert_true(held.done);
    assert_int_equal(held.call.fault.code, FAULT_UNAVAILABLE);
    rig_call_begin(&late, p->gateway, "say", 6, patience());
    assert_true(late.done);
    assert_int_equal(late.call.fault.code, FAULT_UNAVAILABLE);
    assert_non_null(bus_client(p->gateway, "scheduler", &jobs__descriptor));
    assert_null(bus_endpoint(p->gateway));
    bus_close(p->gateway);
    bus_free(p->gateway);
    p->gateway = NULL;
    assert_int_equal(bus_rig_begun(RIG_SAY), said);
    bus_close(NULL);
    bus_free(NULL);
}

static void bad_options_are_named(void **state)
{
    struct pair *p = *state;
    struct bus_options none = { .service = "issuer",
                                .keys = "/nonexistent",
                                .bind = "ipc:///x",
                                .trust = p->rig.trust,
                                .workers = 1 };
    struct bus_options endpoint = { .service = "gateway",
                                    .keys = p->rig.folder,
                                    .peers = { { "issuer", "issuer:7003" } } };
    struct bus_options trust = { .service = "issuer",
                                 .keys = p->rig.folder,
                                 .bind = "ipc:///x",
                                 .trust = "/nonexistent",
                                 .workers = 1 };
    struct bus_options taken = { .service = "issuer",
                                 .keys = p->rig.folder,
                                 .workers = 1,
                                 .bind = bus_endpoint(p->issuer),
                                 .trust = p->rig.trust };
    const struct {
        struct bus_options *options;
        const char *field;
    } cases[] = {
        { &none, "keys" }, { &endpoint, "peers" }, { &trust, "trust" }, { &taken, "bind" }
    };
    struct fault f;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_null(bus_start(cases[i].options, &f));
        assert_string_equal(f.field, cases[i].field);
    }
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAIR_TEST(answer_reaches_its_caller),
        PAIR_TEST(fault_crosses_the_bus),
        PAIR_TEST(answer_may_come_later_from_another_thread),
        PAIR_TEST(deadline_ends_a_call),
        PAIR_TEST(late_call_is_never_begun),
        PAIR_TEST(call_past_its_deadline_is_not_sent),
        PAIR_TEST(large_answer_arrives),
        PAIR_TEST(too_large_answer_is_a_fault),
        PAIR_TEST(too_large_request_is_a_fault),
        PAIR_TEST(service_that_is_no_peer_is_unavailable),
        PAIR_TEST(nobody_at_the_address_is_unavailable_at_once),
        PAIR_TEST(caller_that_trust_does_not_name_is_refused),
        PAIR_TEST(many_threads_get_their_own_answers),
        PAIR_TEST(credit_and_waiting_are_bounded),
        PAIR_TEST(stop_waits_for_handlers_and_takes_nothing_new),
        PAIR_TEST(stop_fails_what_is_outstanding),
        PAIR_TEST(as_many_workers_as_a_setting_may_say),
        PAIR_TEST(a_closed_bus_fails_every_call),
        PAIR_TEST(bad_options_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
