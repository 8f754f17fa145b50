#include "service/health.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/log.h"
#include "base/text.h"
#include "message/json.h"
#include "service/address.h"
#include "service/metrics.h"

enum {
    CHECKS_MAX = 16,
    READY_CHECK_MS = 2000,
    UNREADY_CHECK_MS = 50,
    ADMIN_CONNECTIONS = 32,
    ADMIN_TIMEOUT_S = 10
};

struct outcome {
    bool ready;
    struct fault fault;
};

struct health {
    const struct health_check *checks;
    int count;
    uint16_t port;
    struct MHD_Daemon *daemon;
    pthread_t thread;

    pthread_mutex_t lock; /* of everything below */
    pthread_cond_t changed;
    struct outcome outcomes[CHECKS_MAX];
    unsigned asked, run; /* rounds of checks */
    bool draining, stopping;
};

/* One round. The checks themselves run without the lock; only this thread calls them. */
static void run_checks(struct health *h, unsigned round)
{
    struct outcome fresh[CHECKS_MAX] = { 0 };
    for (int i = 0; i < h->count; i++)
        fresh[i].ready = h->checks[i].ready(h->checks[i].context, &fresh[i].fault);
    pthread_mutex_lock(&h->lock);
    for (int i = 0; i < h->count; i++) {
        if (h->run && fresh[i].ready != h->outcomes[i].ready)
            log_warn(fresh[i].ready ? "ready again" : "no longer ready",
                     LOG_TEXT("check", h->checks[i].name), LOG_FAULT(&fresh[i].fault));
        h->outcomes[i] = fresh[i];
    }
    h->run = round;
    pthread_cond_broadcast(&h->changed);
}

/* What is awaited is looked for more often than what is there. */
static struct timespec next_round(const struct health *h)
{
    int64_t wait = READY_CHECK_MS;
    struct timespec at;
    for (int i = 0; i < h->count; i++)
        wait = h->outcomes[i].ready ? wait : UNREADY_CHECK_MS;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + wait * 1000000;
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    return at;
}

static void *check_thread(void *arg)
{
    struct health *h = arg;
    pthread_setname_np(pthread_self(), "health");
    pthread_mutex_lock(&h->lock);
    while (!h->stopping) {
        unsigned round = h->asked;
        pthread_mutex_unlock(&h->lock);
        run_checks(h, round); /* comes back with the lock */
        struct timespec until = next_round(h);
        int late = 0;
        while (!h->stopping && h->asked == round && late != ETIMEDOUT)
            late = pthread_cond_timedwait(&h->changed, &h->lock, &until);
        h->asked += h->asked == round;
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

static unsigned write_live(struct health *h, struct text *out)
{
    (void)h;
    text_add(out, "{\"status\":\"live\"}");
    return MHD_HTTP_OK;
}

static void write_check(const char *name, const struct outcome *o, struct text *out)
{
    text_add(out, "{\"name\":");
    json_add_string(out, name);
    text_add(out, o->ready ? ",\"ready\":true" : ",\"ready\":false");
    if (!o->ready) {
        text_add(out, ",\"detail\":");
        json_add_string(out, o->fault.detail);
    }
    text_add_char(out, '}');
}

static unsigned write_ready(struct health *h, struct text *out)
{
    struct text list;
    text_init(&list, out->arena);
    pthread_mutex_lock(&h->lock);
    bool ready = h->run && !h->draining;
    for (int i = 0; h->run && i < h->count; i++) {
        ready &= h->outcomes[i].ready;
        text_add(&list, i ? "," : "");
        write_check(h->checks[i].name, &h->outcomes[i], &list);
    }
    const char *state = h->draining ? "draining" : ready ? "ready" : "not ready";
    pthread_mutex_unlock(&h->lock);
    text_format(out, "{\"status\":\"%s\",\"checks\":[%s]}", state, list.length ? list.data : "");
    return ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned write_metrics(struct health *h, struct text *out)
{
    (void)h;
    metrics_write(out);
    return MHD_HTTP_OK;
}

static const struct {
    const char *path, *type;
    unsigned (*write)(struct health *h, struct text *out);
} pages[] = {
    { "/livez", "application/json", write_live },
    { "/readyz", "application/json", write_ready },
    { "/metrics", "text/plain; version=0.0.4", write_metrics },
};

static enum MHD_Result send_text(struct MHD_Connection *c, unsigned status, const char *type,
                                 struct text *out)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(out->length, out->data, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer(struct MHD_Connection *c, struct health *h, const char *url)
{
    struct arena a;
    struct text out;
    enum MHD_Result result = MHD_NO;
    size_t i = 0;
    arena_init(&a);
    text_init(&out, &a);
    while (i < sizeof pages / sizeof *pages && strcmp(url, pages[i].path) != 0)
        i++;
    if (i < sizeof pages / sizeof *pages) {
        unsigned status = pages[i].write(h, &out);
        result = send_text(c, status, pages[i].type, &out);
    } else {
        text_add(&out, "{\"status\":\"not found\"}");
        result = send_text(c, MHD_HTTP_NOT_FOUND, "application/json", &out);
    }
    arena_free(&a);
    return result;
}

/* Bodies are read and forgotten; the answer comes when the request is whole. */
static enum MHD_Result access_page(void *context, struct MHD_Connection *c, const char *url,
                                   const char *method, const char *version, const char *data,
                                   size_t *size, void **seen)
{
    static char mark;
    (void)version, (void)data;
    if (!*seen) {
        *seen = &mark;
        return MHD_YES;
    }
    if (*size) {
        *size = 0;
        return MHD_YES;
    }
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    return answer(c, context, reads ? url : "");
}

static bool listen_on(struct health *h, const char *listen, struct fault *f)
{
    struct address address;
    if (!address_read(listen, &address))
        return fault_set(f, FAULT_INVALID, "ADMIN_LISTEN", "is no address: %s", listen);
    int fd = address_listen(&address);
    if (fd < 0)
        return fault_set(f, FAULT_UNAVAILABLE, "ADMIN_LISTEN", "%s: %s", listen, strerror(errno));
    h->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, access_page, h,
                                 MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                 (unsigned)ADMIN_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
                                 (unsigned)ADMIN_TIMEOUT_S, MHD_OPTION_END);
    if (!h->daemon) {
        close(fd);
        return fault_set(f, FAULT_UNAVAILABLE, "ADMIN_LISTEN", "%s: cannot be served", listen);
    }
    h->port = address_port(fd);
    return true;
}

struct health *health_start(const char *listen, const struct health_check *checks, struct fault *f)
{
    struct health *h = calloc(1, sizeof *h);
    pthread_condattr_t monotonic;
    if (!h)
        abort();
    h->checks = checks;
    while (h->count < CHECKS_MAX && checks[h->count].name)
        h->count++;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &monotonic);
    h->asked = 1;
    if (!listen_on(h, listen, f)) {
        free(h);
        return NULL;
    }
    if (pthread_create(&h->thread, NULL, check_thread, h) != 0)
        abort();
    return h;
}

void health_stop(struct health *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    MHD_stop_daemon(h->daemon);
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

void health_drain(struct health *h)
{
    pthread_mutex_lock(&h->lock);
    h->draining = true;
    pthread_mutex_unlock(&h->lock);
}

void health_refresh(struct health *h)
{
    pthread_mutex_lock(&h->lock);
    unsigned round = ++h->asked;
    pthread_cond_broadcast(&h->changed);
    while ((int)(h->run - round) < 0)
        pthread_cond_wait(&h->changed, &h->lock);
    pthread_mutex_unlock(&h->lock);
}

uint16_t health_port(const struct health *h)
{
    return h->port;
}
