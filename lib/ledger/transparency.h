/* transparency - which logs may be used for a certificate, and how many of them it takes, by the policy's list of logs
 * (policy/logs.json, in the browsers' schema) and the rules of the day (Chrome and Apple CT policies).
 *
 * A list without any log is a decision, too: nothing is logged. Everything here lives as long as the policy version.
 */
#ifndef LEDGER_TRANSPARENCY_H
#define LEDGER_TRANSPARENCY_H

#include "ledger/policy.h"
#include "pki/sct.h"

/* So many of those that take one certificate are looked at, by who signs it, who asks them, and who says what a list is
 * good for: else one is signed that cannot be logged. */
enum { CT_LOGS_MAX = 64 };

struct ct_log {
    const char *operator_name, *description;
    const char *url;  /* ends with a slash; ct/v1/add-pre-chain follows. NULL: it is never asked */
    struct bytes id;  /* SHA-256 of the key */
    struct bytes key; /* SubjectPublicKeyInfo */
    bool tiled;       /* static-ct-api; else RFC 6962 */
    struct instant usable_from,
        usable_till;           /* it is asked between, and what it said between counts */
    struct instant retired_at; /* from then on nothing counts, whatever it says */
    struct instant expiry_from,
        expiry_till; /* not_after of what it takes, from inclusive, till exclusive */
};

/* What the rules of the day ask for a certificate of this scope and lifetime. */
struct ct_need {
    unsigned scts;      /* from different logs; 0: none is needed */
    unsigned operators; /* different ones at least */
    unsigned rfc6962;   /* so many not from static logs at least */
};

/* Is the certificate of this product to be logged first? The product's switch is on, the list is not empty, and the
 * order has not said disable_ct. True also where this program cannot read the list, so that nothing is issued
 * without. */
bool ct_wanted(const struct policy *p, const Product *product, bool disable_ct);

/* The lifetime has both ends in it (BR 6.3.2): 180 days end one second before. UNAVAILABLE when the policy has no rule
 * for that day. */
bool ct_needed(const struct policy *p, const char *scope, struct instant not_before,
               struct instant not_after, struct instant now, struct ct_need *out, struct fault *f);

/* The logs that may be asked now about what ends then, in the list's order. */
size_t ct_logs(const struct policy *p, struct instant not_after, struct instant now,
               const struct ct_log **out, size_t room);

/* NULL if the list does not have it. */
const struct ct_log *ct_log_find(const struct policy *p, struct bytes id);

/* Whether it may be asked now about anything that has not ended yet. */
bool ct_log_is_asked(const struct ct_log *log, struct instant now);

/* Whether what it has said at that time counts now: while it was usable, before it is retired, and not in a future
 * beyond what clocks differ by. */
bool ct_log_counts(const struct ct_log *log, struct instant at, struct instant now);

/* Which of the logs that have promised (`have`) are used, so that the need is met with as few timestamps as can be: sets
 * chosen[i], gives how many; 0 if they are too few or too much alike. One that is there twice counts once. */
size_t ct_choose(const struct ct_need *need, const struct ct_log *const *have, size_t count,
                 bool *chosen);

/* Which to ask next when those of `have` have promised and those of `failed` have not: indexes into `logs` such that
 * together with `have` the need is met, as far as it can be; different operators first. Of those that are as good the
 * first: who wants to spread the load turns the list. Gives how many. */
size_t ct_ask(const struct ct_need *need, const struct ct_log *const *logs, size_t log_count,
              const bool *have, const bool *failed, size_t *ask, size_t room);

#endif
