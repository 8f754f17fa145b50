/* What handlers may ask of and tell the door. */
#include <assert.h>
#include <string.h>

#include "http_request.h"
#include "pki/digest.h"

static struct side *side_of(const struct call *call)
{
    return call->door;
}

static struct request *request_of(const struct call *call)
{
    return side_of(call)->request;
}

const struct route *http_route(const struct call *call)
{
    const struct route_entry *entry = request_of(call)->match.entry;
    return entry ? entry->route : NULL;
}

const struct router *http_router(const struct call *call)
{
    return request_of(call)->door->router;
}

const char *http_request_header(const struct call *call, const char *name)
{
    for (const struct http_header *h = request_of(call)->headers.first; h; h = h->next)
        if (strcasecmp(h->name, name) == 0)
            return h->value;
    return NULL;
}

bool http_is_head(const struct call *call)
{
    return request_of(call)->is_head;
}

const char *http_path(const struct call *call)
{
    return request_of(call)->path;
}

struct bytes http_body(const struct call *call)
{
    const struct request *r = request_of(call);
    return (struct bytes){ (const uint8_t *)r->body, r->body_size };
}

void http_body_sha256(const struct call *call, uint8_t out[32])
{
    digest_sha256(http_body(call), out);
}

void http_header(struct call *call, const char *name, const char *value)
{
    struct side *side = side_of(call);
    struct http_header *h = arena_new(&call->arena, struct http_header);
    h->name = arena_strdup(&call->arena, name);
    h->value = arena_strdup(&call->arena, value);
    h->next = side->headers;
    side->headers = h;
}

void http_status(struct call *call, int status)
{
    side_of(call)->status = status;
}

void http_keep(struct call *call, void *note)
{
    atomic_store(&request_of(call)->note, note);
}

void *http_kept(const struct call *call)
{
    return atomic_load(&request_of(call)->note);
}

void http_late(struct call *call)
{
    struct request *r = request_of(call);
    assert(http_route(call)->late.service && side_of(call) == &r->own);
    work_put_late(r);
    side_end(&r->own);
}

void http_set_caller(struct call *call, void *caller)
{
    request_of(call)->caller = caller;
}

void *http_caller(const struct call *call)
{
    return request_of(call)->caller;
}
