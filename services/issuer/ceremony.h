/* ceremony - the certification authorities come into being: keys are generated inside the token,
 * the root signs itself and those below it, and everything is written down.
 *
 * Held again, it keeps every key and certificate that is there and makes what is missing; so one
 * that broke off is ended by holding it once more. What is there but does not fit (a certificate
 * for another key, a signature that is not the issuer's) stops it, and so does a key of which the
 * folder knows nothing: no key ever gets a second certificate. Nothing is signed that a lint refuses.
 *
 * The folder gets, for each authority, NAME.begun before its key is made, NAME.tbs before that is
 * signed, NAME.der and NAME.pem, and ceremony.log: who, when, which key, which certificate with its
 * SHA-256.
 */
#ifndef CEREMONY_H
#define CEREMONY_H

#include "ceremony.pb-c.h"
#include "certificate.pb-c.h"
#include "ledger/policy.h"
#include "token/token.h"

struct ceremony {
    const Ceremony *script;
    const struct policy *policy; /* by which certificates are linted before they are signed */
    const char *status;          /* host and port that replace {status} in URLs */
    const char *folder;          /* made if it is missing */
    const char *operator;        /* who holds it, for the log */
    struct instant now;
};

/* All authorities of the script, as rows for the database, in the arena. Those below a root may
 * sign. False at the first step that fails. */
bool ceremony_hold(struct token *token, const struct ceremony *ceremony, struct arena *a,
                   Authority ***authorities, size_t *count, struct fault *f);

#endif
