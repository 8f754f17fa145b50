/* sender_rig - what the sender's tests share: a real server under a private CA, a black hole, and a
 * way to wait for results. Included by tests only. */
#ifndef NOTIFIER_SENDER_RIG_H
#define NOTIFIER_SENDER_RIG_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sender.h"
#include "testing/https_sink.h"
#include "testing/patience.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SINK     "127.9.7.1" /* its certificate is for this and for "sink.example.com" */
#define HOLE     "127.9.7.2"

enum { URL_SIZE = 200 };

static struct https_sink sink;
static int hole_port;   /* on HOLE: connections are made, nobody ever answers */
static int closed_port; /* on HOLE: connections are refused */

/* One lock for all that the threads of a test share. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct sent {
    struct post_result result;
    int times; /* called back */
};

static inline void on_done(const struct post_result *result, void *context)
{
    struct sent *sent = context;

    pthread_mutex_lock(&lock);
    sent->result = *result;
    sent->times++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Until the number is there. */
static inline void await_number(const int *number, int want)
{
    await_under(&lock, &changed, *number == want);
}

static inline void post_for(struct sender *s, int64_t account, struct sent *sent, const char *url)
{
    static const char *const headers[] = { "Content-Type: application/json", NULL };

    *sent = (struct sent){ 0 };
    sender_post(s,
                &(struct post){ .url = url,
                                .headers = headers,
                                .body = BYTES_OF("{\"event\":\"test\"}"),
                                .account_id = account },
                on_done, sent);
}

static inline void post(struct sender *s, struct sent *sent, const char *url)
{
    post_for(s, 1, sent, url);
}

static inline struct post_result post_and_wait(struct sender *s, const char *url)
{
    struct sent sent;

    post(s, &sent, url);
    await_number(&sent.times, 1);
    return sent.result;
}

static inline char *url_of(char out[URL_SIZE], const char *host, int port, const char *path)
{
    snprintf(out, URL_SIZE, "https://%s:%d%s", host, port, path);
    return out;
}

/* With the loopback allowed and the sink's CA, and patient where a test does not say otherwise. */
static inline struct sender *start(struct sender_options o)
{
    struct fault f = { 0 };
    struct sender *s;

    o.guard.loopback = true;
    if (o.timeout.us == 0)
        o.timeout = patience();
    o.ca_file = sink.ca_file;
    s = sender_start(&o, &f);
    if (!s)
        fail_msg("%s", f.detail);
    return s;
}

static inline void stop(struct sender *s)
{
    sender_stop(s, seconds(0));
}

static inline int log_lines(const char *with)
{
    struct arena a;
    int count = 0;

    arena_init(&a);
    for (char *at = https_sink_log(&sink, &a); (at = strstr(at, with)); at++)
        count++;
    arena_free(&a);
    return count;
}

/* Takes a free port of HOLE, which the kernel answers for until the program ends. */
static inline bool hole_open(bool listening, int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, HOLE, &at.sin_addr);
    if (fd < 0 || bind(fd, (void *)&at, size) != 0 || (listening && listen(fd, 128) != 0) ||
        getsockname(fd, (void *)&at, &size) != 0)
        return false;
    *port = ntohs(at.sin_port);
    return true;
}

/* A proxy in the environment that leads nowhere: nobody may use it. */
static inline int rig_start(void **state)
{
    struct fault f = { 0 };

    (void)state;
    setenv("https_proxy", "http://127.9.7.3:1", 1);
    setenv("all_proxy", "http://127.9.7.3:1", 1);
    if (!hole_open(true, &hole_port) || !hole_open(false, &closed_port))
        return -1;
    if (https_sink_start(&sink, SINK, "sink.example.com", &f))
        return 0;
    fprintf(stderr, "%s\n", f.detail);
    return -1;
}

static inline int rig_stop(void **state)
{
    (void)state;
    https_sink_stop(&sink);
    return 0;
}

#endif
