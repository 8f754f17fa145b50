/* openapi_webhook - what is posted to the endpoints of an account, as the description has it. */
#ifndef GATEWAY_OPENAPI_WEBHOOK_H
#define GATEWAY_OPENAPI_WEBHOOK_H

#include "openapi_schema.h"

/* "webhooks":{...}, */
void openapi_webhooks(struct schemas *s);

#endif
