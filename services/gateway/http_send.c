/* An answer goes out: what it says in its headers, and how MHD is given it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "http_connection.h"
#include "net/http_date.h"

const char *request_allows(const struct request *r, struct arena *a)
{
    struct text list;
    text_init(&list, a);
    for (enum method m = GET; m < METHOD_COUNT; m++)
        if (r->match.allowed & 1u << m)
            text_format(&list, "%s%s", list.length ? ", " : "", method_name(m));
    return list.data;
}

static bool is_set(const struct http_header *list, const char *name)
{
    while (list && strcasecmp(list->name, name) != 0)
        list = list->next;
    return list != NULL;
}

static void add_headers(struct request *r, struct MHD_Response *out)
{
    char trace[33];
    for (const struct http_header *h = r->answer_headers; h; h = h->next)
        MHD_add_response_header(out, h->name, h->value);
    for (const struct http_header *h = r->outer.headers; h; h = h->next)
        if (!is_set(r->answer_headers, h->name))
            MHD_add_response_header(out, h->name, h->value);
    if (!MHD_get_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL))
        MHD_add_response_header(out, MHD_HTTP_HEADER_CACHE_CONTROL, "private, no-cache");
    if (r->answer.status == 503 && !MHD_get_response_header(out, MHD_HTTP_HEADER_RETRY_AFTER))
        MHD_add_response_header(out, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    if (atomic_load(&r->http->draining) || r->closing || r->refusal.code == FAULT_BODY_TOO_LARGE)
        MHD_add_response_header(out, MHD_HTTP_HEADER_CONNECTION, "close");
    snprintf(trace, sizeof trace, "%.32s", r->own.call.traceparent + 3);
    MHD_add_response_header(out, "Request-Id", trace);
}

/* MHD reads the body while `r` lives: until it calls request_completed(). */
static struct MHD_Response *response_of(struct request *r)
{
    static char nothing[1];
    union {
        const uint8_t *bytes;
        void *body;
    } plain = { r->answer.body.data };
    struct MHD_Response *out = MHD_create_response_from_buffer(
        r->answer.body.size, plain.body ? plain.body : nothing, MHD_RESPMEM_PERSISTENT);
    add_headers(r, out);
    if (status_has_body(r->answer.status) && r->answer.status != 304 && r->answer.type)
        MHD_add_response_header(out, MHD_HTTP_HEADER_CONTENT_TYPE, r->answer.type);
    if (r->refusal.code == FAULT_METHOD)
        MHD_add_response_header(out, MHD_HTTP_HEADER_ALLOW,
                                request_allows(r, &r->outer.call.arena));
    return out;
}

enum MHD_Result request_send_answer(struct request *r)
{
    struct MHD_Response *out = response_of(r);
    connection_send(r->http, r->peer, r->answer.body.size);
    record_count(r);
    enum MHD_Result result = MHD_queue_response(r->connection, (unsigned)r->answer.status, out);
    MHD_destroy_response(out);
    return result;
}

enum MHD_Result request_send_refusal(struct request *r)
{
    request_refuse(r, r->refusal.code, r->refusal.field, r->refusal.detail);
    return request_send_answer(r);
}

static enum MHD_Result write_header(void *text, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    text_format(text, "%s: %s\r\n", name, value);
    return MHD_YES;
}

static void write_answer(struct request *r, struct text *t)
{
    char date[HTTP_DATE_SIZE];
    struct MHD_Response *out = response_of(r);
    text_format(t, "HTTP/1.1 %d %s\r\nDate: %s\r\n", r->answer.status,
                MHD_get_reason_phrase_for((unsigned)r->answer.status),
                http_date_write(clock_now(), date));
    MHD_get_response_headers(out, write_header, t);
    text_format(t, "Content-Length: %zu\r\n\r\n", r->answer.body.size);
    if (!r->is_head)
        text_add_bytes(t, (const char *)r->answer.body.data, r->answer.body.size);
    MHD_destroy_response(out);
}

/* All answers before it have gone, so that there is room for this one, which is short. */
void request_send_last(struct request *r)
{
    struct text t;
    request_refuse(r, r->refusal.code, r->refusal.field, r->refusal.detail);
    text_init(&t, &r->outer.call.arena);
    write_answer(r, &t);
    record_count(r);
    (void)!send(r->peer->fd, t.data, t.length, MSG_DONTWAIT | MSG_NOSIGNAL);
    connection_cut(r->http, r->peer);
}
