/* email - what a mail that asks for an approval looks like: RFC 5322, plain text, UTF-8 as
 * quoted-printable (RFC 2045 6.7). A pure function.
 */
#ifndef NOTIFIER_CHANNELS_EMAIL_H
#define NOTIFIER_CHANNELS_EMAIL_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"

struct email {
    const char *locale; /* of a text that there is, else English is spoken; NULL allowed */
    const char *from, *to;
    const char *id; /* the left part of the Message-ID: letters and digits */
    const char *domain, *product;
    int64_t order_id, account_id;
    const char *account; /* its name, whatever stands in it; NULL allowed */
    char *const *names;  /* A-labels */
    size_t name_count;
    const char *link;
    struct instant now, expires;
};

/* Any mail of ours: its parts are plain text. */
struct email_text {
    const char *from, *to, *id, *subject, *body; /* lines of the body end with '\n' */
    struct instant now;
};

/* Fails as email_write() does. */
bool email_compose(struct arena *a, const struct email_text *m, struct bytes *out, struct fault *f);

/* Fails where something cannot be in a header: there is no way to add one. */
bool email_write(struct arena *a, const struct email *m, struct bytes *out, struct fault *f);

#endif
