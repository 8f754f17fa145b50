/* A service that keeps nothing: it starts without a database, and is asked for none. */
#include "service/service.h"

#include <arpa/inet.h>
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

#include "testing/bus_rig.h"
#include "testing/patience.h"

/* This program's own. */
#define ADDRESS "127.77.37.1"
enum { PORT = 9100, SAID = 64 * 1024 };

static struct bus_rig rig;
static struct arena arena;

static bool toy_ready(void *context, struct fault *f)
{
    (void)context, (void)f;
    return true;
}

static const struct health_check toy_checks[] = { { "toy", toy_ready, NULL }, { 0 } };
static int toy_sum(struct service_run *run, int argc, char **argv)
{
    (void)run;
    return argc == 3 ? (int)(strtol(argv[1], NULL, 10) + strtol(argv[2], NULL, 10)) : 1;
}

static const struct service_command toy_commands[] = {
    { "sum", "A B", "adds two numbers", toy_sum },
    { .name = NULL },
};
static const struct service toy = { .name = "issuer",
                                    .checks = toy_checks,
                                    .commands = toy_commands };
static const struct service keeper = { .name = "issuer", .stores = SERVICE_DATABASE };

/* ---- its process */

struct child {
    pid_t pid;
    FILE *says; /* what it says on both outputs */
};

static void child_run(const struct service *service, const char *words, int out)
{
    enum { MOST = 8 };
    char *argv[MOST] = { (char[]){ "chancery-toy" } }, *rest = NULL;
    int argc = 1;
    for (char *word = strtok_r(arena_strdup(&arena, words), " ", &rest); word && argc < MOST - 1;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* with the test that fails */
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    exit(service_main(service, argc, argv));
}

static struct child child_start(const struct service *service, const char *words)
{
    struct child c;
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    c.pid = fork();
    assert_true(c.pid >= 0);
    if (c.pid == 0)
        child_run(service, words, ends[1]);
    close(ends[1]);
    c.says = fdopen(ends[0], "r");
    return c;
}

/* Reads until it has said so; false: its end came before. */
static bool child_says(struct child *c, const char *text)
{
    char line[1024];

    while (fgets(line, sizeof line, c->says))
        if (strstr(line, text))
            return true;
    return false;
}

/* Its exit status. Whatever it says on the way is read, so that it does not wait for a reader. */
static int child_end(struct child *c)
{
    int status = 0;

    child_says(c, "nobody says this");
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    fclose(c->says);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- its pages */

static char *fetch(const char *path)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    char *said = arena_alloc(&arena, SAID);
    size_t size = 0;
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, ADDRESS, &to.sin_addr);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    const char *request = arena_format(&arena, "GET %s HTTP/1.0\r\n\r\n", path);
    assert_int_equal(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
    while ((got = recv(fd, said + size, SAID - 1 - size, 0)) > 0)
        size += (size_t)got;
    said[size] = '\0';
    close(fd);
    return said;
}

static char *fetch_ready(void)
{
    char *said;

    await_that(strstr(said = fetch("/readyz"), " 200 "));
    return said;
}

static int open_world(void **state)
{
    (void)state;
    arena_init(&arena);
    bus_rig_open(&rig);
    clearenv();
    setenv("CHANCERY_ADMIN_LISTEN", arena_format(&arena, "%s:%d", ADDRESS, PORT), 1);
    setenv("CHANCERY_BUS_KEYS", rig.folder, 1);
    setenv("CHANCERY_POLICY_DIR", rig.folder, 1);
    setenv("CHANCERY_BUS_BIND", "tcp://127.0.0.1:*", 1);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    bus_rig_close(&rig);
    arena_free(&arena);
    return 0;
}

/* ---- what it must do */

static void who_keeps_nothing_needs_no_database(void **state)
{
    struct child c = child_start(&toy, "");

    (void)state;
    assert_true(child_says(&c, "\"started\""));
    assert_non_null(strstr(fetch_ready(), "\"checks\":[{\"name\":\"toy\",\"ready\":true}]"));
    assert_non_null(strstr(fetch("/metrics"), "chancery_build_info"));
    assert_int_equal(kill(c.pid, SIGTERM), 0);
    assert_int_equal(child_end(&c), 0);
}

static void who_keeps_something_needs_one(void **state)
{
    struct child c = child_start(&keeper, "");

    (void)state;
    assert_true(child_says(&c, "CHANCERY_DATABASE_URL must be set"));
    assert_int_equal(child_end(&c), 2);
}

static void commands_are_found_and_shown(void **state)
{
    static const struct {
        const struct service *service;
        const char *words, *says; /* NULL: nothing */
        int status;
    } cases[] = {
        { &toy, "sum 40 2", NULL, 42 },
        { &toy, "sum 40", NULL, 1 },
        { &toy, "difference 2 1", "there is no command difference", 2 },
        { &toy, "--help", "chancery-issuer sum A B\n", 0 },
        { &toy, "--help", "      adds two numbers\n", 0 },
        { &toy, "--help", "CHANCERY_BUS_KEYS", 0 },
        { &toy, "--version", "chancery-issuer ", 0 },
        { &toy, "--nonsense", "unknown argument", 2 },
        { &keeper, "--help", "CHANCERY_DATABASE_URL", 0 },
        { &keeper, "sum 40 2", "unknown argument", 2 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct child c = child_start(cases[i].service, cases[i].words);
        bool said = !cases[i].says || child_says(&c, cases[i].says);
        int status = child_end(&c);
        if (!said || status != cases[i].status)
            fail_msg("%s: %d, expected %d and \"%s\"", cases[i].words, status, cases[i].status,
                     cases[i].says ? cases[i].says : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_keeps_nothing_needs_no_database),
        cmocka_unit_test(who_keeps_something_needs_one),
        cmocka_unit_test(commands_are_found_and_shown),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
