#include "sender_transfer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/must.h"

enum { CONNECT_TIMEOUT_MS = 10000 };

static const char *const *headers_copy(struct arena *a, const char *const *from)
{
    size_t count = 0;
    const char **to;

    while (from && from[count])
        count++;
    to = arena_array(a, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        to[i] = arena_strdup(a, from[i]);
    return to;
}

struct sender_transfer *sender_transfer_new(const struct post *post,
                                            void (*done)(const struct post_result *, void *),
                                            void *context)
{
    struct sender_transfer *t = calloc(1, sizeof *t);

    arena_init(&t->arena);
    t->post.account_id = post->account_id;
    t->post.url = arena_strdup(&t->arena, post->url);
    t->post.headers = headers_copy(&t->arena, post->headers);
    t->post.body.data = arena_copy(&t->arena, post->body.data, post->body.size);
    t->post.body.size = post->body.size;
    t->post.answer_by = post->answer_by;
    t->done = done;
    t->context = context;
    return t;
}

void sender_transfer_settle(struct sender_transfer *t, enum post_outcome outcome,
                            const char *reason)
{
    t->result.outcome = outcome;
    snprintf(t->result.reason, sizeof t->result.reason, "%.*s", (int)sizeof t->result.reason - 1,
             reason);
}

static size_t header_seen(const char *line, size_t one, size_t size, void *data)
{
    struct sender_transfer *t = data;

    (void)one;
    t->answered = t->answered || transfer_answered(&t->transfer, line, size);
    return size;
}

/* A body is read for the sake of the connection, which can then be used again, but not for long. */
static size_t body_seen(const char *bytes, size_t one, size_t size, void *data)
{
    struct sender_transfer *t = data;

    (void)bytes;
    (void)one;
    t->body_seen += size;
    return t->body_seen > SENDER_BODY_MAX ? 0 : size;
}

/* An address, or a name that curl itself knows (RFC 6761 6.3). */
static bool is_resolved(const char *host)
{
    struct in_addr v4;
    const char *last = strrchr(host, '.');

    return host[0] == '[' || inet_pton(AF_INET, host, &v4) == 1 ||
           strcmp(last ? last + 1 : host, "localhost") == 0;
}

/* With a final dot (RFC 1034 3.1), so that the name is the customer's and the whole of it: else the
 * resolver appends this host's own domains, and tells whether there is such a name inside. Only for the
 * look-up: the server is spoken to by its name as it was given, and that is in its certificate. */
static void set_whole_name(struct sender_transfer *t)
{
    CURLU *url = curl_url();
    char *host = NULL;

    if (curl_url_set(url, CURLUPART_URL, t->post.url, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK && !is_resolved(host))
        transfer_connect_to(&t->transfer, arena_format(&t->arena, "::%s.:", host));
    curl_free(host);
    curl_url_cleanup(url);
}

static void set_request(struct sender_transfer *t)
{
    t->headers = curl_slist_append(NULL, "Expect:"); /* no 100-continue */
    for (const char *const *h = t->post.headers; *h; h++)
        t->headers = curl_slist_append(t->headers, *h);
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_URL, t->post.url));
    set_whole_name(t);
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_HTTPHEADER, t->headers));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_POST, 1L));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_POSTFIELDS, t->post.body.data));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                          (curl_off_t)t->post.body.size));
}

static void set_answer(struct sender_transfer *t)
{
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_HEADERFUNCTION, header_seen));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_HEADERDATA, t));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_WRITEFUNCTION, body_seen));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_WRITEDATA, t));
}

/* QUICK_EXIT: when time is up during a look-up, the resolving thread is left to end by itself (it
 * frees what it holds); without it curl waits for getaddrinfo() and the whole loop with it. */
static void set_limits(struct sender_transfer *t, const struct sender_options *options)
{
    long timeout = (long)(options->timeout.us / 1000);
    long connect = timeout < CONNECT_TIMEOUT_MS ? timeout : CONNECT_TIMEOUT_MS;

    must(curl_easy_setopt(t->transfer.easy, CURLOPT_TIMEOUT_MS, timeout));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_CONNECTTIMEOUT_MS, connect));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_QUICK_EXIT, 1L));
}

/* CAINFO takes the place of the system's file of roots; its folder (CAPATH) stays as it is, so that
 * the extra file adds to the roots. */
static void set_trust(struct sender_transfer *t, const struct sender_options *options)
{
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_SSL_VERIFYHOST, 2L));
    must(curl_easy_setopt(t->transfer.easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    if (options->ca_file)
        must(curl_easy_setopt(t->transfer.easy, CURLOPT_CAINFO, options->ca_file));
}

void sender_transfer_begin(struct sender_transfer *t, const struct sender_options *options)
{
    set_request(t);
    set_answer(t);
    set_limits(t, options);
    set_trust(t, options);
    t->result.sent = clock_now();
}

static void judge_answer(struct sender_transfer *t)
{
    struct post_result *r = &t->result;
    struct curl_header *header;
    long status = 0;

    must(curl_easy_getinfo(t->transfer.easy, CURLINFO_RESPONSE_CODE, &status));
    r->outcome = POST_ANSWERED;
    r->status = (int)status;
    r->received = clock_now();
    if (curl_easy_header(t->transfer.easy, "Retry-After", 0, CURLH_HEADER, -1, &header) ==
        CURLHE_OK)
        snprintf(r->retry_after, sizeof r->retry_after, "%s", header->value);
    snprintf(r->reason, sizeof r->reason, "answered %ld%s", status,
             status / 100 == 3 ? ", and redirects are not followed" : "");
}

static enum post_failure failure_of(CURLcode code)
{
    static const struct {
        CURLcode code;
        enum post_failure failure;
    } known[] = {
        { CURLE_COULDNT_RESOLVE_HOST, POST_NO_NAME },
        { CURLE_COULDNT_CONNECT, POST_NO_CONNECTION },
        { CURLE_OPERATION_TIMEDOUT, POST_LATE },
        { CURLE_SSL_CONNECT_ERROR, POST_NO_TLS },
        { CURLE_PEER_FAILED_VERIFICATION, POST_NOT_TRUSTED },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].code == code)
            return known[i].failure;
    return POST_NO_ANSWER;
}

static void judge_failure(struct sender_transfer *t, CURLcode code)
{
    const char *why = t->transfer.error[0] ? t->transfer.error : curl_easy_strerror(code),
               *os = NULL;
    char reason[POST_REASON_SIZE];
    long number = 0;

    must(curl_easy_getinfo(t->transfer.easy, CURLINFO_OS_ERRNO, &number));
    if (code == CURLE_COULDNT_CONNECT && number)
        os = strerrordesc_np((int)number);
    snprintf(reason, sizeof reason, "%.100s%s%.50s", why, os ? ": " : "", os ? os : "");
    t->result.failure = failure_of(code);
    sender_transfer_settle(t, POST_FAILED, reason);
}

/* Once the headers are there, nothing that happens to the rest takes the answer back. */
void sender_transfer_judge(struct transfer *of, CURLcode code)
{
    struct sender_transfer *t = sender_transfer_of(of);

    if (t->answered)
        judge_answer(t);
    else if (transfer_refused(of))
        sender_transfer_settle(t, POST_REFUSED, of->watch.refused.detail);
    else
        judge_failure(t, code);
}

void sender_transfer_done(struct sender_transfer *t)
{
    t->done(&t->result, t->context);
    curl_slist_free_all(t->headers);
    arena_free(&t->arena);
    free(t);
}
