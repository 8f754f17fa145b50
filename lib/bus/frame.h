/* frame - what crosses the bus, as bytes: requests and replies read and written. No sockets. */
#ifndef BUS_FRAME_H
#define BUS_FRAME_H

#include "base/text.h"
#include "bus.pb-c.h"
#include "bus/bus.h"

/* The largest packed input or output; the rest of a message is for its envelope. */
enum { BUS_BODY_MAX = BUS_MESSAGE_MAX - 1024 };

/* What a request asks for: a method of one of the services served here. */
struct frame_target {
    ProtobufCService *service;
    const ProtobufCMethodDescriptor *method;
    unsigned index; /* of the method in its service */
};

/* The envelope, in `a`; NULL if the bytes are none. */
const Envelope *frame_open(struct arena *a, struct bytes frame);

/* Actor, deadline and trace as the caller stated them; FAULT_BODY_FORMAT when a text is too long.
 */
bool frame_read_caller(const Envelope *e, struct call *call);

/* `serves` ends with NULL. FAULT_NO_ROUTE if nobody serves that. */
bool frame_find_target(ProtobufCService *const *serves, const Envelope *e, struct frame_target *out,
                       struct fault *f);

/* The input message, in `a`; NULL and FAULT_BODY_FORMAT. */
ProtobufCMessage *frame_read_input(struct arena *a, const struct frame_target *target,
                                   struct bytes body, struct fault *f);

/* Who calls, and how long it still waits. `e` borrows `wire` and the texts of `call`. */
void frame_fill_caller(Envelope *e, Actor *wire, const struct bus_call *call);
/* `e` borrows the names of the method. */
void frame_fill_method(Envelope *e, const ProtobufCServiceDescriptor *service,
                       const ProtobufCMethodDescriptor *method);

/* A whole reply in `a`: `answer`, or the fault when it is NULL. */
struct bytes frame_write_reply(struct arena *a, uint64_t id, const ProtobufCMessage *answer,
                               const struct fault *fault);

/* A reply to what no handler saw; UNAVAILABLE then means that another peer may be asked. */
struct bytes frame_write_refusal(struct arena *a, uint64_t id, const struct fault *fault);

/* The reply, in `a`; NULL if the bytes are none. */
const Reply *frame_open_reply(struct arena *a, struct bytes frame);

/* What the reply says: a message of `type` in `a`, or NULL and the peer's fault. */
ProtobufCMessage *frame_read_answer(struct arena *a, const Reply *reply,
                                    const ProtobufCMessageDescriptor *type, struct fault *f);

#endif
