/* look - the service Probes: AuthKey request tokens, looked for at once (C0). */
#ifndef VALIDATION_LOOK_H
#define VALIDATION_LOOK_H

#include "validation.pb-c.h"

extern Probes_Service probes_service;

#endif
