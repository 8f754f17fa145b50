/* What a peer with a good key may put on the wire: a client that speaks ZeroMQ by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include <cmocka.h>

#include "bus/curve.h"
#include "bus/frame.h"
#include "testing/bus_rig.h"

struct world {
    struct bus_rig rig;
    struct bus *issuer;
    void *zmq, *socket, *monitor;
    struct arena arena;
};

static struct world world;

static void dial(struct world *w)
{
    struct key_pair own[KEYS_EACH];
    char issuer[KEYS_EACH][KEY_TEXT_SIZE];
    struct fault f;

    w->socket = zmq_socket(w->zmq, ZMQ_DEALER);
    w->monitor =
        curve_watch(w->zmq, w->socket, ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
    zmq_setsockopt(w->socket, ZMQ_LINGER, &(int){ 0 }, sizeof(int));
    assert_int_equal(curve_keys_read_own(w->rig.folder, "gateway", own, &f), 1);
    assert_int_equal(curve_keys_read_public(w->rig.folder, "issuer", issuer, &f), 1);
    assert_true(curve_dial(w->socket, &own[0], issuer[0], &f));
    assert_int_equal(zmq_connect(w->socket, bus_endpoint(w->issuer)), 0);
    assert_int_equal(curve_event(w->monitor, 0, NULL), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
}

static int open_world(void **state)
{
    bus_rig_open(&world.rig);
    world.issuer = bus_rig_serve(&world.rig, "tcp://127.0.0.1:*", 1);
    world.zmq = zmq_ctx_new();
    arena_init(&world.arena);
    dial(&world);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    curve_close(w->socket, w->monitor);
    zmq_ctx_term(w->zmq);
    bus_free(w->issuer);
    arena_free(&w->arena);
    bus_rig_close(&w->rig);
    return 0;
}

static Envelope good_request(uint64_t id)
{
    static uint8_t body[] = { 0x08, 0x05, 0x12, 0x03, 's', 'a', 'y' }; /* JobRef: 5, "say" */
    Envelope e = ENVELOPE__INIT;

    e.service = "Jobs";
    e.method = "Run";
    e.id = id;
    e.has_remaining_ms = true;
    e.remaining_ms = 20000;
    e.has_body = true;
    e.body.data = body;
    e.body.len = sizeof body;
    return e;
}

static void send_bytes(struct world *w, const void *data, size_t size, int flags)
{
    assert_int_equal(zmq_send(w->socket, data, size, flags), size);
}

static void send_request(struct world *w, const Envelope *e)
{
    size_t size = envelope__get_packed_size(e);
    uint8_t *data = arena_alloc(&w->arena, size);

    envelope__pack(e, data);
    send_bytes(w, data, size, 0);
}

static const Reply *receive(struct world *w)
{
    uint8_t *data = arena_alloc(&w->arena, 4096);
    int size = zmq_recv(w->socket, data, 4096, 0);

    assert_in_range(size, 1, 4096);
    const Reply *reply = frame_open_reply(&w->arena, (struct bytes){ data, (size_t)size });
    assert_non_null(reply);
    return reply;
}

/* Whatever came before was dropped without an answer: this is the first one. */
static void expect_still_serving(struct world *w)
{
    Envelope e = good_request(4711);

    send_request(w, &e);
    const Reply *reply = receive(w);
    assert_int_equal(reply->id, 4711);
    assert_null(reply->fault);
}

static void expect_fault(struct world *w, const Envelope *e, const char *code)
{
    send_request(w, e);
    const Reply *reply = receive(w);
    assert_int_equal(reply->id, e->id);
    assert_non_null(reply->fault);
    assert_string_equal(reply->fault->code, code);
    assert_false(reply->has_body);
}

static void garbage_is_dropped(void **state)
{
    static const char *const texts[] = { "", "x", "\xff\xff\xff\xff\xff",
                                         "GET / HTTP/1.1\r\n\r\n" };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        send_bytes(w, texts[i], strlen(texts[i]), 0);
    expect_still_serving(w);
}

static void several_frames_are_dropped(void **state)
{
    struct world *w = *state;

    send_bytes(w, "", 0, ZMQ_SNDMORE);
    send_bytes(w, "body", 4, 0);
    for (int i = 0; i < 50; i++)
        send_bytes(w, "part", 4, ZMQ_SNDMORE);
    send_bytes(w, "end", 3, 0);
    expect_still_serving(w);
}

static void every_truncation_is_survived(void **state)
{
    struct world *w = *state;
    Envelope e = good_request(1);
    size_t size = envelope__get_packed_size(&e);
    uint8_t *data = arena_alloc(&w->arena, size);
    int before = bus_rig_begun(RIG_SAY);

    envelope__pack(&e, data);
    for (size_t i = 0; i < size; i++)
        send_bytes(w, data, i, 0);
    e.id = 99;
    send_request(w, &e);
    while (receive(w)->id != 99) /* some are whole messages that lack a body: answered */
        continue;
    assert_int_equal(bus_rig_begun(RIG_SAY), before + 1);
}

static void faults_name_what_is_wrong(void **state)
{
    struct world *w = *state;
    Envelope service = good_request(1), method = good_request(2), body = good_request(3),
             actor = good_request(4);
    Actor long_source = ACTOR__INIT;

    service.service = "Nothing";
    expect_fault(w, &service, "NO_ROUTE");
    method.method = "run";
    expect_fault(w, &method, "NO_ROUTE");
    body.body.len = 3;
    expect_fault(w, &body, "BODY_FORMAT");
    long_source.source = "a source that is longer than a source can be";
    actor.actor = &long_source;
    expect_fault(w, &actor, "BODY_FORMAT");
    expect_still_serving(w);
}

static void request_that_nobody_waits_for_is_dropped(void **state)
{
    struct world *w = *state;
    Envelope zero = good_request(1), absent = good_request(2);
    int before = bus_rig_begun(RIG_SAY);

    zero.remaining_ms = 0;
    send_request(w, &zero);
    absent.has_remaining_ms = false;
    send_request(w, &absent);
    expect_still_serving(w);
    assert_int_equal(bus_rig_begun(RIG_SAY), before + 1);
}

static void oversize_message_ends_the_connection_and_nothing_else(void **state)
{
    enum { SIZE = 2 * BUS_MESSAGE_MAX };
    struct world *w = *state;
    struct bus *other = bus_rig_dial(&w->rig, "validation", bus_endpoint(w->issuer));
    struct rig_call c;
    char *large = calloc(1, SIZE);

    send_bytes(w, large, SIZE, 0);
    free(large);
    assert_int_equal(curve_event(w->monitor, 0, NULL), ZMQ_EVENT_DISCONNECTED);
    rig_call(&c, other, "say", 1);
    assert_true(c.answered);
    bus_free(other);
    curve_close(w->socket, w->monitor);
    dial(w);
    expect_still_serving(w);
}

/* Larger than what the bus allows, but within what libzmq lets through with CURVE's overhead. */
static void message_just_over_the_limit_is_dropped(void **state)
{
    struct world *w = *state;
    char *large = calloc(1, BUS_MESSAGE_MAX + 1);

    send_bytes(w, large, BUS_MESSAGE_MAX + 1, 0);
    free(large);
    expect_still_serving(w);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(garbage_is_dropped),
        WORLD_TEST(several_frames_are_dropped),
        WORLD_TEST(every_truncation_is_survived),
        WORLD_TEST(faults_name_what_is_wrong),
        WORLD_TEST(request_that_nobody_waits_for_is_dropped),
        WORLD_TEST(oversize_message_ends_the_connection_and_nothing_else),
        WORLD_TEST(message_just_over_the_limit_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
