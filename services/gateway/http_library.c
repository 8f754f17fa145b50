/* What libmicrohttpd answers by itself, in our form.
 *
 * It refuses a head that it cannot read before it calls us, and a bad chunk in the midst of a body,
 * with a page of HTML that no option of 0.9.75 changes. But it queues that page by
 * MHD_queue_response(), as we do our answers, and calls it by its name: the dynamic linker gives
 * all of a process the first function of that name, which is the program's own. So all answers
 * come by here, and MHD's own are those without a header (docs/adr/0065).
 *
 * Ours goes out past MHD, and the socket is shut down, so that nothing of MHD's page can follow: for
 * a bad length it would send its head twice, and after a query too long for its memory it would
 * wait for more. It then ends the connection as one that its client has left.
 *
 * What is refused is a request like any other: its answer has a Request-Id, and it is counted and
 * logged. Of HEAD nothing is known here, so that its refusal has a body: the connection ends behind
 * it. */
#include <dlfcn.h>
#include <string.h>

#include "http_connection.h"
#include "service/metrics.h"

union library_function {
    void *symbol;
    enum MHD_Result (*queue_response)(struct MHD_Connection *c, unsigned status,
                                      struct MHD_Response *answer);
};

/* The door whose thread this is. Other daemons of the process, such as the admin listener's, keep
 * their answers. */
static _Thread_local struct door *here;

void library_answers_for(struct door *d)
{
    here = d;
}

static const char bad_chunk[] = "a chunk of the body, or what follows the last one, is malformed";

static const struct {
    unsigned status;
    enum fault_code code;
    const char *of_head, *of_body;
} refusals[] = {
    { MHD_HTTP_BAD_REQUEST, FAULT_BODY_FORMAT, "the request line or a header is malformed",
      bad_chunk },
    /* We take all of a body that it gives us, so its buffer is full of the line before a chunk. */
    { MHD_HTTP_INTERNAL_SERVER_ERROR, FAULT_BODY_FORMAT, "", bad_chunk },
    { MHD_HTTP_CONTENT_TOO_LARGE, FAULT_BODY_TOO_LARGE, "", "" },
    { MHD_HTTP_URI_TOO_LONG, FAULT_TARGET_TOO_LONG, "", "" },
    { MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, FAULT_HEAD_TOO_LARGE, "", "" },
    { MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, FAULT_VERSION, "", "" },
    { 0, FAULT_INTERNAL, "the library refuses the head", "the library refuses the body" },
};

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

/* Among what MHD calls malformed, a length has a name. */
static bool has_a_bad_length(struct MHD_Connection *c)
{
    const char *length =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && !is_number(length);
}

static void judge(struct request *r, struct MHD_Connection *c, unsigned status, bool in_body)
{
    size_t i = 0;
    while (refusals[i].status && refusals[i].status != status)
        i++;
    if (refusals[i].code == FAULT_BODY_FORMAT && !in_body && has_a_bad_length(c))
        fault_set(&r->refusal, FAULT_BODY_FORMAT, "Content-Length", "is no number of bytes");
    else
        fault_set(&r->refusal, refusals[i].code, NULL, "%s",
                  in_body ? refusals[i].of_body : refusals[i].of_head);
}

/* What we have refused already, and whose body we only read to its end, stays refused for that. */
static void refuse(struct door *d, struct MHD_Connection *c, unsigned status)
{
    struct request *r = connection_of(c)->request;
    bool in_body = r;
    if (!r)
        r = request_unread(d, c);
    if (!r->refusal.code)
        judge(r, c, status, in_body);
    r->closing = r->malformed = true;
    metric_add(METRIC_HTTP_MALFORMED, 1);
    request_send_last(r);
}

static union library_function library(void)
{
    static _Thread_local union library_function found;
    if (!found.symbol)
        found.symbol = dlsym(RTLD_NEXT, "MHD_queue_response");
    return found;
}

static bool is_the_library_s(struct MHD_Response *answer)
{
    return MHD_get_response_headers(answer, NULL, NULL) == 0;
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *c, unsigned status,
                                   struct MHD_Response *answer)
{
    if (here && is_the_library_s(answer))
        refuse(here, c, status);
    return library().queue_response(c, status, answer);
}
