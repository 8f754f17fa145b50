/* chancery why order: what happened to an order, in the order in which it happened, and what it waits for. */
#include <string.h>

#include "cli/orders.sql.h"
#include "cli/why.sql.h"
#include "commands.h"
#include "fold.h"
#include "message/convert.h"
#include "message/json.h"
#include "orders.h"
#include "why.h"

/* Each tells of one kind of thing that may have happened. The order is that of things that happened at once. */
static const struct sql *const kinds[] = {
    &sql_why_asked,    &sql_why_approved, &sql_why_challenge,    &sql_why_looked,
    &sql_why_mailed,   &sql_why_proved,   &sql_why_caa,          &sql_why_tasks,
    &sql_why_attempts, &sql_why_logged,   &sql_why_certificates, &sql_why_told,
    &sql_why_audited,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What who has to do it does: by the kind of what is open, and by its owner and the method where it depends on them. The
 * first that fits is told; docs/guide/waiting.md has it at length. */
// clang-format off
static const struct {
    const char *kind, *owner, *method, *text;
} advice[] = {
    { "approval",     NULL, NULL, "one of the customer's people approves or rejects the request" },
    { "dcv",          "customer", "email", "the customer opens the link in the mail, has it sent again (resend-emails), or chooses another method" },
    { "dcv",          "customer", NULL, "the customer puts the proof where it is looked for, or chooses another method; what was seen instead is told above" },
    { "dcv",          "ca", NULL, "an operator sees to what is said above, mostly to the other points of view; it is looked for again by itself" },
    { "caa",          "customer", NULL, "the customer changes the CAA records, which are read again by themselves" },
    { "caa",          "ca", NULL, "nothing while they are still to be looked at; where too few other points of view could say, an operator sees to those" },
    { "transparency", NULL, NULL, "nothing while logs are asked again by themselves; if it lasts, an operator sees to the list of logs: policy/logs.json" },
    { "blocked_key",  NULL, NULL, "the customer orders with another key" },
    { "certificate",  NULL, NULL, "an operator revokes it" },
    { "precertificate", NULL, NULL, "nothing: it is revoked by itself within minutes; if it lasts, see to the scheduler" },
    { "quarantine",   NULL, NULL, "an operator sees to the attempt: chancery quarantine" },
    { "held_up",      NULL, NULL, "an operator mends the cause and has the job run again: chancery jobs retry NUMBER" },
    { "authority",    NULL, NULL, "an operator starts it again when it may sign: chancery authority start ID" },
    { "job",          NULL, NULL, "nothing: it goes on by itself" },
};
// clang-format on

/* NULL stands for any. */
static bool is_said(const char *wanted, const char *said)
{
    return !wanted || (said && strcmp(wanted, said) == 0);
}

static const char *advice_for(const OrderWait *open)
{
    for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
        if (is_said(advice[i].kind, open->kind) && is_said(advice[i].owner, open->owner) &&
            is_said(advice[i].method, open->method))
            return advice[i].text;
    return NULL;
}

/* ---- what is read */

static bool chapters_read(struct command_run *r, const OrderWhy *in, struct rows rows[KINDS],
                          struct fault *f)
{
    for (size_t i = 0; i < KINDS; i++)
        if (!store_all(r->store, &r->arena, kinds[i], &in->base, &rows[i], f))
            return false;
    return true;
}

/* Few, and nearly in order: what came before stays before what happened at the same time. */
static void chapter_put(OrderStory *s, OrderChapter *chapter)
{
    size_t at = s->n_chapters++;
    for (; at > 0 && s->chapters[at - 1]->at->us > chapter->at->us; at--)
        s->chapters[at] = s->chapters[at - 1];
    s->chapters[at] = chapter;
}

static void chapters_fill(struct arena *a, OrderStory *s, const struct rows rows[KINDS])
{
    size_t count = 0;
    for (size_t i = 0; i < KINDS; i++)
        count += rows[i].count;
    s->chapters = arena_array(a, OrderChapter *, count);
    for (size_t i = 0; i < KINDS; i++)
        for (size_t k = 0; k < rows[i].count; k++)
            chapter_put(s, (OrderChapter *)rows[i].items[k]);
}

static void open_fill(struct arena *a, OrderStory *s, const struct rows *rows)
{
    s->open = arena_array(a, OrderWait *, rows->count);
    for (size_t i = 0; i < rows->count; i++) {
        s->open[i] = (OrderWait *)rows->items[i];
        s->open[i]->advice = arena_strdup(a, advice_for(s->open[i]));
        s->n_open++;
    }
}

/* One snapshot is not needed: what happens meanwhile is told, or not yet. */
static bool story_read(struct command_run *r, OrderStory *s, struct fault *f)
{
    struct rows chapters[KINDS], open;
    OrderWhy in = ORDER_WHY__INIT;
    in.id = s->order->id;
    in.now = s->now;
    if (!chapters_read(r, &in, chapters, f) ||
        !store_all(r->store, &r->arena, &sql_order_waits, &in.base, &open, f))
        return false;
    chapters_fill(&r->arena, s, chapters);
    open_fill(&r->arena, s, &open);
    return true;
}

bool why_order_command(struct command_run *r, struct fault *f)
{
    OrderFound order = ORDER_FOUND__INIT;
    OrderStory story = ORDER_STORY__INIT;
    struct text out;
    story.order = &order;
    story.now = instant_message(&r->arena, clock_now());
    if (!order_find(r, &order, f) || !story_read(r, &story, f))
        return false;
    text_init(&out, &r->arena);
    if (command_option(r, "json")) {
        message_to_json(&story.base, &out);
        text_add_char(&out, '\n');
    } else {
        why_text(&story, fold_width(r->out), &out);
    }
    fputs(out.data, r->out);
    return true;
}
