#include "tests/peers/log/http.h"

#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 18, BLOCK = 4096 };

static const struct place *served; /* before there is a thread */

/* ---- answers */

enum MHD_Result answer_with(struct request *r, unsigned status, const char *body, const char *name,
                            const char *value)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(body), arena_strdup(&r->arena, body), MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (name)
        MHD_add_response_header(response, name, value);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    result = MHD_queue_response(r->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer(struct request *r, unsigned status, const char *body)
{
    return answer_with(r, status, body, NULL, NULL);
}

static ssize_t endless(void *unused, uint64_t at, char *out, size_t size)
{
    (void)unused, (void)at;
    memset(out, ' ', size);
    return (ssize_t)size;
}

enum MHD_Result answer_endless(struct request *r)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, endless, NULL, NULL);
    enum MHD_Result result = MHD_queue_response(r->connection, MHD_HTTP_OK, response);

    MHD_destroy_response(response);
    return result;
}

/* ---- requests */

static enum MHD_Result request_serve(struct request *r)
{
    const struct place *p = served;

    while (*p->method && (strcmp(r->method, p->method) != 0 ||
                          strncmp(r->path, p->prefix, strlen(p->prefix)) != 0))
        p++;
    return p->serve(r, r->path + strlen(p->prefix));
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

struct MHD_Daemon *http_serve(const struct place *places, const struct sockaddr_in *at,
                              const char *cert, const char *key)
{
    unsigned flags = MHD_USE_TLS | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_ERROR_LOG;

    served = places;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER,
                            on_log, NULL, MHD_OPTION_SOCK_ADDR, at, MHD_OPTION_NOTIFY_COMPLETED,
                            on_end, NULL, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U,
                            MHD_OPTION_HTTPS_MEM_CERT, cert, MHD_OPTION_HTTPS_MEM_KEY, key,
                            MHD_OPTION_END);
}
