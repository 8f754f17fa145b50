#include "why.h"

#include <string.h>

#include "fold.h"

enum { INDENT = 4, DEEPER = 6 };

struct why {
    struct arena *arena;
    struct text *out;
    size_t width;
    struct instant now;
};

static const char *time_of(const struct why *w, const Instant *at)
{
    return fold_time(w->arena, (struct instant){ at->us }, w->now);
}

static bool there(const char *text)
{
    return text && *text;
}

/* "first, second": parts that are not there are left out. */
static void part(struct text *t, const char *before, const char *text, const char *after)
{
    if (there(text))
        text_format(t, "%s%s%s", before, text, after);
}

/* ---- what was seen */

static void hop_tell(const struct why *w, const DcvHop *hop)
{
    struct text t;
    text_init(&t, w->arena);
    text_format(&t, "%s: ", hop->url);
    if (hop->status)
        text_format(&t, "answered %u", hop->status);
    else
        text_add(&t, "no answer");
    part(&t, " at ", hop->address, "");
    for (size_t i = 0; i < hop->n_tried; i++)
        part(&t, i ? ", " : "; no connection to ", hop->tried[i], "");
    if (hop->has_dnssec_secure)
        part(&t, "; its address is ", hop->dnssec_secure ? "secure" : "insecure", " by DNSSEC");
    fold_add(w->out, t.data, DEEPER, w->width);
}

static void records_tell(const struct why *w, const DcvLook *look)
{
    struct text t;
    text_init(&t, w->arena);
    text_format(&t, "%u record%s", look->record_count, look->record_count == 1 ? "" : "s");
    part(&t, " at ", look->found_at, "");
    for (size_t i = 0; i < look->n_records; i++)
        text_format(&t, "%s\"%s\"", i ? ", " : ": ", look->records[i]);
    if (look->n_records < look->record_count)
        text_add(&t, ", ...");
    fold_add(w->out, t.data, DEEPER, w->width);
}

static void look_tell(const struct why *w, const DcvLook *look)
{
    struct text t;
    text_init(&t, w->arena);
    if (strcmp(look->type, "HTTP") != 0)
        text_format(&t, "%s ", look->type);
    text_add(&t, look->name);
    part(&t, ", answered by ", look->server, "");
    part(&t, ", ", look->dnssec, " by DNSSEC");
    if (look->has_took_ms)
        text_format(&t, ", %u ms", look->took_ms);
    text_format(&t, ": %s", look->outcome);
    fold_add(w->out, t.data, INDENT, w->width);
    if (look->n_records > 0)
        records_tell(w, look);
    for (size_t i = 0; i < look->n_hops; i++)
        hop_tell(w, look->hops[i]);
    if (there(look->body))
        fold_add(
            w->out,
            arena_format(w->arena, "it has %u bytes, and begins: %s", look->body_size, look->body),
            DEEPER, w->width);
}

static void proof_tell(const struct why *w, const DcvProof *proof)
{
    struct text t;
    if (there(proof->reason))
        fold_add(w->out,
                 arena_format(w->arena, "perspective-%s: %s", proof->perspective, proof->reason),
                 INDENT, w->width);
    for (size_t i = 0; i < proof->n_looks; i++)
        look_tell(w, proof->looks[i]);
    text_init(&t, w->arena);
    part(&t, "approved by the mailbox ", proof->address, "");
    part(&t, "expected: a value whose SHA-256 is ", proof->expected_sha256, "");
    if (proof->cut)
        part(&t, "", "what was seen is too long to be kept", "");
    if (t.length)
        fold_add(w->out, t.data, INDENT, w->width);
}

/* ---- what happened */

static void chapter_tell(const struct why *w, const OrderChapter *c)
{
    struct text t;
    text_init(&t, w->arena);
    text_format(&t, "%s  %s", time_of(w, c->at), c->chapter);
    part(&t, ", by ", c->who, "");
    fold_add(w->out, t.data, 0, w->width);
    fold_add(w->out, c->text, INDENT, w->width);
    for (size_t i = 0; i < c->n_evidence; i++)
        proof_tell(w, c->evidence[i]);
}

/* ---- what is open */

static void moment_tell(const struct why *w, const char *what, const Instant *at)
{
    if (at)
        fold_add(w->out, arena_format(w->arena, "%s %s", what, time_of(w, at)), INDENT, w->width);
}

static void wait_tell(const struct why *w, const OrderWait *open)
{
    struct text t;
    text_init(&t, w->arena);
    text_add(&t, open->kind);
    part(&t, ": ", open->name, "");
    part(&t, ", for the ",
         !open->owner                     ? NULL
         : strcmp(open->owner, "ca") == 0 ? "CA"
                                          : open->owner,
         "");
    if (open->since)
        text_format(&t, ", since %s", time_of(w, open->since));
    fold_add(w->out, t.data, 2, w->width);
    if (there(open->detail))
        fold_add(w->out, open->detail, INDENT, w->width);
    if (there(open->advice))
        fold_add(w->out, arena_format(w->arena, "To do: %s.", open->advice), INDENT, w->width);
    moment_tell(w, "Looked at again:", open->next_at);
    moment_tell(w, "Its random value works until:", open->deadline);
}

static const char *nothing_open(const struct why *w, const OrderFound *o)
{
    if (strcmp(o->status, "pending") == 0 || strcmp(o->status, "needs_approval") == 0)
        return arena_format(w->arena, "Order %lld waits for nothing, and no job carries it.",
                            (long long)o->id);
    return arena_format(w->arena, "Order %lld is %s: it waits for nothing.", (long long)o->id,
                        o->status);
}

static void open_tell(const struct why *w, const OrderStory *s)
{
    text_add_char(w->out, '\n');
    fold_add(w->out, s->n_open > 0 ? "Open now:" : nothing_open(w, s->order), 0, w->width);
    for (size_t i = 0; i < s->n_open; i++)
        wait_tell(w, s->open[i]);
}

void why_text(const OrderStory *s, size_t width, struct text *out)
{
    struct why w = { out->arena, out, width, { s->now->us } };
    const OrderFound *o = s->order;
    fold_add(out,
             arena_format(out->arena,
                          "Order %lld of %s (account %lld) is %s since %s. Times are UTC.",
                          (long long)o->id, o->account, (long long)o->account_id, o->status,
                          time_of(&w, o->status_at)),
             0, width);
    text_add_char(out, '\n');
    for (size_t i = 0; i < s->n_chapters; i++)
        chapter_tell(&w, s->chapters[i]);
    open_tell(&w, s);
}
