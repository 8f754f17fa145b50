#include "bus/zap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/log.h"
#include "bus/curve_keys.h"
#include "bus/mailbox.h"
#include "bus/thread.h"

enum { FRAME_MAX = 256 };

/* The frames of a request, in order (RFC 27); a CURVE request has one credential, the key. */
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, REQUEST_FRAMES };

struct frame {
    uint8_t data[FRAME_MAX];
    size_t size;
};

struct zap {
    void *socket;
    pthread_t thread;
    atomic_bool log;
    char *folder;
};

static bool is_text(const struct frame *f, const char *text)
{
    return f->size == strlen(text) && memcmp(f->data, text, f->size) == 0;
}

/* False when the context goes down. A frame may be larger than what was kept of it: then it equals
 * nothing. */
static bool frame_receive(void *socket, struct frame *to, int *more)
{
    size_t size = sizeof *more;
    int got;

    do {
        got = zmq_recv(socket, to->data, sizeof to->data, 0);
    } while (got < 0 && zmq_errno() == EINTR);
    to->size = got < 0 ? 0 : (size_t)got;
    return got >= 0 && zmq_getsockopt(socket, ZMQ_RCVMORE, more, &size) == 0;
}

/* Reads one whole request; frames beyond those of a CURVE request are counted, not kept. */
static bool receive(void *socket, struct frame frames[REQUEST_FRAMES], int *count)
{
    int more = 1;
    struct frame spare;

    memset(frames, 0, sizeof *frames * REQUEST_FRAMES);
    for (*count = 0; more; ++*count) {
        if (!frame_receive(socket, *count < REQUEST_FRAMES ? &frames[*count] : &spare, &more))
            return false;
    }
    return true;
}

static bool find_owner(struct zap *z, const struct frame frames[REQUEST_FRAMES], int count,
                       char owner[SERVICE_NAME_SIZE])
{
    char key[KEY_TEXT_SIZE];

    return count == REQUEST_FRAMES && is_text(&frames[VERSION], "1.0") &&
           is_text(&frames[DOMAIN], ZAP_DOMAIN) && is_text(&frames[MECHANISM], "CURVE") &&
           frames[KEY].size == 32 && zmq_z85_encode(key, frames[KEY].data, 32) &&
           curve_keys_find_owner(z->folder, key, owner);
}

static void log_refusal(const struct frame frames[REQUEST_FRAMES])
{
    char address[FRAME_MAX + 1] = "", *text = address;
    const struct frame *from = &frames[ADDRESS];

    if (from->size < sizeof address)
        memcpy(address, from->data, from->size);
    log_warn("unknown key refused", LOG_TEXT("address", text));
}

static void answer(void *socket, const struct frame *id, const char *owner)
{
    const char *status[] = { owner ? "200" : "400", owner ? "OK" : "unknown key",
                             owner ? owner : "" };

    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, id->data, id->size <= FRAME_MAX ? id->size : 0, ZMQ_SNDMORE);
    for (int i = 0; i < 3; i++)
        zmq_send(socket, status[i], strlen(status[i]), ZMQ_SNDMORE);
    zmq_send(socket, "", 0, 0); /* no metadata */
}

static void *zap_run(void *context)
{
    struct zap *z = context;
    struct frame frames[REQUEST_FRAMES];
    char owner[SERVICE_NAME_SIZE];
    int count;

    while (receive(z->socket, frames, &count)) {
        bool known = find_owner(z, frames, count, owner);

        if (!known && atomic_load(&z->log))
            log_refusal(frames);
        answer(z->socket, &frames[REQUEST_ID], known ? owner : NULL);
    }
    zmq_close(z->socket);
    return NULL;
}

struct zap *zap_start(void *zmq, const char *folder, struct fault *f)
{
    struct zap *z = mail_new(sizeof *z);
    int linger = 0;

    z->folder = strdup(folder);
    z->socket = zmq_socket(zmq, ZMQ_REP);
    if (z->socket && zmq_setsockopt(z->socket, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
        zmq_bind(z->socket, "inproc://zeromq.zap.01") == 0 &&
        thread_start(&z->thread, "bus-zap", zap_run, z, f))
        return z;
    fault_set(f, FAULT_INTERNAL, "keys", "ZAP: %s", zmq_strerror(zmq_errno()));
    if (z->socket)
        zmq_close(z->socket);
    free(z->folder);
    free(z);
    return NULL;
}

void zap_log_refusals(struct zap *z)
{
    atomic_store(&z->log, true);
}

void zap_stop(struct zap *z)
{
    if (!z)
        return;
    pthread_join(z->thread, NULL);
    free(z->folder);
    free(z);
}
