#include "bus/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int started, stopped, finished;
static bool may_work;

/* Workers stay in their worker_start until they may work. */
static void on_start(void *context)
{
    assert_ptr_equal(context, &lock);
    pthread_mutex_lock(&lock);
    started++;
    pthread_cond_broadcast(&changed);
    while (!may_work)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void on_stop(void *context)
{
    assert_ptr_equal(context, &lock);
    pthread_mutex_lock(&lock);
    stopped++;
    pthread_mutex_unlock(&lock);
}

/* An undecodable body is what needs no service to come back. */
static void on_finish(struct call *call, const ProtobufCMessage *answer)
{
    assert_null(answer);
    assert_int_equal(call->fault.code, FAULT_BODY_FORMAT);
    arena_free(&call->arena);
    pthread_mutex_lock(&lock);
    finished++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void await(const int *what, int count)
{
    pthread_mutex_lock(&lock);
    while (*what < count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void queue_is_bounded_and_workers_are_told(void **state)
{
    static const ProtobufCMethodDescriptor method = { .name = "Run",
                                                      .input = &envelope__descriptor };
    static struct served all[QUEUE_MAX + 1];
    static struct workers w;
    const struct bus_options options = {
        .workers = 3, .worker_start = on_start, .worker_stop = on_stop, .context = &lock
    };
    struct fault f;

    (void)state;
    assert_true(workers_start(&w, &options, &f));
    await(&started, 3);
    for (int i = 0; i <= QUEUE_MAX; i++) {
        all[i] =
            (struct served){ .call = { .finish = on_finish, .deadline = tick_after(seconds(600)) },
                             .target = { .method = &method } };
        arena_init(&all[i].call.arena);
        assert_int_equal(workers_give(&w, &all[i]), i < QUEUE_MAX);
    }
    pthread_mutex_lock(&lock);
    may_work = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    await(&finished, QUEUE_MAX);
    workers_stop(&w, true);
    assert_int_equal(stopped, 3);
}

static void number_of_workers_is_checked(void **state)
{
    static const int bad[] = { 0, -1, BUS_WORKERS_MAX + 1 };
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static struct workers w;
        const struct bus_options options = { .workers = bad[i] };

        assert_false(workers_start(&w, &options, &f));
        assert_string_equal(f.field, "workers");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_is_bounded_and_workers_are_told),
        cmocka_unit_test(number_of_workers_is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
