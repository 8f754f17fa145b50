#include "http_request.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void work_and_answer_go_forward(void **state)
{
    static const char *const all[] = {
        [COMES] = "QUEUED SERVED", [QUEUED] = "SERVED", [SERVED] = "BEGUN",
        [BEGUN] = "LATE",          [LATE] = "",         [OPEN] = "CLAIMED",
        [CLAIMED] = "READY",       [READY] = "",
    };
    static const char *const names[] = {
        [COMES] = "COMES", [QUEUED] = "QUEUED", [SERVED] = "SERVED",   [BEGUN] = "BEGUN",
        [LATE] = "LATE",   [OPEN] = "OPEN",     [CLAIMED] = "CLAIMED", [READY] = "READY"
    };
    (void)state;
    for (enum step from = COMES; from <= READY; from++)
        for (enum step to = COMES; to <= READY; to++)
            if (step_exists(from, to) != (strstr(all[from], names[to]) != NULL))
                fail_msg("%s to %s", names[from], names[to]);
}

enum { THREADS = 8, ROUNDS = 2000 };

static struct race {
    _Atomic(enum step) said[ROUNDS];
    atomic_int winners[ROUNDS];
} race;

static void *claim_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        atomic_fetch_add(&race.winners[i], step_try(&race.said[i], OPEN, CLAIMED));
    return NULL;
}

/* Whoever they are, one of them takes a step. */
static void a_step_is_taken_once(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        atomic_init(&race.said[i], OPEN);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(race.winners[i], 1);
        assert_int_equal(race.said[i], CLAIMED);
        assert_false(step_try(&race.said[i], OPEN, CLAIMED));
        step_take(&race.said[i], CLAIMED, READY);
        assert_int_equal(race.said[i], READY);
    }
}

static bool ends_the_process(enum step at, enum step from, enum step to)
{
    _Atomic(enum step) step = at;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        step_take(&step, from, to);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void a_step_that_is_not_there_ends_the_process(void **state)
{
    (void)state;
    assert_false(ends_the_process(OPEN, OPEN, CLAIMED));
    assert_true(ends_the_process(OPEN, OPEN, READY));
    assert_true(ends_the_process(READY, READY, OPEN));
    assert_true(ends_the_process(CLAIMED, OPEN, CLAIMED));
    assert_true(ends_the_process(BEGUN, SERVED, BEGUN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_and_answer_go_forward),
        cmocka_unit_test(a_step_is_taken_once),
        cmocka_unit_test(a_step_that_is_not_there_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
