/* worker - the threads that run handlers, and the one bounded queue that they pull from. */
#ifndef BUS_WORKER_H
#define BUS_WORKER_H

#include "bus/bus.h"
#include "bus/frame.h"
#include "bus/mailbox.h"

enum { QUEUE_MAX = 4096 };

struct server;

/* A request being served. `call` is what its handler sees. */
struct served {
    struct call call;
    struct served *next;
    struct server *server;
    struct bytes route; /* the way back: libzmq's name of the connection */
    uint64_t id;
    struct frame_target target;
    struct bytes body;
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct served *first, **last;
    int queued, idle;
    bool stop;
    int count;
    pthread_t threads[BUS_WORKERS_MAX];
    void (*worker_start)(void *context);
    void (*worker_stop)(void *context);
    void *context;
};

bool workers_start(struct workers *w, const struct bus_options *options, struct fault *f);

/* False when the queue is full: the request stays the caller's. */
bool workers_give(struct workers *w, struct served *s);

/* Runs the handler on this thread. */
void worker_serve(struct served *s);

/* `idle`: no handler is running, so the threads are waited for. Otherwise they are left to
 * themselves and `w` must stay where it is. */
void workers_stop(struct workers *w, bool idle);

#endif
