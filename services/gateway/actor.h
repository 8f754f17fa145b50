/* actor - what the house knows better than any client: whose request it is, from where, and when.
 */
#ifndef GATEWAY_ACTOR_H
#define GATEWAY_ACTOR_H

#include "bus/call.h"

/* Members of a message that the house fills in itself, whatever a client sends: account_id, now, ...
 */
bool actor_owns(const char *name);

/* By whom, from where, when: into the members of those names that a message has. */
void actor_fill(struct call *call, ProtobufCMessage *message);

/* The same, without the members that `spared` says the request names itself. */
void actor_fill_but(struct call *call, ProtobufCMessage *message,
                    bool (*spared)(const void *context, const char *name), const void *context);

#endif
