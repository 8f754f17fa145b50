#include "bus/pending.h"

void pending_init(struct pending_table *t)
{
    t->serial = 0;
    t->by_deadline = (struct heap){ 0 };
    for (unsigned i = 0; i < PENDING_MAX; i++)
        t->free[i] = (uint16_t)i;
}

void pending_free(struct pending_table *t)
{
    heap_free(&t->by_deadline);
}

/* The slot is the id's lower part, so that a reply finds its call without a search; the rest never
 * repeats, so that a late reply finds nothing. */
bool pending_add(struct pending_table *t, struct pending *p)
{
    if (t->by_deadline.count == PENDING_MAX)
        return false;
    unsigned slot = t->free[PENDING_MAX - t->by_deadline.count - 1];
    p->id = ++t->serial * PENDING_MAX + slot;
    t->slots[slot] = p;
    heap_add(&t->by_deadline, &p->due, p->call->deadline);
    return true;
}

void pending_remove(struct pending_table *t, struct pending *p)
{
    unsigned slot = p->id % PENDING_MAX;

    heap_remove(&t->by_deadline, &p->due);
    t->slots[slot] = NULL;
    t->free[PENDING_MAX - t->by_deadline.count - 1] = (uint16_t)slot;
    pending_list_remove(p);
}

struct pending *pending_find(const struct pending_table *t, uint64_t id)
{
    struct pending *p = t->slots[id % PENDING_MAX];

    return p && p->id == id ? p : NULL;
}

struct pending *pending_first(const struct pending_table *t)
{
    struct heap_item *first = heap_first(&t->by_deadline);

    return first ? WHOLE_OF(first, struct pending, due) : NULL;
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
