#include "pki/identifier.h"

#include <string.h>

#include "pki/ip.h"

enum identifier_kind identifier_guess(const char *text)
{
    struct ip ip;

    if (ip_read(text, &ip))
        return IDENTIFIER_IP;
    return strchr(text, '@') ? IDENTIFIER_EMAIL : IDENTIFIER_DNS;
}

struct identifier *identifiers_guess(struct arena *a, char *const *texts, size_t count)
{
    struct identifier *out = arena_array(a, struct identifier, count);

    for (size_t i = 0; i < count; i++)
        out[i] = (struct identifier){ identifier_guess(texts[i]), texts[i] };
    return out;
}
