/* The resolver library's log, in which names of customers' zones stand: who answered is an address or nothing, and
 * nobody answers for a name that was not asked for. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "look/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As many as it has lines, as the library writes them. */
static void tell(char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        witness_line(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tick ever = { INT64_MIN };
    char address[WITNESS_ADDRESS_SIZE] = "";
    char *text = malloc(size + 1);

    assert(text);
    memcpy(text, data, size);
    text[size] = '\0';
    witness_line("info: response for own.example. TXT IN");
    witness_line("info: reply from <example.> 192.0.2.1#53");
    tell(text);
    if (witness_find("own.example", "TXT", ever, address))
        assert(*address && strlen(address) < sizeof address && !strchr(address, '#'));
    assert(!witness_find("own\nexample", "TXT", ever, address)); /* no line has it */
    free(text);
    return 0;
}
