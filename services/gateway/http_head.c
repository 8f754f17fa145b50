/* The head of a request, walked once. What has two readings is refused and the connection closed: a
 * proxy in front may take the other one, and what is a body to it would be a request to us
 * (RFC 9112 11.2).
 *
 * libmicrohttpd 0.9.75 joins a folded line to the name, stops at a NUL, takes a bare LF and lets a
 * line without a name end the head, and says nothing of it. But it cuts the lines where they came
 * to lie: the first blank, the colon and each CR and LF become NUL, all else stays. So the lines of
 * a head with one reading follow each other without a gap, from the method on, and end where the
 * head does. What this cannot see, since MHD refuses it by itself (http_library.c): a line without a
 * colon, a version that it does not know, a Content-Length that is no number (or has white space
 * behind it). */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "http_connection.h"
#include "service/metrics.h"

enum { VERSION_LENGTH = 8 }; /* "HTTP/1.1" */

struct line {
    const char *name, *value;
    size_t name_length, value_length;
};

struct head {
    struct request *request;
    const struct connection *peer;
    const char *method, *target, *version;
    const char *next, *end; /* where the next line must begin, and the head end */
    const char *host, *length, *coding;
};

struct line_rule {
    bool (*broken)(struct head *h, const struct line *line);
    const char *detail;
    bool names_it; /* the fault says of which header it is */
};

struct head_rule {
    bool (*broken)(const struct head *h);
    enum fault_code code;
    const char *field, *detail;
};

/* RFC 9110 5.6.2 */
static bool is_token(const char *text, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    return length > 0 && strspn(text, marks) == length;
}

static bool is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* ---- each line */

/* Where a line ends, both CR and LF have become NUL. */
static bool ends_here(const struct head *h, const char *at)
{
    return at + 2 <= h->end && at[0] == 0 && at[1] == 0;
}

/* RFC 9112 2.2, 5.2: folded, with a NUL inside, or ended by LF alone. */
static bool leaves_a_gap(struct head *h, const struct line *line)
{
    const char *colon = line->name + line->name_length, *end = line->value + line->value_length;
    bool whole = line->name == h->next && line->value == colon + 1 + strspn(colon + 1, " \t") &&
                 ends_here(h, end);
    h->next = whole ? end + 2 : NULL;
    return !whole;
}

/* RFC 9112 5.1: no white space between name and colon, either. */
static bool has_a_bad_name(struct head *h, const struct line *line)
{
    (void)h;
    return !is_token(line->name, line->name_length);
}

/* RFC 9110 5.5 */
static bool has_a_bad_value(struct head *h, const struct line *line)
{
    size_t i = 0;
    (void)h;
    while (i < line->value_length && !is_control(line->value[i]))
        i++;
    return i < line->value_length;
}

static bool is_one_too_many(struct head *h, const struct line *line)
{
    (void)line;
    return h->request->headers.count >= HEADERS_MAX;
}

/* RFC 9110 5.3: those that are no list. Which of two would count is anybody's guess. */
static bool comes_again(struct head *h, const struct line *line)
{
    static const char *const once[] = { "Content-Length", "Transfer-Encoding", "Host",
                                        "X-DC-DEVKEY", "Idempotency-Key" };
    size_t i = 0, count = sizeof once / sizeof *once;
    while (i < count && strcasecmp(once[i], line->name) != 0)
        i++;
    return i < count && http_request_header(&h->request->own.call, line->name);
}

static const struct line_rule line_rules[] = {
    { has_a_bad_name, "the name of a header is no token", false },
    { leaves_a_gap, "a header is folded, has a NUL, or does not end with CR LF", false },
    { has_a_bad_value, "has control characters", true },
    { is_one_too_many, "there are too many headers", false },
    { comes_again, "must be given once", true },
};

/* ---- the whole head */

/* RFC 9112 3: one blank between the three, and none inside. */
static bool has_a_bad_request_line(const struct head *h)
{
    const struct connection *peer = h->peer;
    return !is_token(h->method, strlen(h->method)) || h->target != peer->target ||
           h->target != h->method + strlen(h->method) + 1 || !peer->target_is_plain ||
           h->version != peer->target_end + 1;
}

/* A line without a name ends the head for MHD. */
static bool ends_elsewhere(const struct head *h)
{
    return !h->next || !ends_here(h, h->next) || h->next + 2 != h->end;
}

static bool is_old(const struct head *h)
{
    return strncmp(h->version, "HTTP/1.0", VERSION_LENGTH) == 0;
}

/* RFC 9112 3.2 */
static bool has_no_host(const struct head *h)
{
    return !h->host && !is_old(h);
}

static bool has_a_bad_host(const struct head *h)
{
    return h->host && strpbrk(h->host, " \t,/?#@\\\"<>");
}

/* RFC 9112 6.1, 6.3 */
static bool has_two_lengths(const struct head *h)
{
    return h->coding && (h->length || is_old(h));
}

/* RFC 9112 6.1: we know no other coding. White space behind it MHD takes for part of it, and would
 * read on until the client closes. */
static bool is_otherwise_coded(const struct head *h)
{
    return h->coding && strcasecmp(h->coding, "chunked") != 0;
}

static const struct head_rule head_rules[] = {
    { has_a_bad_request_line, FAULT_BODY_FORMAT, NULL, "the request line is malformed" },
    { ends_elsewhere, FAULT_BODY_FORMAT, NULL, "the headers do not end with an empty line" },
    { has_no_host, FAULT_BODY_FORMAT, "Host", "is required" },
    { has_a_bad_host, FAULT_BODY_FORMAT, "Host", "is no host and port" },
    { has_two_lengths, FAULT_BODY_FORMAT, "Transfer-Encoding",
      "cannot stand beside Content-Length or in HTTP/1.0" },
    { is_otherwise_coded, FAULT_CODING, "Transfer-Encoding", "is known as chunked only" },
};

/* ---- the walk */

static void refuse(struct head *h, enum fault_code code, const char *field, const char *detail)
{
    struct request *r = h->request;
    if (!r->refusal.code)
        fault_set(&r->refusal, code, field, "%s", detail);
    r->closing = true;
}

static void judge_line(struct head *h, const struct line *line)
{
    for (size_t i = 0; i < sizeof line_rules / sizeof *line_rules; i++) {
        const struct line_rule *rule = &line_rules[i];
        if (rule->broken(h, line)) {
            refuse(h, FAULT_BODY_FORMAT, rule->names_it ? line->name : NULL, rule->detail);
            return;
        }
    }
}

static void judge_head(struct head *h)
{
    const struct call *call = &h->request->own.call;
    h->host = http_request_header(call, "Host");
    h->length = http_request_header(call, "Content-Length");
    h->coding = http_request_header(call, "Transfer-Encoding");
    for (size_t i = 0; i < sizeof head_rules / sizeof *head_rules; i++)
        if (head_rules[i].broken(h))
            refuse(h, head_rules[i].code, head_rules[i].field, head_rules[i].detail);
}

static struct http_header *header_find(const struct header_list *list, const char *name)
{
    struct http_header *header = list->first;
    while (header && strcasecmp(header->name, name) != 0)
        header = header->next;
    return header;
}

/* Lines of one name are one list (RFC 9110 5.3). */
static void keep(struct request *r, const struct line *line)
{
    struct arena *a = &r->own.call.arena;
    size_t length = line->value_length;
    while (length && strchr(" \t", line->value[length - 1]))
        length--;
    char *value = arena_strndup(a, line->value, length);
    struct http_header *header = header_find(&r->headers, line->name);
    r->headers.count++;
    if (header)
        header->value = arena_format(a, "%s, %s", header->value, value);
    else
        header_list_add(&r->headers, a, line->name, value);
}

static enum MHD_Result take_line(void *head, enum MHD_ValueKind kind, const char *name,
                                 size_t name_length, const char *value, size_t value_length)
{
    static const char nothing[] = "";
    struct head *h = head;
    struct line line = { name, value ? value : nothing, name_length, value ? value_length : 0 };
    (void)kind;
    judge_line(h, &line);
    if (h->request->refusal.code)
        return MHD_NO;
    keep(h->request, &line);
    return MHD_YES;
}

void *head_target_seen(void *door, const char *target, struct MHD_Connection *c)
{
    const struct door *d = door;
    struct connection *peer = connection_of(c);
    const char *at = target;
    connection_enter(d->http, peer, HEAD_COMES);
    while (*at && *at != ' ' && *at != '\t' && !is_control(*at))
        at++;
    peer->target = target;
    peer->target_is_plain = at > target && *at == 0;
    peer->target_end = target + strlen(target);
    return NULL;
}

void head_read(struct request *r, const char *method, const char *target, const char *version)
{
    size_t size = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
                      ->header_size;
    struct head h = { .request = r,
                      .peer = r->peer,
                      .method = method,
                      .target = target,
                      .version = version,
                      .end = method + size };
    h.next = ends_here(&h, version + VERSION_LENGTH) ? version + VERSION_LENGTH + 2 : NULL;
    MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, take_line, &h);
    if (!r->refusal.code)
        judge_head(&h);
    r->malformed = r->refusal.code != FAULT_NONE;
    if (r->malformed)
        metric_add(METRIC_HTTP_MALFORMED, 1);
}
