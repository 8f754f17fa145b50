#include "store/cache.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing/patience.h"

/* A Redis of our own; what hangs is ended by the alarm. */

static const char host[] = "127.83.84.2";
static char folder[64], local_url[128], tcp_url[128], alice_url[128];
static pid_t server;
static struct fault f;

static int socket_at(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, host, &at.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static _Noreturn void run_redis(int out, int port)
{
    char number[16];

    snprintf(number, sizeof number, "%d", port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir(folder) == 0 && dup2(out, 1) == 1)
        execlp("redis-server", "redis-server", "--bind", host, "--port", number, "--unixsocket",
               "socket", "--save", "", "--user", "alice", "on", ">s3cret", "~*", "+@all",
               (char *)NULL);
    _exit(127);
}

/* Redis says on its standard output when it is ready. */
static void wait_until_ready(FILE *log)
{
    char line[512];

    while (fgets(line, sizeof line, log))
        if (strstr(line, "eady to accept connections unix") || strstr(line, "connections at"))
            return;
    fail_msg("redis-server did not start");
}

static int start(void **state)
{
    int port, ends[2];

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    snprintf(folder, sizeof folder, "/tmp/cache-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    close(socket_at(&port));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    server = fork();
    if (server == 0)
        run_redis(ends[1], port);
    close(ends[1]);
    wait_until_ready(fdopen(ends[0], "r"));
    snprintf(local_url, sizeof local_url, "unix://%s/socket", folder);
    snprintf(tcp_url, sizeof tcp_url, "redis://%s:%d", host, port);
    snprintf(alice_url, sizeof alice_url, "redis://alice:s3cret@%s:%d", host, port);
    return 0;
}

static void stop_server(void)
{
    if (server)
        kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
}

static int stop(void **state)
{
    char command[128];

    (void)state;
    stop_server();
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct cache *open_cache(const char *url)
{
    struct cache *c = cache_new((struct secret){ url }, &f);

    if (!c)
        fail_msg("%s: %s", url, f.detail);
    return c;
}

static void urls(void **state)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = {
        { "redis://localhost", true },
        { "redis://10.0.0.1:6380", true },
        { "redis://:pass@host:1", true },
        { "redis://user:p@ss:word@host", true },
        { "unix:///run/redis.sock", true },
        { "unix://run/redis.sock", false },
        { "redis://", false },
        { "redis://:6379", false },
        { "redis://host:0", false },
        { "redis://host:65536", false },
        { "redis://host:x", false },
        { "redis://user@host", false },
        { "redis://host/1", false },
        { "rediss://host", false },
        { "host:6379", false },
        { "", false },
        { NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cache *c = cache_new((struct secret){ cases[i].url }, &f);

        if ((c != NULL) != cases[i].good)
            fail_msg("%s", cases[i].url);
        cache_free(c);
    }
}

static void reaches_it(void **state)
{
    const char *good[] = { local_url, tcp_url, alice_url };
    char bad[160];
    struct cache *c;

    (void)state;
    for (int i = 0; i < 3; i++) {
        c = open_cache(good[i]);
        await_that(cache_ping(c) && cache_ping(c));
        cache_free(c);
    }
    snprintf(bad, sizeof bad, "redis://alice:wrong@%s", tcp_url + strlen("redis://"));
    c = open_cache(bad);
    assert_false(cache_ping(c));
    cache_free(c);
}

enum { LEASES = 5 };

/* By both in turn, from a bucket of its own, at a rate so low that nothing is gained meanwhile. False
 * when one was not answered within the 100 ms that the cache has for it. */
static bool lease_in_turn(struct cache *c, struct cache *other, int granted[LEASES])
{
    static int bucket;
    char name[32];

    snprintf(name, sizeof name, "turns:%d", bucket++);
    for (int i = 0; i < LEASES; i++)
        if (!cache_lease(i % 2 ? other : c, name, 0.0001, 10, 4, &granted[i]))
            return false;
    return true;
}

static void leases(void **state)
{
    static const int expected[LEASES] = { 4, 4, 2, 0, 0 };
    struct cache *c = open_cache(local_url), *other = open_cache(tcp_url);
    int granted[LEASES];

    (void)state;
    await_that(lease_in_turn(c, other, granted));
    assert_memory_equal(granted, expected, sizeof expected);
    cache_free(c);
    cache_free(other);
}

static void tokens_come_back(void **state)
{
    struct cache *c = open_cache(local_url);
    int granted = 0;

    (void)state;
    await_that(cache_lease(c, "bucket:3", 1000, 5, 5, &granted) && granted == 5);
    await_that(cache_lease(c, "bucket:3", 1000, 5, 1, &granted) && granted == 1);
    cache_free(c);
}

static void black_hole(void **state)
{
    char url[128];
    int port, fd = socket_at(&port), granted;
    struct cache *c;

    (void)state;
    assert_int_equal(listen(fd, 8), 0);
    snprintf(url, sizeof url, "redis://%s:%d", host, port);
    c = open_cache(url);
    for (int i = 0; i < 1000; i++) { /* 100 ms each would be too long for the alarm */
        assert_false(cache_ping(c));
        assert_false(cache_lease(c, "bucket:1", 1, 10, 4, &granted));
    }
    cache_free(c);
    close(fd);
}

static void refused(void **state)
{
    char url[128];
    int port;
    struct cache *c;

    (void)state;
    close(socket_at(&port));
    snprintf(url, sizeof url, "redis://%s:%d", host, port);
    c = open_cache(url);
    assert_false(cache_ping(c));
    cache_free(c);
    c = open_cache("unix:///tmp/no/such/socket");
    assert_false(cache_ping(c));
    cache_free(c);
}

/* The last test: it ends the server. */
static void killed(void **state)
{
    struct cache *c = open_cache(local_url);
    int granted;

    (void)state;
    await_that(cache_ping(c));
    stop_server();
    assert_false(cache_ping(c));
    assert_false(cache_lease(c, "bucket:1", 1, 10, 4, &granted));
    cache_free(c);
}

static int start_alarm(void **state)
{
    (void)state;
    alarm(PATIENCE_S);
    return 0;
}

#define TIMED(name) cmocka_unit_test_setup(name, start_alarm)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TIMED(urls),       TIMED(reaches_it), TIMED(leases), TIMED(tokens_come_back),
        TIMED(black_hole), TIMED(refused),    TIMED(killed),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
