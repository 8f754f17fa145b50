/* An edition is the change log as it is written once: of one policy version, between the days of two changes. The
 * thread makes it and puts it in place; HTTP threads take what is there. Editions are few, as versions and days
 * of changes are, so each is kept for ever, and who was given one needs no lock. `lock` is over `stopping`. */
#include "api/change_log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/change_texts.h"
#include "base/log.h"
#include "http.h"
#include "ledger/changelog.h"
#include "message/json.h"
#include "pki/digest.h"

#define EVERY     seconds(1)
#define FRESH_FOR "public, max-age=300"

enum form { PAGE, FEED, LIST, FORMS };

struct edition {
    struct arena arena;
    int64_t version;
    struct instant made, until; /* it holds from one to before the other */
    struct {
        struct bytes body;
        char etag[2 + 2 * SHA256_SIZE + 1];
    } forms[FORMS];
    struct edition *before;
};

static struct {
    _Atomic(struct edition *) current; /* written by the thread alone */
    const char *base;
    const struct store_options *options;
    struct store *store;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open, stopping, failing;
} change_log = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- an edition */

static void page_write(struct text *out, const ChangeList *list)
{
    change_page(out, list, change_log.base);
}

static void feed_write(struct text *out, const ChangeList *list)
{
    change_feed(out, list, change_log.base);
}

static void list_write(struct text *out, const ChangeList *list)
{
    message_to_json(&list->base, out);
}

static const struct {
    const char *type;
    void (*write)(struct text *out, const ChangeList *list);
} forms[FORMS] = {
    [PAGE] = { "text/html; charset=utf-8", page_write },
    [FEED] = { "application/rss+xml; charset=utf-8", feed_write },
    [LIST] = { "application/json", list_write },
};

static void form_write(struct edition *e, enum form form, const ChangeList *list)
{
    struct text t;
    uint8_t hash[SHA256_SIZE];
    text_init(&t, &e->arena);
    forms[form].write(&t, list);
    e->forms[form].body = (struct bytes){ (const uint8_t *)t.data, t.length };
    digest_sha256(e->forms[form].body, hash);
    snprintf(e->forms[form].etag, sizeof e->forms[form].etag, "\"%s\"",
             hex_lower(&e->arena, (struct bytes){ hash, sizeof hash }));
}

static struct edition *edition_new(const struct policy *policy, struct instant now)
{
    struct edition *e = calloc(1, sizeof *e);
    arena_init(&e->arena);
    e->version = policy->version;
    e->made = now;
    const ChangeList *list = changelog_at(&e->arena, policy, now);
    if (!changelog_next(list, &e->until))
        e->until = (struct instant){ INT64_MAX };
    for (enum form form = 0; form < FORMS; form++)
        form_write(e, form, list);
    return e;
}

static bool holds(const struct edition *e, const struct policy *policy, struct instant now)
{
    return e && e->version == policy->version && !instant_before(now, e->made) &&
           instant_before(now, e->until);
}

/* ---- the thread */

static void look(void)
{
    struct fault f = { 0 };
    const struct policy *policy = NULL;
    struct edition *e = atomic_load(&change_log.current);
    struct instant now = clock_now();
    bool ok = policy_now(&policy, &f);
    if (!ok && !change_log.failing)
        log_warn("the change log cannot be read", LOG_FAULT(&f));
    change_log.failing = !ok;
    if (!ok || holds(e, policy, now))
        return;
    struct edition *next = edition_new(policy, now);
    next->before = e;
    atomic_store(&change_log.current, next);
}

static bool wait_for_turn(void)
{
    struct tick at = tick_after(EVERY);
    struct timespec until = { at.us / 1000000, at.us % 1000000 * 1000 };
    int error = 0;
    pthread_mutex_lock(&change_log.lock);
    while (!change_log.stopping && error == 0)
        error = pthread_cond_timedwait(&change_log.changed, &change_log.lock, &until);
    bool go_on = !change_log.stopping;
    pthread_mutex_unlock(&change_log.lock);
    return go_on;
}

static void *look_thread(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "change-log");
    change_log.store = store_new(change_log.options);
    store_set_mine(change_log.store);
    do
        look();
    while (wait_for_turn());
    store_set_mine(NULL);
    store_free(change_log.store);
    return NULL;
}

void change_log_open(const struct store_options *store, const char *base)
{
    pthread_condattr_t monotonic;
    change_log.options = store;
    change_log.base = base;
    change_log.stopping = false;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&change_log.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    change_log.open = pthread_create(&change_log.thread, NULL, look_thread, NULL) == 0;
    if (!change_log.open)
        abort();
}

void change_log_close(void)
{
    if (!change_log.open)
        return;
    pthread_mutex_lock(&change_log.lock);
    change_log.stopping = true;
    pthread_cond_signal(&change_log.changed);
    pthread_mutex_unlock(&change_log.lock);
    pthread_join(change_log.thread, NULL);
    pthread_cond_destroy(&change_log.changed);
    change_log.open = false;
}

/* ---- served */

/* What is sent is of the edition that its tag is of. */
static void answer_with(struct call *call, enum form form, const ProtobufCMessage *answer)
{
    struct edition *e = atomic_load(&change_log.current);
    if (!e) {
        fault_set(&call->fault, FAULT_UNAVAILABLE, NULL, "no policy has been read yet");
        call_fail(call);
        return;
    }
    http_keep(call, e);
    http_not_modified(call, e->forms[form].etag, e->made);
    call_answer(answer, call);
}

static void change_log_show(ChangeLog_Service *self, const Nothing *in, Nothing_Closure answer,
                            void *data)
{
    (void)self, (void)answer;
    answer_with(data, PAGE, &in->base);
}

static void change_log_feed(ChangeLog_Service *self, const Nothing *in, Nothing_Closure answer,
                            void *data)
{
    (void)self, (void)answer;
    answer_with(data, FEED, &in->base);
}

/* The message is not what is sent. */
static void change_log_list(ChangeLog_Service *self, const Nothing *in, ChangeList_Closure answer,
                            void *data)
{
    const ChangeList written_already = CHANGE_LIST__INIT;
    (void)self, (void)in, (void)answer;
    answer_with(data, LIST, &written_already.base);
}

static bool shape(struct call *call, enum form form, struct http_answer *out)
{
    const struct edition *e = http_kept(call);
    out->type = forms[form].type;
    out->body = e->forms[form].body;
    return true;
}

static bool page_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    return shape(call, PAGE, out);
}

static bool feed_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    return shape(call, FEED, out);
}

static bool list_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    return shape(call, LIST, out);
}

void change_log_dress(struct call *call, const struct http_answer *out)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(BYTES_OF(change_page_style), hash);
    http_header(call, "Content-Security-Policy",
                arena_format(&call->arena,
                             "default-src 'none'; style-src 'sha256-%s'; form-action 'none'; "
                             "frame-ancestors 'none'; base-uri 'none'",
                             base64_write(&call->arena, (struct bytes){ hash, sizeof hash })));
    http_header(call, "Cache-Control", out->status < 400 ? FRESH_FOR : "no-store");
    http_header(call, "Content-Language", "en");
}

ChangeLog_Service change_log_service = CHANGE_LOG__INIT(change_log_);

// clang-format off
static const struct route routes[] = {
    { GET, "",               INLINE, RPC(change_log_service, "Show"), NULL, 200, "The change log as a page", .shape = page_shape },
    { GET, CHANGE_FEED_PATH, INLINE, RPC(change_log_service, "Feed"), NULL, 200, "The change log as a feed, RSS 2.0", .shape = feed_shape },
    { GET, CHANGE_LIST_PATH, INLINE, RPC(change_log_service, "List"), NULL, 200, "The change log as JSON", .shape = list_shape, .flags = ROUTE_JSON },
    { 0 },
};
// clang-format on

const struct route *const change_log_tables[] = { routes, NULL };
