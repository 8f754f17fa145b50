/* Handshakes that must fail, seen to fail by the client's own socket, and the same client let in as
 * soon as what was wrong is right. */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <cmocka.h>

#include "bus/curve.h"
#include "bus/zap.h"
#include "testing/bus_rig.h"
#include "testing/patience.h"

enum {
    ANY_HANDSHAKE_EVENT = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
};

struct world {
    struct bus_rig rig;
    struct bus *issuer;
    void *zmq;
    char endpoint[256];
    struct key_pair gateway[KEYS_EACH];
    char issuer_key[KEYS_EACH][KEY_TEXT_SIZE];
};

static struct world world;

static int open_world(void **state)
{
    struct fault f;

    bus_rig_open(&world.rig);
    world.issuer = bus_rig_serve(&world.rig, "tcp://127.0.0.1:*", 1);
    snprintf(world.endpoint, sizeof world.endpoint, "%s", bus_endpoint(world.issuer));
    world.zmq = zmq_ctx_new();
    assert_int_equal(curve_keys_read_own(world.rig.folder, "gateway", world.gateway, &f), 1);
    assert_int_equal(curve_keys_read_public(world.rig.folder, "issuer", world.issuer_key, &f), 1);
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;

    zmq_ctx_term(w->zmq);
    bus_free(w->issuer);
    bus_rig_close(&w->rig);
    return 0;
}

/* How a client tries to get in; NULL members are left unset. */
struct attempt {
    const struct key_pair *own;
    const char *server;
    const char *plain; /* user and password */
};

static void set_up(void *socket, const struct attempt *how)
{
    struct fault f;

    if (how->server)
        assert_true(curve_dial(socket, how->own, how->server, &f));
    if (how->plain) {
        zmq_setsockopt(socket, ZMQ_PLAIN_USERNAME, how->plain, strlen(how->plain));
        zmq_setsockopt(socket, ZMQ_PLAIN_PASSWORD, how->plain, strlen(how->plain));
    }
}

/* The first event of the client's handshake with `endpoint`, and what libzmq says of it. */
static int handshake(void *zmq, const char *endpoint, const struct attempt *how, int *value)
{
    void *socket = zmq_socket(zmq, ZMQ_DEALER);
    void *monitor = curve_watch(zmq, socket, ANY_HANDSHAKE_EVENT);
    int linger = 0;

    assert_non_null(monitor);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    set_up(socket, how);
    assert_int_equal(zmq_connect(socket, endpoint), 0);
    int event = curve_event(monitor, 0, value);
    curve_close(socket, monitor);
    return event;
}

/* The same when somebody has said something: on a slow machine a handshake may last longer than one is
 * let. */
static int verdict(void *zmq, const char *endpoint, const struct attempt *how, int *value)
{
    int event;

    await_that((event = handshake(zmq, endpoint, how, value)) !=
               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
    return event;
}

static struct attempt right_one(const struct world *w)
{
    return (struct attempt){ .own = &w->gateway[0], .server = w->issuer_key[0] };
}

static void expect_refused(const struct world *w, const struct attempt *how)
{
    int value;

    assert_int_not_equal(handshake(w->zmq, w->endpoint, how, &value),
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
}

/* The server's own word: the key is not known. */
static void expect_unknown(const struct world *w, const struct attempt *how)
{
    int value;

    assert_int_equal(verdict(w->zmq, w->endpoint, how, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(value, 400);
}

static void expect_let_in(const struct world *w)
{
    struct attempt right = right_one(w);
    int value;

    assert_int_equal(verdict(w->zmq, w->endpoint, &right, &value), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
}

static void no_curve_at_all(void **state)
{
    const struct attempt null = { 0 };

    expect_refused(*state, &null);
    expect_let_in(*state);
}

static void plain_password(void **state)
{
    const struct attempt plain = { .plain = "gateway" };

    expect_refused(*state, &plain);
    expect_let_in(*state);
}

static void random_client_key(void **state)
{
    struct attempt how = right_one(*state);
    struct key_pair random;

    assert_int_equal(zmq_curve_keypair(random.public, random.secret), 0);
    how.own = &random;
    expect_unknown(*state, &how);
    expect_let_in(*state);
}

/* A known public key does not help who has not the secret one. */
static void borrowed_public_key(void **state)
{
    struct world *w = *state;
    struct attempt how = right_one(w);
    struct key_pair thief;

    assert_int_equal(zmq_curve_keypair(thief.public, thief.secret), 0);
    memcpy(thief.public, w->gateway[0].public, sizeof thief.public);
    how.own = &thief;
    expect_refused(w, &how);
    expect_let_in(w);
}

static void wrong_server_key(void **state)
{
    struct world *w = *state;
    struct attempt how = right_one(w);

    how.server = w->gateway[0].public;
    expect_refused(w, &how);
    expect_let_in(w);
}

/* Taking SERVICE.pub out of the folder shuts its owner out; no restart. */
static void revoked_key(void **state)
{
    struct world *w = *state;
    struct attempt right = right_one(w);
    char pub[RIG_PATH_SIZE], away[RIG_PATH_SIZE];

    bus_rig_path(&w->rig, "gateway.pub", pub);
    bus_rig_path(&w->rig, "gateway.pub.revoked", away);
    assert_int_equal(rename(pub, away), 0);
    expect_unknown(w, &right);
    assert_int_equal(rename(away, pub), 0);
    expect_let_in(w);
}

/* ---- servers of the test's own, to see what each of the three settings is for */

struct own_server {
    void *zmq, *router;
    struct zap *zap;
    struct key_pair pair[KEYS_EACH];
    char endpoint[256];
};

static void server_open(struct own_server *s, const struct world *w, bool handler,
                        const char *domain)
{
    size_t size = sizeof s->endpoint;
    int linger = 0;
    struct fault f;

    s->zmq = zmq_ctx_new();
    s->zap = handler ? zap_start(s->zmq, w->rig.folder, &f) : NULL;
    s->router = zmq_socket(s->zmq, ZMQ_ROUTER);
    assert_int_equal(curve_keys_read_own(w->rig.folder, "issuer", s->pair, &f), 1);
    assert_true(curve_serve(s->router, &s->pair[0], domain, &f));
    zmq_setsockopt(s->router, ZMQ_LINGER, &linger, sizeof linger);
    assert_int_equal(zmq_bind(s->router, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(s->router, ZMQ_LAST_ENDPOINT, s->endpoint, &size);
}

static void server_close_(struct own_server *s)
{
    zmq_close(s->router);
    zmq_ctx_shutdown(s->zmq);
    zap_stop(s->zap);
    zmq_ctx_term(s->zmq);
}

static void wrong_zap_domain(void **state)
{
    struct world *w = *state;
    struct attempt right = right_one(w);
    struct own_server s;
    int value;

    server_open(&s, w, true, "elsewhere");
    assert_int_equal(verdict(w->zmq, s.endpoint, &right, &value), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    assert_int_equal(value, 400);
    server_close_(&s);
    server_open(&s, w, true, ZAP_DOMAIN);
    assert_int_equal(verdict(w->zmq, s.endpoint, &right, &value), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    server_close_(&s);
}

/* What libzmq 4.3.4 does without ENFORCE_ZAP_DOMAIN: it lets everybody in. */
static void nobody_gets_in_without_a_handler(void **state)
{
    struct world *w = *state;
    struct attempt right = right_one(w);
    struct own_server s;
    int value;

    server_open(&s, w, false, ZAP_DOMAIN);
    assert_int_not_equal(handshake(w->zmq, s.endpoint, &right, &value),
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    server_close_(&s);
    expect_let_in(w);
}

/* The proof at start is no formality: it notices a server that lets strangers in. */
static void proof_fails_where_strangers_get_in(void **state)
{
    struct world *w = *state;
    struct own_server s;
    struct fault f;
    int off = 0;

    server_open(&s, w, true, ZAP_DOMAIN);
    assert_true(curve_prove(s.zmq, s.endpoint, s.pair[0].public, &f));
    server_close_(&s);

    s.zmq = zmq_ctx_new();
    s.zap = NULL;
    s.router = zmq_socket(s.zmq, ZMQ_ROUTER);
    zmq_setsockopt(s.router, ZMQ_CURVE_SERVER, &(int){ 1 }, sizeof(int));
    zmq_setsockopt(s.router, ZMQ_CURVE_SECRETKEY, s.pair[0].secret, KEY_TEXT_SIZE - 1);
    zmq_setsockopt(s.router, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, strlen(ZAP_DOMAIN));
    zmq_setsockopt(s.router, ZMQ_LINGER, &off, sizeof off);
    assert_int_equal(zmq_bind(s.router, "tcp://127.0.0.1:*"), 0);
    zmq_getsockopt(s.router, ZMQ_LAST_ENDPOINT, s.endpoint, &(size_t){ sizeof s.endpoint });
    assert_false(curve_prove(s.zmq, s.endpoint, s.pair[0].public, &f));
    assert_string_equal(f.detail, "the bus lets an unknown key in");
    server_close_(&s);
}

/* Takes one connection, ends it in the middle of its handshake, and makes room for the server. */
static void *break_one(void *listener)
{
    int fd = *(int *)listener, one = accept(fd, NULL, NULL);

    close(fd);
    close(one);
    return NULL;
}

struct proof {
    void *zmq;
    const char *endpoint, *key;
    bool good;
    struct fault f;
};

static void *prove(void *context)
{
    struct proof *p = context;

    p->good = curve_prove(p->zmq, p->endpoint, p->key, &p->f);
    return NULL;
}

/* As when the machine is so busy that it lasts longer than a handshake may. */
static void a_broken_handshake_is_tried_again(void **state)
{
    struct world *w = *state;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof at;
    struct proof p = { .zmq = w->zmq };
    struct own_server s;
    char endpoint[64];
    pthread_t breaker, prover;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), reuse = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%d", ntohs(at.sin_port));
    server_open(&s, w, true, ZAP_DOMAIN);
    p.endpoint = endpoint;
    p.key = s.pair[0].public;
    assert_int_equal(pthread_create(&breaker, NULL, break_one, &fd), 0);
    assert_int_equal(pthread_create(&prover, NULL, prove, &p), 0);
    pthread_join(breaker, NULL);
    await_that(zmq_bind(s.router, endpoint) == 0);
    pthread_join(prover, NULL);
    if (!p.good)
        fail_msg("%s", p.f.detail);
    server_close_(&s);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(no_curve_at_all),
        WORLD_TEST(plain_password),
        WORLD_TEST(random_client_key),
        WORLD_TEST(borrowed_public_key),
        WORLD_TEST(wrong_server_key),
        WORLD_TEST(revoked_key),
        WORLD_TEST(wrong_zap_domain),
        WORLD_TEST(nobody_gets_in_without_a_handler),
        WORLD_TEST(proof_fails_where_strangers_get_in),
        WORLD_TEST(a_broken_handshake_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
