#include "statement.h"

#include "message/convert.h"

const Caller *statement_caller(struct call *call)
{
    const struct actor *actor = &call->actor;
    if (actor->account_id == 0)
        return NULL;
    Caller *caller = arena_new(&call->arena, Caller);
    caller__init(caller);
    caller->account_id = actor->account_id;
    caller->has_user_id = actor->user_id != 0;
    caller->user_id = actor->user_id;
    caller->has_api_key_id = actor->api_key_id != 0;
    caller->api_key_id = actor->api_key_id;
    caller->source = call->actor.source;
    caller->ip = *actor->ip ? call->actor.ip : NULL;
    caller->now = instant_message(&call->arena, clock_now());
    caller->traceparent = *call->traceparent ? call->traceparent : NULL;
    return caller;
}

bool statement_one(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   ProtobufCMessage *out)
{
    return store_one_by(store_mine(), &call->arena, sql, statement_caller(call), in, out,
                        &call->fault);
}

bool statement_maybe(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                     ProtobufCMessage *out, bool *found)
{
    return store_maybe_by(store_mine(), &call->arena, sql, statement_caller(call), in, out, found,
                          &call->fault);
}

bool statement_all(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   struct rows *out)
{
    return store_all_by(store_mine(), &call->arena, sql, statement_caller(call), in, out,
                        &call->fault);
}

bool statement_set(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                   struct rows *out)
{
    const Caller *caller = statement_caller(call);
    return store_set_by(store_mine(), &call->arena, sql, &caller, &in, 1, out, &call->fault);
}
