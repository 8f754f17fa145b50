#include "channels/email.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/calendar.h"
#include "base/mail_address.h"
#include "base/plain_line.h"

enum { LINE_MAX_QP = 76, VALUE_MAX = 900, DATE_SIZE = 40, ACCOUNT_MAX = 100 };

/* In texts {member} stands for the member of that name. */
static const struct letter {
    const char *locale, *subject, *body;
} letters[] = {
    { "en", "Approve a certificate for {domain}",
      "A certificate was ordered that needs your approval.\n"
      "\n"
      "Product: {product}\n"
      "Order:   {order}\n"
      "Account: {account}\n"
      "Names:\n"
      "{names}"
      "\n"
      "You are asked because mail to {to} reaches you: whoever reads it\n"
      "is taken to control the domain {domain}.\n"
      "\n"
      "If you do not know who asks, ask within your organization before you agree.\n"
      "If you agree that these certificates are issued, open this page and confirm there:\n"
      "\n"
      "{link}\n"
      "\n"
      "It can be used once, until {expires}. Do not pass it on.\n"
      "\n"
      "If you know nothing of this order, you need not do anything: without an approval\n"
      "no certificate is issued.\n" },
};

static const struct letter *letter_of(const char *locale)
{
    size_t language = locale ? strcspn(locale, "-_") : 0;
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (language && strlen(letters[i].locale) == language &&
            strncasecmp(letters[i].locale, locale, language) == 0)
            return &letters[i];
    return &letters[0];
}

/* ---- what stands in braces */

static const char *names_of(struct arena *a, const struct email *m)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < m->name_count; i++)
        text_format(&t, "  %s\n", m->names[i]);
    return t.data;
}

/* The number first: that is ours, the name is whatever the account goes by. */
static const char *account_of(struct arena *a, const struct email *m)
{
    const char *name = plain_line(a, m->account, ACCOUNT_MAX);
    return arena_format(a, *name ? "%lld, %s" : "%lld", (long long)m->account_id, name);
}

struct member {
    const char *name, *value;
};

static const char *value_of(const struct member *members, const char *name, size_t length)
{
    while (members->name &&
           (strlen(members->name) != length || strncmp(members->name, name, length) != 0))
        members++;
    return members->value;
}

static char *fill_in(struct arena *a, const char *text, const struct member *members)
{
    struct text t;
    text_init(&t, a);
    while (*text) {
        size_t plain = strcspn(text, "{"), length;
        text_add_bytes(&t, text, plain);
        text += plain;
        if (!*text)
            break;
        length = strcspn(text, "}");
        text_add(&t, value_of(members, text + 1, length - 1));
        text += length + 1;
    }
    return t.data;
}

/* ---- the form */

/* RFC 2045 6.7: what is not plain is =XX, lines are broken softly, line ends are CRLF. */
static void add_quoted(struct text *out, const char *text)
{
    size_t column = 0;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        bool at_end = text[1] == '\n' || text[1] == '\0';
        bool plain = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !at_end);
        size_t width = plain ? 1 : 3;
        if (c == '\n') {
            text_add(out, "\r\n");
            column = 0;
            continue;
        }
        if (column + width >= LINE_MAX_QP) {
            text_add(out, "=\r\n");
            column = 0;
        }
        text_format(out, plain ? "%c" : "=%02X", c);
        column += width;
    }
}

/* RFC 5322 3.3, whatever the locale of the process. */
static const char *date_of(struct instant at, char out[DATE_SIZE])
{
    static const char *const week[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const year[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct calendar c = calendar_of(at);
    snprintf(out, DATE_SIZE, "%s, %02d %s %d %02d:%02d:%02d +0000", week[c.weekday], c.day,
             year[c.month - 1], c.year, c.hour, c.minute, c.second);
    return out;
}

/* RFC 5322 2.1.1 takes 998 characters a line; a line break would begin another header. */
static bool add_header(struct text *out, const char *name, const char *value, struct fault *f)
{
    for (const char *c = value; *c; c++)
        if (*c < ' ' || *c > '~')
            return fault_set(f, FAULT_INVALID, name, "has characters that no header can carry");
    if (strlen(value) > VALUE_MAX)
        return fault_set(f, FAULT_INVALID, name, "is too long for a header");
    text_format(out, "%s: %s\r\n", name, value);
    return true;
}

static bool addresses_good(const struct email_text *m, struct fault *f)
{
    if (!mail_address_valid(m->from))
        return fault_set(f, FAULT_INVALID, "From", "is no address");
    return mail_address_valid(m->to) || fault_set(f, FAULT_INVALID, "To", "is no address");
}

bool email_compose(struct arena *a, const struct email_text *m, struct bytes *out, struct fault *f)
{
    char date[DATE_SIZE];
    struct text t;
    text_init(&t, a);
    if (!addresses_good(m, f) || !add_header(&t, "From", arena_format(a, "<%s>", m->from), f) ||
        !add_header(&t, "To", arena_format(a, "<%s>", m->to), f) ||
        !add_header(&t, "Subject", m->subject, f) ||
        !add_header(&t, "Date", date_of(m->now, date), f) ||
        !add_header(&t, "Message-ID", arena_format(a, "<%s@%s>", m->id, strchr(m->from, '@') + 1),
                    f))
        return false;
    text_add(&t, "MIME-Version: 1.0\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n"
                 "Auto-Submitted: auto-generated\r\n" /* RFC 3834: no out-of-office answers */
                 "\r\n");
    add_quoted(&t, m->body);
    *out = (struct bytes){ (const uint8_t *)t.data, t.length };
    return true;
}

bool email_write(struct arena *a, const struct email *m, struct bytes *out, struct fault *f)
{
    const struct letter *letter = letter_of(m->locale);
    char until[INSTANT_TEXT_SIZE];
    const struct member members[] = {
        { "domain", m->domain },
        { "product", m->product },
        { "order", arena_format(a, "%lld", (long long)m->order_id) },
        { "account", account_of(a, m) },
        { "names", names_of(a, m) },
        { "to", m->to },
        { "link", m->link },
        { "expires", instant_text(m->expires, until) },
        { NULL, "" },
    };
    return email_compose(a,
                         &(struct email_text){ .from = m->from,
                                               .to = m->to,
                                               .id = m->id,
                                               .subject = fill_in(a, letter->subject, members),
                                               .body = fill_in(a, letter->body, members),
                                               .now = m->now },
                         out, f);
}
