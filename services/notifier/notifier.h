/* notifier - what the parts of this process share. Set up before the first job. */
#ifndef NOTIFIER_NOTIFIER_H
#define NOTIFIER_NOTIFIER_H

#include "mailer.h"
#include "pki/seal.h"
#include "sender.h"
#include "store/committer.h"

struct notifier {
    struct sender *sender;
    struct committer *committer;
    struct seal_key *seal;
    struct mailer *mailer;
    bool has_relay;
    const char *mail_from, *public_url; /* of mails: who writes, and where the API is for people */
};

extern struct notifier notifier;

struct notifier_options {
    const struct store_options *store;
    const char *seal_key; /* file */
    int committers;
    struct sender_options sender;
    struct mailer_options mailer;
    const char *public_url; /* "https://ca.example", without a slash at the end */
};

bool notifier_open(const struct notifier_options *o, struct fault *f);

/* Sender, mailer and committer stay between an enter and its leave; false: they are about to stop. What was
 * posted in between is called back, and what was then put to the committer is committed, before
 * either is gone. */
bool notifier_enter(void);
void notifier_leave(void);

/* A run of a lane between the two; its jobs are put back where they are about to stop. */
struct lane_batch;
void notifier_run(struct lane_batch *batch, void (*run)(struct lane_batch *batch));

/* Nobody enters any more; what is under way is ended. */
void notifier_drain(void);
void notifier_close(void);

#endif
