/* transfers_rig - what the loop's tests share: holes that never answer, a server that does when it may, and
 * errands, which write down what the loop calls. Included by tests only. */
#ifndef NET_TRANSFERS_RIG_H
#define NET_TRANSFERS_RIG_H

#include "net/transfers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/must.h"
#include "testing/patience.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define HERE     "127.9.9.1"

enum { HOLES = 4 };

static int holes[HOLES]; /* ports: connections are made, nobody ever answers */

/* One lock for all that the threads of a test share. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static inline void count_up(int *number)
{
    pthread_mutex_lock(&lock);
    ++*number;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static inline int number_now(const int *number)
{
    int is;

    pthread_mutex_lock(&lock);
    is = *number;
    pthread_mutex_unlock(&lock);
    return is;
}

static inline void await_number(const int *number, int least)
{
    await_under(&lock, &changed, *number >= least);
}

/* ---- the server: one request a connection, one connection at a time */

static struct {
    int fd, port;
    pthread_t thread;
    /* Under the lock. */
    const char *answer;
    int asked, allowed; /* requests that have come, and that may be answered */
} server;

static inline int listen_on(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, HERE, &at.sin_addr);
    assert_int_equal(bind(fd, (void *)&at, size), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (void *)&at, &size), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline const char *answer_when_allowed(void)
{
    const char *answer;

    count_up(&server.asked);
    await_number(&server.allowed, number_now(&server.asked));
    pthread_mutex_lock(&lock);
    answer = server.answer;
    pthread_mutex_unlock(&lock);
    return answer;
}

static inline void *serve(void *unused)
{
    const char *answer;
    char request[4096];
    int fd;

    (void)unused;
    while ((fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (recv(fd, request, sizeof request, 0) > 0) {
            answer = answer_when_allowed();
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        }
        close(fd);
    }
    return NULL;
}

static inline void server_answers(const char *answer, int allowed)
{
    pthread_mutex_lock(&lock);
    server.answer = answer;
    server.asked = 0;
    server.allowed = allowed;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

#define EMPTY "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"

static inline int rig_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOLES; i++)
        listen_on(&holes[i]); /* until the program ends */
    server.fd = listen_on(&server.port);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static inline int rig_stop(void **state)
{
    (void)state;
    shutdown(server.fd, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.fd);
    return 0;
}

/* ---- what goes out */

static int begun; /* of all of a test; under the lock */

struct errand {
    struct transfer transfer;
    struct transfers *loop;
    int64_t account;
    int port;
    struct tick by;
    struct errand *then;   /* is posted once this one is over */
    int again;             /* how often it is put again */
    struct duration watch; /* it is slow after that; 0: it is not watched */

    enum turns_taken taken;
    int status, heads; /* what curl says; lines that ended the headers of an answer */
    bool refused;
    enum transfer_end how;
    int came, slow, judged, back; /* `back`: the last word on it was said */
};

static inline struct errand *errand_of(struct transfer *t)
{
    return WHOLE_OF(t, struct errand, transfer);
}

static inline void errand_put(struct errand *e)
{
    char place[16];

    snprintf(place, sizeof place, "%d", e->port);
    e->taken = transfers_put(e->loop, &e->transfer, e->account, place,
                             e->by.us ? e->by : TRANSFER_PATIENT);
    if (e->taken != TURNS_TAKEN)
        count_up(&e->back);
}

static inline void arrived(struct transfer *t)
{
    errand_of(t)->came++;
    errand_put(errand_of(t));
}

static inline size_t header_seen(const char *line, size_t one, size_t size, void *data)
{
    struct errand *e = data;

    (void)one;
    e->heads += transfer_answered(&e->transfer, line, size) != 0;
    return size;
}

static inline void begin(struct transfer *t)
{
    struct errand *e = errand_of(t);
    char where[64];

    snprintf(where, sizeof where, "::" HERE ":%d", e->port);
    transfer_connect_to(t, where);
    must(curl_easy_setopt(t->easy, CURLOPT_URL, "http://nowhere.test/"));
    must(curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L));
    must(curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, header_seen));
    must(curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, e));
    if (e->watch.us)
        transfers_watch(e->loop, t, tick_after(e->watch));
    count_up(&begun);
}

static inline void judge(struct transfer *t, CURLcode code)
{
    struct errand *e = errand_of(t);
    long status = 0;

    must(curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status));
    e->status = code == CURLE_OK ? (int)status : 0;
    e->refused = transfer_refused(t);
    e->judged++;
}

static inline void slow(struct transfer *t)
{
    count_up(&errand_of(t)->slow);
}

static inline void over(struct transfer *t, enum transfer_end how)
{
    struct errand *e = errand_of(t);

    assert_null(t->easy);
    if (how == TRANSFER_ENDED && e->again-- > 0) {
        errand_put(e);
        return;
    }
    e->how = how;
    if (e->then)
        transfers_post(e->loop, &e->then->transfer);
    count_up(&e->back);
}

static const struct transfer_calls calls = { arrived, begin, judge, over, slow };
static const struct guard to_loopback = { .http = true, .loopback = true };
static const struct guard to_public = { .http = true };

static inline struct transfers *start_under(const struct guard *guard, struct turns_options turns)
{
    struct fault f = { 0 };
    struct transfers *ts = transfers_start(
        &(struct transfers_options){
            .name = "transfers", .guard = guard, .turns = turns, .calls = &calls },
        &f);

    assert_non_null(ts);
    begun = 0;
    server_answers(EMPTY, INT32_MAX);
    return ts;
}

static inline struct transfers *start(struct turns_options turns)
{
    return start_under(&to_loopback, turns);
}

static inline void post(struct transfers *ts, struct errand *e)
{
    e->loop = ts;
    transfers_post(ts, &e->transfer);
}

static inline int count_of(const struct errand *all, size_t count, enum transfer_end how)
{
    int found = 0;

    for (size_t i = 0; i < count; i++)
        found += all[i].back == 1 && all[i].how == how;
    return found;
}

#endif
