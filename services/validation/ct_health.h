/* ct_health - how logs of certificates fare in this process: what they were asked, what came of it, and which of them are left
 * alone for now, so that none is hammered and none is waited for that does not answer.
 *
 * What says that a log is not well has it rest at once; what may be the fault of a single certificate does so from the
 * third time in a row. A rest grows with the failures in a row, from a second to ten minutes, and is what the log asks
 * for by Retry-After where that is longer, an hour at the most. Who was asked before the rest began adds nothing to it.
 * After a rest one submission at a time finds out, until one was promised something. A log that is slow rests, too, but
 * is asked where there is no other.
 *
 * In memory only, by log id, for the life of the process; any thread.
 */
#ifndef VALIDATION_CT_HEALTH_H
#define VALIDATION_CT_HEALTH_H

#include "ledger/transparency.h"

/* OUTCOME(id, word in metrics, from which time in a row on the log rests; 0: never) */
// clang-format off
#define CT_OUTCOMES(OUTCOME)                                                                   \
    OUTCOME(PROMISED,    "promised",    0) /* a timestamp that is right */                         \
    OUTCOME(BUSY,        "not_asked",   0) /* its turn did not come: of ours too many wait */      \
    OUTCOME(STOPPED,     "stopped",     0) /* we stop */                                           \
    OUTCOME(SLOW,        "slow",        3) /* told beside the outcome: others were asked as well */ \
    OUTCOME(LATE,        "late",        1)                                                         \
    OUTCOME(UNREACHABLE, "unreachable", 1) /* no address, no connection, no TLS, not all came */   \
    OUTCOME(LIMITED,     "limited",     1) /* 429 */                                               \
    OUTCOME(BROKEN,      "broken",      1) /* 5xx */                                               \
    OUTCOME(REFUSED,     "refused",     3) /* any other status */                                  \
    OUTCOME(WRONG,       "wrong",       3) /* what came is no timestamp of this log and certificate */
// clang-format on

enum ct_outcome {
#define OUTCOME(id, word, patience) CT_##id,
    CT_OUTCOMES(OUTCOME)
#undef OUTCOME
        CT_OUTCOME_COUNT
};

enum { CT_REASON_SIZE = 200 };

/* What was heard of a log last, if it was no promise. */
struct ct_failure {
    struct instant at;         /* 0: nothing */
    struct instant rests_till; /* 0: it may be asked */
    char reason[CT_REASON_SIZE];
};

/* One submission to a log. */
struct ct_asked {
    const struct ct_log *log; /* lives as long as the process, as policies do */
    struct instant begun;
    bool slow;
};

/* May it be asked now? If so it is, and ct_health_ended() is called exactly once; if not, `why` says it. */
bool ct_health_ask(struct ct_asked *asked, const struct ct_log *log, bool is_last_resort,
                   struct ct_failure *why);

/* It lets this one wait; what comes of it is told as well. */
void ct_health_slow(struct ct_asked *asked);

/* `retry_at`: when the log wishes to be asked again; 0: it does not say. */
void ct_health_ended(const struct ct_asked *asked, enum ct_outcome outcome, const char *reason,
                     struct duration took, struct instant retry_at);

/* Metrics are shown from now on. */
void ct_health_open(void);
/* And everything is forgotten. */
void ct_health_close(void);

#endif
