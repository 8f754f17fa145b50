/* ct_submission - one certificate shown to one log: what is sent, how the answer is read, and who is told. All on the
 * submitter's thread. */
#ifndef VALIDATION_CT_SUBMISSION_H
#define VALIDATION_CT_SUBMISSION_H

#include "ct_submitter.h"

struct ct_submission {
    struct ct_loop_item base;
    struct ct_submitter *submitter;
    struct arena arena;
    struct ct_asked asked;
    struct ct_owner owner;
    bool forgotten;

    const char *url;
    struct bytes body;
    int64_t account_id;
    struct tick deadline;

    struct curl_slist *headers;
    struct tick sent;
    struct text got;
    bool huge;
    struct instant retry_at;
    struct ct_answer answer;
};

static inline struct ct_submission *ct_submission_of(struct transfer *t)
{
    return WHOLE_OF(WHOLE_OF(t, struct ct_loop_item, transfer), struct ct_submission, base);
}

struct ct_submission *ct_submission_new(const struct ct_asked *asked, const struct ct_post *post,
                                        const struct ct_owner *owner);

void ct_submission_begin(struct ct_submission *s, const struct ct_submitter_options *options);
void ct_submission_slow(struct ct_submission *s);
void ct_submission_judge(struct ct_submission *s, CURLcode code);
/* As it was judged: tells of it, and frees it. */
void ct_submission_done(struct ct_submission *s);
/* Unjudged. */
void ct_submission_end(struct ct_submission *s, enum ct_outcome outcome, const char *why);

#endif
