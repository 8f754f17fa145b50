#include "bus/call.h"

#include <assert.h>

void call_answer(const ProtobufCMessage *answer, void *call)
{
    struct call *c = call;

    assert(answer);
    c->finish(c, answer);
}

void call_fail(struct call *call)
{
    if (call->fault.code == FAULT_NONE)
        fault_set(&call->fault, FAULT_INTERNAL, NULL, "failed without saying why");
    call->finish(call, NULL);
}
