/* ip - IPv4 and IPv6 addresses as names of a certificate (RFC 5280 4.2.1.6). */
#ifndef PKI_IP_H
#define PKI_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct ip {
    uint8_t octets[16]; /* in network order */
    size_t size;        /* 4 or 16 */
};

/* "192.0.2.1", "2001:db8::1", also in brackets. No name of hosts is one: its last label is not all
 * digits and it has no colon. */
bool ip_read(const char *text, struct ip *out);

/* NULL, or why no host can have it, as it is told behind the address. Addresses of one link or one
 * machine are those of hosts that only their owner knows, and those of documents are as good as
 * example.com; for the world's hosts there are none here at all. */
const char *ip_not_of_host(const struct ip *ip);

/* Its one spelling (RFC 5952 for IPv6); NULL for another number of octets than 4 and 16. */
char *ip_text(struct arena *a, struct bytes octets);

#endif
