#include "bus/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool mailbox_init(struct mailbox *m)
{
    *m = (struct mailbox){ .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
    m->last = &m->first;
    pthread_mutex_init(&m->lock, NULL);
    return m->wake >= 0;
}

void mailbox_free(struct mailbox *m)
{
    struct mail *next;

    for (struct mail *mail = m->first; mail; mail = next) {
        next = mail->next;
        free(mail);
    }
    if (m->wake >= 0)
        close(m->wake);
    pthread_mutex_destroy(&m->lock);
}

void *mail_new(size_t size)
{
    return calloc(1, size);
}

/* The wake-up is written under the lock: after mailbox_close() nobody touches the descriptor. */
bool mailbox_post(struct mailbox *m, struct mail *mail)
{
    pthread_mutex_lock(&m->lock);
    bool open = !m->closed;
    if (open) {
        mail->next = NULL;
        *m->last = mail;
        m->last = &mail->next;
        if (m->asleep)
            (void)eventfd_write(m->wake, 1);
        m->asleep = false;
    }
    pthread_mutex_unlock(&m->lock);
    return open;
}

struct mail *mailbox_take(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    struct mail *first = m->first;
    m->first = NULL;
    m->last = &m->first;
    m->asleep = false;
    pthread_mutex_unlock(&m->lock);
    return first;
}

bool mailbox_sleep(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool empty = !m->first;
    m->asleep = empty;
    pthread_mutex_unlock(&m->lock);
    return empty;
}

void mailbox_awake(struct mailbox *m)
{
    eventfd_t count;

    (void)eventfd_read(m->wake, &count);
}

bool mailbox_close(struct mailbox *m)
{
    pthread_mutex_lock(&m->lock);
    bool empty = !m->first;
    m->closed = empty;
    pthread_mutex_unlock(&m->lock);
    return empty;
}
