/* How answers go out: to clients at their pace, from memory that is given back. */
#include <poll.h>

#include "http_toy.h"
#include "service/metrics.h"

enum { SMALL = 4096, LARGE = 4097, HUGE = 8 * 1024 * 1024 };

static char content[HUGE];
static atomic_int releases;

static void release(void *held)
{
    assert_ptr_equal(held, content);
    atomic_fetch_add(&releases, 1);
}

/* So many bytes as the path says, held. */
static bool held_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const ToyOut *toy = (const ToyOut *)answer;
    (void)call;
    out->type = "application/octet-stream";
    out->body = (struct bytes){ (const uint8_t *)content, (size_t)toy->id };
    out->release = release;
    out->held = content;
    return true;
}

static void sizes_answer(Toys_Service *self, const ToyIn *in, ToyOut_Closure answer, void *data)
{
    ToyOut out = TOY_OUT__INIT;
    (void)self;
    out.has_id = true;
    out.id = in->id;
    http_not_modified(data, "\"content\"", (struct instant){ 0 });
    answer(&out, data);
}

static Toys_Service sizes = TOYS__INIT(toys_);

// clang-format off
static const struct route send_routes[] = {
    { GET, "/held/{id}",   WORKER, RPC(sizes, "Echo"), NULL, 200, "So many", .shape = held_shape },
    { GET, "/inline/{id}", INLINE, RPC(sizes, "Echo"), NULL, 200, "So many", .shape = held_shape },
    { .path = NULL },
};
// clang-format on
static const struct route *const send_tables[] = { send_routes, NULL };
static const struct route_family send_families[] = { { .base = "", .tables = send_tables },
                                                     { .base = NULL } };

static struct http *sender(struct http_options o)
{
    sizes.echo = sizes_answer;
    o.doors[0] = (struct http_door){ "127.0.0.1:0", send_families, NULL };
    memset(content, 'x', sizeof content);
    return toy_start(o);
}

/* ---- given back */

static void await_releases(int count)
{
    await_that(atomic_load(&releases) >= count);
    assert_int_equal(atomic_load(&releases), count);
}

static void what_is_held_is_given_back_once(void **state)
{
    static const struct {
        const char *line, *headers;
        int status;
        size_t size;
    } cases[] = {
        { "GET /held/4096", "", 200, SMALL },
        { "GET /held/4097", "", 200, LARGE },
        { "GET /inline/4096", "", 200, SMALL },
        { "GET /inline/4097", "", 200, LARGE },
        { "GET /held/8388608", "", 200, HUGE },
        { "HEAD /held/4097", "", 200, 0 },
        { "GET /held/4097", "If-None-Match: *\r\n", 304, 0 },
        { "GET /held/0", "", 200, 0 },
    };
    struct http *h = sender((struct http_options){ HTTP_DEFAULTS });
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        atomic_store(&releases, 0);
        char *answer = exchange(h, &a, cases[i].line, cases[i].headers, NULL);
        assert_int_equal(status_of(answer), cases[i].status);
        assert_int_equal(strlen(body_of(answer)), cases[i].size);
        assert_int_equal(strspn(body_of(answer), "x"), cases[i].size);
        await_releases(1);
        arena_free(&a);
    }
    toy_stop(h);
    assert_int_equal(atomic_load(&releases), 1);
}

/* ---- pace */

/* With a small window, so that little is on the way. */
static int dial_slowly(const struct http *h)
{
    struct timeval patience = { .tv_sec = 20 };
    int small = 64 * 1024, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(http_port(h, 0)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Takes so many bytes 20 times a second until the other side closes: how many there were. */
static size_t take_at(int fd, size_t piece)
{
    char *room = malloc(piece);
    size_t all = 0;
    ssize_t got = 0;
    do {
        size_t part = 0;
        while (part < piece && (got = recv(fd, room, piece - part, 0)) > 0)
            part += (size_t)got;
        all += part;
        poll(NULL, 0, 50);
    } while (got > 0);
    free(room);
    close(fd);
    return all;
}

static struct http_options hasty(size_t pace)
{
    struct http_options o = { HTTP_DEFAULTS };
    o.receive = seconds(1);
    o.pace = pace;
    return o;
}

/* Several times as long as an answer has, and each time enough of it. */
static void who_keeps_the_pace_is_served(void **state)
{
    struct http *h = sender(hasty(64 * 1024));
    struct arena a;
    (void)state;
    arena_init(&a);
    atomic_store(&releases, 0);
    struct tick begun = tick_now();
    int fd = dial_slowly(h);
    ask(fd, &a, "GET /held/8388608", "", NULL);
    assert_true(take_at(fd, HUGE / 80) > HUGE);
    assert_true(tick_now().us - begun.us > 3 * seconds(1).us);
    await_releases(1);
    toy_stop(h);
    arena_free(&a);
}

static void cut_at(size_t pace, size_t piece)
{
    struct http *h = sender(hasty(pace));
    struct arena a;
    int64_t before = metric_get(METRIC_HTTP_SLOW_CLIENTS);
    arena_init(&a);
    atomic_store(&releases, 0);
    int fd = dial_slowly(h);
    ask(fd, &a, "GET /held/8388608", "", NULL);
    if (!piece)
        await_that(metric_get(METRIC_HTTP_SLOW_CLIENTS) != before);
    assert_true(take_at(fd, piece ? piece : HUGE) < HUGE);
    assert_int_equal(metric_get(METRIC_HTTP_SLOW_CLIENTS), before + 1);
    await_releases(1);
    toy_stop(h);
    arena_free(&a);
}

static void who_does_not_is_cut(void **state)
{
    (void)state;
    cut_at(4 * 1024 * 1024, HUGE / 100); /* takes less than two MiB a second */
    cut_at(1024, 0);                     /* nothing at all */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_held_is_given_back_once),
        cmocka_unit_test(who_keeps_the_pace_is_served),
        cmocka_unit_test(who_does_not_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
