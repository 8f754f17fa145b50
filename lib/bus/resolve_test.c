/* Names that stand for several addresses, which come and go. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bus/resolve.h"
#include "testing/bus_child.h"

/* ---- names: this program's getaddrinfo() knows "issuers.test", whatever the test says it is */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static char names[4][INET_ADDRSTRLEN];
static int names_count;

static void names_set(int count, const char *first, const char *second)
{
    pthread_mutex_lock(&names_lock);
    names_count = count;
    snprintf(names[0], sizeof names[0], "%s", first ? first : "");
    snprintf(names[1], sizeof names[1], "%s", second ? second : "");
    pthread_mutex_unlock(&names_lock);
}

/* As getaddrinfo(3) lays it out, so that freeaddrinfo(3) frees it. */
static struct addrinfo *info_new(const char *address, const char *port, struct addrinfo *next)
{
    struct addrinfo *ai = calloc(1, sizeof *ai + sizeof(struct sockaddr_in));
    struct sockaddr_in *to = (struct sockaddr_in *)(ai + 1);

    to->sin_family = AF_INET;
    to->sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    inet_pton(AF_INET, address, &to->sin_addr);
    *ai = (struct addrinfo){ .ai_family = AF_INET,
                             .ai_addrlen = sizeof *to,
                             .ai_addr = (struct sockaddr *)to,
                             .ai_next = next };
    return ai;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *req,
                struct addrinfo **pai)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    if (!name || strcmp(name, "issuers.test") != 0) {
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, req, pai);
    }
    pthread_mutex_lock(&names_lock);
    int count = names_count;
    *pai = NULL;
    for (int i = 0; i < count; i++)
        *pai = info_new(names[i], service, *pai);
    pthread_mutex_unlock(&names_lock);
    return count < 0 ? EAI_AGAIN : 0;
}

/* ---- endpoints */

static void endpoints_are_looked_up(void **state)
{
    static const struct {
        const char *endpoint, *address; /* NULL: cannot be found out */
    } cases[] = {
        { "tcp://127.0.0.1:7003", "tcp://127.0.0.1:7003" },
        { "tcp://[::1]:7003", "tcp://[::1]:7003" },
        { "ipc:///run/issuer", "ipc:///run/issuer" },
        { "tcp://issuers.test:7003", NULL },
    };

    (void)state;
    names_set(-1, NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct address_list list = { 0 };
        bool found = resolve_names(cases[i].endpoint, &list);

        assert_int_equal(found, cases[i].address != NULL);
        assert_int_equal(list.count, found);
        if (found)
            assert_string_equal(list.at[0], cases[i].address);
    }
}

static void ignore(void *context, int peer, const struct address_list *addresses)
{
    (void)context;
    (void)peer;
    (void)addresses;
}

static void bad_endpoints_are_refused(void **state)
{
    static const char *const bad[] = { "",
                                       "issuer:7003",
                                       "tcp://issuer",
                                       "tcp://:7003",
                                       "tcp://issuer:",
                                       "tcp://issuer:x",
                                       "tcp://[]:1",
                                       "ipc://relative",
                                       "tcp://a:1,",
                                       "udp://a:1",
                                       "tcp://a:1,,tcp://b:1" };
    struct resolve_options options = { .every = seconds(1), .found = ignore };
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.peers[0] = (struct bus_peer){ "issuer", bad[i] };
        assert_null(resolve_start(&options, &f));
        assert_string_equal(f.field, "peers");
    }
}

/* ---- a bus */

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

/* As in peer_test.c: a handler of the one peer has it. */
static void hold(struct world *w, struct rig_call *held)
{
    struct rig_call c;

    rig_call_begin(held, w->gateway, "hold", 1, seconds(600));
    rig_call(&c, w->gateway, "say", 2);
    assert_true(c.answered);
}

static struct bus *dial_by_name(const struct world *w, const char *port)
{
    char endpoint[64];
    struct bus_options options = {
        .service = "gateway",
        .keys = w->rig.folder,
        .peers = { { "issuer", endpoint } },
        .resolve = milliseconds(20),
        .heartbeat = RIG_HEARTBEAT,
    };
    struct fault f;

    snprintf(endpoint, sizeof endpoint, "tcp://issuers.test:%s", port);
    return bus_start(&options, &f);
}

static void await_answer_from(const struct world *w, pid_t pid)
{
    struct rig_call c;

    do {
        rig_call(&c, w->gateway, "who", 1);
    } while (c.id != pid);
}

/* One name, several addresses, which come and go. */
static void names_are_looked_up_again(void **state)
{
    static struct rig_call held;
    struct world *w = *state;
    struct rig_call c;
    char bind[64];

    w->a = bus_child_start(&w->rig, "tcp://127.66.0.1:*");
    const char *port = strrchr(w->a.endpoint, ':') + 1;
    snprintf(bind, sizeof bind, "tcp://127.66.0.2:%s", port);
    w->b = bus_child_start(&w->rig, bind);

    names_set(1, "127.66.0.1", NULL);
    w->gateway = dial_by_name(w, port);
    await_answer_from(w, w->a.pid);
    hold(w, &held);
    names_set(2, "127.66.0.1", "127.66.0.2");
    await_answer_from(w, w->b.pid);
    names_set(1, "127.66.0.2", NULL);
    for (int in_a_row = 0; in_a_row < 50;) {
        rig_call(&c, w->gateway, "who", 1);
        in_a_row = c.id == w->b.pid ? in_a_row + 1 : 0;
    }
    assert_false(held.done);   /* what the first one began is its own to finish */
    names_set(-1, NULL, NULL); /* the name service is down: the last addresses hold */
    for (int i = 0; i < 50; i++) {
        rig_call(&c, w->gateway, "who", 1);
        assert_int_equal(c.id, w->b.pid);
    }
    names_set(1, "127.66.0.1", NULL);
    await_answer_from(w, w->a.pid);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints_are_looked_up),
        cmocka_unit_test(bad_endpoints_are_refused),
        cmocka_unit_test_setup_teardown(names_are_looked_up_again, open_world, close_world),
    };

    bus_child_main(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
