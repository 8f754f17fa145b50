/* mailer - hands mails to the relay by SMTP: a few threads, each with a connection that it keeps.
 *
 * TLS (STARTTLS, or from the first byte with smtps://) is demanded and verified unless the settings
 * say `plain`. The relay is ours, so its address passes no guard.
 */
#ifndef NOTIFIER_MAILER_H
#define NOTIFIER_MAILER_H

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/text.h"

enum { MAIL_REASON_SIZE = 200 };

struct mailer_options {
    const char *url; /* "smtp://relay.example:587"; NULL or "": there is no relay; not copied */
    const char *from;
    const char *user; /* "": none */
    struct secret password;
    const char *ca_file;     /* PEM, trusted beside the system's roots; "": none */
    bool plain;              /* without TLS */
    struct duration timeout; /* of one mail */
    int connections;
};

enum mail_outcome {
    MAIL_SENT,    /* the relay has taken it */
    MAIL_REFUSED, /* this recipient or this mail, for good */
    MAIL_FAILED,  /* try again later */
    MAIL_STOPPED, /* the mailer was stopped: tried or not */
};

struct mail_result {
    enum mail_outcome outcome;
    int code;                      /* the last answer of the relay, or 0 */
    char reason[MAIL_REASON_SIZE]; /* for the log: printable ASCII */
};

struct mailer;

struct mailer *mailer_start(const struct mailer_options *options, struct fault *f);

/* Copies both. `done` is called exactly once, on a thread of the mailer or on the caller's. */
void mailer_send(struct mailer *m, const char *to, struct bytes text,
                 void (*done)(const struct mail_result *result, void *context), void *context);

/* What waits or is under way is called back with MAIL_STOPPED; returns when that is over. NULL
 * allowed. */
void mailer_stop(struct mailer *m);

#endif
