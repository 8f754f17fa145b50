/* sender_transfer - one request of the sender, from its copy of the post to the call back. */
#ifndef NOTIFIER_SENDER_TRANSFER_H
#define NOTIFIER_SENDER_TRANSFER_H

#include <sys/queue.h>

#include "base/turns.h"
#include "sender.h"

struct transfer {
    TAILQ_ENTRY(transfer) entry; /* in one list at a time: incoming, waiting or active */
    struct arena arena;
    struct post post; /* copied into the arena */
    struct turns_item turn;
    void (*done)(const struct post_result *result, void *context);
    void *context;
    struct post_result result;

    CURL *easy;
    struct curl_slist *headers, *resolved_as;
    struct guard_watch watch;
    size_t body_seen;
    bool answered; /* the headers of a final answer are complete */
    char error[CURL_ERROR_SIZE];
};
TAILQ_HEAD(transfer_list, transfer);

struct transfer *transfer_new(const struct post *post,
                              void (*done)(const struct post_result *, void *), void *context);

/* Gives the request to curl. */
void transfer_start(struct transfer *t, const struct sender_options *options, CURLM *multi);

/* Takes the request from curl, finished or not. */
void transfer_end(struct transfer *t, CURLM *multi);

/* The result, by what curl says or by what the sender decided. */
void transfer_judge(struct transfer *t, CURLcode code);
void transfer_settle(struct transfer *t, enum post_outcome outcome, const char *reason);

/* Calls back, then frees `t`. */
void transfer_done(struct transfer *t);

#endif
