/* perspective_turn - questions to this point of view wait for their turns, which accounts take (base/turns.h).
 *
 * What is looked at at a time has a limit, for each account and in all, as it has at the primary (share.h); how much
 * waits has none but the primary's: he asks about what he has found within those limits, up to 250 names of an order
 * at once. A question is refused only when its caller waits no longer, or the process ends.
 */
#ifndef VALIDATION_PERSPECTIVE_TURN_H
#define VALIDATION_PERSPECTIVE_TURN_H

#include "base/turns.h"
#include "bus/call.h"

/* Lives in the call's arena. */
struct perspective_turn {
    struct call *call;
    int64_t account_id; /* whose turns it takes */
    size_t places;      /* that are looked at at once */
    struct tick deadline;
    /* Begins to look, on whatever thread; may ask (gate.h). What it begins may be over, and its memory gone, when it
     * returns. False: nothing was begun, and the call's fault says why. */
    bool (*look)(struct perspective_turn *t);

    struct turns_item item;
};

/* Enters the gate. The call is answered by a fault when nothing can be looked at. */
void perspective_turn_await(struct perspective_turn *t);

/* What it looked at is over: others have their turns. Its owner answers, and leaves the gate then. */
void perspective_turn_over(struct perspective_turn *t);

void perspective_turns_open(void);
/* None waits any more. */
void perspective_turns_close(void);

#endif
