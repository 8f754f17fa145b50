/* certificates - the service Certificates: the stored bytes, in the forms that servers take. */
#ifndef API_CERTIFICATES_H
#define API_CERTIFICATES_H

#include "certificate.pb-c.h"
#include "route.h"

extern Certificates_Service certificates_service;
extern const struct route certificate_routes[];

#endif
