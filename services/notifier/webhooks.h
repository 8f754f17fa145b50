/* webhooks - the service Webhooks: one message to an endpoint at once, for tests and challenges. */
#ifndef NOTIFIER_WEBHOOKS_H
#define NOTIFIER_WEBHOOKS_H

#include "delivery.pb-c.h"

extern Webhooks_Service webhooks_service;

#endif
