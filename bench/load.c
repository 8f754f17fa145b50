/* load - keeps N connections of an HTTP server busy, one request under way on each, and says how
 * fast the answers came. One thread, and as little work between an answer and the next request as
 * can be, since it shares the machine with what it measures.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "requests.h"
#include "service/address.h"
#include "tally.h"

enum { ANSWER_MAX = 65536, EVENTS = 64, PATIENCE_MS = 35000 };

struct connection {
    int fd;
    struct tick sent;
    size_t have;
    char answer[ANSWER_MAX + 1];
};

struct load {
    struct request_plan plan;
    struct address address;
    const char *label, *rows, *samples;
    int connections;
    struct duration length;

    struct requests requests;
    struct connection *all;
    struct tally tally;
    struct tick end;
    size_t next; /* request */
    int under_way, epoll;
    bool endless; /* begin again when all were sent */
};

/* ---- one connection */

static bool send_all(int fd, struct bytes b)
{
    while (b.size > 0) {
        ssize_t n = send(fd, b.data, b.size, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        b.data += n;
        b.size -= (size_t)n;
    }
    return true;
}

static void send_next(struct load *l, struct connection *c)
{
    c->have = 0;
    c->sent = tick_now();
    if (c->sent.us >= l->end.us || (!l->endless && l->next >= l->requests.count))
        return;
    if (send_all(c->fd, l->requests.items[l->next++ % l->requests.count]))
        l->under_way++;
    else
        tally_lost(&l->tally, "the connection broke");
}

/* Where the body begins and how long it is; false while the head is not whole. */
static bool head_read(const struct connection *c, size_t *body, size_t *length)
{
    const char *end = memmem(c->answer, c->have, "\r\n\r\n", 4);
    const char *field = end ? strcasestr(c->answer, "\r\ncontent-length:") : NULL;
    *body = end ? (size_t)(end - c->answer) + 4 : 0;
    *length = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
    return end != NULL;
}

static void receive(struct load *l, struct connection *c)
{
    size_t body, length;
    ssize_t n = recv(c->fd, c->answer + c->have, ANSWER_MAX - c->have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        tally_lost(&l->tally, "the server closed the connection");
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, c->fd, NULL);
        l->under_way--;
        return;
    }
    c->have += (size_t)n;
    c->answer[c->have] = '\0';
    if (!head_read(c, &body, &length) || c->have < body + length)
        return;
    int status = c->have > 12 ? (int)strtol(c->answer + 9, NULL, 10) : 0;
    l->under_way--;
    tally_answer(&l->tally, status, (struct bytes){ (uint8_t *)c->answer + body, length }, c->sent);
    send_next(l, c);
}

static bool connection_open(struct load *l, struct connection *c)
{
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    int on = 1;
    c->fd = socket(l->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, &l->address.any, l->address.size) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) == 0;
}

/* ---- the run */

static bool connections_open(struct load *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!(l->all = calloc((size_t)l->connections, sizeof *l->all)))
        return false;
    for (int i = 0; i < l->connections; i++)
        if (!connection_open(l, &l->all[i])) {
            perror("load: connect");
            return false;
        }
    return true;
}

static bool run(struct load *l)
{
    struct epoll_event events[EVENTS];
    tally_start(&l->tally);
    l->end = tick_after(l->length);
    for (int i = 0; l->all && i < l->connections; i++)
        send_next(l, &l->all[i]);
    while (l->under_way > 0) {
        int n = epoll_wait(l->epoll, events, EVENTS, PATIENCE_MS);
        for (int i = 0; i < n; i++)
            receive(l, events[i].data.ptr);
        if (n == 0) {
            tally_lost(&l->tally, "answers did not come");
            return false;
        }
    }
    return true;
}

static int report(struct load *l)
{
    FILE *rows = l->rows ? fopen(l->rows, "a") : NULL;
    if (l->rows && !rows) {
        perror(l->rows);
        return 1;
    }
    tally_report(&l->tally, stdout, rows, l->label);
    if (rows)
        fclose(rows);
    return l->tally.errors || l->tally.ok < l->tally.count ? 1 : 0;
}

static int load(struct load *l)
{
    struct arena a;
    int status = 1;
    arena_init(&a);
    l->tally.samples = l->samples ? fopen(l->samples, "a") : NULL;
    if (requests_make(&a, &l->plan, &l->requests) && connections_open(l) && run(l))
        status = report(l);
    if (l->tally.samples)
        fclose(l->tally.samples);
    for (int i = 0; l->all && i < l->connections; i++)
        close(l->all[i].fd);
    free(l->all);
    tally_free(&l->tally);
    arena_free(&a);
    return status;
}

/* ---- options */

// clang-format off
static const struct option options[] = {
    { "address",     required_argument, NULL, 'a' }, { "connections", required_argument, NULL, 'c' },
    { "seconds",     required_argument, NULL, 's' }, { "keys",        required_argument, NULL, 'k' },
    { "pool",        required_argument, NULL, 'p' }, { "from",        required_argument, NULL, 'f' },
    { "most",        required_argument, NULL, 'm' }, { "path",        required_argument, NULL, 'u' },
    { "body",        required_argument, NULL, 'b' }, { "gets",        required_argument, NULL, 'g' },
    { "label",       required_argument, NULL, 'l' }, { "rows",        required_argument, NULL, 'r' },
    { "samples",     required_argument, NULL, 'v' }, { "mark",        required_argument, NULL, 'x' }, { 0 },
};
// clang-format on

static bool option_set(struct load *l, int option, const char *value)
{
    const struct {
        int option;
        const char **text;
    } texts[] = { { 'k', &l->plan.keys },  { 'p', &l->plan.pool }, { 'u', &l->plan.path },
                  { 'b', &l->plan.body },  { 'g', &l->plan.gets }, { 'l', &l->label },
                  { 'x', &l->tally.mark }, { 'r', &l->rows },      { 'v', &l->samples },
                  { 'a', &l->plan.host } };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].option == option)
            *texts[i].text = value;
    long number = strtol(value, NULL, 10);
    if (option == 'c')
        l->connections = (int)number;
    if (option == 's')
        l->length = milliseconds((int64_t)(strtod(value, NULL) * 1000));
    if (option == 'f')
        l->plan.from = (size_t)number;
    if (option == 'm')
        l->plan.most = (size_t)number;
    return option != '?' && (option != 'a' || address_read(value, &l->address));
}

int main(int argc, char **argv)
{
    static struct load l = { .plan = { .most = 100000 }, .connections = 16, .label = "" };
    l.length = seconds(5);
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;)
        if (!option_set(&l, o, optarg ? optarg : ""))
            return 2;
    l.endless = l.plan.gets != NULL;
    if (!l.plan.host || !l.plan.keys ||
        (!l.plan.gets && (!l.plan.pool || !l.plan.path || !l.plan.body))) {
        fprintf(stderr,
                "load: needs --address, --keys and either --gets or --pool, --path and --body\n");
        return 2;
    }
    return load(&l);
}
