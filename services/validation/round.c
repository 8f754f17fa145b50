#include "round.h"

#include <string.h>

#include "base/log.h"
#include "gate.h"
#include "message/json.h"
#include "share.h"

/* Whose account has its share comes back after a while, spread out. */
enum { SHARE_PAUSE_S = 3, SHARE_SPREAD_S = 5, SEEN_NAMES = 20 };

/* ---- the end */

static void round_over(struct round *r)
{
    if (r->shares)
        share_give(&r->part);
    r->ending->over(r);
}

/* Those that live, which come first: of the others it is said already that they have expired. */
static void round_skip(struct round *r, size_t count, const char *reason, bool ours)
{
    for (size_t i = 0; i < count; i++) {
        r->names[i].reason = reason;
        r->names[i].ours = ours;
    }
    round_over(r);
}

static void round_put_off(struct round *r)
{
    uint32_t dice;

    random_bytes(&dice, sizeof dice);
    r->ending->put_off(r, seconds(SHARE_PAUSE_S + dice % SHARE_SPREAD_S));
}

/* ---- what has expired proves nothing */

static bool lives(const struct search_domain *d, struct instant at)
{
    return instant_before(at, d->wanted->until);
}

static void expire(struct round *r, struct search_domain *d)
{
    char when[INSTANT_TEXT_SIZE] = "before";

    if (d->wanted->until.us > 0)
        instant_text(d->wanted->until, when);
    d->found = d->ours = false;
    d->proof_count = 0;
    d->looked = NULL;
    d->reason =
        arena_format(r->arena, "the random value has expired (%s): ask for a new one", when);
}

/* How many there are that may be looked for: they come first. */
static size_t names_living(struct round *r)
{
    struct instant now = clock_now();
    size_t count = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct search_domain d = r->names[i];

        if (!lives(&d, now)) {
            expire(r, &r->names[i]);
            continue;
        }
        r->names[i] = r->names[count];
        r->names[count++] = d;
    }
    return count;
}

/* ---- the search */

/* On the prober's thread, or the bus's. */
static void searched(struct search *s)
{
    struct round *r = s->context;

    r->failed = s->failed;
    for (size_t i = 0; i < s->count; i++)
        if (r->names[i].proof_count > 0 && !lives(&r->names[i], r->names[i].at))
            expire(r, &r->names[i]);
    round_over(r);
}

static void round_search(struct round *r, size_t count, const struct web_rules *web)
{
    r->search = (struct search){ .prober = r->prober,
                                 .arena = r->arena,
                                 .request = { .account_id = r->account_id,
                                              .method = r->method,
                                              .web = *web,
                                              .deadline = r->deadline },
                                 .domains = r->names,
                                 .count = count,
                                 .others = { .rules = r->quorum,
                                             .alone = r->alone,
                                             .perspectives = r->perspectives,
                                             .web = r->web },
                                 .done = searched,
                                 .context = r };
    search_start(&r->search);
}

static void round_ask(struct round *r, size_t count, const struct web_rules *web)
{
    r->shares = share_take(&r->part, r->account_id, search_width(r->names, count));
    if (!r->shares) {
        round_put_off(r);
    } else if (!gate_ask_begin()) {
        r->failed = true;
        round_skip(r, count, "the check was interrupted", false);
    } else {
        round_search(r, count, web);
        gate_ask_end();
    }
}

void round_begin(struct round *r)
{
    struct web_rules web = { 0 };
    size_t living = names_living(r);

    if (r->count > 0 && !r->method) {
        round_skip(r, living, "names are not looked for by this method: choose another", false);
    } else if (living == 0) {
        round_over(r);
    } else if (r->method->transport == DCV_WEB && !(r->web && web_rules_read(r->web, &web))) {
        log_error("no rules say how files are looked for");
        round_skip(r, living, "files cannot be looked for now: the fault is ours", true);
    } else {
        round_ask(r, living, &web);
    }
}

/* ---- for people */

static void seen_add(struct text *t, const char *name, const char *reason)
{
    text_add(t, t->length ? "," : "{");
    json_add_string(t, name);
    text_add_char(t, ':');
    json_add_string(t, reason);
}

/* It is written after each round, so it must not be long. */
char *round_seen(const struct round *r)
{
    size_t missing = 0;
    struct text t;

    text_init(&t, r->arena);
    for (size_t i = 0; i < r->count; i++)
        if (!r->names[i].found && missing++ < SEEN_NAMES)
            seen_add(&t, r->names[i].place->domain, r->names[i].reason);
    if (missing > SEEN_NAMES)
        seen_add(&t, "*",
                 arena_format(r->arena,
                              "not found, like %zu other names: why is told of %d at a time",
                              missing - 1, SEEN_NAMES));
    if (missing == 0)
        return NULL;
    text_add_char(&t, '}');
    return t.data;
}

char *round_ours(const struct round *r)
{
    struct text t;

    text_init(&t, r->arena);
    for (size_t i = 0; i < r->count; i++)
        if (r->names[i].ours)
            text_format(&t, "%s%s", t.length ? "," : "", r->names[i].place->domain);
    return t.length ? t.data : NULL;
}

/* Each name whole or not at all. */
char *round_looked(const struct round *r)
{
    struct text t;

    text_init(&t, r->arena);
    for (size_t i = 0; i < r->count; i++) {
        const struct search_domain *d = &r->names[i];
        const char *name = d->place->domain;

        if (d->found || !d->looked ||
            t.length + strlen(d->looked) + strlen(name) + strlen("{\"\":,}") > ROUND_LOOKED_MAX)
            continue;
        text_add(&t, t.length ? "," : "{");
        json_add_string(&t, name);
        text_format(&t, ":%s", d->looked);
    }
    if (!t.length)
        return NULL;
    text_add_char(&t, '}');
    return t.data;
}
