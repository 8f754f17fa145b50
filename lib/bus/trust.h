/* trust - which service may call which method: policy/trust.json. What it does not name, nobody
 * may. */
#ifndef BUS_TRUST_H
#define BUS_TRUST_H

#include "base/arena.h"
#include "base/fault.h"
#include "bus.pb-c.h"

/* Reads the file at `path` into `a`; NULL and a fault that names it. */
const TrustPolicy *trust_read(struct arena *a, const char *path, struct fault *f);

/* May `caller` call `method` ("Run") of `block` ("Jobs") at `service`? */
bool trust_allows(const TrustPolicy *trust, const char *service, const char *block,
                  const char *method, const char *caller);

#endif
