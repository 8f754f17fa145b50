/* The names: subjectAltName (BR 7.1.2.7.12). */
#include "lints/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "pki/ip.h"
#include "pki/name.h"
#include "x509/oid.h"

enum { DNS_NAME_MAX = 253, LABEL_MAX = 63 };

void name_walk_open(const struct lint_case *c, struct name_walk *out)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_SUBJECT_ALT_NAME);
    struct der all;

    out->list = (struct der){ NULL, NULL };
    if (!e)
        return;
    all = der_open(e->value);
    if (!der_enter(&all, DER_SEQUENCE, &out->list))
        out->list = (struct der){ NULL, NULL };
}

bool name_walk_any(struct name_walk *walk, unsigned *tag, struct bytes *name)
{
    return der_next(&walk->list, tag, name, NULL);
}

bool name_walk_next(struct name_walk *walk, struct bytes *name)
{
    unsigned tag;

    while (name_walk_any(walk, &tag, name))
        if (tag == NAME_DNS)
            return true;
    return false;
}

static const struct {
    unsigned tag;
    enum identifier_kind kind;
} kinds[] = { { NAME_EMAIL, IDENTIFIER_EMAIL },
              { NAME_DNS, IDENTIFIER_DNS },
              { NAME_IP, IDENTIFIER_IP } };

bool name_kind(unsigned tag, enum identifier_kind *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].tag == tag) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}

bool name_is(unsigned tag, struct bytes name, const struct identifier *wanted)
{
    enum identifier_kind kind;
    struct ip ip;

    if (!name_kind(tag, &kind) || kind != wanted->kind)
        return false;
    if (kind == IDENTIFIER_IP)
        return ip_read(wanted->value, &ip) &&
               bytes_equal(name, (struct bytes){ ip.octets, ip.size });
    return bytes_equal(name, BYTES_OF(wanted->value));
}

static bool each_name(struct lint_case *c, bool (*holds)(struct lint_case *, struct bytes))
{
    struct name_walk walk;
    struct bytes name;

    name_walk_open(c, &walk);
    while (name_walk_next(&walk, &name))
        if (!holds(c, name))
            return false;
    return true;
}

static bool san_present(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_SUBJECT_ALT_NAME);
    struct der all, list;

    if (!e)
        return lint_miss(c, "has no subjectAltName");
    all = der_open(e->value);
    return (der_enter(&all, DER_SEQUENCE, &list) && der_done(&all) && !der_done(&list)) ||
           lint_miss(c, "subjectAltName is empty");
}

static bool san_criticality(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_SUBJECT_ALT_NAME);
    struct der all = der_open(c->tbs.subject), subject;
    bool empty = der_enter(&all, DER_SEQUENCE, &subject) && der_done(&subject);

    return !e || e->critical == empty ||
           lint_miss(c, "subjectAltName is %scritical with %s subject", e->critical ? "" : "not ",
                     empty ? "an empty" : "a");
}

/* dNSName and nothing else: what was validated here are domain names. */
static bool san_dns_only(struct lint_case *c)
{
    const struct tbs_extension *e = tbs_extension_find(&c->tbs, OID_SUBJECT_ALT_NAME);
    struct der all = e ? der_open(e->value) : der_open((struct bytes){ NULL, 0 }), list;
    unsigned tag;

    if (!e || !der_enter(&all, DER_SEQUENCE, &list))
        return true;
    while (der_next(&list, &tag, NULL, NULL))
        if (tag != NAME_DNS)
            return lint_miss(c, "subjectAltName has a name of type %u", tag & 0x1f);
    return der_done(&list) || lint_miss(c, "subjectAltName is malformed");
}

static bool is_ldh(struct bytes label)
{
    if (label.size == 0 || label.size > LABEL_MAX)
        return false;
    for (size_t i = 0; i < label.size; i++)
        if (!isalnum(label.data[i]) && label.data[i] != '-' && label.data[i] != '_')
            return false;
    return label.data[0] != '-' && label.data[label.size - 1] != '-';
}

/* The label at `*rest`, which moves behind its dot. False when there is none left. */
static bool take_label(struct bytes *rest, bool *more, struct bytes *label)
{
    if (!*more)
        return false;
    const uint8_t *dot = rest->size ? memchr(rest->data, '.', rest->size) : NULL;
    size_t size = dot ? (size_t)(dot - rest->data) : rest->size;

    *label = (struct bytes){ rest->data, size };
    *more = dot != NULL;
    if (dot)
        *rest = (struct bytes){ dot + 1, rest->size - size - 1 };
    return true;
}

static struct bytes without_wildcard(struct bytes name)
{
    if (name.size > 2 && memcmp(name.data, "*.", 2) == 0)
        return (struct bytes){ name.data + 2, name.size - 2 };
    return name;
}

/* LDH labels, two or more, the last no number; a wildcard only as the whole first label. That they have no
 * underscore is no_underscore's. */
static bool is_dns_name(struct lint_case *c, struct bytes name)
{
    struct bytes rest = without_wildcard(name), label = { NULL, 0 };
    size_t labels = 0;
    bool more = true;

    for (; take_label(&rest, &more, &label); labels++)
        if (!is_ldh(label))
            return lint_miss(c, "%.*s is no domain name", (int)name.size, (const char *)name.data);
    return (labels >= 2 && name.size <= DNS_NAME_MAX &&
            !name_ends_in_number((const char *)name.data, name.size)) ||
           lint_miss(c, "%.*s is no domain name", (int)name.size, (const char *)name.data);
}

static bool san_dns_syntax(struct lint_case *c)
{
    return each_name(c, is_dns_name);
}

static bool has_no_underscore(struct lint_case *c, struct bytes name)
{
    return !memchr(name.data, '_', name.size) ||
           lint_miss(c, "%.*s has an underscore", (int)name.size, (const char *)name.data);
}

static bool no_underscore(struct lint_case *c)
{
    return each_name(c, has_no_underscore);
}

/* "??--" is reserved: only "xn--" may stand there (RFC 5890 2.3.1). */
static bool has_no_reserved_label(struct lint_case *c, struct bytes name)
{
    struct bytes rest = name, label;
    bool more = true;

    while (take_label(&rest, &more, &label))
        if (label.size >= 4 && memcmp(label.data + 2, "--", 2) == 0 &&
            strncasecmp((const char *)label.data, "xn", 2) != 0)
            return lint_miss(c, "%.*s has a reserved label", (int)name.size,
                             (const char *)name.data);
    return true;
}

static bool no_reserved_label(struct lint_case *c)
{
    return each_name(c, has_no_reserved_label);
}

static bool same_name(unsigned tag, struct bytes a, struct bytes b)
{
    if (tag != NAME_DNS)
        return bytes_equal(a, b);
    return a.size == b.size && strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0;
}

static bool names_no_duplicate(struct lint_case *c)
{
    struct name_walk outer, inner;
    struct bytes name, other;
    unsigned tag, other_tag;

    name_walk_open(c, &outer);
    for (size_t i = 1; name_walk_any(&outer, &tag, &name); i++)
        for (inner = outer; name_walk_any(&inner, &other_tag, &other);)
            if (tag == other_tag && same_name(tag, name, other))
                return lint_miss(c, "name %zu stands there twice", i);
    return true;
}

/* Nothing but what was validated, and all of it, in that order. */
static bool names_exact(struct lint_case *c)
{
    struct name_walk walk;
    struct bytes name;
    enum identifier_kind kind;
    unsigned tag;
    size_t i = 0;

    name_walk_open(c, &walk);
    while (name_walk_any(&walk, &tag, &name)) {
        if (!name_kind(tag, &kind))
            continue; /* nobody asks for such a one: san_dns_only, san_hosts_only */
        if (i >= c->in->name_count || !name_is(tag, name, &c->in->names[i]))
            return lint_miss(c, "name %zu is not what was asked for", i + 1);
        i++;
    }
    return i == c->in->name_count || lint_miss(c, "a name is missing");
}

// clang-format off
const struct lint name_lints[] = {
    { "san_present",        "BR 7.1.2.7.12",     NULL, 0, san_present },
    { "san_criticality",    "BR 7.1.2.7.12",     NULL, 0, san_criticality },
    { "san_dns_only",       "BR 7.1.2.7.12",     NULL, 0, san_dns_only },
    { "san_dns_syntax",     "BR 7.1.2.7.12",     NULL, 0, san_dns_syntax },
    { "no_underscore",      "BR 7.1.2.7.12",     NULL, 0, no_underscore },
    { "no_reserved_label",  "BR 7.1.2.7.12",     NULL, 0, no_reserved_label },
    { "names_no_duplicate", "BR 7.1.2.7.12",     NULL, 0, names_no_duplicate },
    { "names_exact",        "BR 3.2.2.4",        NULL, 0, names_exact },
    { 0 },
};
// clang-format on
