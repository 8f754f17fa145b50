/* chancery policy at: the rules in force on a day, from the database, and with --product what is sold and
 * signed under them. */
#include <string.h>

#include "cli/policy.sql.h"
#include "commands.h"
#include "common.pb-c.h"
#include "ledger/log_list.h"
#include "listing.h"
#include "message/json.h"
#include "policy_answer.h"
#include "policy_logs.h"
#include "policy_product.h"
#include "policy_show.h"
#include "policy_source.h"
#include "policy_table.h"

bool policy_day_read(const char *word, struct instant *out, struct fault *f)
{
    return instant_read(word, out) ||
           fault_set(f, FAULT_INVALID, word,
                     "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
}

/* ---- the product */

static bool document_read(struct command_run *r, const struct sql *sql, const char *name,
                          const ProtobufCMessageDescriptor *type, const void **out, struct fault *f)
{
    RuleAsked in = RULE_ASKED__INIT;
    PolicyDocument d = POLICY_DOCUMENT__INIT;
    bool found = false;
    in.id = arena_strdup(&r->arena, name);
    if (!store_maybe(r->store, &r->arena, sql, &in.base, &d.base, &found, f))
        return false;
    if (!found)
        return fault_set(f, FAULT_NOT_FOUND, name, "is not in the policy in force");
    *out = message_from_json(&r->arena, type, d.document, strlen(d.document), f);
    return *out != NULL;
}

bool policy_product_read(struct command_run *r, const Product **product, struct fault *f)
{
    const char *name = command_option(r, "product");
    const void *read = NULL;
    *product = NULL;
    if (!name)
        return true;
    if (!document_read(r, &sql_policy_product_document, name, &product__descriptor, &read, f))
        return false;
    *product = read;
    return true;
}

static bool profile_read(struct command_run *r, const Product *product, const Profile **out,
                         struct fault *f)
{
    const void *read = NULL;
    *out = NULL;
    if (!product->profile)
        return true;
    if (!document_read(r, &sql_policy_profile_document, product->profile, &profile__descriptor,
                       &read, f))
        return false;
    *out = read;
    return true;
}

/* The logs that are asked on that day; without a row where the product, or the policy, has none. */
static bool logs_read(struct command_run *r, const Product *product, struct instant day,
                      struct table *out, struct fault *f)
{
    const struct ct_log *logs = NULL;
    size_t count = 0;
    const void *list = NULL;
    struct fault why = { 0 };
    bool there = product->transparency && document_read(r, &sql_policy_logs_document, "tls",
                                                        &log_list__descriptor, &list, &why);
    if (product->transparency && !there && why.code != FAULT_NOT_FOUND) {
        *f = why;
        return false;
    }
    if (there && !log_list_read(list, &r->arena, &logs, &count, f))
        return false;
    policy_logs_rows(out, &r->arena, logs, count, day);
    return true;
}

/* ---- what is printed */

/* The checks that run on each certificate then: those of the profile, and those that rules bring. */
static void lints_write(const Profile *profile, const struct rows *rules, struct text *out)
{
    size_t brought = 0;
    for (size_t i = 0; i < rules->count; i++)
        brought += ((const Rule *)rules->items[i])->check != NULL;
    text_format(out,
                "\nChecked before each signature: %zu checks of the profile, and %zu that rules "
                "bring%s\n",
                profile->n_checks, brought, brought ? ":" : "");
    for (size_t i = 0; i < rules->count; i++) {
        const Rule *r = (const Rule *)rules->items[i];
        const char *value = r->check ? policy_value_text(out->arena, r) : NULL;
        if (r->check)
            text_format(out, "    %s%s%s (%s)\n", r->check, value ? " " : "", value ? value : "",
                        r->id);
    }
}

/* Of a product that is logged nowhere there is nothing to say. */
static void logs_write(const Product *product, const struct table *logs, struct text *out)
{
    if (!product->transparency)
        return;
    text_add(out, "\nLogs that are asked then about what ends later\n");
    if (table_rows(logs) > 0)
        table_write(logs, 4, out);
    else
        text_add(out, "    none\n");
}

static void product_print(struct command_run *r, const Product *product, const Profile *profile,
                          const struct rows *rules, const struct table *logs)
{
    struct text out;
    text_init(&out, &r->arena);
    text_format(&out, "%s (%s) on %s\n", product->name, product->name_id, r->words[0]);
    policy_answer_write(product, (const Rule *const *)rules->items, rules->count, &out);
    policy_show_product(product, &out);
    if (profile) {
        policy_show_profile(profile, &out);
        lints_write(profile, rules, &out);
    }
    logs_write(product, logs, &out);
    text_format(&out, "\nWhat holds on %s\n", r->words[0]);
    for (size_t i = 0; i < rules->count; i++)
        policy_show_rule((const Rule *)rules->items[i], &out);
    fputs(out.data, r->out);
}

static void product_print_json(struct command_run *r, const Product *product,
                               const Profile *profile, const struct table *rules,
                               const struct table *logs)
{
    struct text out;
    text_init(&out, &r->arena);
    text_format(&out, "{\"product\": %s,\n \"profile\": %s,\n \"rules\": ",
                policy_text(&r->arena, &product->base),
                profile ? policy_text(&r->arena, &profile->base) : "null");
    table_write_json(rules, &out);
    text_add(&out, ",\n \"logs\": ");
    table_write_json(logs, &out);
    text_add(&out, "}\n");
    fputs(out.data, r->out);
}

static bool at_print(struct command_run *r, const Product *product, struct instant day,
                     const struct rows *rules, struct fault *f)
{
    const Profile *profile;
    struct table table, logs;
    policy_rows(&table, &r->arena, (const Rule *const *)rules->items, rules->count, true);
    if (!product) {
        listing_print(r, &table, "", 0);
        return true;
    }
    if (!profile_read(r, product, &profile, f) || !logs_read(r, product, day, &logs, f))
        return false;
    if (command_option(r, "json"))
        product_print_json(r, product, profile, &table, &logs);
    else
        product_print(r, product, profile, rules, &logs);
    return true;
}

bool policy_at_command(struct command_run *r, struct fault *f)
{
    struct instant day;
    Instant at = INSTANT__INIT;
    PolicyAt in = POLICY_AT__INIT;
    const Product *product;
    struct rows rows;
    if (!policy_day_read(r->words[0], &day, f) || !command_store(r, f) ||
        !policy_product_read(r, &product, f))
        return false;
    at.us = day.us;
    in.at = &at;
    in.scope = product       ? product->rule_scope
               : r->words[1] ? arena_strdup(&r->arena, r->words[1])
                             : NULL;
    if (!store_all(r->store, &r->arena, &sql_policy_in_force, &in.base, &rows, f))
        return false;
    if (rows.count == 0)
        return fault_set(f, FAULT_NOT_FOUND, NULL,
                         "no rule is in force then: is a policy loaded (chancery policy load), "
                         "and is the scope right?");
    return at_print(r, product, day, &rows, f);
}
