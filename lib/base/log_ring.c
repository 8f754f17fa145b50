#include "base/log_ring.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Some 1,000 lines of usual length. */
enum { RING_SIZE = 256 * 1024, CROWD = RING_SIZE / 4 };
enum { EXIT_WAIT_MS = 1000, CRASH_WAIT_MS = 250, LOOK_MS = 5, REST_MS = 5 };

static struct {
    pthread_mutex_t lock; /* of everything that is not atomic */
    pthread_cond_t filled;
    char data[RING_SIZE];
    size_t begin, size;
    int64_t untold; /* dropped since it was told last */
    size_t (*told)(char line[LOG_LINE_SIZE], int64_t dropped);
    _Atomic int64_t dropped;
    bool waits; /* the writer, for a line */
    atomic_bool running;
    atomic_bool idle; /* all is written */
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER };

/* ---- what goes in */

static void copy_in(const char *line, size_t size)
{
    size_t end = (ring.begin + ring.size) % RING_SIZE;
    size_t first = size < RING_SIZE - end ? size : RING_SIZE - end;

    memcpy(ring.data + end, line, first);
    memcpy(ring.data, line + first, size - first);
    ring.size += size;
}

static void count_dropped(int64_t lines)
{
    ring.untold += lines;
    atomic_fetch_add_explicit(&ring.dropped, lines, memory_order_relaxed);
}

bool log_ring_put(const char *line, size_t size)
{
    if (!atomic_load(&ring.running))
        return false;
    pthread_mutex_lock(&ring.lock);
    if (size > RING_SIZE - ring.size) {
        count_dropped(1);
    } else {
        copy_in(line, size);
        atomic_store(&ring.idle, false);
        if (ring.waits || ring.size >= CROWD)
            pthread_cond_signal(&ring.filled);
    }
    pthread_mutex_unlock(&ring.lock);
    return true;
}

int64_t log_ring_dropped(void)
{
    return atomic_load_explicit(&ring.dropped, memory_order_relaxed);
}

/* ---- what comes out */

/* Whole lines, as many as a pipe takes in one piece. */
static size_t copy_out(char piece[LOG_LINE_SIZE])
{
    size_t size = ring.size < LOG_LINE_SIZE ? ring.size : LOG_LINE_SIZE;
    size_t first = size < RING_SIZE - ring.begin ? size : RING_SIZE - ring.begin;

    memcpy(piece, ring.data + ring.begin, first);
    memcpy(piece + first, ring.data, size - first);
    while (size > 0 && piece[size - 1] != '\n')
        size--;
    ring.begin = (ring.begin + size) % RING_SIZE;
    ring.size -= size;
    return size;
}

static bool is_empty(void)
{
    return ring.size == 0 && ring.untold == 0;
}

/* After a piece, so that the many lines of a busy service go out together: waking a thread costs more
 * than a line. */
static void rest(void)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += REST_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (ring.size < CROWD &&
           pthread_cond_clockwait(&ring.filled, &ring.lock, CLOCK_MONOTONIC, &until) == 0)
        ;
}

static void await_line(void)
{
    if (!is_empty())
        return;
    atomic_store(&ring.idle, true);
    rest();
    ring.waits = true;
    while (is_empty())
        pthread_cond_wait(&ring.filled, &ring.lock);
    ring.waits = false;
}

/* The next piece. Of what was dropped is told when nothing else waits. */
static size_t take(char piece[LOG_LINE_SIZE])
{
    size_t size;

    pthread_mutex_lock(&ring.lock);
    await_line();
    if (ring.size > 0) {
        size = copy_out(piece);
    } else {
        size = ring.told(piece, ring.untold);
        ring.untold = 0;
    }
    pthread_mutex_unlock(&ring.lock);
    return size;
}

bool log_ring_write(const char *data, size_t size)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

    while (size > 0) {
        ssize_t n = write(STDERR_FILENO, data, size);

        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            poll(&p, 1, -1);
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

static int64_t lines_of(const char *data, size_t size)
{
    int64_t lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    return lines;
}

/* What could not be written is told when something can be again, not at once, to the same end. */
static void *writer(void *unused)
{
    char piece[LOG_LINE_SIZE];
    int64_t lost = 0;

    (void)unused;
    for (;;) {
        size_t size = take(piece);
        bool written = log_ring_write(piece, size);

        lost += written ? 0 : lines_of(piece, size);
        if (!written || lost == 0)
            continue;
        pthread_mutex_lock(&ring.lock);
        count_dropped(lost);
        pthread_mutex_unlock(&ring.lock);
        lost = 0;
    }
    return NULL;
}

/* ---- the end */

/* Nothing in here but what a signal handler may do. */
static void wait_idle(int64_t ms)
{
    const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };

    for (int64_t waited = 0; waited < ms && !atomic_load(&ring.idle); waited += LOOK_MS)
        nanosleep(&look, NULL);
}

static void at_exit(void)
{
    wait_idle(EXIT_WAIT_MS);
}

void log_ring_write_last(const char *line, size_t size)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

    while (poll(&p, 1, CRASH_WAIT_MS) < 0 && errno == EINTR)
        ;
    if (p.revents & POLLOUT)
        (void)!write(STDERR_FILENO, line, size);
}

static const int crashes[] = { SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
enum { CRASHES = sizeof crashes / sizeof *crashes };
static struct sigaction before[CRASHES];

/* The other threads run on meanwhile, the writer among them; then it ends as it would have. */
static void at_crash(int signal)
{
    wait_idle(CRASH_WAIT_MS);
    for (int i = 0; i < CRASHES; i++)
        if (crashes[i] == signal)
            sigaction(signal, &before[i], NULL);
    raise(signal);
}

static void catch_crashes(void)
{
    struct sigaction act = { .sa_handler = at_crash };

    sigemptyset(&act.sa_mask);
    for (int i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &act, &before[i]);
}

/* Without a thread, lines are written by who logs them, as before. */
void log_ring_start(size_t (*told)(char line[LOG_LINE_SIZE], int64_t dropped))
{
    pthread_t thread;
    sigset_t all, old;

    if (atomic_load(&ring.running))
        return;
    ring.told = told;
    atomic_store(&ring.idle, true);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool started = pthread_create(&thread, NULL, writer, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!started)
        return;
    pthread_setname_np(thread, "log");
    pthread_detach(thread);
    atomic_store(&ring.running, true);
    atexit(at_exit);
    catch_crashes();
}
