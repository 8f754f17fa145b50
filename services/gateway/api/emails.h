/* emails - the service OrderEmails: mails of domain control by constructed addresses. */
#ifndef API_EMAILS_H
#define API_EMAILS_H

#include "email.pb-c.h"
#include "order.pb-c.h"
#include "route.h"

extern OrderEmails_Service order_emails_service;
extern const struct route order_email_routes[];

/* False, with a fault that names dcv_method, when policy prohibits the method on this day. */
bool emails_allowed(struct call *call, const char *rule_scope);

/* What to do about blockers of an order that is approved by mail, in words. */
void emails_explain(struct call *call, OrderInfo *o);

#endif
