#include "proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ENTRY_SIZE = IP_TEXT_SIZE + sizeof "[]:65535" };

static bool ip_read(const char *text, struct in6_addr *out, int *bits)
{
    struct in_addr v4;
    *bits = 128;
    if (inet_pton(AF_INET6, text, out) == 1)
        return true;
    *out = (struct in6_addr){ .s6_addr = { [10] = 0xff, [11] = 0xff } };
    *bits = 32;
    if (inet_pton(AF_INET, text, &v4) != 1)
        return false;
    memcpy(out->s6_addr + 12, &v4, sizeof v4);
    return true;
}

static bool net_read(char *text, struct proxy_net *out)
{
    int most;
    int64_t bits;
    char *slash = strchr(text, '/');
    if (slash)
        *slash = 0;
    if (!ip_read(text, &out->address, &most))
        return false;
    bits = most;
    if (slash && (!int64_read(slash + 1, &bits) || bits < 0 || bits > most))
        return false;
    out->bits = (int)bits + 128 - most;
    return true;
}

bool proxy_list_read(const char *text, struct proxy_list *out, struct fault *f)
{
    static const char between[] = " ,\t";
    out->count = 0;
    for (text += strspn(text, between); *text; text += strspn(text, between)) {
        char word[64];
        size_t length = strcspn(text, between);
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (out->count == PROXY_MAX || length >= sizeof word ||
            !net_read(word, &out->nets[out->count]))
            return fault_set(f, FAULT_INVALID, "TRUSTED_PROXIES", "is not understood at \"%s\"",
                             word);
        out->count++;
        text += length;
    }
    return true;
}

static bool net_has(const struct proxy_net *net, const struct in6_addr *ip)
{
    int whole = net->bits / 8, rest = net->bits % 8;
    if (memcmp(net->address.s6_addr, ip->s6_addr, (size_t)whole) != 0)
        return false;
    return !rest || (net->address.s6_addr[whole] ^ ip->s6_addr[whole]) >> (8 - rest) == 0;
}

static bool is_trusted(const struct proxy_list *list, const struct in6_addr *ip)
{
    for (size_t i = 0; i < list->count; i++)
        if (net_has(&list->nets[i], ip))
            return true;
    return false;
}

static struct in6_addr peer_address(const struct sockaddr *peer)
{
    struct in6_addr out = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
    if (peer->sa_family == AF_INET6)
        return ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
    if (peer->sa_family == AF_INET)
        memcpy(out.s6_addr + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
    return out;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text + 1, "0123456789");
    return *text == ':' && digits >= 1 && digits <= 5 && text[1 + digits] == 0;
}

/* "192.0.2.1", "192.0.2.1:51234", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:443": some
 * proxies add the client's port. Cut down to the address; NULL: none of them. */
static const char *address_of(char *word)
{
    char *end = strchr(word, *word == '[' ? ']' : ':');
    if (*word == '[') {
        if (!end || (end[1] && !is_port(end + 1)))
            return NULL;
        *end = 0;
        return strchr(word, ':') ? word + 1 : NULL;
    }
    if (!end || strchr(end + 1, ':'))
        return word;
    if (!is_port(end))
        return NULL;
    *end = 0;
    return word;
}

/* The entries from the right: each proxy appended whom it saw. */
static bool last_entry(const char *header, size_t *length, struct in6_addr *out)
{
    char word[ENTRY_SIZE] = "";
    int bits;
    size_t end = *length, begin;
    while (end && strchr(" \t", header[end - 1]))
        end--;
    for (begin = end; begin && !strchr(", \t", header[begin - 1]);)
        begin--;
    *length = begin;
    while (*length && strchr(" \t", header[*length - 1]))
        --*length;
    if (*length && header[*length - 1] == ',')
        --*length;
    if (end - begin >= sizeof word)
        return false;
    memcpy(word, header + begin, end - begin);
    const char *ip = address_of(word);
    return ip && ip_read(ip, out, &bits);
}

static void ip_write(const struct in6_addr *ip, char out[IP_TEXT_SIZE])
{
    if (IN6_IS_ADDR_V4MAPPED(ip))
        inet_ntop(AF_INET, ip->s6_addr + 12, out, IP_TEXT_SIZE);
    else
        inet_ntop(AF_INET6, ip, out, IP_TEXT_SIZE);
}

void proxy_client(const struct proxy_list *list, const struct sockaddr *peer, const char *forwarded,
                  char out[IP_TEXT_SIZE])
{
    struct in6_addr ip = peer_address(peer), next;
    size_t left = forwarded ? strlen(forwarded) : 0;
    while (left && is_trusted(list, &ip) && last_entry(forwarded, &left, &next))
        ip = next;
    ip_write(&ip, out);
}

bool proxy_is_trusted(const struct proxy_list *list, const struct sockaddr *peer)
{
    struct in6_addr ip = peer_address(peer);
    return is_trusted(list, &ip);
}

/* IPv4 as 0:ffff:a.b.c.d, where no host of IPv6 is (RFC 4291, 2.4: 0000::/8 is reserved). One customer of
 * a provider has a /64 of IPv6 (RFC 6177). */
static uint64_t network_of(const struct in6_addr *ip)
{
    uint64_t network;
    memcpy(&network, ip->s6_addr + (IN6_IS_ADDR_V4MAPPED(ip) ? 8 : 0), sizeof network);
    return network;
}

uint64_t proxy_network(const struct sockaddr *peer)
{
    struct in6_addr ip = peer_address(peer);
    return network_of(&ip);
}

uint64_t proxy_network_of(const char *ip)
{
    struct in6_addr address;
    int bits;
    return ip_read(ip, &address, &bits) ? network_of(&address) : 0;
}
