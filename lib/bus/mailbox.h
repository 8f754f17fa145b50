/* mailbox - how other threads hand work to the bus thread: a list under a mutex, and an eventfd
 * that wakes the thread only when it sleeps. */
#ifndef BUS_MAILBOX_H
#define BUS_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* The first member of whatever is posted. */
struct mail {
    struct mail *next;
    void (*open)(struct mail *mail); /* called once, on the bus thread; frees it */
};

struct mailbox {
    pthread_mutex_t lock;
    struct mail *first, **last;
    bool asleep, closed;
    int wake; /* readable when the bus thread must not sleep on */
};

bool mailbox_init(struct mailbox *m);
void mailbox_free(struct mailbox *m);

/* Zeroed memory for a mail; aborts when there is none. */
void *mail_new(size_t size);

/* False when the mailbox was closed: the mail stays the caller's. */
bool mailbox_post(struct mailbox *m, struct mail *mail);

/* For the bus thread: all mails in order of posting, NULL when there is none. */
struct mail *mailbox_take(struct mailbox *m);
/* True if nothing is there: from now on a post makes `wake` readable. */
bool mailbox_sleep(struct mailbox *m);
void mailbox_awake(struct mailbox *m);
/* True if nothing is there: from now on nothing can be posted. */
bool mailbox_close(struct mailbox *m);

#endif
