/* events - the service Events: what happened in an account, pulled. The twin of webhooks for who
 * cannot be called.
 *
 * Events are handed out in the order of their transactions, and only when every transaction before
 * has ended: whoever goes on after a cursor misses nothing, though ids commit out of order.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "event.pb-c.h"
#include "route.h"

extern Events_Service events_service;
extern const struct route event_routes[];

/* Answers with these rows, which may be none; on any thread. */
void events_answer(struct call *call, const EventPosition *after, EventRow *const *rows,
                   size_t count);

/* A cursor is opaque: base64url of a version, the transaction and the event's id. */
char *event_cursor_write(struct arena *a, uint64_t xid, int64_t id);
bool event_cursor_read(struct arena *a, const char *text, uint64_t *xid, int64_t *id);

#endif
