#include "lints/read_dns.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lints/read.h"
#include "pki/idn.h"
#include "pki/name.h"
#include "pki/suffix.h"

enum { NAME_MAX_ = 253, LABEL_MAX = 63 };

static unsigned label_faults(struct bytes label)
{
    const char *text = (const char *)label.data;
    bool third = label.size >= 4 && memcmp(text + 2, "--", 2) == 0;
    char copy[LABEL_MAX + 1];

    if (label.size == 0)
        return 1U << DNS_EMPTY_LABEL;
    if (label.size > LABEL_MAX)
        return 1U << DNS_LONG_LABEL;
    if (third && strncasecmp(text, "xn", 2) != 0)
        return 1U << DNS_RESERVED; /* RFC 5890 2.3.1 */
    if (text[0] == '-' || text[label.size - 1] == '-')
        return 1U << DNS_HYPHEN;
    if (!third)
        return 0;
    for (size_t i = 0; i < label.size; i++)
        copy[i] = (char)tolower(label.data[i]);
    copy[label.size] = '\0';
    return idn_is_a_label(copy) ? 0 : 1U << DNS_PUNYCODE;
}

static unsigned labels_faults(struct bytes host, size_t *labels)
{
    const uint8_t *at = host.data, *end = host.data + host.size, *dot;
    unsigned faults = 0;

    for (*labels = 1; (dot = memchr(at, '.', (size_t)(end - at))); at = dot + 1, ++*labels)
        faults |= label_faults((struct bytes){ at, (size_t)(dot - at) });
    return faults | label_faults((struct bytes){ at, (size_t)(end - at) });
}

static unsigned character_faults(struct bytes host)
{
    unsigned faults = 0;

    for (size_t i = 0; i < host.size; i++) {
        uint8_t b = host.data[i];
        if (b >= 0x80)
            faults |= 1U << DNS_NOT_IA5;
        else if (b == '_')
            faults |= 1U << DNS_UNDERSCORE;
        else if (b == '*')
            faults |= 1U << DNS_WILDCARD;
        else if (!isalnum(b) && b != '-' && b != '.')
            faults |= 1U << DNS_CHARACTER;
    }
    return faults;
}

/* Of a name that is well formed. */
static unsigned zone_faults(struct bytes host, bool wildcard)
{
    char text[NAME_MAX_ + 1];

    for (size_t i = 0; i < host.size; i++)
        text[i] = (char)tolower(host.data[i]);
    text[host.size] = '\0';
    if (name_is_within(text, "in-addr.arpa") || name_is_within(text, "ip6.arpa"))
        return 1U << DNS_REVERSE;
    if (name_is_within(text, "onion"))
        return 1U << DNS_ONION;
    const char *suffix = suffix_of(text);
    if (!suffix)
        return 1U << DNS_NO_TOP_LEVEL;
    return suffix != text ? 0 : 1U << (wildcard ? DNS_WILD_SUFFIX : DNS_SUFFIX);
}

/* With "*." as a whole first label before it or not. */
static unsigned host_faults(struct bytes host, bool wildcard)
{
    size_t labels;

    if (host.size == 0)
        return 1U << DNS_EMPTY;
    if (host.data[host.size - 1] == '.')
        return 1U << DNS_TRAILING_DOT;
    unsigned faults = character_faults(host) | labels_faults(host, &labels);
    if (faults)
        return faults;
    if (name_ends_in_number((const char *)host.data, host.size))
        return 1U << DNS_NUMBER;
    return labels == 1 ? 1U << DNS_SINGLE : zone_faults(host, wildcard);
}

static unsigned name_faults(struct bytes name)
{
    bool wildcard = name.size >= 2 && memcmp(name.data, "*.", 2) == 0;

    if (name.size > NAME_MAX_)
        return 1U << DNS_LONG;
    return host_faults(wildcard ? (struct bytes){ name.data + 2, name.size - 2 } : name, wildcard);
}

void read_dns(struct lint_case *c)
{
    struct der walk = c->names.list;
    struct bytes name;
    unsigned tag;

    if (!lint_has(c, EXT_SUBJECT_ALT_NAME))
        return;
    while (der_next(&walk, &tag, &name, NULL)) {
        unsigned faults = tag == NAME_DNS ? name_faults(name) : 0;
        for (int i = 0; i < DNS_FAULTS; i++)
            if (faults & ~c->dns.faults & 1U << i)
                c->dns.culprit[i] = name;
        c->dns.faults |= faults;
    }
}
