/* name - DNS names as they may stand in a certificate (TLS BR 7.1.2.7.12, 4.2.2). */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"

enum { NAME_LENGTH_MAX = 253, NAME_LIST_MAX = 250, NAME_ENTRIES_MAX = 1000 };

/* Whose names: of the world's hosts, or also of hosts that only their owner knows. */
enum name_realm { NAMES_PUBLIC, NAMES_PRIVATE };

/* All in lower case, internationalised labels as A-labels (xn--). */
struct name {
    const char *fqdn;        /* "*.www.example.co.uk" */
    const char *host;        /* "www.example.co.uk": what is validated */
    const char *base_domain; /* "example.co.uk": one label more than the public suffix */
    bool wildcard;
};

/* From a client's text, in which labels may be U-labels (see idn.h for what becomes of them). Takes
 * "*" only as the whole left-most label. Refuses IP addresses, reverse and special-use names, names
 * under no public top-level domain, public suffixes and wildcards over them (the list's ICANN part
 * counts), and what is no host name. In the private realm single labels, names under any top-level
 * domain and addresses that a host can have are taken; the base domain is the host, an address is its own name in its one
 * spelling. Faults are FAULT_DNS_NAME; their detail quotes the name. */
bool name_read(struct arena *a, const char *text, enum name_realm realm, struct name *out,
               struct fault *f, const char *field);

/* Whether the last of a name's labels is a number, decimal or "0x" with hexadecimal digits: URLs read
 * such a name as an IPv4 address (RFC 3986 7.4 warns of it), so it is nobody's. */
bool name_ends_in_number(const char *host, size_t size);

/* Whether `host` is `ancestor` or a name under it; both as in struct name. */
bool name_is_within(const char *host, const char *ancestor);

/* Whether a list of a client has no more names than are worth reading, doubles included. */
bool name_entries_counted(size_t count, struct fault *f, const char *field);

/* The tail of a host name in lower case that its owner has registered, one label more than the public
 * suffix. Where there is none, all of it. */
const char *name_base_domain(const char *host);

struct name_list {
    struct name *names; /* the common name first, the others in the order given */
    size_t count;
};

/* The names of an order: the common name and the alternative names, each once. `common_name` may be
 * NULL or ""; no name at all is FAULT_REQUIRED. More than NAME_ENTRIES_MAX texts are refused before
 * one is read, however few names they are: reading a text costs far more than sending it. Faults name
 * "certificate.common_name" or "certificate.dns_names", the latter for too many, too. */
bool name_list_read(struct arena *a, enum name_realm realm, const char *common_name,
                    const char *const *dns_names, size_t count, struct name_list *out,
                    struct fault *f);

#endif
