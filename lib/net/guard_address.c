/* Which addresses are public. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/guard.h"

enum verdict { REFUSE, LOOPBACK, INNER, ALLOW }; /* INNER: the IPv4 address inside decides */

struct prefix {
    const char *address;
    int bits;
    enum verdict verdict;
    const char *use, *source;
    int inner; /* offset of the IPv4 address inside, for INNER */
};

// clang-format off
/* The IANA IPv4 and IPv6 Special-Purpose Address Registries, multicast, and what is not (or no
 * longer) unicast. The first row that fits decides. Also refused are rows that the registries call
 * globally reachable but where no web server can be (AS112, AMT, PCP anycast). */
static const struct prefix prefixes[] = {
    { "0.0.0.0",         8,   REFUSE,   "this network",             "RFC 791",  0 },
    { "10.0.0.0",        8,   REFUSE,   "private",                  "RFC 1918", 0 },
    { "100.64.0.0",      10,  REFUSE,   "shared with a provider",   "RFC 6598", 0 },
    { "127.0.0.0",       8,   LOOPBACK, "loopback",                 "RFC 1122", 0 },
    { "169.254.0.0",     16,  REFUSE,   "link local",               "RFC 3927", 0 },
    { "172.16.0.0",      12,  REFUSE,   "private",                  "RFC 1918", 0 },
    { "192.0.0.0",       24,  REFUSE,   "protocol assignments",     "RFC 6890", 0 },
    { "192.0.2.0",       24,  REFUSE,   "documentation",            "RFC 5737", 0 },
    { "192.31.196.0",    24,  REFUSE,   "AS112",                    "RFC 7535", 0 },
    { "192.52.193.0",    24,  REFUSE,   "AMT",                      "RFC 7450", 0 },
    { "192.88.99.0",     24,  REFUSE,   "6to4 relays",              "RFC 7526", 0 },
    { "192.168.0.0",     16,  REFUSE,   "private",                  "RFC 1918", 0 },
    { "192.175.48.0",    24,  REFUSE,   "AS112",                    "RFC 7534", 0 },
    { "198.18.0.0",      15,  REFUSE,   "benchmarks",               "RFC 2544", 0 },
    { "198.51.100.0",    24,  REFUSE,   "documentation",            "RFC 5737", 0 },
    { "203.0.113.0",     24,  REFUSE,   "documentation",            "RFC 5737", 0 },
    { "224.0.0.0",       4,   REFUSE,   "multicast",                "RFC 5771", 0 },
    { "255.255.255.255", 32,  REFUSE,   "broadcast",                "RFC 919",  0 },
    { "240.0.0.0",       4,   REFUSE,   "reserved",                 "RFC 1112", 0 },
    { "0.0.0.0",         0,   ALLOW,    "",                         "",         0 },

    { "::",              128, REFUSE,   "unspecified",              "RFC 4291", 0 },
    { "::1",             128, LOOPBACK, "loopback",                 "RFC 4291", 0 },
    { "::ffff:0:0",      96,  INNER,    "IPv4-mapped",              "RFC 4291", 12 },
    { "64:ff9b::",       96,  INNER,    "translated to IPv4",       "RFC 6052", 12 },
    { "64:ff9b:1::",     48,  REFUSE,   "local translation",        "RFC 8215", 0 },
    { "100::",           64,  REFUSE,   "discard only",             "RFC 6666", 0 },
    { "100:0:0:1::",     64,  REFUSE,   "dummy prefix",             "RFC 9780", 0 },
    { "2001::",          32,  REFUSE,   "Teredo",                   "RFC 4380", 0 },
    { "2001::",          23,  REFUSE,   "protocol assignments",     "RFC 2928", 0 },
    { "2001:db8::",      32,  REFUSE,   "documentation",            "RFC 3849", 0 },
    { "2002::",          16,  INNER,    "6to4",                     "RFC 3056", 2 },
    { "2620:4f:8000::",  48,  REFUSE,   "AS112",                    "RFC 7534", 0 },
    { "3ffe::",          16,  REFUSE,   "6bone, returned",          "RFC 3701", 0 },
    { "3fff::",          20,  REFUSE,   "documentation",            "RFC 9637", 0 },
    { "2000::",          3,   ALLOW,    "",                         "",         0 },
    { "5f00::",          16,  REFUSE,   "segment routing",          "RFC 9602", 0 },
    { "fc00::",          7,   REFUSE,   "unique local",             "RFC 4193", 0 },
    { "fe80::",          10,  REFUSE,   "link local",               "RFC 4291", 0 },
    { "fec0::",          10,  REFUSE,   "site local",               "RFC 3879", 0 },
    { "ff00::",          8,   REFUSE,   "multicast",                "RFC 4291", 0 },
    { "::",              0,   REFUSE,   "not global unicast",       "RFC 4291", 0 },
};
// clang-format on

static bool is_within(const uint8_t *address, const uint8_t *network, int bits)
{
    int whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00 >> rest);

    return memcmp(address, network, (size_t)whole) == 0 &&
           (rest == 0 || ((address[whole] ^ network[whole]) & mask) == 0);
}

static const struct prefix *prefix_find(int family, const uint8_t *address)
{
    uint8_t network[sizeof(struct in6_addr)];

    /* inet_pton() takes a text of its own family only: rows of the other are passed over. */
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (inet_pton(family, prefixes[i].address, network) == 1 &&
            is_within(address, network, prefixes[i].bits))
            return &prefixes[i];
    return NULL;
}

static const struct prefix *prefix_decide(int family, const uint8_t *address)
{
    const struct prefix *p = prefix_find(family, address);

    if (p && p->verdict == INNER)
        p = prefix_find(AF_INET, address + p->inner);
    return p;
}

static const uint8_t *address_bytes(const struct sockaddr *to)
{
    if (to->sa_family == AF_INET)
        return (const uint8_t *)&((const struct sockaddr_in *)(const void *)to)->sin_addr;
    if (to->sa_family == AF_INET6)
        return (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)to)->sin6_addr;
    return NULL;
}

bool guard_address(const struct guard *g, const struct sockaddr *to, struct fault *f)
{
    const uint8_t *bytes = address_bytes(to);
    const struct prefix *p = bytes ? prefix_decide(to->sa_family, bytes) : NULL;
    char text[INET6_ADDRSTRLEN];

    if (!p)
        return fault_set(f, FAULT_INVALID, NULL, "is no internet address");
    if (p->verdict == ALLOW || (p->verdict == LOOPBACK && g->loopback))
        return true;
    inet_ntop(to->sa_family, bytes, text, sizeof text);
    return fault_set(f, FAULT_INVALID, NULL, "%s is not a public address: %s (%s)", text, p->use,
                     p->source);
}
