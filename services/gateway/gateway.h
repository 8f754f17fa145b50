/* gateway - what all handlers of this process share. Set up by main.c before the first request. */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include "ledger/ids.h"
#include "pki/seal.h"
#include "service/service.h"
#include "store/committer.h"

struct gateway {
    struct service_run *run;
    struct committer *committer;
    struct ids *order_ids;
    struct seal_key *seal;
};

extern struct gateway gateway;

/* The CA's own name that CNAME tokens point to: setting DCV_CNAME_TARGET. */
const char *gateway_dcv_cname_target(void);

#endif
