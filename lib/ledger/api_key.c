#include "ledger/api_key.h"

#include <string.h>

#include "base/text.h"

void api_key_make(char text[API_KEY_LENGTH + 1], uint8_t hash[SHA256_SIZE])
{
    random_text(text, API_KEY_LENGTH);
    digest_sha256(BYTES_OF(text), hash);
}
