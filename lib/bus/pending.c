#include "bus/pending.h"

void pending_init(struct pending_table *t)
{
    t->serial = 0;
    t->count = 0;
    for (unsigned i = 0; i < PENDING_MAX; i++)
        t->free[i] = (uint16_t)i;
}

static bool sooner(const struct pending *a, const struct pending *b)
{
    return a->call->deadline.us < b->call->deadline.us;
}

static void heap_put(struct pending_table *t, unsigned at, struct pending *p)
{
    t->heap[at] = p;
    p->heap_at = at;
}

static void heap_up(struct pending_table *t, struct pending *p)
{
    unsigned at = p->heap_at;

    for (; at > 0 && sooner(p, t->heap[(at - 1) / 2]); at = (at - 1) / 2)
        heap_put(t, at, t->heap[(at - 1) / 2]);
    heap_put(t, at, p);
}

static unsigned sooner_child(const struct pending_table *t, unsigned at)
{
    unsigned child = 2 * at + 1;

    return child + 1 < t->count && sooner(t->heap[child + 1], t->heap[child]) ? child + 1 : child;
}

static void heap_down(struct pending_table *t, struct pending *p)
{
    unsigned at = p->heap_at;

    for (unsigned child; 2 * at + 1 < t->count; at = child) {
        child = sooner_child(t, at);
        if (!sooner(t->heap[child], p))
            break;
        heap_put(t, at, t->heap[child]);
    }
    heap_put(t, at, p);
}

/* The slot is the id's lower part, so that a reply finds its call without a search; the rest never
 * repeats, so that a late reply finds nothing. */
bool pending_add(struct pending_table *t, struct pending *p)
{
    if (t->count == PENDING_MAX)
        return false;
    unsigned slot = t->free[PENDING_MAX - t->count - 1];
    p->id = ++t->serial * PENDING_MAX + slot;
    t->slots[slot] = p;
    heap_put(t, t->count++, p);
    heap_up(t, p);
    return true;
}

void pending_remove(struct pending_table *t, struct pending *p)
{
    unsigned slot = p->id % PENDING_MAX, at = p->heap_at;
    struct pending *last = t->heap[--t->count];

    t->slots[slot] = NULL;
    t->free[PENDING_MAX - t->count - 1] = (uint16_t)slot;
    if (last != p) {
        heap_put(t, at, last);
        heap_up(t, last);
        heap_down(t, last);
    }
    pending_list_remove(p);
}

struct pending *pending_find(const struct pending_table *t, uint64_t id)
{
    struct pending *p = t->slots[id % PENDING_MAX];

    return p && p->id == id ? p : NULL;
}

struct pending *pending_first(const struct pending_table *t)
{
    return t->count ? t->heap[0] : NULL;
}

void pending_list_add(struct pending_list *list, struct pending *p)
{
    p->list = list;
    p->next = NULL;
    p->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = p;
    list->last = p;
    list->count++;
}

void pending_list_remove(struct pending *p)
{
    struct pending_list *list = p->list;

    if (!list)
        return;
    *(p->previous ? &p->previous->next : &list->first) = p->next;
    *(p->next ? &p->next->previous : &list->last) = p->previous;
    list->count--;
    p->list = NULL;
}

struct pending *pending_list_take(struct pending_list *list)
{
    struct pending *first = list->first;

    if (first)
        pending_list_remove(first);
    return first;
}
