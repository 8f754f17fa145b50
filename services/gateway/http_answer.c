/* Answers: the one claim, how messages and faults are rendered, and how they go out. */
#include <microhttpd.h>

#include "base/log.h"
#include "http_request.h"
#include "message/json.h"
#include "service/metrics.h"

enum { COPIED_MOST = 4096 };

bool request_claim(struct request *r)
{
    return step_try(&r->said, OPEN, CLAIMED);
}

/* What a fault says when it says nothing itself, or nothing that may leave the house. */
static const struct {
    enum fault_code code;
    const char *text;
} words[] = {
    { FAULT_BODY_FORMAT, "Could not parse request data." },
    { FAULT_BODY_TOO_LARGE, "The request is too large." },
    { FAULT_TARGET_TOO_LONG, "The request line is too long." },
    { FAULT_HEAD_TOO_LARGE, "The headers are too large." },
    { FAULT_VERSION, "The version of HTTP must be 1.1 or 1.0." },
    { FAULT_CODING, "Transfer-Encoding can only be chunked." },
    { FAULT_KEY, "Access denied due to access_denied_invalid_key." },
    { FAULT_RATE, "Service unavailable, please limit request volume" },
    { FAULT_NO_ROUTE, "The specified route is not supported." },
    { FAULT_NOT_SERVED, "This call of the published API is not served here." },
    { FAULT_NOT_FOUND, "The requested resource was not found." },
    { FAULT_CONFLICT, "The request conflicts with another one. Please try again." },
    { FAULT_UNAVAILABLE, "The service is unavailable. Please try again." },
    { FAULT_TOO_SLOW, "The service is unavailable. Please try again." },
    { FAULT_UNCONFIRMED,
      "Other points of view of this CA, which must confirm what was found, could "
      "not be asked. The fault is ours. Please try again later." },
    { FAULT_TIMEOUT, "The request took too long. It may still take effect." },
    { FAULT_NONE, "An error occurred while the request was processed." },
};

static const char *word_of(enum fault_code code)
{
    size_t i = 0;
    while (words[i].code != code && words[i].code != FAULT_NONE)
        i++;
    return words[i].text;
}

/* "certificate.csr is truncated": a detail reads on from the field that it is about. What does not
 * exist is a sentence of its own: "there is no such order". */
static void add_message(struct text *out, struct arena *a, const struct fault *f)
{
    if (fault_is_private(f->code) || !*f->detail)
        json_add_string(out, word_of(f->code));
    else
        json_add_string(out, *f->field && fault_http_status(f->code) != 404
                                 ? arena_format(a, "%s %s", f->field, f->detail)
                                 : f->detail);
}

static void shape_fault(struct request *r, const struct fault *f, struct http_answer *out)
{
    struct text t;
    text_init(&t, &r->outer.call.arena);
    text_add(&t, "{\"errors\":[{\"code\":");
    json_add_string(&t, fault_api_code(f->code));
    text_add(&t, ",\"message\":");
    add_message(&t, &r->outer.call.arena, f);
    if (*f->field && !fault_is_private(f->code)) {
        text_add(&t, ",\"field\":");
        json_add_string(&t, f->field);
    }
    text_add(&t, "}]}");
    out->body = (struct bytes){ (const uint8_t *)t.data, t.length };
}

/* Whom the door itself has refused, anybody can be: those are counted. */
static enum log_level level_of(const struct request *r, const struct fault *f)
{
    return atomic_load(&r->work) < SERVED ? LOG_DEBUG
           : f->code == FAULT_INTERNAL    ? LOG_ERROR
                                          : LOG_WARN;
}

static void log_private(const struct request *r, const struct fault *f)
{
    if (!fault_is_private(f->code))
        return;
    log_context(r->own.call.traceparent, 0);
    log_write(level_of(r, f), "request failed",
              (const struct log_member[]){ LOG_TEXT("method", method_name(r->method)),
                                           LOG_TEXT("route", record_route(r)),
                                           LOG_FAULT(f),
                                           { .key = NULL } });
    log_context("", 0);
}

/* Who it was, as the side knows that has the answer. Nobody's: once the handler has the input, its call
 * does not change any more. */
static void note_outcome(struct request *r, const struct side *side, enum fault_code fault)
{
    const struct side *known = side ? side : atomic_load(&r->work) >= BEGUN ? &r->own : NULL;
    r->outcome.fault = fault;
    r->outcome.account_id = known ? known->call.actor.account_id : 0;
    r->outcome.api_key_id = known ? known->call.actor.api_key_id : 0;
}

void answer_release(struct request *r)
{
    if (r->answer.release)
        r->answer.release(r->answer.held);
    r->answer.release = NULL;
}

/* A small one is no reason to keep what it is a part of for as long as a slow client wants. */
static void copy_small(struct request *r)
{
    struct bytes *body = &r->answer.body;
    if (!r->answer.release || body->size > COPIED_MOST)
        return;
    body->data = arena_copy(&r->outer.call.arena, body->data, body->size);
    answer_release(r);
}

/* The last that is done to an answer. No browser shall find another type in it than it says. */
static void finish(struct request *r, const struct side *side, enum fault_code fault)
{
    const struct route_family *family = r->match.family;
    http_header(&r->outer.call, "X-Content-Type-Options", "nosniff");
    if (family->dress)
        family->dress(&r->outer.call, &r->answer);
    r->answer_headers = side ? side->headers : NULL;
    copy_small(r);
    note_outcome(r, side, fault);
}

void answer_fault(struct request *r, struct side *side, const struct fault *f)
{
    const struct route_family *family = r->match.family;
    r->answer = (struct http_answer){ fault_http_status(f->code), "application/json", { 0 } };
    if (family->shape_fault)
        family->shape_fault(&r->outer.call, f, &r->answer);
    else
        shape_fault(r, f, &r->answer);
    log_private(r, f);
    finish(r, side, f->code);
}

static void render(struct request *r, const ProtobufCMessage *message)
{
    struct text t;
    text_init(&t, &r->outer.call.arena);
    message_to_json(message, &t);
    r->answer.body = (struct bytes){ (const uint8_t *)t.data, t.length };
}

/* RFC 9110 15.3.5, 15.3.6. That of 304 MHD does not send, but its Content-Length is true (8.6). */
bool status_has_body(int status)
{
    return status != 204 && status != 205;
}

void answer_message(struct request *r, struct side *side, const ProtobufCMessage *message)
{
    const struct route *route = r->match.entry->route;
    int status = side->status ? side->status : route->ok;
    r->answer = (struct http_answer){ status, "application/json", { 0 } };
    if (status_has_body(status) &&
        !(route->shape && route->shape(&side->call, message, &r->answer)))
        render(r, message);
    finish(r, side, FAULT_NONE);
}

void request_send(struct request *r)
{
    struct http *h = r->http;
    deadline_remove(r);
    r->outcome.at = tick_now();
    step_take(&r->said, CLAIMED, READY);
    if (!r->suspended)
        return;
    MHD_resume_connection(r->connection);
    count_change(h, &h->waiting, -1);
}

void request_refuse(struct request *r, enum fault_code code, const char *field, const char *detail)
{
    struct fault f;
    if (!request_claim(r))
        return;
    fault_set(&f, code, field, "%s", detail);
    answer_fault(r, NULL, &f);
    request_send(r);
}
