/* ct_search - asks logs for timestamps of one precertificate until there are enough by the rules of the day: as many at once
 * as are missing, and another for each that fails, or that has not answered while others could have.
 *
 * All of it runs on the submitter's thread, from its start until `done`.
 */
#ifndef VALIDATION_CT_SEARCH_H
#define VALIDATION_CT_SEARCH_H

#include "base/text.h"
#include "ct_submitter.h"

enum ct_standing {
    CT_UNASKED,
    CT_ASKED,
    CT_ASKED_LONG, /* and others as well */
    CT_LEFT_ALONE, /* for now (ct_health.h) */
    CT_FAILED,
    CT_HAS_PROMISED
};

struct ct_candidate {
    const struct ct_log *log;
    enum ct_standing standing;
    struct ct_submission *submission; /* while it is asked */

    /* A promise; none that was there before. */
    struct bytes sct;
    struct instant at, received_at;

    /* Else what is known of it; "" if it was not asked. */
    struct instant said_at;
    const char *said;
};

/* Lives until `done`; zeroed, then filled by its owner as far as what is the search's own. */
struct ct_search {
    struct ct_submitter *submitter;
    struct arena *arena;
    struct ct_need need;
    struct bytes body; /* of each submission (ct_body()) */
    struct bytes tbs, issuer_spki;
    int64_t account_id;
    struct tick deadline;
    void (*done)(struct ct_search *s); /* once, by the deadline */
    void *context;

    struct ct_candidate logs[CT_LOGS_MAX];
    size_t count;
    bool enough;

    /* The search's own. */
    struct ct_errand begin;
    bool stopped;
};

/* What logs are shown: the certificate, then those of its issuers (RFC 6962 4.1). */
struct bytes ct_body(struct arena *a, const struct bytes *chain, size_t count);

/* Logs that may be asked. */
void ct_search_add(struct ct_search *s, const struct ct_log *log);
/* Timestamps that are there already, of logs that are known; those that do not count are left out. */
void ct_search_has(struct ct_search *s, const struct policy *p, struct bytes serialized);

/* Whether it needs nobody. */
bool ct_search_is_enough(const struct ct_search *s);

void ct_search_start(struct ct_search *s);

#endif
