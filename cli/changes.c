/* chancery changes: the change log of the policy in force, as of a day. */
#include "commands.h"
#include "common.pb-c.h"
#include "ledger/changelog.h"
#include "ledger/policy.sql.h"
#include "listing.h"
#include "message/convert.h"

static bool day_read(const struct command_run *r, struct instant *out, struct fault *f)
{
    const char *at = command_option(r, "at");
    *out = clock_now();
    return !at || instant_read(at, out) ||
           fault_set(f, FAULT_INVALID, "--at",
                     "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
}

static const char *date_of(struct arena *a, const Instant *at)
{
    char text[INSTANT_TEXT_SIZE];
    bool whole = at->us % days(1).us == 0;
    struct instant i = instant_value(at);
    return arena_strdup(a, whole ? instant_date(i, text) : instant_text(i, text));
}

static const char *joined(struct arena *a, char *const *words, size_t count)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < count; i++)
        text_format(&t, "%s%s", i ? ", " : "", words[i]);
    return t.data;
}

static bool policy_in_force(struct command_run *r, const struct policy **out, struct fault *f)
{
    const Nothing none = NOTHING__INIT;
    PolicyVersion version = POLICY_VERSION__INIT;
    bool found = false;
    if (!store_maybe(r->store, &r->arena, &sql_policy_current, &none.base, &version.base, &found,
                     f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, NULL, "no policy is loaded (chancery policy load)");
    store_set_mine(r->store);
    bool ok = policy_version_get(version.version, out, f);
    store_set_mine(NULL);
    return ok;
}

static void row_add(struct table *t, const Change *c, bool json)
{
    struct arena *a = t->arena;
    const char *row[] = { c->state == CHANGE__STATE__UPCOMING ? "upcoming" : "recent",
                          date_of(a, c->effective),
                          c->kind,
                          c->title,
                          joined(a, c->areas, c->n_areas),
                          joined(a, c->announces, c->n_announces),
                          c->id,
                          json ? c->text : NULL };
    table_row(t, row);
}

bool changes_command(struct command_run *r, struct fault *f)
{
    bool json = command_option(r, "json") != NULL;
    const struct policy *policy = NULL;
    struct instant at;
    struct table t;
    if (!day_read(r, &at, f) || !command_store(r, f) || !policy_in_force(r, &policy, f))
        return false;
    table_init(&t, &r->arena, json ? 8 : 7);
    TABLE_ROW(&t, "STATE", "DATE", "KIND", "TITLE", "AREAS", "ANNOUNCES", "ID", "TEXT");
    const ChangeList *list = changelog_at(&r->arena, policy, at);
    for (size_t i = 0; i < list->n_changes; i++)
        row_add(&t, list->changes[i], json);
    listing_print(r, &t, "the policy in force has no change log", 0);
    return true;
}
