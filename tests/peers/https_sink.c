/* https_sink - an HTTPS server that takes webhooks, for tests and the demonstration.
 *
 *   https_sink --listen 127.0.0.1:8443 --cert FILE --key FILE [--log FILE]
 *
 * With port 0 it takes a free one. Prints "ready https://ADDRESS:PORT" when it listens; ends on
 * SIGTERM. Each SIGRTMIN (they queue) lets one request go that is held, or will be. The log gets one line of JSON a request, written before the answer goes out:
 * {"method":"POST","path":"/ok","from":34567,"headers":{"content-type":".."},"body":".."}
 * where "from" is the client's port, the same for requests over one connection.
 *
 * The path says how it behaves (any other answers 200):
 *   /status/NNN          answers NNN
 *   /slow/SECONDS        answers 200 after so long
 *   /slow/SECONDS/NNN    answers NNN after so long
 *   /held/NNN            answers NNN when it is let go
 *   /redirect?to=URL     answers 302
 *   /huge                answers 200 with a body that does not end
 *   /close               closes the connection without an answer
 *   /retry-after/VALUE   answers 503 with that Retry-After
 *   /flaky/N/ANY         answers 500 the first N times that exactly this path is asked, then 200
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <getopt.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "message/json.h"

enum { BODY_MAX = 1 << 20, FILE_MAX = 1 << 16, FLAKY_MAX = 256, BLOCK = 4096 };

struct request {
    struct arena arena;
    struct text body;
    const char *path, *method;
    struct MHD_Connection *connection;
};

static int log_file = -1;

/* Answers with `status` and a short body; NULL for no more headers. */
static enum MHD_Result answer(struct request *r, unsigned status, const char *name,
                              const char *value)
{
    static char body[] = "{\"taken\":true}\n";
    size_t size = status == MHD_HTTP_NO_CONTENT ? 0 : sizeof body - 1;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    if (name)
        MHD_add_response_header(response, name, value);
    result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result behave_ok(struct request *r, const char *rest)
{
    (void)rest;
    return answer(r, MHD_HTTP_OK, NULL, NULL);
}

static enum MHD_Result behave_status(struct request *r, const char *rest)
{
    int64_t status;

    if (!int64_read(rest, &status) || status < 200 || status > 599)
        status = MHD_HTTP_BAD_REQUEST;
    return answer(r, (unsigned)status, NULL, NULL);
}

/* Each connection has a thread, so nobody else waits. */
static enum MHD_Result behave_slow(struct request *r, const char *rest)
{
    size_t length = strcspn(rest, "/");
    int64_t wait;

    if (!int64_read(arena_strndup(&r->arena, rest, length), &wait) || wait < 0)
        return answer(r, MHD_HTTP_BAD_REQUEST, NULL, NULL);
    nanosleep(&(struct timespec){ .tv_sec = wait }, NULL);
    return rest[length] ? behave_status(r, rest + length + 1) : answer(r, MHD_HTTP_OK, NULL, NULL);
}

/* Those that came first go first; who was let go before he came is not held. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int64_t came, let_go;
} held = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static enum MHD_Result behave_held(struct request *r, const char *rest)
{
    pthread_mutex_lock(&held.lock);
    int64_t own = held.came++;
    while (held.let_go <= own)
        pthread_cond_wait(&held.changed, &held.lock);
    pthread_mutex_unlock(&held.lock);
    return behave_status(r, rest);
}

static void held_let_go(void)
{
    pthread_mutex_lock(&held.lock);
    held.let_go++;
    pthread_cond_broadcast(&held.changed);
    pthread_mutex_unlock(&held.lock);
}

static enum MHD_Result behave_redirect(struct request *r, const char *rest)
{
    const char *to = MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, "to");

    (void)rest;
    if (!to)
        return answer(r, MHD_HTTP_BAD_REQUEST, NULL, NULL);
    return answer(r, MHD_HTTP_FOUND, MHD_HTTP_HEADER_LOCATION, to);
}

static ssize_t endless(void *unused, uint64_t at, char *out, size_t size)
{
    (void)unused, (void)at;
    memset(out, 'x', size);
    return (ssize_t)size;
}

static enum MHD_Result behave_huge(struct request *r, const char *rest)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, endless, NULL, NULL);
    enum MHD_Result result = MHD_queue_response(r->connection, MHD_HTTP_OK, response);

    (void)rest;
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result behave_close(struct request *r, const char *rest)
{
    (void)r, (void)rest;
    return MHD_NO;
}

static enum MHD_Result behave_retry_after(struct request *r, const char *rest)
{
    return answer(r, MHD_HTTP_SERVICE_UNAVAILABLE, MHD_HTTP_HEADER_RETRY_AFTER, rest);
}

/* How often a path was asked so far. */
static int64_t times_asked(const char *path)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        char *path;
        int64_t times;
    } seen[FLAKY_MAX];
    int64_t times = 0;
    size_t i = 0;

    pthread_mutex_lock(&lock);
    while (i < FLAKY_MAX && seen[i].path && strcmp(seen[i].path, path) != 0)
        i++;
    if (i < FLAKY_MAX) {
        seen[i].path = seen[i].path ? seen[i].path : strdup(path);
        times = seen[i].times++;
    }
    pthread_mutex_unlock(&lock);
    return times;
}

static enum MHD_Result behave_flaky(struct request *r, const char *rest)
{
    char *count = arena_strndup(&r->arena, rest, strcspn(rest, "/"));
    int64_t failures;

    if (!int64_read(count, &failures))
        return answer(r, MHD_HTTP_BAD_REQUEST, NULL, NULL);
    return answer(r, times_asked(r->path) < failures ? 500 : 200, NULL, NULL);
}

// clang-format off
static const struct behaviour {
    const char *prefix;
    enum MHD_Result (*behave)(struct request *r, const char *rest);
} behaviours[] = {
    { "/status/",      behave_status },
    { "/slow/",        behave_slow },
    { "/held/",        behave_held },
    { "/redirect",     behave_redirect },
    { "/huge",         behave_huge },
    { "/close",        behave_close },
    { "/retry-after/", behave_retry_after },
    { "/flaky/",       behave_flaky },
    { "",              behave_ok },
};
// clang-format on

static enum MHD_Result header_add(void *data, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct text *line = data;
    char *lower = arena_strdup(line->arena, name);

    (void)kind;
    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    if (line->data[line->length - 1] != '{')
        text_add_char(line, ',');
    json_add_string(line, lower);
    text_add_char(line, ':');
    json_add_string(line, value ? value : "");
    return MHD_YES;
}

static unsigned client_port(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *from = (const void *)info->client_addr;

    return ntohs(from->sin_port);
}

/* One write, so that lines of several connections do not mix. */
static void request_log(struct request *r)
{
    struct text line;

    text_init(&line, &r->arena);
    text_add(&line, "{\"method\":");
    json_add_string(&line, r->method);
    text_add(&line, ",\"path\":");
    json_add_string(&line, r->path);
    text_format(&line, ",\"from\":%u,\"headers\":{", client_port(r->connection));
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, header_add, &line);
    text_add(&line, "},\"body\":");
    json_add_string(&line, r->body.data);
    text_add(&line, "}\n");
    if (log_file >= 0 && write(log_file, line.data, line.length) < 0)
        perror("log");
}

static enum MHD_Result request_serve(struct request *r)
{
    const struct behaviour *b = behaviours;

    request_log(r);
    while (strncmp(r->path, b->prefix, strlen(b->prefix)) != 0)
        b++;
    return b->behave(r, r->path + strlen(b->prefix));
}

static struct request *request_new(struct MHD_Connection *connection, const char *path,
                                   const char *method)
{
    struct request *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    arena_init(&r->arena);
    text_init(&r->body, &r->arena);
    text_add(&r->body, "");
    r->path = arena_strdup(&r->arena, path);
    r->method = arena_strdup(&r->arena, method);
    r->connection = connection;
    return r;
}

static enum MHD_Result on_request(void *unused, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request)
{
    struct request *r = *request;

    (void)unused, (void)version;
    if (!r) {
        *request = request_new(connection, path, method);
        return MHD_YES;
    }
    if (*size == 0)
        return request_serve(r);
    if (r->body.length + *size > BODY_MAX)
        return MHD_NO;
    text_add_bytes(&r->body, data, *size);
    *size = 0;
    return MHD_YES;
}

static void on_end(void *unused, struct MHD_Connection *connection, void **request,
                   enum MHD_RequestTerminationCode why)
{
    struct request *r = *request;

    (void)unused, (void)connection, (void)why;
    if (r)
        arena_free(&r->arena);
    free(r);
    *request = NULL;
}

/* GnuTLS tells of each client that left; no news here. */
static void on_log(void *unused, const char *format, va_list args)
{
    (void)unused, (void)format, (void)args;
}

static char *file_read(struct arena *a, const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    char *text = arena_alloc(a, FILE_MAX);

    if (!file || fread(text, 1, FILE_MAX - 1, file) == 0) {
        fprintf(stderr, "https_sink: cannot read %s\n", path ? path : "(no file given)");
        exit(2);
    }
    fclose(file);
    return text;
}

static struct sockaddr_in address_read(const char *text)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    const char *colon = text ? strrchr(text, ':') : NULL;
    char host[INET_ADDRSTRLEN] = "";
    int64_t port;

    if (colon && (size_t)(colon - text) < sizeof host)
        memcpy(host, text, (size_t)(colon - text));
    if (inet_pton(AF_INET, host, &to.sin_addr) != 1 || !int64_read(colon + 1, &port) || port < 0 ||
        port > UINT16_MAX) {
        fprintf(stderr, "https_sink: --listen wants ADDRESS:PORT\n");
        exit(2);
    }
    to.sin_port = htons((uint16_t)port);
    return to;
}

struct options {
    const char *listen, *cert, *key, *log;
};

static struct options options_read(int argc, char **argv)
{
    static const struct option names[] = {
        { "listen", required_argument, NULL, 'l' },
        { "cert", required_argument, NULL, 'c' },
        { "key", required_argument, NULL, 'k' },
        { "log", required_argument, NULL, 'o' },
        { 0 },
    };
    struct options o = { 0 };
    const char **places[] = { ['l'] = &o.listen, ['c'] = &o.cert, ['k'] = &o.key, ['o'] = &o.log };

    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == '?')
            exit(2);
        *places[c] = optarg;
    }
    return o;
}

static struct MHD_Daemon *serve(struct arena *a, const struct options *o)
{
    struct sockaddr_in at = address_read(o->listen);
    unsigned flags = MHD_USE_TLS | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_ERROR_LOG;

    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER,
                            on_log, NULL, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED,
                            on_end, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                            MHD_OPTION_HTTPS_MEM_CERT, file_read(a, o->cert),
                            MHD_OPTION_HTTPS_MEM_KEY, file_read(a, o->key), MHD_OPTION_END);
}

static void ready_print(struct MHD_Daemon *daemon, const char *listen)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);

    printf("ready https://%.*s:%u\n", (int)(strrchr(listen, ':') - listen), listen, info->port);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct options o = options_read(argc, argv);
    struct MHD_Daemon *daemon;
    struct arena arena;
    sigset_t ends;
    int signal_seen;

    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before the threads are there */
    arena_init(&arena);
    if (o.log && (log_file = open(o.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) < 0) {
        perror(o.log);
        return 2;
    }
    if (!(daemon = serve(&arena, &o))) {
        fprintf(stderr, "https_sink: cannot listen on %s\n", o.listen);
        return 1;
    }
    ready_print(daemon, o.listen);
    while (sigwait(&ends, &signal_seen) == 0 && signal_seen == SIGRTMIN)
        held_let_go();
    _exit(0); /* at once: slow answers are not waited for */
}
