#include "perspective_turn.h"

#include <pthread.h>
#include <stddef.h>
#include <stdio.h>

#include "gate.h"
#include "share.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct turns *turns;

/* This thread begins what waits already: it need not do so within itself. */
static _Thread_local bool beginning;

void perspective_turns_open(void)
{
    turns = turns_new(&(struct turns_options){ .most = ROUNDS_ROOM, .most_asker = ROUNDS_SHARE });
}

void perspective_turns_close(void)
{
    turns_free(turns);
    turns = NULL;
}

static struct perspective_turn *turn_next(void)
{
    struct turns_item *item;

    pthread_mutex_lock(&lock);
    item = turns_next(turns);
    pthread_mutex_unlock(&lock);
    return item
               ? (struct perspective_turn *)((char *)item - offsetof(struct perspective_turn, item))
               : NULL;
}

static void turn_give(struct perspective_turn *t)
{
    pthread_mutex_lock(&lock);
    turns_done(turns, &t->item);
    pthread_mutex_unlock(&lock);
}

static bool refuse(struct perspective_turn *t, const char *why)
{
    return fault_set(&t->call->fault, FAULT_UNAVAILABLE, NULL, "%s", why);
}

/* False: nothing was begun. */
static bool begin(struct perspective_turn *t)
{
    bool begun;

    if (tick_left(t->deadline).us <= 0)
        return refuse(t, "its turn did not come in time");
    if (!gate_ask_begin())
        return refuse(t, "the perspective is stopping");
    begun = t->look(t);
    gate_ask_end();
    return begun;
}

static void begin_all(void)
{
    struct perspective_turn *t;

    if (beginning)
        return;
    beginning = true;
    while ((t = turn_next())) {
        if (begin(t))
            continue;
        turn_give(t);
        call_fail(t->call);
        gate_leave();
    }
    beginning = false;
}

void perspective_turn_await(struct perspective_turn *t)
{
    char account[24];

    if (!gate_enter()) {
        refuse(t, "the perspective is stopping");
        call_fail(t->call);
        return;
    }
    snprintf(account, sizeof account, "%lld", (long long)t->account_id);
    t->item.weight = (int)t->places;
    pthread_mutex_lock(&lock);
    turns_put(turns, &t->item, account, "");
    pthread_mutex_unlock(&lock);
    begin_all();
}

void perspective_turn_over(struct perspective_turn *t)
{
    turn_give(t);
    begin_all();
}
