/* All doors together: how they begin, and in what order they end.
 *
 * idle_lock guards nothing but the wait for a count to become zero: counts are atomic, and are only
 * waited for by http_stop(), on the thread that ends the process. Whoever counts to zero (HTTP
 * threads, and any thread that answers) takes it just to wake that one, and only while we drain.
 *
 * The end, each step when the one before it is done:
 *   1. `draining`: answers say that their connection ends. The doors take no new connections;
 *      requests on open ones still come and are served.
 *   2. For `drain` at most those that wait for answers get them, whoever has to give them.
 *   3. The deadlines are closed: they answer who still waits with 503, and nobody is let in any more.
 *      Whoever had claimed a request just then finishes its answer, however long that takes.
 *   4. What is answered is sent, for two seconds at most: a client may not read.
 *   5. The thread of the deadlines ends, then the workers when they have emptied their queue, then MHD with
 *      its connections. No connection is suspended then, which MHD would not survive.
 *   6. Handlers that have not answered yet do so when bus and committer stop: into the void. Only
 *      then http_free() is right, and if one of them never did, it frees nothing. */
#include "http.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "http_request.h"

/* The lock is for those who wait for zero, which somebody does only after `draining` was set. */
void count_change(struct http *h, atomic_int *count, int by)
{
    if (atomic_fetch_add(count, by) + by != 0 || !atomic_load(&h->draining))
        return;
    pthread_mutex_lock(&h->idle_lock);
    pthread_cond_broadcast(&h->idle);
    pthread_mutex_unlock(&h->idle_lock);
}

static void init_locks(struct http *h)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->idle_lock, NULL);
    pthread_cond_init(&h->idle, &monotonic);
    pthread_mutex_init(&h->deadlines.lock, NULL);
    pthread_cond_init(&h->deadlines.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&h->connections_lock, NULL);
    pthread_mutex_init(&h->shares_lock, NULL);
    pthread_mutex_init(&h->queue.lock, NULL);
    pthread_cond_init(&h->queue.filled, NULL);
    TAILQ_INIT(&h->headless);
}

static bool read_doors(struct http *h, struct fault *f)
{
    const struct http_door *door = h->options.doors;
    bool good = true;
    for (; good && door->listen && h->door_count < HTTP_DOORS_MAX; door++)
        good = door_read(h, door, f);
    return good;
}

static bool open_doors(struct http *h, struct fault *f)
{
    size_t opened = 0;
    while (opened < h->door_count && door_open(&h->doors[opened], f))
        opened++;
    return opened == h->door_count;
}

struct http *http_start(const struct http_options *options, struct fault *f)
{
    struct http *h = calloc(1, sizeof *h);
    h->options = *options;
    arena_init(&h->arena);
    init_locks(h);
    if (!read_doors(h, f)) {
        http_free(h);
        return NULL;
    }
    record_start(h);
    work_start(h);
    deadlines_start(h);
    if (open_doors(h, f))
        return h;
    http_stop(h); /* somebody may have come through the first one already */
    http_free(h);
    return NULL;
}

static void for_all_doors(struct http *h, void (*function)(struct door *d))
{
    for (struct door *d = h->doors; d < h->doors + h->door_count; d++)
        function(d);
}

/* Waits until a count is zero or the time is over. */
static void await_zero(struct http *h, atomic_int *count, struct duration most)
{
    struct tick end = tick_after(most);
    struct timespec until = { end.us / 1000000, end.us % 1000000 * 1000 };
    int late = 0;
    pthread_mutex_lock(&h->idle_lock);
    while (atomic_load(count) && late != ETIMEDOUT)
        late = pthread_cond_timedwait(&h->idle, &h->idle_lock, &until);
    pthread_mutex_unlock(&h->idle_lock);
}

void http_stop(struct http *h)
{
    atomic_store(&h->draining, true);
    for_all_doors(h, door_close);
    await_zero(h, &h->waiting, h->options.drain);
    deadlines_close(h);
    await_zero(h, &h->waiting, days(1)); /* claimed ones are being rendered */
    await_zero(h, &h->unsent, seconds(2));
    deadlines_stop(h);
    work_stop(h);
    for_all_doors(h, door_stop);
}

void http_free(struct http *h)
{
    if (!h)
        return;
    if (atomic_load(&h->alive)) { /* freeing what they hold on to would be worse */
        log_error("calls were never answered", LOG_INT("count", atomic_load(&h->alive)));
        return;
    }
    record_stop(h);
    for_all_doors(h, door_free);
    pthread_cond_destroy(&h->deadlines.changed);
    pthread_mutex_destroy(&h->deadlines.lock);
    pthread_cond_destroy(&h->queue.filled);
    pthread_mutex_destroy(&h->queue.lock);
    pthread_mutex_destroy(&h->shares_lock);
    pthread_mutex_destroy(&h->connections_lock);
    pthread_cond_destroy(&h->idle);
    pthread_mutex_destroy(&h->idle_lock);
    arena_free(&h->arena);
    free(h);
}

uint16_t http_port(const struct http *h, size_t door)
{
    return h->doors[door].port;
}

bool http_ready(struct http *h, struct fault *f)
{
    int64_t waits = work_oldest(h).us;
    if (!connections_have_room(h))
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "all %d connections are taken",
                         h->options.connections);
    return waits < h->options.deadline.us / 2 ||
           fault_set(f, FAULT_UNAVAILABLE, NULL, "a request has waited for a worker for %d s",
                     (int)(waits / 1000000));
}
