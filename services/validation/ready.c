#include "ready.h"

#include <pthread.h>
#include <stdio.h>

#include "gate.h"
#include "validation.h"

enum { DNS_SOA = 6, PATIENCE_S = 2, REMEMBERED_S = 5 };

struct question {
    struct resolver_ask ask;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool over;
    struct fault fault; /* FAULT_NONE: all is well */
};

static const char *const states[] = {
    [RESOLVER_NO_DATA] = "no such record",
    [RESOLVER_NO_NAME] = "no such name",
    [RESOLVER_BOGUS] = "DNSSEC validation failed",
    [RESOLVER_FAILED] = "no name server answered",
    [RESOLVER_TIMEOUT] = "no answer in good time",
    [RESOLVER_UNASKED] = "not asked in good time",
    [RESOLVER_STOPPED] = "stopping",
};

static void judge(struct question *q, const struct resolver_answer *answer)
{
    if (answer->state != RESOLVER_FOUND)
        fault_set(&q->fault, FAULT_UNAVAILABLE, NULL, "the root of DNS: %s", states[answer->state]);
    else if (!answer->secure)
        fault_set(&q->fault, FAULT_UNAVAILABLE, NULL, "the root of DNS is not signed");
}

static void done(struct resolver_ask *ask, const struct resolver_answer *answer)
{
    struct question *q = ask->context;
    pthread_mutex_lock(&q->lock);
    judge(q, answer);
    q->over = true;
    pthread_cond_signal(&q->answered);
    pthread_mutex_unlock(&q->lock);
}

static void put(struct question *q)
{
    if (!gate_ask_begin()) {
        fault_set(&q->fault, FAULT_UNAVAILABLE, NULL, "stopping");
        return;
    }
    resolver_ask(validation.prober.resolver, &q->ask);
    gate_ask_end();
    pthread_mutex_lock(&q->lock);
    while (!q->over)
        pthread_cond_wait(&q->answered, &q->lock);
    pthread_mutex_unlock(&q->lock);
}

/* Only the health thread asks, so what is remembered needs no lock. */
bool resolver_ready(void *context, struct fault *f)
{
    static struct tick good_until;
    (void)context;
    if (tick_left(good_until).us > 0)
        return true;
    struct question q = { .ask = { .name = ".",
                                   .type = DNS_SOA,
                                   .first = true,
                                   .deadline = tick_after(seconds(PATIENCE_S)),
                                   .done = done,
                                   .context = &q },
                          .lock = PTHREAD_MUTEX_INITIALIZER,
                          .answered = PTHREAD_COND_INITIALIZER };
    put(&q);
    if (q.fault.code != FAULT_NONE) {
        *f = q.fault;
        return false;
    }
    good_until = tick_after(seconds(REMEMBERED_S));
    return true;
}
