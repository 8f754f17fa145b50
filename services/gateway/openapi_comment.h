/* openapi_comment - what proto/ says about a message, a member, an rpc or an enum's value. */
#ifndef GATEWAY_OPENAPI_COMMENT_H
#define GATEWAY_OPENAPI_COMMENT_H

/* "Order.status" is owner "Order" and name "status"; the message itself has the name NULL. NULL: nothing. */
const char *openapi_comment(const char *owner, const char *name);

#endif
