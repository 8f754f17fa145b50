/* Every second, and in between while a lane has more than it has room for: what is due. */
#include "ledger/lane_poll.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "ledger/jobs.sql.h"
#include "message/convert.h"

bool lanes_hungry(const struct lanes *l)
{
    for (const struct lane *lane = l->options.lanes; lane->name; lane++) {
        int index = lane_index(l, lane);
        if (l->saturated[index] && l->claimed[index] && l->weight[index] <= lane->room / 2)
            return true;
    }
    return false;
}

/* How many more this poll may bring. While nothing may be begun, nobody is hungry. */
static int room_left(struct lanes *l, const struct lane *lane)
{
    int index = lane_index(l, lane), room = 0;
    pthread_mutex_lock(&l->lock);
    if (l->draining || !clock_trusted())
        l->saturated[index] = false;
    else
        room = (lane->room - l->weight[index]) / lane_weight(lane);
    if (room > 0)
        l->claimed[index] = false;
    pthread_mutex_unlock(&l->lock);
    return room;
}

/* Ids of one lane that no worker has taken yet: the database would give them again. */
struct waiting {
    const struct lane *lane;
    int64_t *ids;
    int count, most;
};

static void waiting_see(const struct crew_item *queued, void *context)
{
    struct waiting *w = context;
    const struct lane_item *item =
        (const void *)((const char *)queued - offsetof(struct lane_item, queued));
    if (item->lane == w->lane && w->count < w->most)
        w->ids[w->count++] = item->job_id;
}

static int by_id(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static struct waiting waiting_now(struct lanes *l, struct arena *a, const struct lane *lane)
{
    struct waiting w = { .lane = lane, .most = lane->room };
    w.ids = arena_array(a, int64_t, (size_t)lane->room);
    crew_see(l->crew, waiting_see, &w);
    qsort(w.ids, (size_t)w.count, sizeof *w.ids, by_id);
    return w;
}

static bool is_waiting(const struct waiting *w, int64_t id)
{
    return bsearch(&id, w->ids, (size_t)w->count, sizeof *w->ids, by_id);
}

static void due_read(struct lanes *l, struct store *store, const struct lane *lane, int room,
                     struct arena *a, struct rows *rows)
{
    JobClaim in = JOB_CLAIM__INIT;
    struct fault f = { 0 };
    in.lane = arena_strdup(a, lane->name);
    in.owner = arena_strdup(a, l->options.owner);
    in.lease_ms = lane->lease.us / 1000;
    in.now = instant_message(a, clock_now());
    in.room = room;
    if (!store_all(store, a, &sql_job_due, &in.base, rows, &f))
        log_warn("due jobs could not be read", LOG_TEXT("lane", lane->name), LOG_FAULT(&f));
}

/* The first that goes well after an outage says that it is over. Where it comes and goes they are not
 * woken again and again: some have failed for reasons of their own. */
static bool wake_is_due(struct lanes *l, int index)
{
    pthread_mutex_lock(&l->lock);
    bool due = l->over[index] && tick_left(l->wake_at[index]).us == 0;
    if (due) {
        l->over[index] = false;
        l->wake_at[index] = tick_after(seconds(60));
    }
    pthread_mutex_unlock(&l->lock);
    return due;
}

static void wake_failed(struct lanes *l, struct store *store, const struct lane *lane)
{
    int index = lane_index(l, lane);
    struct fault f = { 0 };
    if (!wake_is_due(l, index) || job_wake(store, lane->name, &f))
        return;
    log_warn("what has failed could not be woken", LOG_TEXT("lane", lane->name), LOG_FAULT(&f));
    pthread_mutex_lock(&l->lock);
    l->over[index] = true;
    l->wake_at[index] = tick_now();
    pthread_mutex_unlock(&l->lock);
}

static void poll_lane(struct lanes *l, struct store *store, const struct lane *lane)
{
    wake_failed(l, store, lane);
    int room = room_left(l, lane);
    if (room <= 0)
        return;
    struct arena a;
    arena_init(&a);
    struct waiting waiting = waiting_now(l, &a, lane);
    struct rows rows = { 0 };
    room += waiting.count;
    due_read(l, store, lane, room, &a, &rows);
    for (size_t i = 0; i < rows.count; i++) {
        const JobDue *due = (const JobDue *)rows.items[i];
        if (!is_waiting(&waiting, due->id))
            lane_item_put(l, lane_item_new(l, lane, due->id, due->alone));
    }
    pthread_mutex_lock(&l->lock);
    l->saturated[lane_index(l, lane)] = rows.count == (size_t)room;
    pthread_mutex_unlock(&l->lock);
    arena_free(&a);
}

static bool poll_pause(struct lanes *l)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t us = until.tv_nsec / 1000 + l->options.poll.us;
    until.tv_sec += us / 1000000;
    until.tv_nsec = us % 1000000 * 1000;
    pthread_mutex_lock(&l->lock);
    l->rounds++;
    int rc = 0;
    while (!l->stopping && !lanes_hungry(l) && rc == 0)
        rc = pthread_cond_timedwait(&l->idle, &l->lock, &until);
    bool go_on = !l->stopping;
    pthread_mutex_unlock(&l->lock);
    return go_on;
}

void *lanes_poller(void *data)
{
    struct lanes *l = data;
    struct store *store = store_new(l->options.store);
    do {
        for (const struct lane *lane = l->options.lanes; lane->name; lane++)
            poll_lane(l, store, lane);
    } while (poll_pause(l));
    store_free(store);
    return NULL;
}

uint64_t lanes_rounds(struct lanes *l)
{
    pthread_mutex_lock(&l->lock);
    uint64_t n = l->rounds;
    pthread_mutex_unlock(&l->lock);
    return n;
}
