/* proxy - who is at the other end: the peer, or whom a trusted proxy names in X-Forwarded-For. */
#ifndef GATEWAY_PROXY_H
#define GATEWAY_PROXY_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

enum { PROXY_MAX = 16, IP_TEXT_SIZE = 46 };

/* Addresses are kept as IPv6; IPv4 as ::ffff:a.b.c.d. */
struct proxy_net {
    struct in6_addr address;
    int bits;
};

struct proxy_list {
    struct proxy_net nets[PROXY_MAX];
    size_t count;
};

/* "10.0.0.0/8 ::1 192.0.2.7", separated by spaces or commas. */
bool proxy_list_read(const char *text, struct proxy_list *out, struct fault *f);

/* The client's address as text. The header (all its lines as one list; may be NULL) counts only if
 * the peer is trusted; of its entries the last that is not itself a trusted proxy is the client. */
void proxy_client(const struct proxy_list *list, const struct sockaddr *peer, const char *forwarded,
                  char out[IP_TEXT_SIZE]);

bool proxy_is_trusted(const struct proxy_list *list, const struct sockaddr *peer);

/* Whose connections are counted together: those of a host, or what one customer of a provider has
 * of IPv6, a /64. */
uint64_t proxy_network(const struct sockaddr *peer);

/* The same of an address as proxy_client() writes it; 0: it is none. */
uint64_t proxy_network_of(const char *ip);

#endif
