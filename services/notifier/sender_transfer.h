/* sender_transfer - one request of the sender, from its copy of the post to the call back. All on the
 * loop's thread, but for sender_transfer_new(). */
#ifndef NOTIFIER_SENDER_TRANSFER_H
#define NOTIFIER_SENDER_TRANSFER_H

#include "net/transfers.h"
#include "sender.h"

struct sender_transfer {
    struct transfer transfer;
    struct sender *sender;
    struct arena arena;
    struct post post; /* copied into the arena */
    void (*done)(const struct post_result *result, void *context);
    void *context;
    struct post_result result;

    struct curl_slist *headers;
    size_t body_seen;
    bool answered; /* the headers of a final answer are complete */
};

static inline struct sender_transfer *sender_transfer_of(struct transfer *t)
{
    return WHOLE_OF(t, struct sender_transfer, transfer);
}

struct sender_transfer *sender_transfer_new(const struct post *post,
                                            void (*done)(const struct post_result *, void *),
                                            void *context);

/* Says what is sent, and how the answer is read. */
void sender_transfer_begin(struct sender_transfer *t, const struct sender_options *options);

/* The result, by what curl says or by what the sender decided. */
void sender_transfer_judge(struct transfer *of, CURLcode code);
void sender_transfer_settle(struct sender_transfer *t, enum post_outcome outcome,
                            const char *reason);

/* Calls back, then frees `t`. */
void sender_transfer_done(struct sender_transfer *t);

#endif
