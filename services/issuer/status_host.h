/* status_host - is the host that leaves get in their addresses that of the authority's own certificate? */
#ifndef ISSUER_STATUS_HOST_H
#define ISSUER_STATUS_HOST_H

#include <stdbool.h>

#include "base/text.h"

/* True, too, for a certificate without addresses, as roots are. */
bool status_host_fits(const char *status_host, struct bytes authority_der);

#endif
