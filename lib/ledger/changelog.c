#include "ledger/changelog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "message/convert.h"

/* ---- the day of an entry */

static const Rule *rule_of(const struct changelog_rows *rows, const char *id)
{
    for (size_t i = 0; i < rows->rule_count; i++)
        if (strcmp(rows->rules[i]->id, id) == 0)
            return rows->rules[i];
    return NULL;
}

static bool rule_day(const Rule *rule, const char *id, const Instant *day, const char *does,
                     struct instant *out, struct fault *f)
{
    if (!rule)
        return fault_set(f, FAULT_INVALID, NULL, "names rule %s, which is not there", id);
    if (!day)
        return fault_set(f, FAULT_INVALID, NULL, "names rule %s, which %s on no day", id, does);
    *out = instant_value(day);
    return true;
}

static bool begins(const struct changelog_rows *rows, const char *id, struct instant *out,
                   struct fault *f)
{
    const Rule *rule = rule_of(rows, id);
    return rule_day(rule, id, rule ? rule->from : NULL, "begins", out, f);
}

static bool ends(const struct changelog_rows *rows, const char *id, struct instant *out,
                 struct fault *f)
{
    const Rule *rule = rule_of(rows, id);
    return rule_day(rule, id, rule ? rule->until : NULL, "ends", out, f);
}

static bool is_there(const struct changelog_rows *rows, const char *id, struct instant *out,
                     struct fault *f)
{
    for (size_t i = 0; i < rows->capability_count; i++)
        if (strcmp(rows->capabilities[i]->id, id) == 0) {
            *out = instant_value(rows->capabilities[i]->from);
            return true;
        }
    return fault_set(f, FAULT_INVALID, NULL, "names capability %s, which is not there", id);
}

/* The ids that an entry names, by what it says of them. */
struct named {
    const char *member;
    bool (*day)(const struct changelog_rows *rows, const char *id, struct instant *out,
                struct fault *f);
    char *const *ids;
    size_t count;
};

enum { MEMBERS = 3 };

static void named_by(const ChangeEntry *e, struct named out[MEMBERS])
{
    out[0] = (struct named){ "begins", begins, e->begins, e->n_begins };
    out[1] = (struct named){ "ends", ends, e->ends, e->n_ends };
    out[2] = (struct named){ "capabilities", is_there, e->capabilities, e->n_capabilities };
}

static bool days_differ(struct fault *f, const char *id, struct instant day, struct instant first)
{
    char this[INSTANT_TEXT_SIZE], that[INSTANT_TEXT_SIZE];
    return !fault_set(f, FAULT_INVALID, NULL,
                      "names %s, whose day is %s, while that of the first is %s: a change has one "
                      "day, so write an entry for each",
                      id, instant_date(day, this), instant_date(first, that));
}

static bool day_of_all(const struct changelog_rows *rows, const struct named *n, bool *any,
                       struct instant *out, struct fault *f)
{
    for (size_t i = 0; i < n->count; i++) {
        struct instant day = { 0 };
        if (!n->day(rows, n->ids[i], &day, f) ||
            (*any && day.us != out->us && days_differ(f, n->ids[i], day, *out))) {
            snprintf(f->field, sizeof f->field, "%s", n->member);
            return false;
        }
        *out = day;
        *any = true;
    }
    return true;
}

bool changelog_day(const struct changelog_rows *rows, const ChangeEntry *entry, struct instant *out,
                   struct fault *f)
{
    struct named named[MEMBERS];
    bool any = false;
    *out = (struct instant){ 0 };
    named_by(entry, named);
    for (size_t i = 0; i < MEMBERS; i++)
        if (!day_of_all(rows, &named[i], &any, out, f))
            return false;
    return any || fault_set(f, FAULT_INVALID, "title",
                            "announces nothing: name rules by begins or ends, or capabilities");
}

bool changelog_kind(const char *kind)
{
    static const char *const kinds[] = { "new", "changed", "retired" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], kind) == 0)
            return true;
    return false;
}

/* ---- the list */

static void announces(struct arena *a, const ChangeEntry *e, Change *out)
{
    struct named named[MEMBERS];
    named_by(e, named);
    out->announces = arena_array(a, char *, e->n_begins + e->n_ends + e->n_capabilities + 1);
    for (size_t i = 0; i < MEMBERS; i++)
        for (size_t j = 0; j < named[i].count; j++)
            out->announces[out->n_announces++] = named[i].ids[j];
}

/* An entry that was loaded after its day tells of the past, and is as old as what it tells. */
static Change *change_of(struct arena *a, const struct policy_change *c, struct instant day,
                         struct instant now)
{
    Change *out = arena_new(a, Change);
    const ChangeEntry *e = c->entry;
    change__init(out);
    out->id = e->id;
    out->title = e->title;
    out->kind = e->kind;
    out->text = e->text;
    out->areas = e->areas;
    out->n_areas = e->n_areas;
    out->state = instant_before(now, day) ? CHANGE__STATE__UPCOMING : CHANGE__STATE__RECENT;
    out->effective = instant_message(a, day);
    out->published = instant_message(a, instant_before(c->since, day) ? c->since : day);
    announces(a, e, out);
    return out;
}

static int furthest_first(const void *a, const void *b)
{
    const Change *x = *(Change *const *)a, *y = *(Change *const *)b;
    int64_t p = x->effective->us, q = y->effective->us;
    return p != q ? (p < q) - (p > q) : strcmp(x->id, y->id);
}

ChangeList *changelog_at(struct arena *a, const struct policy *p, struct instant now)
{
    const struct changelog_rows rows = { p->rules, p->rule_count, p->capabilities,
                                         p->capability_count };
    ChangeList *out = arena_new(a, ChangeList);
    change_list__init(out);
    out->changes = arena_array(a, Change *, p->change_count + 1);
    for (size_t i = 0; i < p->change_count; i++) {
        struct instant day;
        struct fault f = { 0 };
        const ChangeEntry *e = p->changes[i].entry;
        if (changelog_day(&rows, e, &day, &f)) /* as policy load has seen to */
            out->changes[out->n_changes++] = change_of(a, &p->changes[i], day, now);
        else
            log_warn("a change has no day", LOG_TEXT("id", e->id), LOG_FAULT(&f));
    }
    qsort(out->changes, out->n_changes, sizeof *out->changes, furthest_first);
    return out;
}

bool changelog_next(const ChangeList *list, struct instant *out)
{
    size_t i = 0;
    while (i < list->n_changes && list->changes[i]->state == CHANGE__STATE__UPCOMING)
        i++;
    if (i > 0)
        *out = instant_value(list->changes[i - 1]->effective);
    return i > 0;
}
