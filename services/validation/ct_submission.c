#include "ct_submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/must.h"
#include "net/retry_after.h"

enum { CONNECT_MS = 5000, RETRY_AFTER_MAX_S = 3600 };

struct ct_submission *ct_submission_new(const struct ct_asked *asked, const struct ct_post *post,
                                        const struct ct_owner *owner)
{
    struct ct_submission *s = calloc(1, sizeof *s);

    arena_init(&s->arena);
    text_init(&s->got, &s->arena);
    s->base.is_submission = true;
    s->asked = *asked;
    s->owner = *owner;
    s->url = arena_format(&s->arena, "%s%s", asked->log->url, post->path);
    s->body =
        (struct bytes){ arena_copy(&s->arena, post->body.data, post->body.size), post->body.size };
    s->account_id = post->account_id;
    s->deadline = post->deadline;
    s->sent = tick_now();
    return s;
}

/* ---- what is sent, and what comes */

static size_t body_seen(const char *bytes, size_t one, size_t size, void *data)
{
    struct ct_submission *s = data;

    (void)one;
    s->huge = s->got.length + size > SUBMISSION_ANSWER_MAX;
    if (s->huge)
        return 0;
    text_add_bytes(&s->got, bytes, size);
    return size;
}

static void set_request(struct ct_submission *s)
{
    CURL *easy = s->base.transfer.easy;

    s->headers = curl_slist_append(NULL, "Content-Type: application/json");
    s->headers = curl_slist_append(s->headers, "Expect:"); /* no 100-continue */
    must(curl_easy_setopt(easy, CURLOPT_URL, s->url));
    must(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    must(curl_easy_setopt(easy, CURLOPT_USERAGENT, "chancery-validation"));
    must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, s->headers));
    must(curl_easy_setopt(easy, CURLOPT_POST, 1L));
    must(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, s->body.data));
    must(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body.size));
    must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_seen));
    must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, s));
}

/* QUICK_EXIT: else curl waits for getaddrinfo(), and the whole loop with it. */
static void set_limits(struct ct_submission *s)
{
    CURL *easy = s->base.transfer.easy;
    long left = (long)(tick_left(s->deadline).us / 1000) + 1;

    must(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left));
    must(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, left < CONNECT_MS ? left : CONNECT_MS));
    must(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
}

static void set_trust(CURL *easy, const char *ca_file)
{
    must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
    must(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
    must(curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
    if (*ca_file)
        must(curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file));
}

void ct_submission_begin(struct ct_submission *s, const struct ct_submitter_options *options)
{
    set_request(s);
    set_limits(s);
    set_trust(s->base.transfer.easy, options->ca_file);
    s->sent = tick_now();
}

/* ---- what came of it */

static void settle(struct ct_submission *s, enum ct_outcome outcome, const char *reason)
{
    s->answer.outcome = outcome;
    snprintf(s->answer.reason, sizeof s->answer.reason, "%.*s", (int)sizeof s->answer.reason - 1,
             reason);
}

static void retry_after_keep(struct ct_submission *s)
{
    struct curl_header *header;

    if (curl_easy_header(s->base.transfer.easy, "Retry-After", 0, CURLH_HEADER, -1, &header) ==
            CURLHE_OK &&
        !retry_after_read(header->value, clock_now(), seconds(RETRY_AFTER_MAX_S), &s->retry_at))
        s->retry_at = (struct instant){ 0 };
}

static void judge_status(struct ct_submission *s)
{
    long status = 0;

    must(curl_easy_getinfo(s->base.transfer.easy, CURLINFO_RESPONSE_CODE, &status));
    settle(s,
           status == 429   ? CT_LIMITED
           : status >= 500 ? CT_BROKEN
                           : CT_REFUSED,
           arena_format(&s->arena, "it answers %ld", status));
    if (status == 429 || status >= 500)
        retry_after_keep(s);
    if (status != 200)
        return;
    settle(s, CT_PROMISED, "");
    if (!s->forgotten)
        s->owner.read(s->owner.context, s->asked.log,
                      (struct bytes){ (const uint8_t *)s->got.data, s->got.length }, &s->answer);
}

static void judge_failure(struct ct_submission *s, CURLcode code)
{
    const struct transfer *t = &s->base.transfer;
    const char *why = t->error[0] ? t->error : curl_easy_strerror(code), *os = NULL;
    long number = 0;

    must(curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number));
    if (code == CURLE_COULDNT_CONNECT && number)
        os = strerrordesc_np((int)number);
    settle(s, code == CURLE_OPERATION_TIMEDOUT ? CT_LATE : CT_UNREACHABLE,
           arena_format(&s->arena, "%.100s%s%.50s", why, os ? ": " : "", os ? os : ""));
}

void ct_submission_judge(struct ct_submission *s, CURLcode code)
{
    if (s->huge)
        settle(s, CT_WRONG, "its answer is longer than any timestamp");
    else if (transfer_refused(&s->base.transfer))
        settle(s, CT_UNREACHABLE, s->base.transfer.watch.refused.detail);
    else if (code != CURLE_OK)
        judge_failure(s, code);
    else
        judge_status(s);
}

void ct_submission_slow(struct ct_submission *s)
{
    ct_health_slow(&s->asked);
    if (!s->forgotten)
        s->owner.slow(s->owner.context, s->asked.log);
}

void ct_submission_done(struct ct_submission *s)
{
    ct_health_ended(&s->asked, s->answer.outcome, s->answer.reason,
                    (struct duration){ tick_now().us - s->sent.us }, s->retry_at);
    if (!s->forgotten)
        s->owner.done(s->owner.context, s->asked.log, &s->answer);
    curl_slist_free_all(s->headers);
    arena_free(&s->arena);
    free(s);
}

void ct_submission_end(struct ct_submission *s, enum ct_outcome outcome, const char *why)
{
    settle(s, outcome, why);
    ct_submission_done(s);
}

void ct_submission_forget(struct ct_submission *s)
{
    s->forgotten = true;
}
