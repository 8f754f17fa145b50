/* patience - how a test waits: until what it waits for is there, however slow the machine is.
 *
 * An answer says nothing about what the other side does after it: a counter, a connection, a row, a
 * line of the log are waited for. PATIENCE_S measures nothing: it only ends a test that would never
 * end, so nothing gets better by making it short. What a test wants to see happen "at a deadline" it
 * compares with what would happen otherwise, which is farther away than PATIENCE_S.
 */
#ifndef TESTING_PATIENCE_H
#define TESTING_PATIENCE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

enum { PATIENCE_S = 120 };

static inline struct duration patience(void)
{
    return seconds(PATIENCE_S);
}

/* Lets others have the processor between two looks. */
static inline void patience_nap(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Looks until the condition holds; fails the test when it never does. For the test's own thread. */
#define await_that(condition)                                                                      \
    do {                                                                                           \
        struct tick end_ = tick_after(patience());                                                 \
        while (!(condition)) {                                                                     \
            if (tick_left(end_).us == 0)                                                           \
                fail_msg("waited in vain for: %s", #condition);                                    \
            patience_nap();                                                                        \
        }                                                                                          \
    } while (0)

/* Waits for a change of what the lock protects, at most until `end`. Called with the lock held; false
 * when none came. */
static inline bool patience_wait(pthread_cond_t *changed, pthread_mutex_t *lock, struct tick end)
{
    struct timespec until = { .tv_sec = end.us / 1000000, .tv_nsec = end.us % 1000000 * 1000 };
    return pthread_cond_clockwait(changed, lock, CLOCK_MONOTONIC, &until) == 0;
}

/* The same for what others change under a lock, and tell of by a condition variable. */
#define await_under(lock, changed, condition)                                                      \
    do {                                                                                           \
        struct tick end_ = tick_after(patience());                                                 \
        bool holds_, on_ = true;                                                                   \
        pthread_mutex_lock(lock);                                                                  \
        while (!(holds_ = (condition)) && on_)                                                     \
            on_ = patience_wait(changed, lock, end_);                                              \
        pthread_mutex_unlock(lock);                                                                \
        if (!holds_)                                                                               \
            fail_msg("waited in vain for: %s", #condition);                                        \
    } while (0)

#endif
