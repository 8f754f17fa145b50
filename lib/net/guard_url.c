/* Which URLs may be connected to, judged by their text. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "net/guard.h"

AUTO_FREE(CURLU, curl_url_cleanup);

enum { LABEL_MAX = 63, NAME_MAX_LENGTH = 253 };

struct scheme {
    const char *name;
    uint16_t port;
    bool plain;
};

static const struct scheme schemes[] = {
    { "https", 443, false },
    { "http", 80, true },
};

// clang-format off
/* Names that are not looked up in the public DNS, or that answer with an address of the asker. */
static const struct special { const char *suffix, *source; bool rig; } specials[] = {
    { "localhost", "RFC 6761", true },
    { "test",      "RFC 6761", true },
    { "local",     "RFC 6762", false },
    { "onion",     "RFC 7686", false },
    { "home.arpa", "RFC 8375", false },
    { "alt",       "RFC 9476", false },
    { "internal",  "ICANN SAC113", false },
};
// clang-format on

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char host_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

static bool wrong(struct fault *f, const char *why)
{
    return fault_set(f, FAULT_INVALID, NULL, "%s", why);
}

/* A URL is printable ASCII without spaces (RFC 3986 section 2). What is not, browsers and curl each
 * repair in their own way, and only one reading would be judged. */
static bool text_check(const char *url, struct fault *f)
{
    if (strlen(url) >= GUARD_URL_SIZE)
        return wrong(f, "is too long");
    for (const char *c = url; *c; c++)
        if (*c < 0x21 || *c > 0x7e || *c == '\\')
            return wrong(f, "has a character that no URL has (an international name is written in "
                            "its xn-- form)");
    return true;
}

static const struct scheme *scheme_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i].name) == length && strncasecmp(schemes[i].name, name, length) == 0)
            return &schemes[i];
    return NULL;
}

/* Finds host[:port] after exactly "//", which curl would not insist on. */
static bool authority_find(const struct guard *g, const char *url, const struct scheme **scheme,
                           const char **authority, struct fault *f)
{
    size_t length = strspn(url, letters);

    *scheme = scheme_find(url, length);
    if (!*scheme || ((*scheme)->plain && !g->http))
        return wrong(f,
                     g->http ? "must begin with https:// or http://" : "must begin with https://");
    if (strncmp(url + length, "://", 3) != 0)
        return wrong(f, "must have two slashes after its scheme");
    *authority = url + length + 3;
    return true;
}

static const char *host_end(const char *authority)
{
    size_t length = strspn(authority, "[]:.0123456789abcdefABCDEF");
    const char *bracket = memchr(authority, ']', length);

    if (authority[0] != '[')
        return authority + strspn(authority, host_characters);
    return bracket ? bracket + 1 : authority;
}

/* Copies the host as it was written, without port. Only characters of host names and addresses: so
 * there is no user, no percent-encoding and no zone in it. */
static bool host_copy(const char *authority, char out[GUARD_HOST_SIZE], struct fault *f)
{
    const char *end = host_end(authority), *rest = end;

    if (*rest == ':')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (end == authority || !strchr("/?#", *rest)) /* which finds the final NUL as well */
        return wrong(f,
                     "must name a host of letters, digits, '-' and '.', a port perhaps, no user");
    if (end - authority >= GUARD_HOST_SIZE)
        return wrong(f, "has a host name that is too long");
    snprintf(out, GUARD_HOST_SIZE, "%.*s", (int)(end - authority), authority);
    return true;
}

static bool part_get(CURLU *u, CURLUPart which, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool fits = curl_url_get(u, which, &text, flags) == CURLUE_OK && strlen(text) < size;

    if (fits)
        snprintf(out, size, "%s", text);
    curl_free(text);
    return fits;
}

/* curl reads the text; what it understood is what it will be given. */
static bool url_parse(const char *url, struct guarded_url *out, struct fault *f)
{
    AUTO(CURLU) u = curl_url();
    char port[8];

    if (curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
        !part_get(u, CURLUPART_HOST, 0, out->host, sizeof out->host) ||
        !part_get(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port) ||
        !part_get(u, CURLUPART_URL, 0, out->text, sizeof out->text))
        return wrong(f, "is not a well-formed URL");
    out->port = (uint16_t)strtoul(port, NULL, 10); /* curl has checked its range */
    return true;
}

static bool port_check(const struct guard *g, const struct scheme *s, uint16_t port,
                       struct fault *f)
{
    bool allowed = port == s->port || (g->loopback && port != 0);

    for (int i = 0; i < GUARD_PORTS_MAX && g->ports[i]; i++)
        allowed |= port == g->ports[i];
    return allowed || fault_set(f, FAULT_INVALID, NULL, "must not use port %u", port);
}

static bool literal_check(const struct guard *g, int family, const char *text, bool *literal,
                          struct fault *f)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    const struct sockaddr *to = family == AF_INET ? (const void *)&in : (const void *)&in6;
    void *address = family == AF_INET ? (void *)&in.sin_addr : (void *)&in6.sin6_addr;

    *literal = inet_pton(family, text, address) == 1;
    return !*literal || guard_address(g, to, f);
}

static bool is_under(const char *name, const char *suffix)
{
    size_t length = strlen(name), tail = strlen(suffix);

    return length >= tail && strcmp(name + length - tail, suffix) == 0 &&
           (length == tail || name[length - tail - 1] == '.');
}

static bool special_check(const struct guard *g, const char *name, struct fault *f)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (!is_under(name, specials[i].suffix))
            continue;
        return (specials[i].rig && g->loopback) ||
               fault_set(f, FAULT_INVALID, NULL, "must not name a host under \"%s\" (%s)",
                         specials[i].suffix, specials[i].source);
    }
    return strchr(name, '.') || wrong(f, "must name its host in full");
}

/* RFC 1123 section 2.1. A last label that begins with a digit is no top-level domain but, for many
 * resolvers, an IPv4 address in an old notation: 2130706433, 0x7f.1, 127.1. */
static bool name_check(const char *name, struct fault *f)
{
    const char *last = strrchr(name, '.');
    const char *label = name;

    last = last ? last + 1 : name;
    if (strlen(name) > NAME_MAX_LENGTH)
        return wrong(f, "has a host name that is too long");
    if (*last >= '0' && *last <= '9')
        return wrong(f, "must write an IPv4 address as four decimal numbers");
    for (size_t length; *label; label += length + (label[length] == '.')) {
        length = strcspn(label, ".");
        if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
            return wrong(f, "has a host name that cannot exist");
    }
    return name[strlen(name) - 1] != '.' || wrong(f, "must not end its host name with a dot");
}

/* curl turns old notations of IPv4 into four numbers; what it had to change was not written so. */
static bool host_check(const struct guard *g, const char *written, char host[GUARD_HOST_SIZE],
                       struct fault *f)
{
    size_t length = strlen(host);
    bool literal;

    if (host[0] == '[') {
        memmove(host, host + 1, length);
        host[length - 2] = '\0';
        return literal_check(g, AF_INET6, host, &literal, f) &&
               (literal || wrong(f, "has no IPv6 address between its brackets"));
    }
    if (strcasecmp(written, host) != 0)
        return wrong(f, "must write an IPv4 address as four decimal numbers");
    for (char *c = host; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return literal_check(g, AF_INET, host, &literal, f) &&
           (literal || (name_check(host, f) && special_check(g, host, f)));
}

bool guard_url(const struct guard *g, const char *url, struct guarded_url *out, struct fault *f)
{
    const struct scheme *scheme = NULL;
    const char *authority = url;
    char written[GUARD_HOST_SIZE];

    return text_check(url, f) && authority_find(g, url, &scheme, &authority, f) &&
           host_copy(authority, written, f) && url_parse(url, out, f) &&
           host_check(g, written, out->host, f) && port_check(g, scheme, out->port, f);
}
