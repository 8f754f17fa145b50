/* call - one request being served, whoever sent it: the bus or the HTTP door.
 *
 * A handler is what protobuf-c generates for a service block:
 *
 *     static void jobs_run(Jobs_Service *self, const JobRef *in,
 *                          JobOutcome_Closure answer, void *data)
 *
 * `data` is the struct call. The handler answers exactly once, from any thread, now or later:
 * answer(&message, call) with `call` passed on, or call_fail(call). After that the call is gone.
 */
#ifndef BUS_CALL_H
#define BUS_CALL_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"

enum { TRACEPARENT_SIZE = 56 };

struct actor {
    int64_t account_id, user_id, api_key_id; /* 0: the system */
    char source[12];                         /* api, acme, console, system, cli */
    char ip[46];
};

struct call {
    struct arena arena; /* lives as long as the call; nothing in it is freed by hand */
    struct fault fault; /* set it, then call_fail() */
    struct actor actor;
    struct tick deadline; /* the caller does not wait longer */
    char traceparent[TRACEPARENT_SIZE];
    const char *peer; /* bus: the service behind the caller's key; HTTP: NULL */

    /* The door's own: delivers `answer`, or the fault when it is NULL, then frees the call. */
    void (*finish)(struct call *call, const ProtobufCMessage *answer);
    void *door;
};

/* The closure that handlers are given. The message is packed or rendered before this returns. */
void call_answer(const ProtobufCMessage *answer, void *call);
void call_fail(struct call *call);

#endif
