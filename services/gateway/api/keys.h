/* keys - the service Keys: the API keys of an account's users. */
#ifndef API_KEYS_H
#define API_KEYS_H

#include "route.h"
#include "user.pb-c.h"

extern Keys_Service keys_service;
extern const struct route key_routes[];

#endif
