/* placement - one order while it is being placed, and how its caller is answered. */
#ifndef API_PLACEMENT_H
#define API_PLACEMENT_H

#include "api/course.h"
#include "api/intake.h"
#include "store/committer.h"

struct placement {
    struct call *call;
    struct intake intake;
    OrderIntake *row;
    const OrderPlaced *placed; /* C1 has happened */
    struct commit commit;
    struct bus_call bus;
    struct course course;
    IdempotencyKey key;
    OrderId id;
    void (*found)(struct placement *p);
};

/* The order is stored: the first line of its trace. */
void placement_note(const struct placement *p);

/* The order waits, for approval or for domain control. After C1. */
void placement_answer_pending(struct placement *p);

/* With the certificate and its chain. After C1. */
void placement_answer_issued(struct placement *p, const IssuedCertificate *c);

/* As the database has it. */
void placement_answer_state(struct placement *p, const OrderState *o);

/* C0: validation looks for the request tokens of each name, and at CAA records. `found` follows when there is one of
 * each and nothing is forbidden; else the call has failed. `bus` is the placement's. */
void placement_look(struct placement *p, struct bus_call *bus, void (*found)(struct placement *p));

#endif
