/* What is kept of a request at its end: a line of the log, and a count by its route and status.
 *
 * Both name the row of the route and never the path, which may hold what only the client should know; and
 * so the counts are as many as there are rows and statuses, whatever clients make up. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "http_request.h"
#include "service/metrics.h"

enum { STATUS_FIRST = 100, STATUSES = 500, STRANGERS_A_SECOND = 5 };

/* By status. Memory that no count has touched costs nothing. */
struct route_count {
    atomic_uint_least32_t answers[STATUSES];
};

const char *record_route(const struct request *r)
{
    const char *route = r->match.entry ? r->match.entry->pattern : r->match.unserved;
    return route ? route : "";
}

/* ---- counts: one of each row, and one of what is none */

static void write_counts(const struct route_count *c, const char *name, const char *method,
                         const char *route, struct text *out)
{
    for (int i = 0; i < STATUSES; i++) {
        unsigned n = atomic_load_explicit(&c->answers[i], memory_order_relaxed);
        if (n)
            text_format(out, "%s{method=\"%s\",route=\"%s\",status=\"%d\"} %u\n", name, method,
                        route, STATUS_FIRST + i, n);
    }
}

/* What is no row, of all doors: nobody asks where somebody knocked in vain. */
static void write_others(const struct http *h, const char *name, struct text *out)
{
    struct route_count all = { 0 };
    const struct route_entry *entries;
    for (size_t d = 0; d < h->door_count; d++) {
        const struct route_count *c =
            &h->doors[d].counts[router_entries(h->doors[d].router, &entries)];
        for (int i = 0; i < STATUSES; i++)
            all.answers[i] += atomic_load_explicit(&c->answers[i], memory_order_relaxed);
    }
    write_counts(&all, name, "", "", out);
}

static void write_all(void *http, const char *name, struct text *out)
{
    const struct http *h = http;
    const struct route_entry *entries;
    for (const struct door *d = h->doors; d < h->doors + h->door_count; d++) {
        size_t count = router_entries(d->router, &entries);
        for (size_t i = 0; i < count; i++)
            write_counts(&d->counts[i], name, method_name(entries[i].route->method),
                         entries[i].pattern, out);
    }
    write_others(h, name, out);
}

static void tell_untold(const struct strangers *s)
{
    if (s->untold)
        log_info("more requests of nobody who is known", LOG_INT("count", s->untold));
}

void record_start(struct http *h)
{
    const struct route_entry *entries;
    for (struct door *d = h->doors; d < h->doors + h->door_count; d++)
        d->counts = calloc(router_entries(d->router, &entries) + 1, sizeof *d->counts);
    metric_own(METRIC_HTTP_ROUTES, write_all, h);
}

void record_stop(struct http *h)
{
    if (!h->door_count || !h->doors[0].counts)
        return;
    metric_own(METRIC_HTTP_ROUTES, NULL, NULL);
    for (struct door *d = h->doors; d < h->doors + h->door_count; d++) {
        tell_untold(&d->strangers);
        free(d->counts);
        d->counts = NULL;
    }
}

void record_count(struct request *r)
{
    const struct route_entry *entries, *entry = r->match.entry;
    size_t count = router_entries(r->door->router, &entries);
    struct route_count *c = &r->door->counts[entry ? (size_t)(entry - entries) : count];
    atomic_fetch_add_explicit(&c->answers[r->answer.status - STATUS_FIRST], 1,
                              memory_order_relaxed);
    metric_add(METRIC_HTTP_1XX + (enum metric)(r->answer.status / 100 - 1), 1);
    metric_observe(METRIC_HTTP_SECONDS, (struct duration){ tick_now().us - r->received.us });
}

/* ---- the line */

/* Errors of those who are not known anybody can cause without end: so many are told, the rest counted. */
static bool stranger_is_told(struct door *d)
{
    struct strangers *s = &d->strangers;
    int64_t second = tick_now().us / 1000000;
    if (s->second != second) {
        tell_untold(s);
        *s = (struct strangers){ .second = second };
    }
    bool told = s->told < STRANGERS_A_SECOND;
    *(told ? &s->told : &s->untold) += 1;
    return told;
}

/* What reads and succeeds is most of what comes. A malformed head is nobody's, and is counted. */
static enum log_level level_of(const struct request *r)
{
    if (r->answer.status < 400)
        return r->method == GET ? LOG_DEBUG : LOG_INFO;
    return !r->malformed && (r->outcome.account_id || stranger_is_told(r->door)) ? LOG_INFO
                                                                                 : LOG_DEBUG;
}

void record_log(const struct request *r)
{
    const struct call *call = &r->own.call;
    const struct outcome *o = &r->outcome;
    if (atomic_load(&r->said) != READY) /* its client has left in the middle of it */
        return;
    log_context(call->traceparent, 0);
    log_write(level_of(r), "request",
              (const struct log_member[]){ LOG_TEXT("method", method_name(r->method)),
                                           LOG_TEXT("route", record_route(r)),
                                           LOG_INT("status", r->answer.status),
                                           LOG_INT("ms", (o->at.us - r->received.us) / 1000),
                                           LOG_TEXT("code", fault_api_code(o->fault)),
                                           LOG_INT("account_id", o->account_id),
                                           LOG_INT("api_key_id", o->api_key_id),
                                           LOG_TEXT("ip", call->actor.ip),
                                           { .key = NULL } });
    log_context("", 0);
}
