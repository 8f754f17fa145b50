/* email_choice - whom a customer wants to be asked by mail, examined (TLS BR 3.2.2.4.4). */
#ifndef API_EMAIL_CHOICE_H
#define API_EMAIL_CHOICE_H

#include "bus/call.h"
#include "order.pb-c.h"

/* One wish as the client wrote it; NULL or "" where it says nothing. */
struct email_wish {
    const char *name, *domain, *address;
};

/* What the client calls them, for faults. */
struct email_members {
    const char *name, *domain, *address;
};

struct email_choice {
    OrderName *name;     /* of the order */
    const char *domain;  /* where it is to be proved: A-labels, lower case */
    const char *address; /* at that domain; NULL: none was chosen */
};

/* The domain must be the name's own or a parent of it, within its base domain, and the address one of
 * the five constructed ones there. `placed`: the order has its domains already; then a wish may name
 * one of these, too, and may only go upwards from there. */
bool email_choice_read(struct call *call, const struct email_wish *wish,
                       const struct email_members *members, OrderName *const *names, size_t count,
                       bool placed, struct email_choice *out);

/* Whether there are as many wishes as addresses could be asked at the most, five for each name: before
 * anything is done for them. `field` is the list that they are in. */
bool email_wishes_counted(struct call *call, size_t wishes, size_t names, const char *field);

/* For an order that is to be approved by mail, if policy allows that on this day: the members
 * `emails` of its intake, whose names are then proved where the wishes say. */
bool email_choices_take(struct call *call, const OrderRequest *in, const char *rule_scope,
                        OrderIntake *row);

#endif
