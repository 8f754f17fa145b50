/* chancery policy snapshot: each product with its profile, and the rules that hold for it on a few days,
 * as plain text. The texts are committed, so that a change of the policy is a difference that somebody who
 * does not program can read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "policy_show.h"
#include "policy_source.h"

/* The past, the day that is called today, and two days that change much. */
static const char *const days_shown[] = { "2023-01-01", "2026-12-01", "2027-03-15", "2029-03-15" };
enum { DAYS = sizeof days_shown / sizeof *days_shown, ALL_DAYS = (1 << DAYS) - 1 };

/* ---- the rules of a product */

/* Those of one parameter follow each other in time. */
static int by_parameter(const void *a, const void *b)
{
    const Rule *x = *(const Rule *const *)a, *y = *(const Rule *const *)b;
    int order = strcmp(x->parameter, y->parameter);
    return order ? order : strcmp(x->id, y->id);
}

/* Bit i: it holds on that day. */
static unsigned days_of(const Rule *r)
{
    unsigned days = 0;
    for (unsigned i = 0; i < DAYS; i++) {
        struct instant at = { 0 };
        instant_read(days_shown[i], &at);
        days |= rule_in_force(r, at) ? 1U << i : 0;
    }
    return days;
}

static const Rule **rules_of(struct arena *a, const struct policy_source *p, const char *scope,
                             size_t *count)
{
    const Rule **out = arena_array(a, const Rule *, p->rule_count + 1);
    *count = 0;
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i]->scope, scope) == 0)
            out[(*count)++] = p->rules[i];
    qsort(out, *count, sizeof *out, by_parameter);
    return out;
}

/* Those that hold on all days are said once. */
static void day_write(const Rule *const *rules, size_t count, unsigned day, struct text *out)
{
    size_t written = 0;
    text_format(out, "\nOnly on some of these days, and on %s\n", days_shown[day]);
    for (size_t i = 0; i < count; i++) {
        unsigned on = days_of(rules[i]);
        if (on == ALL_DAYS || !(on & 1U << day))
            continue;
        policy_show_rule(rules[i], out);
        written++;
    }
    if (!written)
        text_add(out, "    nothing\n");
}

static void rules_write(const struct policy_source *p, const char *scope, struct text *out)
{
    size_t count;
    const Rule **rules = rules_of(out->arena, p, scope, &count);
    text_add(out, "\nWhat holds on");
    for (unsigned i = 0; i < DAYS; i++)
        text_format(out, "%s %s", i + 1 < DAYS ? (i ? "," : "") : " and", days_shown[i]);
    text_add_char(out, '\n');
    for (size_t i = 0; i < count; i++)
        if (days_of(rules[i]) == ALL_DAYS)
            policy_show_rule(rules[i], out);
    for (unsigned i = 0; i < DAYS; i++)
        day_write(rules, count, i, out);
}

static const Profile *profile_named(const struct policy_source *p, const char *name)
{
    size_t i = 0;
    while (strcmp(p->profiles[i]->name, name) != 0)
        i++; /* policy_source_check() has seen to it that there is one */
    return p->profiles[i];
}

static const char *snapshot_of(struct arena *a, const struct policy_source *p,
                               const Product *product)
{
    struct text out;
    text_init(&out, a);
    text_format(&out, "%s (%s)\n", product->name, product->name_id);
    policy_show_product(product, &out);
    if (product->profile)
        policy_show_profile(profile_named(p, product->profile), &out);
    rules_write(p, product->rule_scope, &out);
    return out.data;
}

/* ---- files */

static bool is_current(struct arena *a, const char *path, const char *text)
{
    struct fault ignored = { 0 };
    char *there = NULL;
    return file_read(a, path, &there, &ignored) && strcmp(there, text) == 0;
}

static bool snapshot_put(struct command_run *r, const char *path, const char *text, struct fault *f)
{
    if (is_current(&r->arena, path, text))
        return true;
    if (command_option(r, "check")) {
        fprintf(r->out, "%s is stale: run make snapshots and commit what changed\n", path);
        r->status = 1;
        return true;
    }
    fprintf(r->out, "wrote %s\n", path);
    return file_write(&r->arena, path, text, f);
}

/* What is left of products that are no longer sold. */
static bool leftovers_remove(struct command_run *r, const char *folder,
                             const struct policy_source *p, struct fault *f)
{
    char **names;
    size_t count;
    if (!folder_list(&r->arena, folder, ".txt", &names, &count, f))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool sold = false;
        for (size_t j = 0; j < p->product_count; j++)
            sold |=
                strcmp(names[i], arena_format(&r->arena, "%s.txt", p->products[j]->name_id)) == 0;
        if (sold)
            continue;
        const char *path = arena_format(&r->arena, "%s/%s", folder, names[i]);
        bool check = command_option(r, "check") != NULL;
        fprintf(r->out, "%s belongs to no product%s\n", path, check ? "" : ": removed");
        r->status = check ? 1 : r->status;
        if (!check && unlink(path) != 0)
            return fault_set(f, FAULT_INVALID, path, "cannot be removed: %s", strerror(errno));
    }
    return true;
}

bool policy_snapshot_command(struct command_run *r, struct fault *f)
{
    const char *policy = r->words[0] ? r->words[0] : "policy";
    const char *folder = arena_format(&r->arena, "%s/snapshots", policy);
    struct policy_source p;
    if (!policy_source_read(&r->arena, policy, &p, f))
        return false;
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fault_set(f, FAULT_INVALID, folder, "cannot be made: %s", strerror(errno));
    for (size_t i = 0; i < p.product_count; i++) {
        const char *id = p.products[i]->name_id;
        if (!snapshot_put(r, arena_format(&r->arena, "%s/%s.txt", folder, id),
                          snapshot_of(&r->arena, &p, p.products[i]), f))
            return false;
    }
    return leftovers_remove(r, folder, &p, f);
}
