/* api_key - the text of a new API key, and the hash by which it is known. */
#ifndef LEDGER_API_KEY_H
#define LEDGER_API_KEY_H

#include "pki/digest.h"

/* As long as the keys that clients of the API know: 243 bits. */
enum { API_KEY_LENGTH = 47 };

void api_key_make(char text[API_KEY_LENGTH + 1], uint8_t hash[SHA256_SIZE]);

#endif
