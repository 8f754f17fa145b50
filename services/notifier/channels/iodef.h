/* iodef - how somebody is told that his CAA records have kept a certificate from being issued (RFC 8659 4.4): a mail for
 * people, or an incident (RFC 7970) for programs. Who asked for the certificate is told to nobody. Pure functions.
 */
#ifndef NOTIFIER_CHANNELS_IODEF_H
#define NOTIFIER_CHANNELS_IODEF_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"

struct iodef {
    int64_t id;
    const char *ca;       /* an issuer domain name of this CA */
    const char *domain;   /* where the records stand */
    const char *dns_name; /* that was asked for */
    const char *detail;   /* the records, and why */
    struct instant seen;
};

/* Fails where something cannot be in a header. */
bool iodef_mail(struct arena *a, const struct iodef *i, const char *from, const char *to,
                struct instant now, struct bytes *out, struct fault *f);

/* XML, UTF-8. */
struct bytes iodef_document(struct arena *a, const struct iodef *i, struct instant now);

#endif
