/* curve - sockets that talk to known services only. */
#ifndef BUS_CURVE_H
#define BUS_CURVE_H

#include "bus/curve_keys.h"

/* Makes `socket` the serving side, before it binds. Fails where libzmq cannot be made to refuse
 * everybody while nobody answers its questions about keys. */
bool curve_serve(void *socket, const struct key_pair *own, const char *domain, struct fault *f);

/* Makes `socket` the dialling side, before it connects. */
bool curve_dial(void *socket, const struct key_pair *own, const char *server, struct fault *f);

/* Dials `endpoint` with a key made up on the spot; true if that is refused because of the key. Waits
 * for up to a minute. */
bool curve_prove(void *zmq, const char *endpoint, const char *server, struct fault *f);

/* Watches `socket` for `events`: the socket to read them from, or NULL. */
void *curve_watch(void *zmq, void *socket, int events);
/* Closes both; `monitor` may be NULL. */
void curve_close(void *socket, void *monitor);
/* The next event, 0 if there is none; `value` is what zmq_socket_monitor(3) says of it. */
int curve_event(void *monitor, int flags, int *value);

#endif
