/* event_feed - who waits for events: any number of calls, one thread, one statement a second.
 *
 * A waiting call costs memory and nothing else. It is answered when events of its account come,
 * when its time is over, or when the feed closes.
 */
#ifndef API_EVENT_FEED_H
#define API_EVENT_FEED_H

#include "bus/call.h"
#include "event.pb-c.h"
#include "store/store.h"

struct feed_options {
    const struct store_options *store; /* for a connection of its own; borrowed */
    struct duration every;             /* between two looks for new events */
    int waiters, waiters_per_account;  /* at once, at the most */
};

void feed_open(const struct feed_options *options);

/* Answers everybody with what there is; nobody waits any more. */
void feed_close(void);

enum feed_wait {
    FEED_WAITS,   /* the call is answered later, on another thread */
    FEED_CLOSED,  /* the others: it is still the caller's */
    FEED_BUSY,    /* too many wait */
    FEED_CROWDED, /* too many of this account */
};
/* `position` lives in the call's arena. Events that came since it was read are seen. */
enum feed_wait feed_wait(struct call *call, EventPosition *position, struct tick until);

#endif
