/* emails - domain control by mail to constructed addresses (TLS BR 3.2.2.4.4).
 *
 * Validation mails nothing and keeps no secret: it sees to it that the notifier asks whom it must,
 * and decides on approvals by the hash of the random value that was mailed.
 */
#ifndef VALIDATION_EMAILS_H
#define VALIDATION_EMAILS_H

#include "email.pb-c.h"
#include "ledger/lane.h"
#include "validation.pb-c.h"

extern Approvals_Service approvals_service;

/* The dcv job of a challenge by mail; on a worker. */
void emails_round(struct lane_item *item, const OpenChallenge *challenge);

#endif
