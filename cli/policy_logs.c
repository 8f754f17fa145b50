#include "policy_logs.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/log_list.h"

static bool is_logged(const Product *product)
{
    return product->transparency && !product->refused;
}

static size_t logged_count(const struct policy_source *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->product_count; i++)
        count += is_logged(p->products[i]);
    return count;
}

/* As services have it. policy_source_read() has read the list before. */
static struct policy policy_of(struct arena *a, const struct policy_source *p)
{
    struct policy out = { .rules = p->rules, .rule_count = p->rule_count };
    struct fault ignored = { 0 };
    if (p->logs && log_list_read(p->logs, a, &out.logs, &out.log_count, &ignored))
        out.lists_logs = out.log_count > 0;
    return out;
}

/* ---- which logs are asked, and of what */

static bool operator_is_new(const struct ct_log *logs, size_t i, struct instant then)
{
    for (size_t j = 0; j < i; j++)
        if (ct_log_is_asked(&logs[j], then) &&
            strcmp(logs[j].operator_name, logs[i].operator_name) == 0)
            return false;
    return true;
}

static void asked_say(struct command_run *r, const struct policy *p, struct instant now)
{
    size_t asked = 0, operators = 0;
    for (size_t i = 0; i < p->log_count; i++) {
        if (!ct_log_is_asked(&p->logs[i], now))
            continue;
        asked++;
        operators += operator_is_new(p->logs, i, now);
    }
    fprintf(r->out, "of %zu logs that are listed %zu can be asked now, of %zu operators\n",
            p->log_count, asked, operators);
}

/* ---- are they enough? */

/* Both ends belong to it (ct_needed()). */
static struct instant end_of(struct instant now, int64_t length)
{
    return instant_add(now, (struct duration){ days(length).us - seconds(1).us });
}

static bool is_enough(const struct policy *p, const char *scope, struct instant now, int64_t length)
{
    struct instant end = end_of(now, length);
    const struct ct_log *logs[CT_LOGS_MAX];
    bool chosen[CT_LOGS_MAX] = { 0 };
    struct ct_need need;
    struct fault ignored = { 0 };
    size_t count = ct_logs(p, end, now, logs, CT_LOGS_MAX);
    return ct_needed(p, scope, now, end, now, &need, &ignored) &&
           (need.scts == 0 || ct_choose(&need, logs, count, chosen) > 0);
}

/* In days, what a certificate of the scope lasts at the longest. */
static int64_t longest(const struct policy *p, const char *scope, struct instant now)
{
    const Rule *rule = policy_rule_then(p, scope, "validity.advised", now);
    int64_t out = 0;
    if (!rule)
        rule = policy_rule_then(p, scope, "validity.max", now);
    return rule && rule->value && int64_read(rule->value, &out) && out > 0 ? out : 1;
}

/* Most logs take what ends within some half year: the first day at the end of which too few do. */
static void scope_say(struct command_run *r, const struct policy *p, const char *scope,
                      struct instant now)
{
    int64_t most = longest(p, scope, now), length = 1;
    char day[INSTANT_TEXT_SIZE];
    while (length <= most && is_enough(p, scope, now, length))
        length++;
    if (length > most)
        return;
    fprintf(r->out,
            "too few logs can be asked about certificates of scope %s that end on %s: their orders "
            "will wait (docs/guide/transparency.md)\n",
            scope, instant_date(end_of(now, length), day));
}

static bool scope_is_new(const struct policy_source *p, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (is_logged(p->products[j]) &&
            strcmp(p->products[j]->rule_scope, p->products[i]->rule_scope) == 0)
            return false;
    return true;
}

void policy_logs_say(struct command_run *r, const struct policy_source *p, struct instant now)
{
    struct policy policy = policy_of(&r->arena, p);
    if (logged_count(p) == 0)
        return;
    if (!policy.lists_logs) {
        fputs("logs.json lists no log: certificates are given to none, and browsers that ask for "
              "Certificate Transparency will refuse them (docs/guide/transparency.md)\n",
              r->out);
        return;
    }
    asked_say(r, &policy, now);
    for (size_t i = 0; i < p->product_count; i++)
        if (is_logged(p->products[i]) && scope_is_new(p, i))
            scope_say(r, &policy, p->products[i]->rule_scope, now);
}

/* ---- as rows */

static const char *day_of(struct arena *a, struct instant at)
{
    bool bounded = at.us != INT64_MIN && at.us != INT64_MAX;
    return bounded ? instant_date(at, arena_alloc(a, INSTANT_TEXT_SIZE)) : NULL;
}

void policy_logs_rows(struct table *t, struct arena *a, const struct ct_log *logs, size_t count,
                      struct instant then)
{
    table_init(t, a, 6);
    TABLE_ROW(t, "OPERATOR", "LOG", "KIND", "ENDS FROM", "ENDS BEFORE", "URL");
    for (size_t i = 0; i < count; i++)
        if (ct_log_is_asked(&logs[i], then))
            TABLE_ROW(t, logs[i].operator_name, logs[i].description,
                      logs[i].tiled ? "static" : "RFC 6962", day_of(a, logs[i].expiry_from),
                      day_of(a, logs[i].expiry_till), logs[i].url);
}
