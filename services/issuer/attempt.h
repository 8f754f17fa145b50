/* attempt - one request on its way to its certificate, from the claimed intent to the finished bytes.
 */
#ifndef ISSUER_ATTEMPT_H
#define ISSUER_ATTEMPT_H

#include "issuance.pb-c.h"
#include "ledger/lane.h"
#include "lints/lint.h"
#include "signers.h"

enum attempt_step {
    ATTEMPT_RESERVE, /* new bytes, to be stored before they are signed */
    ATTEMPT_FINISH,  /* the signature is there */
    ATTEMPT_OPEN,    /* something is left to do: the request goes on elsewhere */
    ATTEMPT_PAST,    /* the end that was asked for has passed: the order ends */
    ATTEMPT_OVER,    /* the order has ended, or has its certificate */
    ATTEMPT_FAILED,
};

struct attempt {
    struct lane_item *item;
    const Intent *intent;
    enum attempt_step step;
    struct fault fault;
    bool hopeless;               /* failed, and will fail the same way as often as it is tried */
    const struct policy *policy; /* for ATTEMPT_RESERVE */
    struct signer signer;
    int64_t issuance_id;
    int64_t ghost_id; /* the dead attempt of an earlier lease, or 0 */
    struct bytes serial, tbs, signature, der;
    struct instant not_before, not_after, sign_before;
    struct lint_outcome linted; /* for ATTEMPT_RESERVE, and where a lint has refused it */
};

/* Decides what is to be done with a claimed request and, for ATTEMPT_RESERVE, builds and lints the
 * bytes. Nothing is stored. `a` outlives the attempt. */
void attempt_prepare(struct attempt *t, struct arena *a, struct instant now);

/* For C2 and C3; the messages point into the attempt and `a`. */
Reservation *attempt_reservation(const struct attempt *t, struct arena *a, struct instant now);
SignedCertificate *attempt_finished(const struct attempt *t, struct arena *a, struct instant now);

/* The certificate around the stored bytes; compared with them and verified. */
bool attempt_assemble(struct attempt *t, struct arena *a);

#endif
