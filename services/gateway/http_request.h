/* http_request - what the files of the door share. Nobody else includes this.
 *
 * A request lives until nobody holds it: the connection does until MHD has completed it, its
 * handler until it has answered, the late call until it has answered. Whoever claims it answers it;
 * the claim is one compare-and-swap, and only the claimer writes `answer` and uses `answer_arena`.
 * The HTTP thread uses the own call's arena until the request is queued; from then on it is the
 * handler's. Only http.c, http_receive.c, http_answer.c and http_connection.c know of MHD.
 */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>

#include "http.h"
#include "proxy.h"

struct MHD_Connection;
struct MHD_Daemon;

struct http_header {
    const char *name, *value;
    struct http_header *next;
};

enum { HEADERS_MAX = 64 }; /* and as many query parameters; more are refused */

struct header_list {
    struct http_header *first, **last;
    int count;
};

/* One call on behalf of a request: its handler's, or the late one. */
struct side {
    struct call call;
    struct request *request;
    struct http_header *headers; /* for the answer */
    int status;                  /* 0: the row's */
    atomic_bool finished;
};

struct request {
    struct http *door;
    struct MHD_Connection *connection;
    struct connection *peer;
    atomic_int holders;
    atomic_bool claimed, ready; /* ready: `answer` can be sent */
    bool suspended;

    const char *path; /* as sent, without query */
    enum method method;
    struct header_list headers, query;
    char *body;
    size_t body_size, body_room, body_max, discarded;
    struct route_match match;
    enum fault_code refused; /* before any handler is asked */
    struct tick received;

    struct side own, late;
    ProtobufCMessage *in;
    _Atomic(void *) note; /* from the handler for the late rpc */
    void *caller;         /* from admit() */

    struct arena answer_arena;
    struct http_answer answer;
    const struct http_header *answer_headers;

    struct request *queue_next;   /* while it waits for a worker */
    atomic_bool begun;            /* its handler has the input */
    atomic_bool late_asked;       /* ... and so has, or will have, its late rpc */
    bool grace;                   /* it got more time for that */
    struct request *next, **link; /* in the deadline wheel; `link` NULL: is not there */
    struct tick deadline;
};

/* Requests that wait for an answer, by the time when they get one whatever happens. */
enum { WHEEL_SLOTS = 1024, WHEEL_STEP_US = 50000 };

struct wheel {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct request *slots[WHEEL_SLOTS];
    int64_t done; /* steps up to this one were looked at */
    int count;
    bool closed, resting, stopping;
    pthread_t thread;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct request *first, **last;
    int count, most;
    bool stopping;
    pthread_t *threads;
    int workers;
};

/* One accepted connection; cut when it is busy with a request or answer for too long. */
struct connection {
    struct connection *next, **link;
    _Atomic int64_t since; /* tick since when we wait for the client; 0: it waits for us */
    int fd;
};

struct http {
    struct http_options options;
    struct router *router;
    struct proxy_list proxies;
    struct arena arena;
    struct MHD_Daemon *daemon;
    uint16_t port;
    atomic_bool draining;

    struct queue queue;
    struct wheel wheel;
    pthread_mutex_t connections_lock;
    struct connection *connections;

    pthread_mutex_t idle_lock; /* of those who wait until a count is zero */
    pthread_cond_t idle;
    atomic_int waiting; /* suspended, nobody has resumed them yet */
    atomic_int unsent;  /* suspended once and not completed */
    atomic_int alive;   /* request structs */
};

/* http_receive.c */
void request_hold(struct request *r);
void request_drop(struct request *r);

/* http.c */
void count_change(struct http *h, atomic_int *count, int by); /* wakes http_stop() at zero */

/* http_answer.c */
bool request_claim(struct request *r);
/* By the claimer: renders the answer or fault of a side (NULL: nobody's), then sends it. */
void answer_message(struct request *r, struct side *side, const ProtobufCMessage *message);
void answer_fault(struct request *r, struct side *side, const struct fault *fault);
void request_send(struct request *r);
/* Claims and answers with a fault, if nobody did before. */
void request_refuse(struct request *r, enum fault_code code, const char *detail);

/* http_input.c: NULL and call->fault when the request does not fit the input. */
ProtobufCMessage *input_read(struct request *r, struct call *call);

/* http_work.c */
void work_start(struct http *h);
void work_stop(struct http *h);
bool work_put(struct request *r);      /* false: full */
void work_put_late(struct request *r); /* once, before all others */
void request_serve(struct request *r); /* on a worker; INLINE: on the HTTP thread */
void side_end(struct side *side);      /* its call has ended */

/* http_deadline.c */
void wheel_start(struct http *h);
void wheel_stop(struct http *h);
bool wheel_add(struct request *r, struct tick deadline); /* false: closed */
void wheel_remove(struct request *r);
/* Nothing is added any more; what is there is answered with 503. */
void wheel_close(struct http *h);

/* http_connection.c */
void connection_mark(struct request *r, bool waits_for_us);
void connections_cut(struct http *h);

#endif
