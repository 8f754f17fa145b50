#include "status_host.h"

#include <string.h>

#include "pki/addresses.h"

bool status_host_fits(const char *status_host, struct bytes authority_der)
{
    struct arena a;
    struct certificate c;
    struct addresses all = { .count = 0 };
    struct fault ignored = { 0 };
    arena_init(&a);
    const char *begin = arena_format(&a, "http://%s/", status_host);
    if (certificate_read(authority_der, &c, &ignored, "der"))
        certificate_addresses(&a, &c, &all);
    bool fits = all.count == 0;
    for (size_t i = 0; i < all.count; i++)
        fits |= strncmp(all.urls[i], begin, strlen(begin)) == 0;
    arena_free(&a);
    return fits;
}
