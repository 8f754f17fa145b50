#include "look/caa_record.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { FLAG_CRITICAL = 128, HEAD_SIZE = 2 };

/* ---- the record */

bool caa_record_read(struct bytes rdata, struct caa_record *out)
{
    size_t length;

    if (rdata.size < HEAD_SIZE)
        return false;
    length = rdata.data[1];
    if (length == 0 || length > rdata.size - HEAD_SIZE)
        return false;
    out->critical = rdata.data[0] & FLAG_CRITICAL;
    out->tag = (struct bytes){ rdata.data + HEAD_SIZE, length };
    out->value = (struct bytes){ rdata.data + HEAD_SIZE + length, rdata.size - HEAD_SIZE - length };
    for (size_t i = 0; i < length; i++)
        if (!isascii(out->tag.data[i]) || !isalnum(out->tag.data[i]))
            return false;
    return true;
}

static bool same_letters(struct bytes a, const char *b)
{
    return a.size == strlen(b) && strncasecmp((const char *)a.data, b, a.size) == 0;
}

bool caa_record_is(const struct caa_record *r, const char *tag)
{
    return same_letters(r->tag, tag);
}

bool caa_record_understood(const struct caa_record *r)
{
    /* RFC 8659, RFC 9495, BR 3.2.2.4.13 and .17, mark certificates. */
    static const char *const tags[] = { "issue",        "issuewild",    "iodef",   "issuemail",
                                        "contactemail", "contactphone", "issuevmc" };

    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (caa_record_is(r, tags[i]))
            return true;
    return false;
}

/* ---- issue-value */

/* What is left to read. */
static void skip_space(struct bytes *in)
{
    while (in->size && (*in->data == ' ' || *in->data == '\t'))
        in->data++, in->size--;
}

static bool take_char(struct bytes *in, char c)
{
    if (!in->size || *in->data != (uint8_t)c)
        return false;
    in->data++, in->size--;
    return true;
}

/* As long as characters are of the kind. */
static struct bytes take(struct bytes *in, bool (*of_kind)(uint8_t c))
{
    struct bytes taken = { in->data, 0 };

    while (in->size && of_kind(*in->data))
        in->data++, in->size--, taken.size++;
    return taken;
}

static bool is_label(uint8_t c)
{
    return isascii(c) && (isalnum(c) || c == '-');
}

static bool is_value(uint8_t c)
{
    return c > ' ' && c <= '~' && c != ';';
}

/* Neither at its beginning nor at its end a hyphen. */
static bool take_label(struct bytes *in, struct bytes *out)
{
    *out = take(in, is_label);
    return out->size && out->data[0] != '-' && out->data[out->size - 1] != '-';
}

static bool take_domain(struct bytes *in, struct bytes *out)
{
    struct bytes label;

    out->data = in->data;
    do
        if (!take_label(in, &label))
            return false;
    while (take_char(in, '.'));
    out->size = (size_t)(in->data - out->data);
    return true;
}

static void note(struct caa_issue *out, struct bytes tag, struct bytes value)
{
    if (same_letters(tag, "accounturi")) {
        out->repeated |= out->has_account_uri;
        out->has_account_uri = true;
        out->account_uri = value;
    } else if (same_letters(tag, "validationmethods")) {
        out->repeated |= out->has_methods;
        out->has_methods = true;
        out->methods = value;
    }
}

static bool take_parameter(struct bytes *in, struct caa_issue *out)
{
    struct bytes tag, value;

    if (!take_label(in, &tag))
        return false;
    skip_space(in);
    if (!take_char(in, '='))
        return false;
    skip_space(in);
    value = take(in, is_value);
    skip_space(in);
    note(out, tag, value);
    return true;
}

static bool take_parameters(struct bytes *in, struct caa_issue *out)
{
    skip_space(in);
    if (in->size == 0)
        return true;
    do {
        skip_space(in);
        if (!take_parameter(in, out))
            return false;
    } while (take_char(in, ';'));
    return true;
}

bool caa_issue_read(struct bytes value, struct caa_issue *out)
{
    struct bytes in = value;

    *out = (struct caa_issue){ 0 };
    skip_space(&in);
    if (in.size && *in.data != ';' && !take_domain(&in, &out->issuer))
        return false;
    skip_space(&in);
    return (!take_char(&in, ';') || take_parameters(&in, out)) && in.size == 0;
}

bool caa_issuer_is(struct bytes issuer, const char *domain)
{
    return issuer.size > 0 && same_letters(issuer, domain);
}

bool caa_method_next(struct bytes *list, struct bytes *label)
{
    struct bytes rest = *list;

    *label = take(&rest, is_label);
    if (label->size == 0 || (rest.size && !take_char(&rest, ',')) ||
        (rest.size == 0 && list->data[list->size - 1] == ','))
        return false;
    *list = rest;
    return true;
}
