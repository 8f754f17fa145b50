/* A Retry-After header: nobody waits longer than was allowed. */
#include <assert.h>
#include <string.h>

#include "net/retry_after.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct instant now = instant_from_unix(1674087231);
    struct instant at;
    char text[128];

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (retry_after_read(text, now, days(1), &at))
        assert(instant_since(at, now).us <= days(1).us);
    return 0;
}
