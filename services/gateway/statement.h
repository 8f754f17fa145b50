/* statement - what a handler asks the database: with its worker's connection, for whoever calls.
 *
 * A statement takes who calls, from where, and when as ":caller.account_id" and the like
 * (proto/caller.proto). It comes from the call and from nowhere else: no handler copies it, none can forget
 * it, and no input of a client has such members. Where nobody was recognised such a statement fails
 * (FAULT_INTERNAL), before anything is asked.
 *
 * On a worker, whose store_mine() is used, also while it has a transaction open. What comes is in the call's
 * arena, a fault in call->fault.
 */
#ifndef GATEWAY_STATEMENT_H
#define GATEWAY_STATEMENT_H

#include "bus/call.h"
#include "store/store.h"

/* As store_one() and the others of lib/store/store.h. */
bool statement_one(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   ProtobufCMessage *out);
bool statement_maybe(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                     ProtobufCMessage *out, bool *found);
bool statement_all(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   struct rows *out);

/* A set statement for this caller alone. */
bool statement_set(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   struct rows *out);

/* For statements that another thread runs (a committer's): who calls, and the time at present. In the call's
 * arena; NULL where nobody was recognised. */
const Caller *statement_caller(struct call *call);

#endif
