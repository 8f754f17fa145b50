/* http_connection - what MHD tells about connections; between http.c and http_connection.c. */
#ifndef GATEWAY_HTTP_CONNECTION_H
#define GATEWAY_HTTP_CONNECTION_H

#include <microhttpd.h>

#include "http_request.h"

/* MHD_NotifyConnectionCallback */
void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code);

struct connection *connection_of(struct MHD_Connection *c);

#endif
