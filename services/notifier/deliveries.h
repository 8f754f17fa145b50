/* deliveries - the lane `deliver`: a job tells one subscriber of one event, until it has been heard
 * or there were enough attempts.
 *
 * No worker waits for an answer: it posts, the sender calls back, and the attempt is committed
 * together with the end of the job or its next time.
 */
#ifndef NOTIFIER_DELIVERIES_H
#define NOTIFIER_DELIVERIES_H

#include "delivery.pb-c.h"
#include "ledger/lane.h"
#include "notifier.h"

void deliveries_run(struct lane_batch *batch);

/* The post that tells it: body, chain, headers. On a worker (store_mine()). */
bool delivery_post(struct arena *a, const Delivery *d, const DeliveryWords *words,
                   struct instant now, struct post *out, struct fault *f);

/* Is it for people, who want words beside the numbers? */
bool delivery_is_worded(const Delivery *d);

/* The secret under which messages to this webhook are sealed; "" when there is none. */
bool delivery_secret(struct arena *a, bool has, ProtobufCBinaryData sealed, int64_t webhook_id,
                     struct secret *out, struct fault *f);

#endif
