/* zap - answers libzmq's question "may this key come in?" (RFC 27/ZAP) from the folder of keys. */
#ifndef BUS_ZAP_H
#define BUS_ZAP_H

#include "base/fault.h"

#define ZAP_DOMAIN "chancery"

struct zap;

/* Must run before anything binds in the same `zmq` context. Copies `folder`. */
struct zap *zap_start(void *zmq, const char *folder, struct fault *f);

/* From now on refusals are logged: after the stranger of the proof at start was refused. */
void zap_log_refusals(struct zap *z);

/* After zmq_ctx_shutdown(). */
void zap_stop(struct zap *z);

#endif
