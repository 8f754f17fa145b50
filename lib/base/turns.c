#include "base/turns.h"

#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TAILQ_HEAD(items, turns_item);
TAILQ_HEAD(lines, turns_line);
TAILQ_HEAD(askers, turns_asker);

/* What an asker and a place have in common. The first member of both: they are found by it. */
struct party {
    char key[TURNS_KEY_SIZE];
    int active, waiting; /* weight */
    int items;           /* that know it */
};

struct turns_asker {
    struct party party;
    struct lines ready;  /* its lines that are not parked, in the order of their turns */
    struct lines called; /* those of them that a place has called */
    bool queued;         /* among the askers that may go */
    TAILQ_ENTRY(turns_asker) link;
};

struct turns_place {
    struct party party;
    struct lines parked; /* lines that wait for room here, in the order they came */
    int called;          /* lines that were told of room here and have not had their turn yet */
};

/* Those of one asker that wait for one place. */
struct turns_line {
    struct turns_asker *asker;
    struct turns_place *place;
    struct items items;
    bool parked, called;
    TAILQ_ENTRY(turns_line) link; /* ready or parked */
    TAILQ_ENTRY(turns_line) call;
};

struct turns {
    struct turns_options options;
    int active;
    struct askers queue;           /* those with a line that is ready and room for more */
    void *askers, *places, *lines; /* trees, by key */
};

/* ---- what is known, by its key */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct party *)a)->key, ((const struct party *)b)->key);
}

static int by_parties(const void *a, const void *b)
{
    const struct turns_line *left = a, *right = b;
    int order = by_key(left->asker, right->asker);

    return order ? order : by_key(left->place, right->place);
}

static void *party_get(void **tree, const char *key, size_t size)
{
    struct party wanted, **found, *fresh;

    snprintf(wanted.key, sizeof wanted.key, "%s", key);
    found = tfind(&wanted, tree, by_key);
    if (found)
        return *found;
    fresh = calloc(1, size);
    memcpy(fresh->key, wanted.key, sizeof fresh->key);
    tsearch(fresh, tree, by_key);
    return fresh;
}

static struct turns_asker *asker_get(struct turns *t, const char *key)
{
    struct turns_asker *a = party_get(&t->askers, key, sizeof *a);

    if (!a->party.items) {
        TAILQ_INIT(&a->ready);
        TAILQ_INIT(&a->called);
    }
    return a;
}

static struct turns_place *place_get(struct turns *t, const char *key)
{
    struct turns_place *p = party_get(&t->places, key, sizeof *p);

    if (!p->party.items)
        TAILQ_INIT(&p->parked);
    return p;
}

static void party_release(void **tree, struct party *p)
{
    if (p->items)
        return;
    tdelete(p, tree, by_key);
    free(p);
}

/* ---- limits */

static int weight_of(const struct turns_item *item)
{
    return item->weight ? item->weight : 1;
}

static bool full(int active, int most)
{
    return most && active >= most;
}

static bool asker_full(const struct turns *t, const struct turns_asker *a)
{
    return full(a->party.active, t->options.most_asker);
}

static bool place_full(const struct turns *t, const struct turns_place *p)
{
    return full(p->party.active, t->options.most_place);
}

static void count(const struct turns_item *item, int active, int waiting)
{
    int weight = weight_of(item);

    item->asker->party.active += active * weight;
    item->place->party.active += active * weight;
    item->asker->party.waiting += waiting * weight;
    item->place->party.waiting += waiting * weight;
}

/* ---- turns of askers */

/* An asker has a turn as long as there is a line of his to be looked at and he may have more. */
static void asker_settle(struct turns *t, struct turns_asker *a)
{
    bool may = !asker_full(t, a) && !TAILQ_EMPTY(&a->ready);

    if (may && !a->queued)
        TAILQ_INSERT_TAIL(&t->queue, a, link);
    else if (!may && a->queued)
        TAILQ_REMOVE(&t->queue, a, link);
    a->queued = may;
}

/* ---- places that were full */

static void uncall(struct turns_line *l)
{
    if (!l->called)
        return;
    l->called = false;
    l->place->called--;
    TAILQ_REMOVE(&l->asker->called, l, call);
}

static void park(struct turns_line *l)
{
    uncall(l);
    TAILQ_REMOVE(&l->asker->ready, l, link);
    TAILQ_INSERT_TAIL(&l->place->parked, l, link);
    l->parked = true;
}

static void unpark(struct turns *t, struct turns_line *l)
{
    TAILQ_REMOVE(&l->place->parked, l, link);
    TAILQ_INSERT_TAIL(&l->asker->ready, l, link);
    l->parked = false;
    if (!asker_full(t, l->asker)) {
        l->called = true;
        l->place->called++;
        TAILQ_INSERT_TAIL(&l->asker->called, l, call);
    }
    asker_settle(t, l->asker);
}

/* As many lines are called as there is room: each parks again if it comes too late. Whose asker may not
 * go now is looked at when he may, and another is called instead. */
static void call_lines(struct turns *t, struct turns_place *p)
{
    struct turns_line *l;

    while ((l = TAILQ_FIRST(&p->parked)) && p->called < t->options.most_place - p->party.active)
        unpark(t, l);
}

/* Who has become full cannot follow the calls to his lines. */
static void calls_pass(struct turns *t, struct turns_asker *a)
{
    struct turns_line *l;

    while ((l = TAILQ_FIRST(&a->called))) {
        uncall(l);
        call_lines(t, l->place);
    }
}

/* ---- lines */

static struct turns_line *line_get(struct turns *t, struct turns_asker *a, struct turns_place *p)
{
    struct turns_line wanted = { .asker = a, .place = p }, **found, *l;

    found = tfind(&wanted, &t->lines, by_parties);
    if (found)
        return *found;
    l = calloc(1, sizeof *l);
    *l = wanted;
    TAILQ_INIT(&l->items);
    TAILQ_INSERT_TAIL(&a->ready, l, link);
    tsearch(l, &t->lines, by_parties);
    return l;
}

static void line_end(struct turns *t, struct turns_line *l)
{
    uncall(l);
    if (l->parked)
        TAILQ_REMOVE(&l->place->parked, l, link);
    else
        TAILQ_REMOVE(&l->asker->ready, l, link);
    tdelete(l, &t->lines, by_parties);
    free(l);
}

/* The next line of this asker that may go; those whose place is full are parked on the way. */
static struct turns_line *line_next(const struct turns *t, struct turns_asker *a)
{
    struct turns_line *l;

    while ((l = TAILQ_FIRST(&a->ready)) && place_full(t, l->place))
        park(l);
    return l;
}

static void leave_line(struct turns *t, struct turns_item *item)
{
    struct turns_line *l = item->line;

    TAILQ_REMOVE(&l->items, item, link);
    item->line = NULL;
    if (TAILQ_EMPTY(&l->items))
        line_end(t, l);
}

/* The line of what goes is the last of its asker from now on, and he the last of all. */
static struct turns_item *start(struct turns *t, struct turns_asker *a, struct turns_line *l)
{
    struct turns_item *item = TAILQ_FIRST(&l->items);

    uncall(l);
    TAILQ_REMOVE(&a->ready, l, link);
    TAILQ_INSERT_TAIL(&a->ready, l, link);
    leave_line(t, item);
    count(item, 1, -1);
    t->active += weight_of(item);
    if (asker_full(t, a))
        calls_pass(t, a);
    return item;
}

/* ---- the queue */

struct turns *turns_new(const struct turns_options *options)
{
    struct turns *t = calloc(1, sizeof *t);

    t->options = *options;
    TAILQ_INIT(&t->queue);
    return t;
}

void turns_free(struct turns *t)
{
    assert(!t || (!t->askers && !t->places && !t->lines));
    free(t);
}

/* Nothing of either is left when it does not take the item. */
static enum turns_taken room_for(const struct turns *t, const struct turns_asker *a,
                                 const struct turns_place *p)
{
    if (full(a->party.active + a->party.waiting, t->options.waiting_asker))
        return TURNS_ASKER_FULL;
    return full(p->party.active + p->party.waiting, t->options.waiting_place) ? TURNS_PLACE_FULL
                                                                              : TURNS_TAKEN;
}

static void parties_release(struct turns *t, struct turns_asker *a, struct turns_place *p)
{
    party_release(&t->askers, &a->party);
    party_release(&t->places, &p->party);
}

enum turns_taken turns_put(struct turns *t, struct turns_item *item, const char *asker,
                           const char *place)
{
    struct turns_asker *a = asker_get(t, asker);
    struct turns_place *p = place_get(t, place);
    enum turns_taken taken = room_for(t, a, p);

    item->line = NULL;
    if (taken != TURNS_TAKEN) {
        parties_release(t, a, p);
        return taken;
    }
    item->asker = a;
    item->place = p;
    a->party.items++;
    p->party.items++;
    count(item, 0, 1);
    item->line = line_get(t, a, p);
    TAILQ_INSERT_TAIL(&item->line->items, item, link);
    asker_settle(t, a);
    return TURNS_TAKEN;
}

struct turns_item *turns_next(struct turns *t)
{
    struct turns_item *item = NULL;
    struct turns_asker *a;

    while (!item && !full(t->active, t->options.most) && (a = TAILQ_FIRST(&t->queue))) {
        struct turns_line *l = line_next(t, a);

        TAILQ_REMOVE(&t->queue, a, link);
        a->queued = false;
        if (l)
            item = start(t, a, l);
        asker_settle(t, a);
    }
    return item;
}

/* Neither waits nor is under way any more: there may be room for others. */
static void forget(struct turns *t, struct turns_item *item)
{
    struct turns_asker *a = item->asker;
    struct turns_place *p = item->place;

    a->party.items--;
    p->party.items--;
    call_lines(t, p);
    asker_settle(t, a);
    parties_release(t, a, p);
}

void turns_done(struct turns *t, struct turns_item *item)
{
    assert(!turns_waits(item));
    count(item, -1, 0);
    t->active -= weight_of(item);
    forget(t, item);
}

void turns_drop(struct turns *t, struct turns_item *item)
{
    assert(turns_waits(item));
    count(item, 0, -1);
    leave_line(t, item);
    forget(t, item);
}
