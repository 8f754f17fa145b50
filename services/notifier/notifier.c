#include "notifier.h"

#include <pthread.h>

#include "ledger/lane.h"

struct notifier notifier;

static pthread_rwlock_t door = PTHREAD_RWLOCK_INITIALIZER;
static bool is_open; /* under `door` */

bool notifier_open(const struct notifier_options *o, struct fault *f)
{
    notifier.seal = seal_key_load(o->seal_key, f);
    notifier.has_relay = o->mailer.url && *o->mailer.url;
    notifier.mail_from = o->mailer.from;
    notifier.public_url = o->public_url;
    notifier.mailer = notifier.seal ? mailer_start(&o->mailer, f) : NULL;
    notifier.sender = notifier.mailer ? sender_start(&o->sender, f) : NULL;
    if (!notifier.sender) {
        mailer_stop(notifier.mailer);
        notifier.mailer = NULL;
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

void notifier_run(struct lane_batch *batch, void (*run)(struct lane_batch *batch))
{
    if (notifier_enter()) {
        run(batch);
        notifier_leave();
        return;
    }
    for (size_t i = 0; i < batch->count; i++)
        lane_again(batch->items[i], clock_now(), false);
}

/* Sender and mailer first: their last calls back put what became of them to the committer. */
void notifier_drain(void)
{
    pthread_rwlock_wrlock(&door);
    is_open = false;
    pthread_rwlock_unlock(&door);
    sender_stop(notifier.sender, seconds(0));
    notifier.sender = NULL;
    mailer_stop(notifier.mailer);
    notifier.mailer = NULL;
    committer_free(notifier.committer);
    notifier.committer = NULL;
}

void notifier_close(void)
{
    seal_key_free(notifier.seal);
    notifier.seal = NULL;
}
