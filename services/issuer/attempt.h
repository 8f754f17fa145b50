/* attempt - one request on its way to its certificate, from the claimed intent to the finished bytes.
 */
#ifndef ISSUER_ATTEMPT_H
#define ISSUER_ATTEMPT_H

#include "issuance.pb-c.h"
#include "ledger/lane.h"
#include "lints/lint.h"
#include "pki/sct.h"
#include "signers.h"

enum attempt_step {
    ATTEMPT_RESERVE,    /* new bytes, to be stored before they are signed */
    ATTEMPT_COMPLETE,   /* S: those of the certificate whose precertificate was logged, likewise */
    ATTEMPT_SIGN,       /* those are stored already: the same bytes again */
    ATTEMPT_PRECERTIFY, /* P: the precertificate's signature is there */
    ATTEMPT_FINISH,     /* C3: the certificate's is */
    ATTEMPT_OPEN,       /* something is left to do: the request goes on elsewhere */
    ATTEMPT_PAST,       /* the end that was asked for has passed: the order ends */
    ATTEMPT_OVER,       /* the order has ended, or has its certificate */
    ATTEMPT_FAILED,
};

struct attempt {
    struct lane_item *item;
    const Intent *intent;
    enum attempt_step step;
    struct fault fault;
    bool hopeless;               /* failed, and will fail the same way as often as it is tried */
    const struct policy *policy; /* for what is signed now */
    struct signer signer;        /* the authority alone, but for ATTEMPT_RESERVE */
    enum token_hash hash;        /* for what is signed now */
    int64_t issuance_id;
    int64_t ghost_id;    /* the dead attempt of an earlier lease, or 0 */
    int64_t given_up_id; /* one whose precertificate is too old to become a certificate, or 0 */
    bool precertificate; /* that is what tbs, signature and der are of */
    bool refused;        /* for ATTEMPT_OPEN: its timestamps are not enough */
    struct bytes no_sct[SCTS_MAX]; /* the logs of those that are none */
    size_t no_sct_count;
    struct bytes serial, tbs, signature, der;
    struct instant not_before, not_after, sign_before;
    struct lint_outcome linted; /* for ATTEMPT_RESERVE, and where a lint has refused it */
};

/* Decides what is to be done with a claimed request, and builds and lints the bytes that are signed then.
 * Nothing is stored. `a` outlives the attempt. */
void attempt_prepare(struct attempt *t, struct arena *a, struct instant now);

/* For ATTEMPT_COMPLETE and ATTEMPT_SIGN (complete.c): what was signed, what the logs have promised and what would be
 * signed are looked at anew, whoever has stored them. True with ATTEMPT_OPEN where no certificate can be made of the
 * precertificate now, or ever. */
bool attempt_complete(struct attempt *t, struct arena *a, struct instant now);

/* For how many hours after it begins a logged certificate may be signed (BR 7.1.2.7): as its lint has it. */
int64_t attempt_complete_hours(void);

/* The database's word on the authority's key. */
bool attempt_may_sign(const Intent *in, struct fault *f);

/* Is that what is done with it now: are there bytes to sign? */
static inline bool attempt_signs(const struct attempt *t)
{
    return t->step == ATTEMPT_RESERVE || t->step == ATTEMPT_COMPLETE || t->step == ATTEMPT_SIGN;
}

/* For C2, S, P and C3 (attempt_rows.c); the messages point into the attempt and `a`. */
Reservation *attempt_reservation(const struct attempt *t, struct arena *a, struct instant now);
Completion *attempt_completion(const struct attempt *t, struct arena *a);
SignedPrecertificate *attempt_precertified(const struct attempt *t, struct arena *a,
                                           struct instant now);
SignedCertificate *attempt_finished(const struct attempt *t, struct arena *a, struct instant now);
ProtobufCBinaryData attempt_tbs_sha256(const struct attempt *t, struct arena *a);

/* The certificate, or precertificate, around the stored bytes; compared with them and verified. */
bool attempt_assemble(struct attempt *t, struct arena *a);

#endif
