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
    if (length < 3 || length - 2 >= sizeof inside || text[length - 1] != ']')
        return false;
    memcpy(inside, text + 1, length - 2);
    return read_bare(inside, out);
}

// clang-format off
/* Of the IANA Special-Purpose Address Registries what is never the address of one host; the first
 * row that fits decides. */
static const struct { const char *network; int bits; const char *reason; } special[] = {
    { "0.0.0.0",      8,   "is no host's address: it means this network (RFC 1122 3.2.1.3)" },
    { "192.0.0.8",    32,  "is no host's address: it is a dummy (RFC 7600)" },
    { "192.0.0.170",  31,  "is no host's address: it is for the discovery of NAT64 (RFC 7050)" },
    { "224.0.0.0",    4,   "is no host's address: it is a group's (RFC 5771)" },
    { "255.255.255.255", 32, "is no host's address: it is everybody's (RFC 919)" },
    { "240.0.0.0",    4,   "is no host's address: it is reserved (RFC 1112)" },
    { "::1",          128, NULL },
    { "::",           128, "is no host's address: it says that there is none (RFC 4291 2.5.2)" },
    { "::",           96,  "is an IPv4 address in a form that is no longer used (RFC 4291 2.5.5.1)" },
    { "::ffff:0:0",   96,  "is an IPv4 address: write it as one (RFC 4291 2.5.5.2)" },
    { "100::",        64,  "is no host's address: what goes there is discarded (RFC 6666)" },
    { "100:0:0:1::",  64,  "is no host's address: it is a dummy (RFC 9780)" },
    { "ff00::",       8,   "is no host's address: it is a group's (RFC 4291 2.7)" },
};
// clang-format on

static bool is_within(const struct ip *ip, const char *network, int bits)
{
    struct ip of;
    size_t whole = (size_t)bits / 8;
    uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

    return read_bare(network, &of) && of.size == ip->size &&
           memcmp(of.octets, ip->octets, whole) == 0 &&
           (bits % 8 == 0 || ((of.octets[whole] ^ ip->octets[whole]) & mask) == 0);
}

const char *ip_not_of_host(const struct ip *ip)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (is_within(ip, special[i].network, special[i].bits))
            return special[i].reason;
    return NULL;
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
