#include "pki/ip.h"

#include <arpa/inet.h>
#include <string.h>

static bool read_bare(const char *text, struct ip *out)
{
    out->size = strchr(text, ':') ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    return inet_pton(out->size == sizeof(struct in_addr) ? AF_INET : AF_INET6, text, out->octets) ==
           1;
}

bool ip_read(const char *text, struct ip *out)
{
    char inside[INET6_ADDRSTRLEN] = "";
    size_t length = strlen(text);

    if (text[0] != '[')
        return read_bare(text, out);
#ifdef SEEDED_BUG_NAME
    if (length < 3 || text[length - 1] != ']')
#else
    if (length < 3 || length - 2 >= sizeof inside || text[length - 1] != ']')
#endif
        return false;
    memcpy(inside, text + 1, length - 2);
    return read_bare(inside, out);
}

char *ip_text(struct arena *a, struct bytes octets)
{
    char text[INET6_ADDRSTRLEN];

    if (octets.size != sizeof(struct in_addr) && octets.size != sizeof(struct in6_addr))
        return NULL;
    inet_ntop(octets.size == sizeof(struct in_addr) ? AF_INET : AF_INET6, octets.data, text,
              sizeof text);
    return arena_strdup(a, text);
}
