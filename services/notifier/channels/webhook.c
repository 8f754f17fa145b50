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

static struct bytes key_bytes(struct arena *a, struct secret secret)
{
    static const char prefix[] = "whsec_";
    const size_t length = strlen(prefix);
    struct bytes key;

    if (strncmp(secret.text, prefix, length) == 0 &&
        base64_read(a, secret.text + length, strlen(secret.text + length), &key) && key.size > 0)
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

static bool has_secret(const struct webhook *to)
{
    return to->secret.text && to->secret.text[0];
}

bool webhook_post(struct arena *a, const struct webhook *to, const char *id, struct instant now,
                  struct bytes body, struct post *out, struct fault *f)
{
    const char **h = arena_array(a, const char *, HEADERS_MAX);

    *out = (struct post){ .url = to->url, .headers = h, .body = body };
    if (!is_header_value(id))
        return fault_set(f, FAULT_INVALID, "id", "has control characters");
    *h++ = "Content-Type: application/json";
    *h++ = "User-Agent: Chancery-Webhook/1";
    *h++ = arena_format(a, "webhook-id: %s", id);
    *h++ = arena_format(a, "webhook-timestamp: %lld", (long long)unix_seconds(now));
    if (!has_secret(to))
        return true;
    if (!is_header_value(to->secret.text))
        return fault_set(f, FAULT_INVALID, "secret", "has characters that no header can carry");
    *h++ = arena_format(a, "X-WEBHOOK-KEY: %s", to->secret.text);
    *h++ =
        arena_format(a, "webhook-signature: %s", webhook_signature(a, to->secret, id, now, body));
    return true;
}

bool webhook_is_delivered(const struct post_result *r)
{
    return r->outcome == POST_ANSWERED && r->status / 100 == 2;
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
