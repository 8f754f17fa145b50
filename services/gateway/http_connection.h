/* http_connection - what MHD calls; between http_door.c, which hands it over, http_head.c,
 * http_receive.c, http_send.c, http_library.c and http_connection.c. */
#ifndef GATEWAY_HTTP_CONNECTION_H
#define GATEWAY_HTTP_CONNECTION_H

#include <microhttpd.h>

#include "http_request.h"

/* In all of them `door` is the struct door.
 * MHD_AcceptPolicyCallback */
enum MHD_Result connection_admit(void *door, const struct sockaddr *peer, socklen_t size);

/* MHD_NotifyConnectionCallback */
void connection_notify(void *door, struct MHD_Connection *c, void **context,
                       enum MHD_ConnectionNotificationCode code);

/* The callback of MHD_OPTION_URI_LOG_CALLBACK: the request line has come. */
void *head_target_seen(void *door, const char *target, struct MHD_Connection *c);

/* MHD_AccessHandlerCallback, MHD_RequestCompletedCallback, UnescapeCallback */
enum MHD_Result request_access(void *door, struct MHD_Connection *c, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *size, void **own);
void request_completed(void *door, struct MHD_Connection *c, void **own,
                       enum MHD_RequestTerminationCode code);
size_t leave_encoded(void *context, struct MHD_Connection *c, char *text);

/* http_receive.c: one of which MHD refuses the head, or the request line, by itself */
struct request *request_unread(struct door *d, struct MHD_Connection *c);

/* http_library.c: this is the thread of this door, whose answers MHD makes in our form from now on */
void library_answers_for(struct door *d);

/* http_send.c: gives MHD the answer, or the refusal, of a request that nobody else answers any more. */
enum MHD_Result request_send_answer(struct request *r);
enum MHD_Result request_send_refusal(struct request *r);
/* Sends the refusal past MHD, and ends the connection. */
void request_send_last(struct request *r);

struct connection *connection_of(struct MHD_Connection *c);

#endif
