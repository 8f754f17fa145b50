#include "channels/webhook.h"

#include <string.h>

#include "channels/channel.h"
#include "message/json.h"
#include "net/retry_after.h"
#include "pki/digest.h"

enum { HEADERS_MAX = 8, DEAD_AFTER_DAYS = 5 };

// clang-format off
/* The wait before each attempt, counted from the failure of the one before: about 3 days in all. */
static const int delays_s[WEBHOOK_ATTEMPTS] = {
    0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
};
static const int warnings_days[WEBHOOK_WARNINGS] = { 1, 3, 4 };
// clang-format on

static int64_t unix_seconds(struct instant at)
{
    return at.us / 1000000;
}

static const char signing_prefix[] = "whsec_";

/* Of Standard Webhooks: made to be a key, and never to be sent. */
static bool only_signs(struct secret secret)
{
    return strncmp(secret.text, signing_prefix, strlen(signing_prefix)) == 0;
}

static struct bytes key_bytes(struct arena *a, struct secret secret)
{
    const char *rest = secret.text + strlen(signing_prefix);
    struct bytes key;

    if (only_signs(secret) && base64_read(a, rest, strlen(rest), &key) && key.size > 0)
        return key;
    return BYTES_OF(secret.text);
}

char *webhook_signature(struct arena *a, struct secret secret, const char *id, struct instant now,
                        struct bytes body)
{
    uint8_t mac[SHA256_SIZE];
    struct text content;

    text_init(&content, a);
    text_format(&content, "%s.%lld.", id, (long long)unix_seconds(now));
    text_add_bytes(&content, body.data, body.size);
    hmac_sha256(key_bytes(a, secret), (struct bytes){ (uint8_t *)content.data, content.length },
                mac);
    return arena_format(a, "v1,%s", base64_write(a, (struct bytes){ mac, sizeof mac }));
}

/* A line break in it would begin another header. */
static bool is_header_value(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

static bool is_given(struct secret secret)
{
    return secret.text && secret.text[0];
}

/* With several keys there are several signatures, and one that fits is enough (Standard Webhooks). */
static const char *signatures(struct arena *a, const struct webhook *to, const char *id,
                              struct instant now, struct bytes body)
{
    const char *one = webhook_signature(a, to->secret, id, now, body);

    return is_given(to->before)
               ? arena_format(a, "%s %s", one, webhook_signature(a, to->before, id, now, body))
               : one;
}

bool webhook_post(struct arena *a, const struct webhook *to, const char *id, struct instant now,
                  struct bytes body, struct post *out, struct fault *f)
{
    const char **h = arena_array(a, const char *, HEADERS_MAX);

    *out =
        (struct post){ .account_id = to->account_id, .url = to->url, .headers = h, .body = body };
    if (!is_header_value(id))
        return fault_set(f, FAULT_INVALID, "id", "has control characters");
    *h++ = "Content-Type: application/json";
    *h++ = "User-Agent: Chancery-Webhook/1";
    *h++ = arena_format(a, "webhook-id: %s", id);
    *h++ = arena_format(a, "webhook-timestamp: %lld", (long long)unix_seconds(now));
    if (!is_given(to->secret))
        return true;
    if (!is_header_value(to->secret.text))
        return fault_set(f, FAULT_INVALID, "secret", "has characters that no header can carry");
    if (!only_signs(to->secret))
        *h++ = arena_format(a, "X-WEBHOOK-KEY: %s", to->secret.text);
    *h++ = arena_format(a, "webhook-signature: %s", signatures(a, to, id, now, body));
    return true;
}

// clang-format off
/* What answers say about the next attempt. What is not here says nothing: it is tried again. With a
 * Retry-After it always is, but where the endpoint is gone. */
static const struct {
    int from, to;
    enum webhook_next next;
} answers[] = {
    { 200, 299, WEBHOOK_TAKEN },
    { 410, 410, WEBHOOK_GONE },   /* RFC 9110 15.5.11: likely to be permanent */
    { 413, 415, WEBHOOK_NEVER },  /* RFC 9110 15.5.14 to 16: size, URI, media type, which stay the same */
    { 431, 431, WEBHOOK_NEVER },  /* RFC 6585 5: its header fields are too large */
    { 502, 504, WEBHOOK_OUTAGE }, /* who only stands before the endpoint, or says that it is out of service */
};
// clang-format on

static enum webhook_next answer_next(const struct post_result *r)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (r->status >= answers[i].from && r->status <= answers[i].to)
            return answers[i].next;
    return WEBHOOK_AGAIN;
}

enum webhook_next webhook_next(const struct post_result *r)
{
    enum webhook_next next;

    if (r->outcome != POST_ANSWERED)
        return r->outcome == POST_FAILED ? WEBHOOK_OUTAGE : WEBHOOK_AGAIN;
    next = answer_next(r);
    return r->retry_after[0] && (next == WEBHOOK_OUTAGE || next == WEBHOOK_NEVER) ? WEBHOOK_AGAIN
                                                                                  : next;
}

/* Whether a name is unknown or leads inside must not be told apart: else names inside can be tried. */
#define NO_ADDRESS "could not be reached: its name has no address that may be called"

char *webhook_cause(struct arena *a, const struct post_result *r)
{
    static const char *const outcomes[] = {
        [POST_REFUSED] = NO_ADDRESS,
        [POST_BUSY] = "has too many messages before this one, try again in a minute",
        [POST_SHARE] =
            "was not called: too many of your messages are under way, try again in a minute",
        [POST_FULL] = "was not called: too many messages are under way, try again in a minute",
        [POST_STOPPED] = "was not called, try again in a minute",
    };
    static const char *const failures[] = {
        [POST_NO_ANSWER] = "gave no answer",
        [POST_NO_NAME] = NO_ADDRESS,
        [POST_NO_CONNECTION] = "could not be reached: no connection could be made",
        [POST_LATE] = "did not answer in time",
        [POST_NO_TLS] = "could not be reached: no TLS could be agreed on",
        [POST_NOT_TRUSTED] = "could not be reached: its certificate is not trusted",
    };

    if (r->outcome == POST_ANSWERED)
        return arena_format(a, "answered with status %d%s", r->status,
                            r->status / 100 == 3 ? ", and redirects are not followed" : "");
    return arena_strdup(a, r->outcome == POST_FAILED ? failures[r->failure] : outcomes[r->outcome]);
}

const char *webhook_failure(const struct post_result *r)
{
    static const char *const failures[] = {
        [POST_NO_ANSWER] = "no_answer", [POST_NO_NAME] = "name", [POST_NO_CONNECTION] = "refused",
        [POST_LATE] = "time_out",       [POST_NO_TLS] = "tls",   [POST_NOT_TRUSTED] = "certificate",
    };
    static const char *const answers_of[] = {
        "status_1xx", "status_2xx", "redirect", "status_4xx", "status_5xx",
    };

    if (r->outcome == POST_FAILED)
        return failures[r->failure];
    if (r->outcome == POST_REFUSED)
        return "blocked_address";
    if (r->outcome != POST_ANSWERED || webhook_next(r) == WEBHOOK_TAKEN)
        return NULL;
    return r->status >= 100 && r->status < 600 ? answers_of[r->status / 100 - 1] : "no_answer";
}

/* Between 80 % and 120 %, evenly. */
static struct duration jittered(struct duration delay, uint32_t random)
{
    struct duration fifth = { delay.us / 5 };
    double share = (double)random / UINT32_MAX;

    return (struct duration){ delay.us - fifth.us + (int64_t)(2.0 * (double)fifth.us * share) };
}

bool webhook_next_attempt(int attempt, const char *retry_after, struct instant now, uint32_t random,
                          struct instant *next)
{
    struct instant asked;

    if (attempt < 0 || attempt >= WEBHOOK_ATTEMPTS)
        return false;
    *next = instant_add(now, jittered(seconds(delays_s[attempt]), random));
    if (retry_after_read(retry_after, now, days(1), &asked) && instant_before(*next, asked))
        *next = asked;
    return true;
}

static bool is_failing_for(struct instant since, struct instant now, int how_many_days)
{
    return since.us != 0 && !instant_before(now, instant_add(since, days(how_many_days)));
}

int webhook_warnings_due(struct instant failing_since, struct instant now)
{
    int due = 0;

    while (due < WEBHOOK_WARNINGS && is_failing_for(failing_since, now, warnings_days[due]))
        due++;
    return due;
}

bool webhook_is_dead(struct instant failing_since, struct instant now)
{
    return is_failing_for(failing_since, now, DEAD_AFTER_DAYS);
}

/* ---- the channel */

static bool webhook_takes(const char *endpoint)
{
    (void)endpoint;
    return true;
}

static struct bytes webhook_body(struct arena *a, const struct tidings *t)
{
    struct text json;
    EventBody body = EVENT_BODY__INIT;
    EventData data = EVENT_DATA__INIT;
    body.event = arena_strdup(a, t->event);
    if (t->data) {
        data = *t->data;
        body.data = &data;
    }
    text_init(&json, a);
    message_to_json(&body.base, &json);
    return BYTES_OF(json.data);
}

const struct channel webhook_channel = {
    .name = "webhook",
    .takes = webhook_takes,
    .body = webhook_body,
    .keyed = true,
};
