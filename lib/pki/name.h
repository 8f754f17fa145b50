/* name - DNS names as they may stand in a certificate (TLS BR 7.1.2.7.12, 4.2.2). */
#ifndef PKI_NAME_H
#define PKI_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"

enum { NAME_LENGTH_MAX = 253, NAME_LIST_MAX = 250 };

/* Whose names: of the world's hosts, or also of hosts that only their owner knows. */
enum name_realm { NAMES_PUBLIC, NAMES_PRIVATE };

/* All in lower case, internationalised labels as A-labels (xn--). */
struct name {
    const char *fqdn;        /* "*.www.example.co.uk" */
    const char *host;        /* "www.example.co.uk": what is validated */
    const char *base_domain; /* "example.co.uk": one label more than the public suffix */
    bool wildcard;
};

/* From a client's text, in which labels may be U-labels (IDNA2008, non-transitional mapping). Takes
 * "*" only as the whole left-most label. Refuses IP addresses, reverse and special-use names, names
 * under no public top-level domain, public suffixes and wildcards over them (the list's ICANN part
 * counts), and what is no host name. In the private realm single labels, names under any top-level
 * domain and addresses are taken; the base domain is the host, an address is its own name in its one
 * spelling. Faults are FAULT_DNS_NAME; their detail quotes the name. */
bool name_read(struct arena *a, const char *text, enum name_realm realm, struct name *out,
               struct fault *f, const char *field);

/* Whether `host` is `ancestor` or a name under it; both as in struct name. */
bool name_is_within(const char *host, const char *ancestor);

struct name_list {
    struct name *names; /* the common name first, the others in the order given */
    size_t count;
};

/* The names of an order: the common name and the alternative names, each once. `common_name` may be
 * NULL or ""; no name at all is FAULT_REQUIRED. Faults name "certificate.common_name" or
 * "certificate.dns_names", the latter for too many, too. */
bool name_list_read(struct arena *a, enum name_realm realm, const char *common_name,
                    const char *const *dns_names, size_t count, struct name_list *out,
                    struct fault *f);

#endif
