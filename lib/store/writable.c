#include "store/writable.h"

#include <pthread.h>

#include "store/connection.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault last; /* code FAULT_NONE: writing works, as far as is known */

void writable_failed(const struct fault *f)
{
    pthread_mutex_lock(&lock);
    last = *f;
    pthread_mutex_unlock(&lock);
}

bool store_writable(struct fault *f)
{
    pthread_mutex_lock(&lock);
    bool works = last.code == FAULT_NONE;
    if (!works)
        *f = last;
    pthread_mutex_unlock(&lock);
    return works;
}

void store_writes_again(void)
{
    pthread_mutex_lock(&lock);
    last.code = FAULT_NONE;
    pthread_mutex_unlock(&lock);
}
