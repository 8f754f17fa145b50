#include "look/resolver.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "look/library.h"
#include "look/witness.h"
#include "pki/name.h"

enum { IDLE_MS = 60000 };

TAILQ_HEAD(asks, resolver_ask);

struct resolver {
    struct ub_ctx *library;
    pthread_t thread;
    int wake; /* eventfd: there is something in the inbox, or it is time to stop */

    pthread_mutex_t lock; /* guards the two */
    struct asks inbox;
    bool stopping;

    /* The thread's own. */
    struct asks first; /* those that wait for nobody's turn */
    struct turns *turns;
    struct heap deadlines; /* of all that waits or flies */
};

static const struct {
    int type;
    const char *name;
} types[] = { { DNS_TXT, "TXT" }, { DNS_CNAME, "CNAME" }, { DNS_CAA, "CAA" },
              { DNS_DS, "DS" },   { DNS_A, "A" },         { DNS_AAAA, "AAAA" } };

const char *resolver_type_name(int type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (types[i].type == type)
            return types[i].name;
    return "?";
}

static struct resolver_ask *ask_of_turn(struct turns_item *item)
{
    return WHOLE_OF(item, struct resolver_ask, turn);
}

static struct resolver_ask *ask_of_due(struct heap_item *item)
{
    return WHOLE_OF(item, struct resolver_ask, due);
}

/* The ask is the owner's again once this calls him. */
static void finish(struct resolver *r, struct resolver_ask *ask,
                   const struct resolver_answer *answer)
{
    heap_remove(&r->deadlines, &ask->due);
    if (ask->first && !ask->flies)
        TAILQ_REMOVE(&r->first, ask, link);
    else if (!ask->first && ask->flies)
        turns_done(r->turns, &ask->turn);
    else if (!ask->first)
        turns_drop(r->turns, &ask->turn);
    ask->done(ask, answer);
}

/* An answer that can be used came from somewhere, now or while it was kept; without one, those count who
 * have said something since it was asked. */
static void name_server(struct resolver_ask *ask, struct resolver_answer *answer,
                        char address[WITNESS_ADDRESS_SIZE])
{
    struct tick since =
        answer->state == RESOLVER_FAILED ? ask->launched : (struct tick){ .us = INT64_MIN };

    if (witness_find(ask->name, resolver_type_name(ask->type), since, address))
        answer->server = address;
}

/* libunbound's callback, inside ub_process(). */
static void landed(void *data, int error, struct ub_result *result)
{
    char address[WITNESS_ADDRESS_SIZE];
    struct bytes records[RESOLVER_RECORDS_MAX];
    struct resolver_ask *ask = data;
    struct resolver_answer answer;

    library_answer(error, result, records, &answer);
    name_server(ask, &answer, address);
    finish(ask->resolver, ask, &answer);
    ub_resolve_free(result);
}

/* Gives up on one; a cancelled look-up never lands. */
static void drop(struct resolver *r, struct resolver_ask *ask, enum resolver_state state)
{
    if (ask->flies)
        ub_cancel(r->library, ask->id);
    finish(r, ask, &(struct resolver_answer){ .state = state, .canonical = ask->name });
}

/* It was its turn. */
static void launch(struct resolver *r, struct resolver_ask *ask)
{
    ask->launched = tick_now();
    int error = ub_resolve_async(r->library, ask->name, ask->type, 1, ask, landed, &ask->id);
    struct resolver_answer answer = { .state = RESOLVER_FAILED, .canonical = ask->name };

    ask->flies = true;
    if (!error)
        return;
    answer.reason = library_reason(error);
    finish(r, ask, &answer);
}

static void launch_waiting(struct resolver *r)
{
    struct resolver_ask *ask;
    struct turns_item *item;

    while ((ask = TAILQ_FIRST(&r->first))) {
        TAILQ_REMOVE(&r->first, ask, link);
        launch(r, ask);
    }
    while ((item = turns_next(r->turns)))
        launch(r, ask_of_turn(item));
}

static void drop_late(struct resolver *r)
{
    struct tick now = tick_now();
    struct heap_item *due;

    while ((due = heap_due(&r->deadlines, now))) {
        struct resolver_ask *ask = ask_of_due(due);

        drop(r, ask, ask->flies ? RESOLVER_TIMEOUT : RESOLVER_UNASKED);
    }
}

/* By the account that asks and the base domain that is asked for, whoever else asks for it. */
static void turn_put(struct resolver *r, struct resolver_ask *ask)
{
    char account[24], name[RESOLVER_NAME_SIZE];

    snprintf(account, sizeof account, "%lld", (long long)ask->account_id);
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)ask->name[i]);
    turns_put(r->turns, &ask->turn, account, name_base_domain(name));
}

static void admit(struct resolver *r, struct resolver_ask *ask)
{
    heap_add(&r->deadlines, &ask->due, ask->deadline);
    if (ask->first)
        TAILQ_INSERT_TAIL(&r->first, ask, link);
    else
        turn_put(r, ask);
}

/* Moves what came in to what waits; false when it is time to stop. */
static bool take_inbox(struct resolver *r)
{
    struct asks fresh = TAILQ_HEAD_INITIALIZER(fresh);
    struct resolver_ask *ask;
    bool stopping;

    pthread_mutex_lock(&r->lock);
    TAILQ_CONCAT(&fresh, &r->inbox, link);
    stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    while ((ask = TAILQ_FIRST(&fresh))) {
        TAILQ_REMOVE(&fresh, ask, link);
        admit(r, ask);
    }
    return !stopping;
}

static void await(struct resolver *r)
{
    struct pollfd fds[] = { { .fd = r->wake, .events = POLLIN },
                            { .fd = ub_fd(r->library), .events = POLLIN } };
    eventfd_t count;

    if (poll(fds, 2, heap_wait_ms(&r->deadlines, IDLE_MS)) < 0 && errno != EINTR)
        abort();
    if (fds[0].revents)
        eventfd_read(r->wake, &count);
    if (fds[1].revents)
        ub_process(r->library);
}

static void *run(void *context)
{
    struct resolver *r = context;
    struct heap_item *first;

    while (take_inbox(r)) {
        drop_late(r);
        launch_waiting(r);
        await(r);
    }
    /* An answer may lead to the next question. */
    while (take_inbox(r), (first = heap_first(&r->deadlines)))
        drop(r, ask_of_due(first), RESOLVER_STOPPED);
    return NULL;
}

struct resolver *resolver_start(const struct resolver_options *options, struct fault *f)
{
    struct ub_ctx *library = library_open(options, f);

    if (!library)
        return NULL;
    struct resolver *r = calloc(1, sizeof *r);
    r->library = library;
    r->turns = turns_new(&(struct turns_options){ .most = options->most,
                                                  .most_asker = options->per_account,
                                                  .most_place = options->per_domain });
    r->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    TAILQ_INIT(&r->inbox);
    TAILQ_INIT(&r->first);
    pthread_mutex_init(&r->lock, NULL);
    if (r->wake < 0 || pthread_create(&r->thread, NULL, run, r))
        abort();
    return r;
}

void resolver_stop(struct resolver *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_mutex_unlock(&r->lock);
    eventfd_write(r->wake, 1);
    pthread_join(r->thread, NULL);
    ub_ctx_delete(r->library);
    pthread_mutex_destroy(&r->lock);
    close(r->wake);
    turns_free(r->turns);
    heap_free(&r->deadlines);
    free(r);
}

void resolver_ask(struct resolver *r, struct resolver_ask *ask)
{
    bool first;

    ask->resolver = r;
    ask->flies = false;
    ask->due = (struct heap_item){ 0 };
    pthread_mutex_lock(&r->lock);
    first = TAILQ_EMPTY(&r->inbox);
    TAILQ_INSERT_TAIL(&r->inbox, ask, link);
    pthread_mutex_unlock(&r->lock);
    if (first)
        eventfd_write(r->wake, 1);
}

/* What is in the inbox still is put among the deadlines when it is taken from there. */
void resolver_hurry(struct resolver_ask *ask, struct tick deadline)
{
    if (ask->deadline.us <= deadline.us)
        return;
    ask->deadline = deadline;
    if (heap_holds(&ask->due))
        heap_move(&ask->resolver->deadlines, &ask->due, deadline);
}
