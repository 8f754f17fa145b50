/* subjectAltName (BR 7.1.2.7.12, RFC 5280 4.2.1.6). A row's `what` is a fault of read.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lints/read.h"
#include "pki/ip.h"

enum { IPV4_SIZE = 4, IPV6_SIZE = 16 };

static bool san_present(struct lint_case *c)
{
    return c->extension[EXT_SUBJECT_ALT_NAME] || lint_miss(c, "it has no subjectAltName");
}

static bool san_not_empty(struct lint_case *c)
{
    return !lint_has(c, EXT_SUBJECT_ALT_NAME) || c->names.count > 0 ||
           lint_miss(c, "subjectAltName is empty");
}

/* Critical if and only if the subject is empty. */
static bool san_criticality(struct lint_case *c)
{
    const struct tbs_extension *e = c->extension[EXT_SUBJECT_ALT_NAME];
    bool empty = c->subject.formed && c->subject.count == 0;

    return !e || !c->subject.formed || e->critical == empty ||
           lint_miss(c, "subjectAltName is %scritical with %s subject", e->critical ? "" : "not ",
                     empty ? "an empty" : "a");
}

/* The first name for which `bad`; false if there is none. */
static bool any(const struct lint_case *c, bool (*bad)(unsigned tag, struct bytes name))
{
    struct der walk = c->names.list;
    struct bytes name;
    unsigned tag;

    while (lint_has(c, EXT_SUBJECT_ALT_NAME) && der_next(&walk, &tag, &name, NULL))
        if (bad(tag, name))
            return true;
    return false;
}

static bool is_address(unsigned tag, struct bytes name)
{
    (void)name;
    return tag == NAME_IP;
}

static bool is_no_host(unsigned tag, struct bytes name)
{
    (void)name;
    return tag != NAME_DNS && tag != NAME_IP;
}

static bool is_cut(unsigned tag, struct bytes name)
{
    return tag == NAME_IP && name.size != IPV4_SIZE && name.size != IPV6_SIZE;
}

static bool is_nobodys(unsigned tag, struct bytes name)
{
    struct ip ip = { .size = name.size };

    if (tag != NAME_IP || is_cut(tag, name))
        return false;
    memcpy(ip.octets, name.data, name.size);
    return ip_not_of_host(&ip) != NULL;
}

/* What is nobody's on the whole net (IANA's registries of special-purpose addresses). */
static bool is_reserved(unsigned tag, struct bytes name)
{
    // clang-format off
    static const struct { uint8_t octets[4]; size_t size; int bits; } networks[] = {
        { { 10 }, IPV4_SIZE, 8 },           { { 100, 64 }, IPV4_SIZE, 10 },  { { 169, 254 }, IPV4_SIZE, 16 },
        { { 172, 16 }, IPV4_SIZE, 12 },     { { 192, 0, 0 }, IPV4_SIZE, 24 }, { { 192, 0, 2 }, IPV4_SIZE, 24 },
        { { 192, 168 }, IPV4_SIZE, 16 },    { { 198, 18 }, IPV4_SIZE, 15 },  { { 198, 51, 100 }, IPV4_SIZE, 24 },
        { { 203, 0, 113 }, IPV4_SIZE, 24 }, { { 240 }, IPV4_SIZE, 4 },
        { { 0xfc }, IPV6_SIZE, 7 },         { { 0xfe, 0x80 }, IPV6_SIZE, 10 }, { { 0x20, 0x01, 0x0d, 0xb8 }, IPV6_SIZE, 32 },
    };
    // clang-format on
    for (size_t i = 0; tag == NAME_IP && i < sizeof networks / sizeof *networks; i++) {
        int bits = networks[i].bits, at = 0;
        if (name.size != networks[i].size)
            continue;
        for (; bits >= 8 && name.data[at] == networks[i].octets[at]; bits -= 8)
            at++;
        if (bits == 0)
            return true;
        if (bits < 8 && (name.data[at] ^ networks[i].octets[at]) >> (8 - bits) == 0)
            return true;
    }
    return false;
}

static bool san_dns_only(struct lint_case *c)
{
    return !any(c, is_address) || lint_miss(c, "subjectAltName has an address");
}

static bool san_hosts_only(struct lint_case *c)
{
    return !any(c, is_no_host) ||
           lint_miss(c, "subjectAltName has something else than hosts and addresses");
}

static bool san_ip_length(struct lint_case *c)
{
    return !any(c, is_cut) || lint_miss(c, "an address has neither 4 nor 16 octets");
}

static bool san_ip_host(struct lint_case *c)
{
    return !any(c, is_nobodys) || lint_miss(c, "it has an address that no host can have");
}

static bool san_ip_public(struct lint_case *c)
{
    return !any(c, is_reserved) || lint_miss(c, "it has an address that is nobody's on the net");
}

static bool same_name(struct bytes a, struct bytes b)
{
    return a.size == b.size && strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0;
}

/* FNV-1a, the same for letters of either case. */
static uint32_t hash_of(struct bytes name)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (name.data[i] | 0x20U)) * 16777619U;
    return hash;
}

/* The whole name, its tag with it, in a table with room for more than there are; true if it is there. An address is
 * never a dNSName with a letter in another case. */
static bool seen_before(struct bytes *table, uint32_t room, struct bytes whole)
{
    uint32_t at = hash_of(whole) & (room - 1);

    for (; table[at].data; at = (at + 1) & (room - 1))
        if (*table[at].data == *whole.data &&
            (*whole.data == NAME_DNS ? same_name(table[at], whole) : bytes_equal(table[at], whole)))
            return true;
    table[at] = whole;
    return false;
}

static bool names_no_duplicate(struct lint_case *c)
{
    struct der walk = c->names.list;
    uint32_t room = 4;
    struct bytes whole;
    bool twice = false;

    if (!lint_has(c, EXT_SUBJECT_ALT_NAME))
        return true;
    while (room < c->names.count * 2)
        room *= 2;
    struct bytes *table = calloc(room, sizeof *table);
    while (!twice && der_next(&walk, NULL, NULL, &whole))
        twice = seen_before(table, room, whole);
    free(table);
    return !twice || lint_miss(c, "a name stands there twice");
}

/* Nothing but what was validated, and all of it, in that order. */
static bool names_exact(struct lint_case *c)
{
    struct der walk = c->names.list;
    struct bytes name;
    enum identifier_kind kind;
    unsigned tag;
    size_t i = 0;

    while (lint_has(c, EXT_SUBJECT_ALT_NAME) && der_next(&walk, &tag, &name, NULL)) {
        if (!lint_name_kind(tag, &kind) || is_cut(tag, name))
            continue; /* nobody asks for such a one: san_hosts_only, san_ip_length */
        if (i >= c->in->name_count || !lint_name_is(tag, name, &c->in->names[i]))
            return lint_miss(c, "name %zu is not what was asked for", i + 1);
        i++;
    }
    return i == c->in->name_count || lint_miss(c, "a name that was asked for is missing");
}

static bool dns_free_of(struct lint_case *c)
{
    static const char *const words[DNS_FAULTS] = {
        [DNS_EMPTY] = "is empty",
        [DNS_NOT_IA5] = "has a character that is no ASCII",
        [DNS_CHARACTER] = "has a character that no host name has",
        [DNS_UNDERSCORE] = "has an underscore",
        [DNS_EMPTY_LABEL] = "has an empty label",
        [DNS_LONG_LABEL] = "has a label of more than 63 octets",
        [DNS_LONG] = "has more than 253 octets",
        [DNS_HYPHEN] = "has a label that begins or ends with '-'",
        [DNS_RESERVED] = "has a reserved label",
        [DNS_PUNYCODE] = "has a label that is no A-label",
        [DNS_TRAILING_DOT] = "ends with a dot",
        [DNS_WILDCARD] = "has a '*' that is not its whole first label",
        [DNS_NUMBER] = "ends in a number",
        [DNS_SINGLE] = "has one label",
        [DNS_NO_TOP_LEVEL] = "is below no public top-level domain",
        [DNS_SUFFIX] = "is a public suffix",
        [DNS_WILD_SUFFIX] = "is a wildcard over a public suffix",
        [DNS_REVERSE] = "is in a zone of reverse look-ups",
        [DNS_ONION] = "is an onion name",
    };
    int fault = c->lint->what;
    struct bytes name = c->dns.culprit[fault];

    return !(c->dns.faults & 1U << fault) ||
           lint_miss(c, "%.*s %s", name.size > 60 ? 60 : (int)name.size, (const char *)name.data,
                     words[fault]);
}

// clang-format off
const struct lint san_lints[] = {
    { "san_present",        "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, san_present },
    { "san_not_empty",      "RFC 5280 4.2.1.6", LINT_ALL,  ALWAYS, NULL, 0, san_not_empty },
    { "san_criticality",    "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, san_criticality },
    { "san_dns_only",       "BR 7.1.2.7.12",    LINT_LEAF, ASKED,  NULL, 0, san_dns_only },
    { "san_hosts_only",     "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, san_hosts_only },
    { "san_ip_length",      "RFC 5280 4.2.1.6", LINT_LEAF, ALWAYS, NULL, 0, san_ip_length },
    { "san_ip_host",        "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, san_ip_host },
    { "san_ip_public",      "BR 4.2.2",         LINT_LEAF, ASKED,  NULL, 0, san_ip_public },
    { "names_no_duplicate", "RFC 5280 4.2.1.6", LINT_LEAF, ALWAYS, NULL, 0, names_no_duplicate },
    { "names_exact",        "BR 3.2.2.4",       LINT_LEAF, ALWAYS, NULL, 0, names_exact },
    { 0 },
};

const struct lint dns_lints[] = {
    { "san_dns_not_empty",   "RFC 5280 4.2.1.6", LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_EMPTY },
    { "san_dns_ia5",         "RFC 5280 4.2.1.6", LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_NOT_IA5 },
    { "san_dns_syntax",      "RFC 1034 3.5",     LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_CHARACTER },
    { "no_underscore",       "BR 7.1.2.7.12",    LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_UNDERSCORE },
    { "san_dns_empty_label", "RFC 1034 3.1",     LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_EMPTY_LABEL },
    { "san_dns_long_label",  "RFC 1035 2.3.4",   LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_LONG_LABEL },
    { "san_dns_long",        "RFC 1035 2.3.4",   LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_LONG },
    { "san_dns_hyphen",      "RFC 1034 3.5",     LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_HYPHEN },
    { "no_reserved_label",   "BR 7.1.2.7.12",    LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_RESERVED },
    { "san_dns_punycode",    "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_PUNYCODE },
    { "san_dns_no_dot",      "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_TRAILING_DOT },
    { "san_dns_wildcard",    "BR 7.1.2.7.12",    LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_WILDCARD },
    { "san_dns_no_number",   "RFC 3986 7.4",     LINT_LEAF, ALWAYS, NULL, 0, dns_free_of, DNS_NUMBER },
    { "san_dns_two_labels",  "BR 7.1.2.7.12",    LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_SINGLE },
    { "san_dns_top_level",   "BR 4.2.2",         LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_NO_TOP_LEVEL },
    { "san_dns_no_suffix",   "BR 3.2.2.6",       LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_SUFFIX },
    { "san_dns_wide",        "BR 3.2.2.6",       LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_WILD_SUFFIX },
    { "san_no_reverse",      "BR 7.1.2.7.12",    LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_REVERSE },
    { "san_no_onion",        "BR B",             LINT_LEAF, ASKED,  NULL, 0, dns_free_of, DNS_ONION },
    { 0 },
};
// clang-format on
