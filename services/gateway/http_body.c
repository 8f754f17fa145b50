/* The bodies of requests under way, all within one budget: whoever sends much, and slowly, takes
 * from that and not from the machine. What counts is what has come; announcing costs nothing. Half of
 * it is kept for small bodies, as nearly all are: 257 unfinished large ones would keep out everybody,
 * but 2,048 connections, which are all that there are, do not fill 32 MiB with small ones. Of the other
 * half no client has more than a quarter (http_share.c).
 *
 * A body whose length is known has exactly that much room. The pages of all but small ones come
 * from the kernel as they are filled, and go back there: malloc() would keep them (base/memory.h). */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "http_request.h"
#include "service/metrics.h"

enum { FIRST_ROOM = 4096, MAPPED = 8 * 1024, SMALL = 16 * 1024, DISCARD_TIMES = 4 };

static bool refuse(struct request *r)
{
    metric_add(METRIC_HTTP_BODIES_REFUSED, 1);
    return fault_set(&r->refusal, FAULT_UNAVAILABLE, NULL, "too much is being sent at once");
}

static bool is_large(const struct request *r, size_t needed)
{
    return needed > SMALL || r->body_length > SMALL;
}

static size_t budget(const struct request *r, size_t needed)
{
    size_t all = r->http->options.bodies_max;
    return is_large(r, needed) ? all / 2 : all;
}

static bool reserve(struct request *r, size_t size)
{
    struct http *h = r->http;
    size_t needed = r->body_size + size;
    if (is_large(r, needed) && !share_take(r, needed - r->shared))
        return refuse(r);
    if (atomic_fetch_add(&h->bodies, size) + size > budget(r, needed)) {
        atomic_fetch_sub(&h->bodies, size);
        return refuse(r);
    }
    metric_add(METRIC_HTTP_BODY_BYTES, (int64_t)size);
    return true;
}

bool body_announced(struct request *r, size_t size)
{
    r->body_length = size;
    bool room = atomic_load(&r->http->bodies) + size <= budget(r, size) &&
                (!is_large(r, size) || share_has_room(r, size));
    return room || refuse(r);
}

static char *room_new(size_t size)
{
    if (size < MAPPED)
        return malloc(size);
    void *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room == MAP_FAILED ? NULL : room;
}

static void room_free(struct request *r)
{
    if (r->body_room < MAPPED)
        free(r->body);
    else
        munmap(r->body, r->body_room);
}

/* Of a body without a length: twice as much each time. */
static size_t next_room(const struct request *r, size_t needed)
{
    size_t room = r->body_room ? 2 * r->body_room : FIRST_ROOM;
    room = r->body_length ? r->body_length : room < needed ? needed : room;
    return room < r->body_max ? room : r->body_max;
}

static bool make_room(struct request *r, size_t needed)
{
    size_t size = next_room(r, needed);
    char *room = room_new(size);
    if (!room)
        return refuse(r);
    if (r->body_size)
        memcpy(room, r->body, r->body_size);
    room_free(r);
    r->body = room;
    r->body_room = size;
    return true;
}

static bool keep(struct request *r, const char *data, size_t size)
{
    size_t needed = r->body_size + size;
    if (needed > r->body_max)
        return fault_set(&r->refusal, FAULT_BODY_TOO_LARGE, NULL, "%s", "");
    if ((needed > r->body_room && !make_room(r, needed)) || !reserve(r, size))
        return false;
    memcpy(r->body + r->body_size, data, size);
    r->body_size = needed;
    return true;
}

bool body_add(struct request *r, const char *data, size_t size)
{
    if (!r->refusal.code && !r->ignores_body && keep(r, data, size))
        return true;
    body_free(r);
    r->discarded += size;
    return r->discarded <= DISCARD_TIMES * r->http->options.body_max;
}

void body_free(struct request *r)
{
    room_free(r);
    share_return(r);
    atomic_fetch_sub(&r->http->bodies, r->body_size);
    metric_add(METRIC_HTTP_BODY_BYTES, -(int64_t)r->body_size);
    r->body = NULL;
    r->body_size = r->body_room = 0;
}
