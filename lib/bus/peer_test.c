/* Peers that die and stop: child processes are killed and stopped for real. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "testing/bus_child.h"
#include "testing/patience.h"

struct world {
    struct bus_rig rig;
    struct bus_child a, b;
    struct bus *gateway;
};

static struct world world;

static int open_world(void **state)
{
    memset(&world, 0, sizeof world);
    bus_rig_open(&world.rig);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    bus_free(w->gateway);
    bus_child_kill(&w->a);
    bus_child_kill(&w->b);
    bus_rig_close(&w->rig);
    return 0;
}

static void await_both(struct world *w)
{
    bool seen_a = false, seen_b = false;
    struct rig_call c;

    while (!seen_a || !seen_b) {
        rig_call(&c, w->gateway, "who", 1);
        assert_true(c.answered);
        seen_a |= c.id == w->a.pid;
        seen_b |= c.id == w->b.pid;
    }
}

/* Two issuers, and a gateway that has reached both. */
static void open_two(struct world *w,
                     struct bus *(*dial)(const struct bus_rig *, const char *, const char *))
{
    char both[300];

    w->a = bus_child_start(&w->rig, "tcp://127.0.0.1:*");
    w->b = bus_child_start(&w->rig, "tcp://127.0.0.1:*");
    snprintf(both, sizeof both, "%s,%s", w->a.endpoint, w->b.endpoint);
    w->gateway = dial(&w->rig, "gateway", both);
    await_both(w);
}

/* One call for each of two peers, since a call goes where the fewest are outstanding. Their
 * handlers have them: what was sent after them was answered. */
static void hold_two(struct world *w, struct rig_call held[2])
{
    for (int i = 0; i < 2; i++)
        rig_call_begin(&held[i], w->gateway, "hold", i, seconds(600));
    await_both(w);
}

/* As above, for one peer. */
static void hold(struct world *w, struct rig_call *held)
{
    struct rig_call c;

    rig_call_begin(held, w->gateway, "hold", 1, seconds(600));
    rig_call(&c, w->gateway, "say", 2);
    assert_true(c.answered);
}

static void killed_peer_fails_its_calls_at_once(void **state)
{
    static struct rig_call held;
    struct world *w = *state;
    struct rig_call c;

    w->a = bus_child_start(&w->rig, "tcp://127.0.0.1:*");
    w->gateway = bus_rig_dial(&w->rig, "gateway", w->a.endpoint);
    hold(w, &held);
    bus_child_kill(&w->a);
    rig_call_await(&held);
    assert_int_equal(held.call.fault.code, FAULT_UNAVAILABLE);
    bus_rig_await_peer(w->gateway, false);
    rig_call_begin(&c, w->gateway, "say", 1, seconds(600));
    rig_call_await(&c);
    assert_int_equal(c.call.fault.code, FAULT_UNAVAILABLE);
}

static void new_peer_at_the_same_address_is_found(void **state)
{
    static struct rig_call held;
    struct world *w = *state;
    struct rig_call c;

    w->a = bus_child_start(&w->rig, "tcp://127.0.0.1:*");
    w->gateway = bus_rig_dial(&w->rig, "gateway", w->a.endpoint);
    hold(w, &held);
    bus_child_kill(&w->a);
    rig_call_await(&held);
    w->a = bus_child_start(&w->rig, w->a.endpoint);
    bus_rig_await_peer(w->gateway, true);
    rig_call(&c, w->gateway, "who", 1);
    assert_true(c.answered);
    assert_int_equal(c.id, w->a.pid);
}

/* A stopped process keeps its connection open and says nothing: only heartbeats tell. */
static void stopped_peer_fails_its_calls_and_the_other_goes_on(void **state)
{
    enum { CALLS = 300 };
    static struct rig_call calls[CALLS], held[2];
    struct world *w = *state;
    struct rig_call c;

    open_two(w, bus_rig_dial_hasty);
    hold_two(w, held);
    kill(w->a.pid, SIGSTOP);
    struct rig_call *lost = rig_call_await_any(held, 2);
    assert_int_equal(lost->call.fault.code, FAULT_UNAVAILABLE);
    for (int i = 0; i < CALLS; i++)
        rig_call_begin(&calls[i], w->gateway, "who", i, patience());
    for (int i = 0; i < CALLS; i++) {
        rig_call_await(&calls[i]);
        assert_true(calls[i].answered);
        assert_int_equal(calls[i].id, w->b.pid);
    }
    assert_false(held[0].done && held[1].done); /* the other peer still has its own */
    kill(w->a.pid, SIGCONT);
    do {
        rig_call(&c, w->gateway, "who", 1);
        assert_true(c.answered);
    } while (c.id != w->a.pid);
}

static void idle_stopped_peer_is_noticed(void **state)
{
    struct world *w = *state;

    w->a = bus_child_start(&w->rig, "tcp://127.0.0.1:*");
    w->gateway = bus_rig_dial_hasty(&w->rig, "gateway", w->a.endpoint);
    bus_rig_await_peer(w->gateway, true);
    kill(w->a.pid, SIGSTOP);
    bus_rig_await_peer(w->gateway, false);
    kill(w->a.pid, SIGCONT);
    bus_rig_await_peer(w->gateway, true);
}

static void ipc_works_like_tcp(void **state)
{
    struct world *w = *state;
    struct rig_call c;
    char path[RIG_PATH_SIZE], endpoint[RIG_PATH_SIZE + 8];

    bus_rig_path(&w->rig, "socket", path);
    snprintf(endpoint, sizeof endpoint, "ipc://%s", path);
    w->a = bus_child_start(&w->rig, endpoint);
    w->gateway = bus_rig_dial(&w->rig, "gateway", endpoint);
    rig_call(&c, w->gateway, "who", 1);
    assert_int_equal(c.id, w->a.pid);
}

/* One that is stopping says no quickly, and must not draw the calls because of that. */
static void stopping_peer_draws_no_calls(void **state)
{
    static struct rig_call held[2];
    struct world *w = *state;
    struct rig_call c;

    open_two(w, bus_rig_dial);
    hold_two(w, held);
    bus_child_order(&w->a, 's');
    for (int in_a_row = 0; in_a_row < 100;) {
        rig_call(&c, w->gateway, "who", 1);
        assert_true(c.answered);
        in_a_row = c.id == w->b.pid ? in_a_row + 1 : 0;
    }
    bus_child_order(&w->a, 'r');
    assert_true(rig_call_await_any(held, 2)->answered);
    assert_int_equal(bus_child_wait(&w->a), 0);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(killed_peer_fails_its_calls_at_once),
        WORLD_TEST(new_peer_at_the_same_address_is_found),
        WORLD_TEST(stopped_peer_fails_its_calls_and_the_other_goes_on),
        WORLD_TEST(idle_stopped_peer_is_noticed),
        WORLD_TEST(ipc_works_like_tcp),
        WORLD_TEST(stopping_peer_draws_no_calls),
    };

    bus_child_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
