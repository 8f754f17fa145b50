/* A customer's URL: whatever is accepted says the same when it is read again. */
#include <assert.h>
#include <string.h>

#include "net/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct guard guard = { .http = size % 2 == 0, .loopback = size % 3 == 0 };
    struct guarded_url once, again;
    struct fault f = { 0 };
    char url[GUARD_URL_SIZE + 16];

    if (size >= sizeof url)
        return 0;
    memcpy(url, data, size);
    url[size] = '\0';
    if (!guard_url(&guard, url, &once, &f)) {
        assert(f.code == FAULT_INVALID && f.detail[0]);
        return 0;
    }
    assert(guard_url(&guard, once.text, &again, &f));
    assert(strcmp(once.text, again.text) == 0 && strcmp(once.host, again.host) == 0);
    assert(once.port == again.port && !strpbrk(once.host, "@%\\ []"));
    return 0;
}
