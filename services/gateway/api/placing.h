/* placing - one order while it is being placed, and how its caller is answered. */
#ifndef API_PLACING_H
#define API_PLACING_H

#include "api/intake.h"
#include "bus/bus.h"
#include "store/committer.h"

struct placing {
    struct call *call;
    struct intake intake;
    OrderIntake *row;
    const OrderPlaced *placed; /* C1 has happened */
    struct commit commit;
    struct bus_call bus;
    IdempotencyKey key;
    OrderId id;
};

/* The order is stored: the first line of its trace. */
void placing_note(const struct placing *p);

/* The order waits, for approval or for domain control. After C1. */
void placing_answer_pending(struct placing *p);

/* With the certificate and its chain. After C1. */
void placing_answer_issued(struct placing *p, const IssuedCertificate *c);

/* As the database has it. */
void placing_answer_state(struct placing *p, const OrderState *o);

#endif
