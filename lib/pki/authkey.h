/* authkey - request tokens: proof of domain control that a client makes by itself.
 *
 * A token is the time of its making in UTC, 14 digits (20240301102030), followed by HMAC-SHA-256
 * in base 36, 50 digits of 0-9 and a-z, padded with 0 on the left. The MAC is keyed with the
 * account's AuthKey and covers those 14 digits followed by the request's DER as base64 in one line.
 */
#ifndef PKI_AUTHKEY_H
#define PKI_AUTHKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"

enum { AUTHKEY_STAMP_LENGTH = 14, AUTHKEY_MAC_LENGTH = 50, AUTHKEY_TOKEN_LENGTH = 64 };

char *authkey_token(struct arena *a, const char *auth_key, struct bytes csr_der, struct instant at);

/* Whether a valid token stands anywhere in the `length` bytes at `text`: of this key and request,
 * made not after `now` and not more than `max_age` before. `made` says when. */
bool authkey_find(struct arena *a, const char *text, size_t length, const char *auth_key,
                  struct bytes csr_der, struct instant now, struct duration max_age,
                  struct instant *made);

#endif
