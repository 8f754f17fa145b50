/* An address from a customer: what is taken cannot end a line or begin another part of a header. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mail_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    size_t signs = 0;

    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!mail_address_valid(text))
        return 0;
    assert(strlen(text) <= 64 + 1 + 253);
    for (const char *c = text; *c; c++) {
        assert(*c > ' ' && *c < 0x7f && !strchr("<>()[]\\,;:\"", *c));
        signs += *c == '@';
    }
    assert(signs == 1);
    return 0;
}
