#include "ledger/log_list.h"

#include <string.h>

#include "message/convert.h"
#include "net/guard.h"
#include "pki/digest.h"

static const struct instant ever_before = { INT64_MIN }, never = { INT64_MAX };

size_t log_list_count(const LogList *list)
{
    size_t count = 0;

    for (size_t i = 0; i < list->n_operators; i++)
        count += list->operators[i]->n_logs + list->operators[i]->n_tiled_logs;
    return count;
}

/* ---- one log */

static bool wrong(const struct ct_log *log, struct fault *f, const char *why)
{
    return fault_set(f, FAULT_INVALID, NULL, "operator %s, log %s: %s", log->operator_name,
                     log->description, why);
}

static bool identity_read(const ListedLog *in, struct ct_log *out, struct fault *f)
{
    uint8_t *id = in->log_id.data, hash[SHA256_SIZE];

    out->id = bytes_value(in->log_id);
    out->key = bytes_value(in->key);
    digest_sha256(out->key, hash);
    return (out->id.size == sizeof hash && memcmp(id, hash, sizeof hash) == 0) ||
           wrong(out, f, "its log_id is not the SHA-256 of its key");
}

/* Since when it is so, of the one state that is said; NULL: none, or several. */
static const Instant *since(const LogState *s, size_t *said)
{
    const LogSince *const all[] = { s->pending,  s->qualified, s->usable,
                                    s->readonly, s->retired,   s->rejected };
    const Instant *at = NULL;

    *said = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] && ++*said == 1)
            at = all[i]->timestamp;
    return at;
}

/* Only what browsers call usable is known to all of them. What was retired or is read-only was usable before. */
static bool state_read(const LogState *s, struct ct_log *out, struct fault *f)
{
    size_t said = 0;
    const Instant *at = s ? since(s, &said) : NULL;

    out->usable_from = out->usable_till = out->retired_at = never;
    if (s && said != 1)
        return wrong(out, f, "its state must be one of those that browsers have");
    if (!s || s->pending || s->qualified || s->rejected)
        return true;
    out->usable_from = s->usable ? instant_value(at) : ever_before;
    out->usable_till = s->usable ? never : instant_value(at);
    out->retired_at = s->retired ? instant_value(at) : never;
    return true;
}

static bool interval_read(const LogInterval *interval, struct ct_log *out, struct fault *f)
{
    out->expiry_from = ever_before;
    out->expiry_till = never;
    if (!interval)
        return true;
    out->expiry_from = instant_value(interval->start_inclusive);
    out->expiry_till = instant_value(interval->end_exclusive);
    return instant_before(out->expiry_from, out->expiry_till) ||
           wrong(out, f, "its temporal_interval ends before it begins");
}

/* Logs of tests are on loopback; who connects has rules of his own. */
static bool url_read(const char *url, struct arena *a, struct ct_log *out, struct fault *f)
{
    static const struct guard guard = { .loopback = true };
    struct guarded_url read;
    struct fault why = { 0 };
    size_t length;

    if (!url)
        return wrong(out, f, out->tiled ? "has no submission_url" : "has no url");
    if (!guard_url(&guard, url, &read, &why))
        return wrong(out, f, arena_format(a, "its url %s", why.detail));
    if (strchr(read.text, '?'))
        return wrong(out, f, "its url must have no query");
    length = strlen(read.text);
    out->url = arena_format(a, "%s%s", read.text, read.text[length - 1] == '/' ? "" : "/");
    return true;
}

static bool key_check_of(struct ct_log *out, struct arena *a, struct fault *f)
{
    struct fault why = { 0 };

    return sct_log_key_check(out->key, &why, "key") ||
           wrong(out, f, arena_format(a, "its key %s", why.detail));
}

/* One whose word counts at no time needs neither. */
static bool use_read(const ListedLog *in, struct arena *a, struct ct_log *out, struct fault *f)
{
    const char *first = out->tiled ? in->submission_url : in->url;
    const char *other = out->tiled ? in->url : in->submission_url;

    return !instant_before(out->usable_from, never) ||
           (key_check_of(out, a, f) && url_read(first ? first : other, a, out, f));
}

static const char *described(const ListedLog *in, struct arena *a)
{
    return in->description && *in->description ? in->description
                                               : base64_write(a, bytes_value(in->log_id));
}

static bool log_read(const ListedLog *in, struct arena *a, struct ct_log *out, struct fault *f)
{
    out->description = described(in, a);
    return identity_read(in, out, f) && state_read(in->state, out, f) &&
           interval_read(in->temporal_interval, out, f) && use_read(in, a, out, f);
}

/* ---- all of them */

static bool is_new(const struct ct_log *logs, size_t count, struct fault *f)
{
    const struct ct_log *last = &logs[count];

    for (size_t i = 0; i < count; i++)
        if (bytes_equal(logs[i].id, last->id))
            return wrong(last, f, "is in the list already");
    return true;
}

static bool operator_read(const LogOperator *in, bool tiled, struct arena *a, struct ct_log *out,
                          size_t *count, struct fault *f)
{
    ListedLog *const *logs = tiled ? in->tiled_logs : in->logs;
    size_t n = tiled ? in->n_tiled_logs : in->n_logs;

    for (size_t i = 0; i < n; i++, (*count)++) {
        out[*count] = (struct ct_log){ .operator_name = in->name, .tiled = tiled };
        if (!log_read(logs[i], a, &out[*count], f) || !is_new(out, *count, f))
            return false;
    }
    return true;
}

bool log_list_read(const LogList *list, struct arena *a, const struct ct_log **out, size_t *count,
                   struct fault *f)
{
    struct ct_log *logs = arena_array(a, struct ct_log, log_list_count(list) + 1);

    *out = logs;
    *count = 0;
    for (size_t i = 0; i < list->n_operators; i++) {
        const LogOperator *in = list->operators[i];
        if (!*in->name)
            return fault_set(f, FAULT_INVALID, NULL, "operator %zu has no name", i + 1);
        if (!operator_read(in, false, a, logs, count, f) ||
            !operator_read(in, true, a, logs, count, f))
            return false;
    }
    return true;
}
