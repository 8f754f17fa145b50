/* issuer - what the parts of this process share; set up by main.c before the first job. */
#ifndef ISSUER_ISSUER_H
#define ISSUER_ISSUER_H

#include "ledger/ids.h"
#include "service/service.h"
#include "token/token.h"

struct issuer {
    struct service_run *run;
    struct token *token;
    struct journal *journal;
    struct ids *issuance_ids;
    const char *status_host; /* {status} in the URLs of certificates */
    struct duration lease;   /* of an issue job */
};

extern struct issuer issuer;

#endif
