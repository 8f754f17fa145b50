/* trip_rules - the rules of policy/rules that bring a lint, for tests that run what is in force. Run from the top of the
 * tree; include once; everything is static. */
#ifndef LINTS_TRIP_RULES_H
#define LINTS_TRIP_RULES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.pb-c.h"
#include "lints/lint.h"
#include "message/convert.h"
#include "message/json.h"

enum { TRIP_RULES_MAX = 500, TRIP_RULE_FILE_MAX = 256 * 1024 };

struct trip_rules {
    const Rule *all[TRIP_RULES_MAX];
    size_t count;
};

static void trip_rule_file(struct arena *a, const char *path, struct trip_rules *out)
{
    FILE *file = fopen(path, "re");
    char *text = arena_alloc(a, TRIP_RULE_FILE_MAX);
    size_t size = file ? fread(text, 1, TRIP_RULE_FILE_MAX, file) : 0;
    struct fault f = { 0 };
    const RuleFile *read =
        (const RuleFile *)message_from_json(a, &rule_file__descriptor, text, size, &f);

    if (file)
        fclose(file);
    if (!read) {
        fprintf(stderr, "%s: %s %s\n", path, f.field, f.detail);
        abort();
    }
    for (size_t i = 0; i < read->n_rules && out->count < TRIP_RULES_MAX; i++)
        if (read->rules[i]->check && lint_find(read->rules[i]->check))
            out->all[out->count++] = read->rules[i];
}

static void trip_rules_read(struct arena *a, struct trip_rules *out)
{
    glob_t found;

    out->count = 0;
    if (glob("policy/rules/*.json", 0, NULL, &found) != 0)
        abort();
    for (size_t i = 0; i < found.gl_pathc; i++)
        trip_rule_file(a, found.gl_pathv[i], out);
    globfree(&found);
}

static bool trip_rule_in_force(const Rule *r, const char *scope, struct instant at)
{
    return strcmp(r->scope, scope) == 0 &&
           (!r->from || !instant_before(at, instant_value(r->from))) &&
           (!r->until || instant_before(at, instant_value(r->until)));
}

static struct lint_rule trip_rule_of(const Rule *r)
{
    struct lint_rule out = { .check_name = r->check, .level = *r->level };

    if (r->value)
        int64_read(r->value, &out.value);
    return out;
}

/* Those of a scope that are in force; `out` has room for TRIP_RULES_MAX. */
static size_t trip_rules_at(const struct trip_rules *rules, const char *scope, struct instant at,
                            struct lint_rule *out)
{
    size_t count = 0;

    for (size_t i = 0; i < rules->count; i++)
        if (trip_rule_in_force(rules->all[i], scope, at))
            out[count++] = trip_rule_of(rules->all[i]);
    return count;
}

#endif
