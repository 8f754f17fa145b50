#include "tests/peers/log/conduct.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char manner[64];
    size_t asked, held;
} conduct = { .lock = PTHREAD_MUTEX_INITIALIZER,
              .changed = PTHREAD_COND_INITIALIZER,
              .manner = "good" };

const char *conduct_asked(struct arena *a)
{
    const char *manner;

    pthread_mutex_lock(&conduct.lock);
    conduct.asked++;
    conduct.held++;
    pthread_cond_broadcast(&conduct.changed);
    while (strcmp(conduct.manner, "held") == 0)
        pthread_cond_wait(&conduct.changed, &conduct.lock);
    conduct.held--;
    manner = arena_strdup(a, conduct.manner);
    pthread_mutex_unlock(&conduct.lock);
    return manner;
}

static bool manner_is_known(const char *text)
{
    static const char *const known[] = { "good",  "held",    "slow/",  "status/", "limited/",
                                         "wrong", "foreign", "future", "garbage", "huge" };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t length = strlen(known[i]);

        if (known[i][length - 1] == '/' ? strncmp(text, known[i], length) == 0
                                        : strcmp(text, known[i]) == 0)
            return strlen(text) < sizeof conduct.manner;
    }
    return false;
}

bool conduct_set(const char *manner)
{
    if (!manner_is_known(manner))
        return false;
    pthread_mutex_lock(&conduct.lock);
    snprintf(conduct.manner, sizeof conduct.manner, "%s", manner);
    pthread_cond_broadcast(&conduct.changed);
    pthread_mutex_unlock(&conduct.lock);
    return true;
}

const char *conduct_told(struct arena *a, size_t entries)
{
    const char *text;

    pthread_mutex_lock(&conduct.lock);
    text = arena_format(a, "{\"manner\":\"%s\",\"asked\":%zu,\"held\":%zu,\"entries\":%zu}\n",
                        conduct.manner, conduct.asked,
                        strcmp(conduct.manner, "held") == 0 ? conduct.held : 0, entries);
    pthread_mutex_unlock(&conduct.lock);
    return text;
}
