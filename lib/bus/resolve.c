#include "bus/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "bus/mailbox.h"
#include "bus/thread.h"

/* Of all peers together: each has an endpoint, and each endpoint an address. */
enum { PARTS_MAX = BUS_PEERS_MAX, ENDPOINT_SIZE = 256 };

/* One endpoint of a peer's comma list. */
struct part {
    int peer;
    char endpoint[ENDPOINT_SIZE];
    bool known;
    struct address_list last;
};

/* Owned by its thread, which frees it: the thread may hang in a look-up when it is told to stop. */
struct resolve {
    struct resolve_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    bool told[BUS_SERVICES_MAX];
    struct address_list now[BUS_SERVICES_MAX];
    int count;
    struct part parts[PARTS_MAX];
};

static void address_add(struct address_list *list, const char *address)
{
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->at[i], address) == 0)
            return;
    }
    if (list->count < BUS_PEERS_MAX && strlen(address) < ADDRESS_SIZE)
        snprintf(list->at[list->count++], ADDRESS_SIZE, "%s", address);
}

static void add_numeric(struct address_list *out, const struct addrinfo *ai)
{
    char host[64], port[8], address[ADDRESS_SIZE];
    bool v6 = ai->ai_family == AF_INET6;

    if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return;
    snprintf(address, sizeof address, v6 ? "tcp://[%s]:%s" : "tcp://%s:%s", host, port);
    address_add(out, address);
}

/* Splits "tcp://HOST:PORT"; brackets around an IPv6 HOST are taken off. */
static bool split(const char *endpoint, char host[ENDPOINT_SIZE], const char **port)
{
    const char *start = endpoint + strlen("tcp://");
    const char *colon = strrchr(endpoint, ':');

    if (strncmp(endpoint, "tcp://", strlen("tcp://")) != 0 || colon <= start || !colon[1])
        return false;
    size_t length = (size_t)(colon - start);
    *port = colon + 1;
    if (start[0] == '[' && start[length - 1] == ']')
        start++, length -= 2;
    if (length == 0 || length >= ENDPOINT_SIZE)
        return false;
    memcpy(host, start, length);
    host[length] = '\0';
    return strspn(*port, "0123456789") == strlen(*port);
}

bool resolve_names(const char *endpoint, struct address_list *out)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found;
    char host[ENDPOINT_SIZE];
    const char *port;

    if (strncmp(endpoint, "ipc://", strlen("ipc://")) == 0) {
        address_add(out, endpoint);
        return true;
    }
    if (!split(endpoint, host, &port) || getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    for (const struct addrinfo *ai = found; ai; ai = ai->ai_next)
        add_numeric(out, ai);
    freeaddrinfo(found);
    return true;
}

static bool list_equal(const struct address_list *a, const struct address_list *b)
{
    for (int i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    }
    return a->count == b->count;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Takes no lock: only the resolver's thread touches the parts. */
static void part_look_up(struct resolve *r, struct part *part)
{
    struct address_list *found = mail_new(sizeof *found);

    if (r->options.look_up(part->endpoint, found)) {
        part->last = *found;
        part->known = true;
    } else if (part->known) {
        log_debug("name not found, its last addresses hold", LOG_TEXT("peer", part->endpoint));
    }
    free(found);
}

/* A peer is told of once all its parts were tried. Answers rotate in DNS, hence sorted. */
static void tell(struct resolve *r, int peer, struct address_list *all)
{
    all->count = 0;
    for (int i = 0; i < r->count; i++) {
        const struct part *part = &r->parts[i];

        for (int j = 0; part->peer == peer && j < part->last.count; j++)
            address_add(all, part->last.at[j]);
    }
    qsort(all->at, (size_t)all->count, sizeof all->at[0], compare);
    if (r->told[peer] && list_equal(all, &r->now[peer]))
        return;
    r->told[peer] = true;
    r->now[peer] = *all;
    r->options.found(r->options.context, peer, all);
}

static void look_up_all(struct resolve *r)
{
    struct address_list *all = mail_new(sizeof *all);

    for (int i = 0; i < r->count; i++) {
        part_look_up(r, &r->parts[i]);
        if (i + 1 < r->count && r->parts[i + 1].peer == r->parts[i].peer)
            continue;
        pthread_mutex_lock(&r->lock);
        if (!r->stop)
            tell(r, r->parts[i].peer, all);
        pthread_mutex_unlock(&r->lock);
    }
    free(all);
}

/* True when it is time for the next round, false to stop. */
static bool await_next(struct resolve *r)
{
    struct tick at = tick_after(r->options.every);
    struct timespec until = { .tv_sec = at.us / 1000000, .tv_nsec = at.us % 1000000 * 1000 };
    int error = 0;

    pthread_mutex_lock(&r->lock);
    while (!r->stop && error == 0)
        error = pthread_cond_timedwait(&r->wake, &r->lock, &until);
    bool stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return !stop;
}

static void resolve_free(struct resolve *r)
{
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->wake);
    free(r);
}

static void *resolve_run(void *context)
{
    struct resolve *r = context;

    do {
        look_up_all(r);
    } while (await_next(r));
    resolve_free(r);
    return NULL;
}

static bool part_add(struct resolve *r, int peer, const char *endpoint, size_t length,
                     struct fault *f)
{
    struct part *part = &r->parts[r->count];
    char host[ENDPOINT_SIZE];
    const char *port;

    if (r->count == PARTS_MAX || length >= ENDPOINT_SIZE)
        return fault_set(f, FAULT_INVALID, "peers", "too many or too long: %.100s", endpoint);
    part->peer = peer;
    memcpy(part->endpoint, endpoint, length);
    if (strncmp(part->endpoint, "ipc:///", 7) != 0 && !split(part->endpoint, host, &port))
        return fault_set(f, FAULT_INVALID, "peers", "no endpoint: %.100s", part->endpoint);
    r->count++;
    return true;
}

static bool parts_fill(struct resolve *r, struct fault *f)
{
    for (int i = 0; i < BUS_SERVICES_MAX && r->options.peers[i].service; i++) {
        const char *next = r->options.peers[i].endpoint;

        while (next) {
            size_t length = strcspn(next, ",");
            if (!part_add(r, i, next, length, f))
                return false;
            next = next[length] ? next + length + 1 : NULL;
        }
    }
    return true;
}

struct resolve *resolve_start(const struct resolve_options *options, struct fault *f)
{
    struct resolve *r = mail_new(sizeof *r);
    pthread_condattr_t monotonic;
    pthread_t thread;

    r->options = *options;
    if (!r->options.look_up)
        r->options.look_up = resolve_names;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (!parts_fill(r, f) || !thread_start(&thread, "bus-names", resolve_run, r, f)) {
        resolve_free(r);
        return NULL;
    }
    pthread_detach(thread);
    return r;
}

void resolve_stop(struct resolve *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}
