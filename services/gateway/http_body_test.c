/* Bodies: how much of them is kept, and for whom. */
#include "http_toy.h"
#include "service/metrics.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

static struct http_options door_for(size_t bodies)
{
    struct http_options o = toy_options();
    o.bodies_max = bodies;
    o.doors[0].trusted_proxies = "127.0.0.1";
    return o;
}

static char *spaces(struct arena *a, size_t size)
{
    char *out = arena_alloc(a, size + 1);
    memset(out, ' ', size);
    return out;
}

/* A request whose body never comes to its end. */
static int begin_post(const struct http *h, struct arena *a, const char *headers, size_t announced,
                      size_t sent)
{
    int fd = dial(h);
    char *head = arena_format(
        a, "POST /v2/toy HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", headers, announced);
    say(fd, head, strlen(head));
    say(fd, spaces(a, sent), sent);
    return fd;
}

/* ... of a client of its own. */
static int begin_post_of(const struct http *h, struct arena *a, int client, size_t announced,
                         size_t sent)
{
    return begin_post(h, a, arena_format(a, "X-Forwarded-For: 192.0.2.%d\r\n", client), announced,
                      sent);
}

static void await_bytes(int64_t bytes)
{
    await_that(metric_get(METRIC_HTTP_BODY_BYTES) == bytes);
}

/* The status, when what the body took is given back: the client has its answer before that. */
static int post_of_client(const struct http *h, struct arena *a, int client, size_t size)
{
    static const char row[] = "{\"id\":1}";
    int64_t before = metric_get(METRIC_HTTP_BODY_BYTES);
    char *body = spaces(a, size);
    memcpy(body, row, sizeof row - 1);
    int status = status_of(exchange(
        h, a, "POST /v2/toy", arena_format(a, "X-Forwarded-For: 192.0.2.%d\r\n", client), body));
    await_bytes(before);
    return status;
}

static int post_of_size(const struct http *h, struct arena *a, size_t size)
{
    return post_of_client(h, a, 250, size);
}

/* The same, without a length. */
static int chunks_of_client(const struct http *h, struct arena *a, int client, int kibibytes)
{
    struct text all;
    int64_t before = metric_get(METRIC_HTTP_BODY_BYTES);
    text_init(&all, a);
    for (int k = 0; k < kibibytes / 4; k++)
        text_format(&all, "1000\r\n%s\r\n", spaces(a, 4 * KIB));
    text_add(&all, "8\r\n{\"id\":1}\r\n0\r\n\r\n");
    int fd = dial(h);
    ask(fd, a, "POST /v2/toy",
        arena_format(a, "Transfer-Encoding: chunked\r\nX-Forwarded-For: 192.0.2.%d\r\n", client),
        NULL);
    say(fd, all.data, all.length);
    int status = status_of(hear(fd, a));
    await_bytes(before);
    return status;
}

/* 40 clients send 255 KiB each, 10 MiB, where 1 MiB is all there is, and half of it for such. */
static void unfinished_bodies_have_one_budget(void **state)
{
    struct http *h = toy_start(door_for(MIB));
    struct arena a;
    int fds[40];
    int64_t before = metric_get(METRIC_HTTP_BODIES_REFUSED);
    (void)state;
    arena_init(&a);
    for (int i = 0; i < 40; i++) {
        fds[i] = begin_post_of(h, &a, i, 256 * KIB, 255 * KIB);
        assert_true(metric_get(METRIC_HTTP_BODY_BYTES) <= MIB);
    }
    await_that(metric_get(METRIC_HTTP_BODIES_REFUSED) >= before + 38);
    await_bytes(2 * 255 * KIB);
    char *answer = exchange(h, &a, "POST /v2/toy", "", spaces(&a, 17 * KIB));
    assert_int_equal(status_of(answer), 503);
    assert_non_null(strstr(answer, "\r\nRetry-After: 2\r\n"));
    assert_non_null(strstr(answer, "\"code\":\"service_unavailable\""));
    assert_int_equal(status_of(exchange(h, &a, "POST /v2/toy", "", "{\"id\":1}")), 201);
    assert_int_equal(status_of(exchange(h, &a, "GET /v2/toy", "", NULL)), 200);
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    await_bytes(0);
    answer = exchange(h, &a, "POST /v2/toy", "", "{\"id\":1}");
    assert_int_equal(status_of(answer), 201);
    await_bytes(0);
    toy_stop(h);
    arena_free(&a);
}

/* However much others send that is large; and all that is small has the whole budget. */
static void small_bodies_have_half_of_the_budget(void **state)
{
    struct http *h = toy_start(door_for(MIB));
    struct arena a;
    int fds[34];
    (void)state;
    arena_init(&a);
    for (int i = 0; i < 2; i++)
        fds[i] = begin_post_of(h, &a, i, 256 * KIB, 255 * KIB);
    await_bytes(2 * 255 * KIB);
    assert_int_equal(post_of_size(h, &a, 17 * KIB), 503);
    assert_int_equal(post_of_size(h, &a, 16 * KIB), 201);
    for (int i = 2; i < 34; i++)
        fds[i] = begin_post(h, &a, "", 16 * KIB, 16 * KIB - 1);
    await_bytes(2 * 255 * KIB + 32 * (16 * KIB - 1));
    assert_int_equal(post_of_size(h, &a, 8 * KIB), 503);
    for (int i = 0; i < 34; i++)
        close(fds[i]);
    await_bytes(0);
    toy_stop(h);
    arena_free(&a);
}

/* A quarter of the 8 MiB that large bodies may take is eight of them. */
static void a_client_has_a_share_of_the_large(void **state)
{
    enum { MOST = 8 };
    struct http *h = toy_start(door_for(16 * MIB));
    struct arena a;
    int fds[MOST], others[MOST];
    (void)state;
    arena_init(&a);
    for (int i = 0; i < MOST; i++)
        fds[i] = begin_post_of(h, &a, 1, 256 * KIB, 255 * KIB);
    await_bytes(MOST * 255 * KIB);
    assert_int_equal(post_of_client(h, &a, 1, 200 * KIB), 503);
    assert_int_equal(chunks_of_client(h, &a, 1, 64), 503);
    assert_int_equal(post_of_client(h, &a, 1, 16 * KIB), 201); /* small */
    assert_int_equal(chunks_of_client(h, &a, 2, 64), 201);
    assert_int_equal(post_of_client(h, &a, 2, 256 * KIB), 201);
    for (int i = 0; i < MOST; i++)
        others[i] = begin_post_of(h, &a, 2, 256 * KIB, 255 * KIB);
    await_bytes(2 * MOST * 255 * KIB);
    for (int i = 0; i < MOST; i++)
        close(fds[i]);
    await_bytes(MOST * 255 * KIB);
    assert_int_equal(post_of_client(h, &a, 1, 256 * KIB), 201);
    for (int i = 0; i < MOST; i++)
        close(others[i]);
    await_bytes(0);
    toy_stop(h);
    arena_free(&a);
}

/* Also where a quarter is less. */
static void a_share_has_room_for_one(void **state)
{
    struct http *h = toy_start(door_for(MIB));
    struct arena a;
    (void)state;
    arena_init(&a);
    assert_int_equal(post_of_client(h, &a, 1, 256 * KIB), 201);
    int fd = begin_post_of(h, &a, 1, 256 * KIB, 255 * KIB);
    await_bytes(255 * KIB);
    assert_int_equal(post_of_client(h, &a, 1, 17 * KIB), 503);
    assert_int_equal(post_of_client(h, &a, 2, 17 * KIB), 201);
    close(fd);
    await_bytes(0);
    toy_stop(h);
    arena_free(&a);
}

/* The size of this process in memory, in bytes: the second number of that file counts pages. */
static size_t resident(void)
{
    char line[128] = "", *end;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    strtoull(line, &end, 10);
    return (size_t)strtoull(end, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* 30 MiB come, and are gone again; whatever else the process needs is less than half of that. */
static void memory_is_given_back(void **state)
{
    struct http *h = toy_start(door_for(64 * MIB));
    struct arena a;
    int fds[120];
    (void)state;
    arena_init(&a);
    for (int i = 0; i < 120; i++)
        fds[i] = begin_post_of(h, &a, i, 256 * KIB, 256);
    await_bytes(120 * 256);
    size_t before = resident();
    char *more = spaces(&a, 255 * KIB);
    for (int i = 0; i < 120; i++)
        say(fds[i], more, 255 * KIB);
    await_bytes((int64_t)120 * (255 * KIB + 256));
    size_t most = resident();
    assert_true(most - before > 24 * MIB);
    for (int i = 0; i < 120; i++)
        close(fds[i]);
    await_bytes(0);
    assert_true(most - resident() > 24 * MIB);
    toy_stop(h);
    arena_free(&a);
}

static void an_announcement_takes_nothing(void **state)
{
    struct http *h = toy_start(door_for(MIB));
    struct arena a;
    int fds[40];
    (void)state;
    arena_init(&a);
    for (int i = 0; i < 40; i++)
        fds[i] = begin_post_of(h, &a, i, 256 * KIB, 1);
    await_bytes(40);
    assert_int_equal(status_of(exchange(h, &a, "POST /v2/toy", "", "{\"id\":1}")), 201);
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    toy_stop(h);
    arena_free(&a);
}

/* Whether they come at once or in chunks. */
static void the_budget_holds_for_chunks(void **state)
{
    struct http *h = toy_start(door_for(128 * KIB));
    struct arena a;
    (void)state;
    arena_init(&a);
    assert_int_equal(chunks_of_client(h, &a, 1, 48), 201);
    assert_int_equal(chunks_of_client(h, &a, 1, 96), 503);
    await_bytes(0);
    toy_stop(h);
    arena_free(&a);
}

/* Nothing is kept for who has no key: there is no room for what he sends. Who asks first whether to send is told at once. Otherwise the
 * body is read, so that the answer is heard and the connection goes on. */
static void strangers_fill_no_memory(void **state)
{
    static const char next[] = "GET /v2/toy/9 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct http *h = toy_start(door_for(64 * KIB));
    struct arena a;
    (void)state;
    arena_init(&a);
    int known = begin_post(h, &a, "", 10, 5);
    await_bytes(5);
    int stranger = begin_post(h, &a, "X-Toy: 401\r\n", 200 * KIB, 100 * KIB);
    int waits = begin_post(h, &a, "X-Toy: 401\r\nExpect: 100-continue\r\n", 200 * KIB, 0);
    assert_int_equal(status_of(hear(waits, &a)), 403);
    assert_int_equal(metric_get(METRIC_HTTP_BODY_BYTES), 5);
    say(stranger, spaces(&a, 100 * KIB), 100 * KIB);
    say(stranger, next, sizeof next - 1);
    char *answer = hear(stranger, &a);
    assert_int_equal(status_of(answer), 403);
    assert_non_null(strstr(answer, "access_denied_invalid_key"));
    assert_non_null(strstr(answer, "\\\"id\\\":9"));
    assert_int_equal(metric_get(METRIC_HTTP_BODY_BYTES), 5);
    close(known);
    toy_stop(h);
    arena_free(&a);
}

/* Of GET, HEAD and DELETE no body is looked at, whatever it is. */
static void bodies_without_a_meaning_are_passed_over(void **state)
{
    static const char *const lines[] = { "GET /v2/toy/1", "HEAD /v2/toy/1", "DELETE /v2/toy/1" };
    static const char *const bodies[] = { "null", "[]",         "\"\"", "order_id=1",
                                          "{",    "{\"id\":2}", "\xff", "{\"tags\":17}" };
    struct http *h = toy_start(door_for(2)); /* not even kept */
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
            struct arena a;
            arena_init(&a);
            char *answer = exchange(h, &a, lines[i], "", bodies[k]);
            if (status_of(answer) != 200 || (i == 0 && !strstr(answer, "\\\"id\\\":1,")))
                fail_msg("%s with %s: %s", lines[i], bodies[k], answer);
            arena_free(&a);
        }
    }
    assert_int_equal(metric_get(METRIC_HTTP_BODY_BYTES), 0);
    toy_stop(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unfinished_bodies_have_one_budget),
        cmocka_unit_test(small_bodies_have_half_of_the_budget),
        cmocka_unit_test(a_client_has_a_share_of_the_large),
        cmocka_unit_test(a_share_has_room_for_one),
        cmocka_unit_test(memory_is_given_back),
        cmocka_unit_test(an_announcement_takes_nothing),
        cmocka_unit_test(the_budget_holds_for_chunks),
        cmocka_unit_test(strangers_fill_no_memory),
        cmocka_unit_test(bodies_without_a_meaning_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
