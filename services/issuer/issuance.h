/* issuance - the lane `issue`: exactly one certificate for an order, whatever dies on the way.
 *
 * C2  claim, lock, ask what is left to do, build, lint, store the bytes          one transaction
 *     sign the stored bytes
 * C3  the job's deletion, joined by signature, certificate, order, event, audit  one statement
 */
#ifndef ISSUER_ISSUANCE_H
#define ISSUER_ISSUANCE_H

#include "ledger/lane.h"

void issuance_run(struct lane_batch *batch);

#endif
