/* http - the doors: take requests by HTTP, have the handler of their route answer, render that.
 *
 * A door is an address with the families of routes that are served there, and no others. Each has a
 * thread of libmicrohttpd, which holds its connections; queue, workers, deadlines and the room for
 * connections and bodies are of all together. A request is collected, matched and suspended; a
 * worker admits it, fills the input message (body or query, and path: the path wins) and calls the
 * handler. Whoever answers first, the handler, the deadline
 * or the drain, is the one whose answer is sent; what comes later is dropped.
 */
#ifndef GATEWAY_HTTP_H
#define GATEWAY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/call.h"
#include "route.h"
#include "store/store.h"

enum { HTTP_DOORS_MAX = 4 };

struct http_door {
    const char *listen;                  /* "0.0.0.0:8080", "[::]:8080"; port 0: any */
    const struct route_family *families; /* ends with a row without tables; the first one says
                                          * how what none of them has is refused */
    const char *trusted_proxies;         /* "10.0.0.0/8 ::1": whose X-Forwarded-For is believed;
                                          * NULL: nobody's */
    const char *setting;                 /* that says where it listens: what faults name */
};

struct http_options {
    struct http_door doors[HTTP_DOORS_MAX + 1]; /* ends with a row without `listen` */
    int workers;
    int queue;                         /* requests that may wait for a worker; more get 503 */
    int connections;                   /* of all doors */
    int connections_per_address;       /* 0: any; trusted proxies have no limit of their own */
    size_t body_max;                   /* bytes; more get 413 */
    size_t bodies_max;                 /* of all requests under way; more get 503 */
    struct duration head;              /* the head of a request must come within this */
    struct duration receive;           /* ... then its body, and then an answer must go */
    size_t pace;                       /* ... or so many bytes a second of it in each such time */
    struct duration deadline;          /* of a call */
    struct duration late;              /* what a row's late rpc is given beyond that */
    struct duration drain;             /* how long http_stop() waits for answers */
    const struct store_options *store; /* each worker's connection; NULL: without */
};

/* Starting values for all but `doors` and `store`. */
#define HTTP_DEFAULTS                                                                              \
    .workers = 16, .queue = 1024, .connections = 2048, .body_max = 256 * 1024,                     \
    .bodies_max = 64 * 1024 * 1024, .head = { 5000000 }, .receive = { 30000000 }, .pace = 1024,    \
    .deadline = { 30000000 }, .late = { 2000000 }, .drain = { 20000000 }

struct http;

/* Opens all doors, or none: the fault names the setting or the row that is wrong. Families and
 * tables stay the caller's and must live until http_free(). */
struct http *http_start(const struct http_options *options, struct fault *f);

/* Takes no new connections, waits (at most `drain`) for the answers of those under way, answers the
 * rest with 503, and closes. After this the bus and the committer can be stopped. */
void http_stop(struct http *h);

/* After everything that could still answer a call has been stopped. NULL allowed. */
void http_free(struct http *h);

uint16_t http_port(const struct http *h, size_t door);

/* Is there room for another connection, and do requests find a worker in time? From http_start()
 * until http_free(). */
bool http_ready(struct http *h, struct fault *f);

/* For handlers: about the request of a call that came through this door. What they return lives as
 * long as the call. */
const struct route *http_route(const struct call *call);   /* NULL: there is none, for `dress` */
const struct router *http_router(const struct call *call); /* of the door that it came through */
/* NULL: absent. Several lines of one name are one list, with commas between. */
const char *http_request_header(const struct call *call, const char *name);
bool http_is_head(const struct call *call);     /* its row is that of GET, and no body is sent */
const char *http_path(const struct call *call); /* as sent, no query */
struct bytes http_body(const struct call *call);
void http_body_sha256(const struct call *call, uint8_t out[32]);

/* For handlers: about the answer. Copies its arguments. `http_status` replaces the row's status of
 * success; 204, 205 and 304 send no body. */
void http_header(struct call *call, const char *name, const char *value);
void http_status(struct call *call, int status);

/* For a row of GET, by a handler that will answer with what has this entity tag (with its quotes)
 * and was changed last at `date` (0: not known): says both in the answer. True: the client has that
 * already; the status is 304 now, and whatever the answer is, nothing of it is sent. */
bool http_not_modified(struct call *call, const char *etag, struct instant date);

/* What the handler leaves for its row's late rpc, which is given another call with the same input.
 * Set it before the call is handed to another thread. */
void http_keep(struct call *call, void *note);
void *http_kept(const struct call *call);

/* Instead of answering: the row's late rpc shall say now what the answer is. As with answering, the
 * call is gone after this. */
void http_late(struct call *call);

/* What a family's `admit` leaves for handlers about the caller; the late call has it too. */
void http_set_caller(struct call *call, void *caller);
void *http_caller(const struct call *call);

#endif
