/* client - the caller's side of a generated stub: packs the input and hands the call to the bus
 * thread. */
#include <assert.h>
#include <stdlib.h>

#include "bus/frame.h"
#include "bus/peer.h"

static struct pending *pending_new(const struct client *c, unsigned method,
                                   const ProtobufCMessage *input)
{
    size_t size = protobuf_c_message_get_packed_size(input);
    bool fits = size <= BUS_BODY_MAX;
    struct pending *p = mail_new(sizeof *p + (fits ? size : 0));

    p->client = c;
    p->method = &c->base.descriptor->methods[method];
    p->size = size;
    if (fits)
        protobuf_c_message_pack(input, p->body);
    return p;
}

static void client_invoke(ProtobufCService *service, unsigned method, const ProtobufCMessage *input,
                          ProtobufCClosure closure, void *data)
{
    struct client *c = (struct client *)service;
    struct pending *p = pending_new(c, method, input);

    assert(input->descriptor == p->method->input);
    p->mail.open = peers_call;
    p->closure = closure;
    p->call = data;
    if (mailbox_post(c->peers->mailbox, &p->mail))
        return;
    fault_set(&p->call->fault, FAULT_UNAVAILABLE, NULL, "the bus is closed");
    closure(NULL, data);
    free(p);
}

void client_init(struct client *c, struct peers *ps, const char *service,
                 const ProtobufCServiceDescriptor *type)
{
    c->base = (ProtobufCService){ .descriptor = type, .invoke = client_invoke };
    c->peers = ps;
    c->peer = peers_find(ps, service);
}
