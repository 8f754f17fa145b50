/* pending - calls that wait for an answer, found by id, and by deadline. For the bus thread alone.
 */
#ifndef BUS_PENDING_H
#define BUS_PENDING_H

#include "base/heap.h"
#include "bus/bus.h"
#include "bus/mailbox.h"

enum { PENDING_MAX = 16384 };

struct client;

/* A call is in one list at most: of the peer that works on it, or of those waiting for a peer. */
struct pending_list {
    struct pending *first, *last;
    int count;
};

struct pending {
    struct mail mail;
    const struct client *client;
    const ProtobufCMethodDescriptor *method;
    ProtobufCClosure closure;
    struct bus_call *call;
    uint64_t id;
    struct heap_item due;
    struct pending_list *list;
    struct pending *previous, *next;
    size_t size; /* of the packed input */
    uint8_t body[];
};

struct pending_table {
    uint64_t serial;
    struct heap by_deadline;    /* all calls of the table */
    uint16_t free[PENDING_MAX]; /* the first are unused slots: as many as more calls fit in */
    struct pending *slots[PENDING_MAX];
};

void pending_init(struct pending_table *t);
/* Of a table that is empty. */
void pending_free(struct pending_table *t);

/* Gives `p` its id; false when the table is full. */
bool pending_add(struct pending_table *t, struct pending *p);
/* Out of the table and out of its list. */
void pending_remove(struct pending_table *t, struct pending *p);
struct pending *pending_find(const struct pending_table *t, uint64_t id);
/* The call whose deadline comes first, or NULL. */
struct pending *pending_first(const struct pending_table *t);

void pending_list_add(struct pending_list *list, struct pending *p);
void pending_list_remove(struct pending *p);
/* The first, taken out; NULL if there is none. */
struct pending *pending_list_take(struct pending_list *list);

#endif
