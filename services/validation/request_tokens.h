/* request_tokens - the service Probes: AuthKey request tokens, looked for at once (C0). */
#ifndef VALIDATION_REQUEST_TOKENS_H
#define VALIDATION_REQUEST_TOKENS_H

#include "validation.pb-c.h"

extern Probes_Service probes_service;

#endif
