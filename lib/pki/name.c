#include "pki/name.h"

#include <string.h>

#include "base/utf8.h"
#include "pki/idn.h"
#include "pki/ip.h"
#include "pki/suffix.h"

/* A name under way. */
struct reader {
    struct arena *arena;
    const char *given; /* as the client wrote it, for faults */
    const char *field;
    struct fault *f;
    enum name_realm realm;
};

/* `given` is cut between characters, since a fault must stay valid UTF-8. */
static bool fail(const struct reader *r, const char *detail)
{
    enum { SHOWN = 80 };
    size_t shown = 0, size = strlen(r->given), next;

    while (shown < size && (next = utf8_length(r->given + shown, size - shown)) > 0 &&
           shown + next <= SHOWN)
        shown += next;
    return fault_set(r->f, FAULT_DNS_NAME, r->field, "\"%.*s%s\" %s", (int)shown, r->given,
                     shown < size ? "..." : "", detail);
}

static bool looks_like_a_name(const struct reader *r, const char *text)
{
    if (*text == '\0')
        return fail(r, "is empty");
    if (strlen(text) > 4 * NAME_LENGTH_MAX) /* no character of UTF-8 has more bytes */
        return fail(r, "has more than 253 characters");
    if (!utf8_valid(text, strlen(text)))
        return fail(r, "is no valid UTF-8");
    if (ip_read(text, &(struct ip){ 0 }))
        return fail(r, "is an IP address, not a DNS name");
    if (strstr(text, "://"))
        return fail(r, "is a URL, not a DNS name");
    if (strchr(text, '@'))
        return fail(r, "is a mail address, not a DNS name");
    return true;
}

static bool to_ascii(const struct reader *r, const char *text, const char **out)
{
    const char *reason = NULL;

    *out = idn_to_ascii(r->arena, text, &reason);
    return *out || fail(r, reason);
}

/* RFC 5890 2.3.1 */
static bool label_ok(const struct reader *r, const char *label)
{
    size_t length = strlen(label);

    if (length == 0)
        return fail(r, "has an empty label");
    if (length > 63)
        return fail(r, "has a label of more than 63 characters");
    if (strchr(label, '_'))
        return fail(r, "has an underscore");
    if (strchr(label, '*'))
        return fail(r, "has a wildcard that is not the whole left-most label");
    if (strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != length)
        return fail(r, "has a character that no host name has");
    if (label[0] == '-' || label[length - 1] == '-')
        return fail(r, "has a label that begins or ends with a hyphen");
    if (length < 4 || label[2] != '-' || label[3] != '-')
        return true;
    if (strncmp(label, "xn--", 4) != 0) /* reserved LDH labels: TLS BR 7.1.2.7.12 */
        return fail(r, "has a label with hyphens at its third and fourth place");
    return idn_is_a_label(label) || fail(r, "has a label that is no valid A-label (IDNA2008)");
}

static bool labels_ok(const struct reader *r, const char *host)
{
    char *labels = arena_strdup(r->arena, host), *label;

    if (host[0] && host[strlen(host) - 1] == '.')
        return fail(r, "ends with a dot");
    while ((label = strsep(&labels, ".")))
        if (!label_ok(r, label))
            return false;
    return true;
}

// clang-format off
/* Names that no public authority may certify although DNS or the suffix list knows them; and those
 * that a private one may not either, since they are nobody's host. */
static const struct { const char *ancestor; bool nowhere; const char *detail; } special[] = {
    { "in-addr.arpa", true,  "is a reverse name" },
    { "ip6.arpa",     true,  "is a reverse name" },
    { "arpa",         true,  "is under arpa, where there are no hosts" },       /* RFC 3172 */
    { "onion",        true,  "is an onion name, for which there is no product" }, /* RFC 7686 */
    { "localhost",    false, "is an internal name" },                           /* RFC 6761 */
    { "local",        false, "is an internal name" },                           /* RFC 6762 */
    { "internal",     false, "is an internal name" },
    { "test",         false, "is an internal name" },
    { "invalid",      true,  "is an internal name" },
    { "alt",          true,  "is an internal name" },                           /* RFC 9476 */
};
// clang-format on

static bool special_ok(const struct reader *r, const char *host)
{
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (name_is_within(host, special[i].ancestor) &&
            (r->realm == NAMES_PUBLIC || special[i].nowhere))
            return fail(r, special[i].detail);
    return true;
}

const char *name_base_domain(const char *host)
{
    const char *suffix = suffix_of(host), *base = host;

    for (const char *p = host; suffix && p != suffix; p = strchr(p, '.') + 1)
        base = p;
    return base;
}

static bool public_ok(const struct reader *r, struct name *name)
{
    const char *suffix = suffix_of(name->host);

    if (!suffix)
        return fail(r, strchr(name->host, '.') ? "is under no public top-level domain"
                                               : "is an internal name: it has one label");
    if (suffix == name->host)
        return fail(r,
                    name->wildcard ? "is a wildcard over a public suffix" : "is a public suffix");
    name->base_domain = name_base_domain(name->host);
    return true;
}

/* Any name that a host may have; no client takes a wildcard over a single label (RFC 9525 6.3). */
static bool private_ok(const struct reader *r, struct name *name)
{
    name->base_domain = name->host;
    if (name->wildcard && !strchr(name->host, '.'))
        return fail(r, "is a wildcard over a single label");
    if (name->wildcard && suffix_of(name->host) == name->host)
        return fail(r, "is a wildcard over a public suffix");
    return true;
}

static bool scope_ok(const struct reader *r, struct name *name)
{
    if (name_ends_in_number(name->host, strlen(name->host)))
        return fail(r, "ends with a number, as no host name does");
    return special_ok(r, name->host) &&
           (r->realm == NAMES_PUBLIC ? public_ok(r, name) : private_ok(r, name));
}

static bool address_ok(const struct reader *r, const struct ip *ip, struct name *out)
{
    const char *reason = ip_not_of_host(ip);

    if (reason)
        return fail(r, reason);
    out->wildcard = false;
    out->fqdn = ip_text(r->arena, (struct bytes){ ip->octets, ip->size });
    out->host = out->base_domain = out->fqdn;
    return true;
}

bool name_read(struct arena *a, const char *text, enum name_realm realm, struct name *out,
               struct fault *f, const char *field)
{
    const struct reader r = { a, text, field, f, realm };
    struct ip ip;

    if (realm == NAMES_PRIVATE && ip_read(text, &ip))
        return address_ok(&r, &ip, out);
    if (!looks_like_a_name(&r, text))
        return false;
    out->wildcard = strncmp(text, "*.", 2) == 0;
    if (!to_ascii(&r, text + (out->wildcard ? 2 : 0), &out->host))
        return false;
    out->fqdn = out->wildcard ? arena_format(a, "*.%s", out->host) : out->host;
    if (strlen(out->fqdn) > NAME_LENGTH_MAX)
        return fail(&r, "has more than 253 characters");
    return labels_ok(&r, out->host) && scope_ok(&r, out);
}

static bool all_of(const char *text, size_t size, const char *digits)
{
    for (; size > 0; text++, size--)
        if (!*text || !strchr(digits, *text))
            return false;
    return true;
}

bool name_ends_in_number(const char *host, size_t size)
{
    const char *dot = memrchr(host, '.', size), *last = dot ? dot + 1 : host;
    size_t length = size - (size_t)(last - host);

    if (length >= 2 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X'))
        return all_of(last + 2, length - 2, "0123456789abcdefABCDEF");
    return length > 0 && all_of(last, length, "0123456789");
}

bool name_is_within(const char *host, const char *ancestor)
{
    size_t length = strlen(host), above = strlen(ancestor);

    if (length == above || above == 0)
        return strcmp(host, ancestor) == 0;
    return length > above && host[length - above - 1] == '.' &&
           strcmp(host + length - above, ancestor) == 0;
}
