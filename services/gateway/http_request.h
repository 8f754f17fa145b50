/* http_request - what the files of the door share. Nobody else includes this.
 *
 * A request lives until nobody holds it: the connection does until MHD has completed it, its
 * handler until it has answered, the late call until it has answered. Whoever claims it answers it;
 * the claim is one compare-and-swap, and only the claimer writes `answer` and `outcome` and uses
 * `outer`.
 * The HTTP thread of its door uses the own call's arena until the request is queued; from then on it
 * is the handler's. Only http_door.c, http_head.c, http_receive.c, http_answer.c,
 * http_send.c, http_library.c and http_connection.c know of MHD.
 *
 * Threads: one HTTP thread for each door, where MHD calls us and INLINE handlers run; the workers;
 * one for the deadlines; and whoever a handler of an AWAIT row leaves its answer to: the bus, a
 * committer, the feed of events. Of metrics and health there are more, which only look.
 *
 * Locks: queue.lock (http_work.c), deadlines.lock (http_deadline.c), connections_lock
 * (http_connection.c), shares_lock (http_share.c), idle_lock (http.c). Each is a leaf: who holds one takes no other, calls no
 * handler and no hook of a family, and nothing of MHD. What may be called from anywhere is what
 * takes one: request_send(), request_refuse(), http_late().
 */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>

#include "base/heap.h"
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

/* Of the work on a request, then of its answer: http_step.c says from which to which. */
enum step { COMES, QUEUED, SERVED, BEGUN, LATE, OPEN, CLAIMED, READY };

struct request {
    struct http *http;
    struct door *door; /* through which it came */
    struct MHD_Connection *connection;
    struct connection *peer;
    atomic_int holders;
    _Atomic(enum step) work, said;
    bool suspended;

    const char *path;   /* as sent, without query */
    enum method method; /* of HEAD: GET */
    bool is_head;
    struct header_list headers, query; /* headers: one of a name */
    struct bytes input;                /* what the body says; once it is admitted */
    char *body;
    size_t body_size, body_room, body_length, body_max, discarded; /* length 0: not known */
    struct share *share; /* of its client, of which it has `shared`; NULL: its body is small */
    size_t shared;
    struct route_match match;
    bool malformed;       /* its head has no meaning, or two */
    struct fault refusal; /* before any handler is asked; code 0: none */
    bool closing;         /* where the next request begins is not known */
    bool ignores_body;
    struct tick received;

    struct side own, late;
    ProtobufCMessage *in;
    _Atomic(void *) note; /* from the handler for the late rpc */
    void *caller;         /* from admit() */

    struct side outer; /* the door's own: what is not a side's in the answer; the claimer's */
    struct http_answer answer;
    struct outcome {
        enum fault_code fault;
        int64_t account_id, api_key_id; /* 0: nobody knows */
        struct tick at;
    } outcome;
    const struct http_header *answer_headers; /* of the side that answers */

    struct request *queue_next; /* while it waits for a worker */
    bool grace;                 /* it got more time, for the late rpc */
    struct heap_item due;       /* while it waits for its answer */
};

/* Requests that wait for an answer, by the time when they get one whatever happens. */
struct deadlines {
    pthread_mutex_t lock; /* over all but the thread */
    pthread_cond_t changed;
    struct heap heap;
    struct tick wakes; /* when the thread looks again by itself */
    bool closed, stopping;
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

/* What a connection waits for, or we for it. */
enum connection_phase { HEAD_COMES, BODY_COMES, IS_OURS, ANSWER_GOES, IS_IDLE };

/* One accepted connection. All but the target and the request is under the lock. */
struct connection {
    LIST_ENTRY(connection) in_all, in_network;
    TAILQ_ENTRY(connection) in_headless;
    bool headless, cut; /* has sent no whole head yet, again; was cut and is not closed yet */
    int64_t until;      /* the tick when it is cut; 0: it waits for us */
    uint64_t network;   /* whose it is: proxy_network() */
    int fd;
    struct request *request; /* that came last, until its answer has gone; its HTTP thread's */
    bool paced;     /* its answer may go on if the client has taken enough of it since `acked` */
    uint64_t acked; /* bytes that it had taken when its time began */
    const char *target, *target_end; /* of the request line, in MHD's buffer */
    bool target_is_plain;            /* no blank and no control character in it */
};

enum { NETWORKS = 256 }; /* lists of connections, by a hash of whose they are */

static inline size_t network_slot(uint64_t network)
{
    return (network * 0x9e3779b97f4a7c15U) >> 56;
}
LIST_HEAD(neighbours, connection);
LIST_HEAD(connection_list, connection);
TAILQ_HEAD(connection_queue, connection);

LIST_HEAD(shares, share);

struct strangers { /* of the second: lines about those who are not known */
    int64_t second, told, untold;
};

/* An address where requests come in. All of it is set before its thread runs, but for what is
 * counted. */
struct door {
    struct http *http;
    const struct http_door *options;
    struct router *router;
    struct proxy_list proxies;
    struct MHD_Daemon *daemon; /* NULL: is not open */
    int listener;              /* open as long as the daemon is */
    uint16_t port;
    struct route_count *counts; /* http_record.c */
    struct strangers strangers; /* its HTTP thread's */
};

/* What all doors share. */
struct http {
    struct http_options options;
    struct door doors[HTTP_DOORS_MAX];
    size_t door_count;
    struct arena arena;
    atomic_bool draining;

    struct queue queue;
    struct deadlines deadlines;
    pthread_mutex_t connections_lock;
    struct connection_list connections;
    struct connection_queue headless; /* oldest first */
    struct neighbours networks[NETWORKS];
    int connection_count;

    pthread_mutex_t shares_lock;
    struct shares shares[NETWORKS]; /* http_share.c */

    pthread_mutex_t idle_lock; /* of those who wait until a count is zero */
    pthread_cond_t idle;

    atomic_int waiting;   /* suspended, nobody has resumed them yet */
    atomic_int unsent;    /* suspended once and not completed */
    atomic_int alive;     /* request structs */
    atomic_size_t bodies; /* bytes of them */
};

/* http_step.c. Any thread. False: it was taken before, or that of which it is the next was not. */
bool step_exists(enum step from, enum step to);
bool step_try(_Atomic(enum step) *at, enum step from, enum step to);
void step_take(_Atomic(enum step) *at, enum step from, enum step to); /* must succeed */

/* http_head.c: copies the headers, and sets `refusal` when they have two readings. */
void head_read(struct request *r, const char *method, const char *target, const char *version);

/* http_body.c. Both set `refusal` when there is no room. body_add() is false when the client sends
 * on and on although it was refused. */
bool body_announced(struct request *r, size_t size); /* 0: comes in chunks */
bool body_add(struct request *r, const char *data, size_t size);
void body_free(struct request *r);

/* http_media.c: false, and sets `refusal`, when the row does not take such a body. */
bool media_judge(struct request *r, bool has_body);

/* http_share.c: is there room for so many bytes more of a large body of this client? Takes them, if so;
 * returns what the request has taken. */
bool share_has_room(const struct request *r, size_t more);
bool share_take(struct request *r, size_t more);
void share_return(struct request *r);

/* http_receive.c */
void header_list_add(struct header_list *list, struct arena *a, const char *name,
                     const char *value); /* copies the name */
void request_hold(struct request *r);
void request_drop(struct request *r);
void request_ended(
    struct request *r); /* on the HTTP thread: its answer has gone, or nobody takes it */

/* http_door.c. The first reads what the door is set to, before any is opened. door_close() takes no
 * new connections; door_stop() ends those that there are, when no request waits. All three are
 * nothing for a door that was not opened. */
bool door_read(struct http *h, const struct http_door *options, struct fault *f);
bool door_open(struct door *d, struct fault *f);
void door_close(struct door *d);
void door_stop(struct door *d);
void door_free(struct door *d);

/* http.c */
void count_change(struct http *h, atomic_int *count, int by); /* wakes http_stop() at zero */

/* http_answer.c */
bool request_claim(struct request *r);
/* By the claimer: renders the answer or fault of a side (NULL: nobody's), then sends it. */
void answer_message(struct request *r, struct side *side, const ProtobufCMessage *message);
void answer_fault(struct request *r, struct side *side, const struct fault *fault);
void request_send(struct request *r);
bool status_has_body(int status);
void answer_release(struct request *r); /* nobody reads it any more */
/* Claims and answers with a fault, if nobody did before. */
void request_refuse(struct request *r, enum fault_code code, const char *field, const char *detail);

/* http_send.c: "GET, PUT", of a request whose method its path does not take */
const char *request_allows(const struct request *r, struct arena *a);

/* http_input.c: NULL and call->fault when the request does not fit the input. */
ProtobufCMessage *input_read(struct request *r, struct call *call);

/* http_record.c: what is kept of a request at its end, by way of its route and never of its path */
void record_start(struct http *h);
void record_stop(struct http *h);
const char *record_route(const struct request *r); /* "/services/v2/order/{order_id}", or "" */
void record_count(struct request *r);              /* on the HTTP thread */
void record_log(const struct request *r);

/* http_work.c */
void work_start(struct http *h);
void work_stop(struct http *h);
struct duration work_oldest(struct http *h); /* for how long a request has waited for a worker */
bool work_put(struct request *r);            /* false: full */
void work_put_late(struct request *r);       /* once, before all others */
void request_serve(struct request *r);       /* on a worker; INLINE: on the HTTP thread */
void side_end(struct side *side);            /* its call has ended */

/* http_deadline.c */
void deadlines_start(struct http *h);
void deadlines_stop(struct http *h);
bool deadline_add(struct request *r, struct tick at); /* false: closed */
void deadline_remove(struct request *r);
/* Nothing is added any more; what is there is answered with 503. */
void deadlines_close(struct http *h);

/* http_connection.c */
void connection_enter(struct http *h, struct connection *n, enum connection_phase phase);
void connection_send(struct http *h, struct connection *n, size_t size); /* enters ANSWER_GOES */
bool connections_have_room(struct http *h);
void connection_cut(struct http *h, struct connection *n);
void connections_cut(struct http *h); /* those whose time is over */

#endif
