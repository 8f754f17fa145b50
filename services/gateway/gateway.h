/* gateway - what all handlers of this process share. Set up by main.c before the first request. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "ledger/ids.h"
#include "net/guard.h"
#include "pki/seal.h"
#include "service/service.h"
#include "store/committer.h"

struct key_sessions;

struct gateway {
    struct service_run *run;
    struct committer *committer;
    struct key_sessions *key_sessions; /* to be told when keys change */
    struct ids *order_ids, *request_ids;
    struct seal_key *seal;
    struct guard outbound; /* for the form of customers' addresses */
    const char *dcv_cname_target;
};

extern struct gateway gateway;

#endif
