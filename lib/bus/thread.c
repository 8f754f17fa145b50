#include "bus/thread.h"

#include <signal.h>
#include <string.h>

bool thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *context,
                  struct fault *f)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(out, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return fault_set(f, FAULT_INTERNAL, NULL, "no thread %s: %s", name, strerror(error));
    pthread_setname_np(*out, name);
    return true;
}
