#include "share.h"

#include <pthread.h>
#include <stdio.h>

/* Nobody waits here: who is taken goes at once. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct turns *turns;

void share_open(void)
{
    turns = turns_new(&(struct turns_options){ .waiting_asker = ROUNDS_SHARE });
}

void share_close(void)
{
    turns_free(turns);
    turns = NULL;
}

bool share_take(struct turns_item *part, int64_t account_id, int names)
{
    char account[24];
    bool taken;

    snprintf(account, sizeof account, "%lld", (long long)account_id);
    part->weight = names;
    pthread_mutex_lock(&lock);
    taken = turns_put(turns, part, account, "") == TURNS_TAKEN && turns_next(turns) == part;
    pthread_mutex_unlock(&lock);
    return taken;
}

void share_give(struct turns_item *part)
{
    pthread_mutex_lock(&lock);
    turns_done(turns, part);
    pthread_mutex_unlock(&lock);
}
