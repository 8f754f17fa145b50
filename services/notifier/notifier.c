#include "notifier.h"

#include <pthread.h>

struct notifier notifier;

static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static bool is_open; /* under `door` */

bool notifier_open(const struct notifier_options *o, struct fault *f)
{
    notifier.seal = seal_key_load(o->seal_key, f);
    notifier.sender = notifier.seal ? sender_start(&o->sender, f) : NULL;
    if (!notifier.sender) {
        notifier_close();
        return false;
    }
    notifier.committer = committer_start(o->store, o->committers, 32);
    pthread_rwlock_wrlock(&door);
    is_open = true;
    pthread_rwlock_unlock(&door);
    return true;
}

bool notifier_enter(void)
{
    pthread_rwlock_rdlock(&door);
    if (is_open)
        return true;
    pthread_rwlock_unlock(&door);
    return false;
}

void notifier_leave(void)
{
    pthread_rwlock_unlock(&door);
}

/* The sender first: its last calls back put what became of them to the committer. */
void notifier_drain(void)
{
    pthread_rwlock_wrlock(&door);
    is_open = false;
    pthread_rwlock_unlock(&door);
    sender_stop(notifier.sender, seconds(0));
    notifier.sender = NULL;
    committer_stop(notifier.committer);
    notifier.committer = NULL;
}

void notifier_close(void)
{
    seal_key_free(notifier.seal);
    notifier.seal = NULL;
}
