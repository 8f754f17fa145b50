/* states_event - lets one of the events of states.h happen to the order that is on its way: by the statement of
 * the program that does it, and as its role. */
#ifndef TESTS_STATES_EVENT_H
#define TESTS_STATES_EVENT_H

#include "tests/statements.h"

#include <stdlib.h>

#include "issuance.pb-c.h"
#include "message/convert.h"
#include "message/json.h"
#include "store/script.h"
#include "tests/states.h"

static struct script *admin;
static struct instant now; /* business time: only events move it */

/* The order that is on its way, and what its issuer, if there is one, has decided to do with it. */
static struct {
    int64_t account, order, request, epoch;
    enum step decided;
} here;

/* ---- questions and words */

static const char *ask(const char *sql)
{
    const char *out = NULL;
    struct fault f;
    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

static void run_sql(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *text_of(int64_t number)
{
    return arena_format(&arena, "%lld", (long long)number);
}

static const char *instant_of(int64_t seconds_on)
{
    char text[INSTANT_TEXT_SIZE];
    return arena_strdup(&arena, instant_text(instant_add(now, seconds(seconds_on)), text));
}

static const char *filled(const char *text);

static const char *word(const char *name)
{
    const struct {
        const char *name, *value;
    } known[] = {
        { "order", text_of(here.order) },
        { "order_before", text_of(here.order - 1) },
        { "request", text_of(here.request) },
        { "account", text_of(here.account) },
        { "account_before", text_of(here.account - 1) },
        { "now", instant_of(0) },
        { "sql_now", arena_format(&arena, "timestamptz '%s'", instant_of(0)) },
        { "before", instant_of(-900) },
        { "soon", instant_of(600) },
        { "next_year", instant_of((int64_t)365 * 86400) },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name))
            return known[i].value;
    for (const struct word *w = words; w->name; w++)
        if (!strcmp(name, w->name))
            return ask(filled(w->sql));
    return NULL;
}

/* `text` with the values of its words; other braces stay. */
static const char *filled(const char *text)
{
    struct text out;
    text_init(&out, &arena);
    while (*text) {
        size_t length = *text == '{' ? strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
        const char *value = NULL;
        if (length && text[1 + length] == '}')
            value = word(arena_strndup(&arena, text + 1, length));
        if (value)
            text_add(&out, value);
        else
            text_add_char(&out, *text);
        text += value ? length + 2 : 1;
    }
    return out.data ? out.data : "";
}

/* ---- statements, each as the role whose it is */

static struct {
    char role[16];
    struct store *store;
} open[8];

static struct store *store_of(const char *role)
{
    size_t i = 0;
    while (open[i].store && strcmp(open[i].role, role) != 0)
        i++;
    if (!open[i].store) {
        snprintf(open[i].role, sizeof open[i].role, "%s", role);
        open[i].store = store_new(&(struct store_options){
            .url = { database_url(database, role) }, .prepare = true, .timeout = patience() });
    }
    return open[i].store;
}

static const char *role_of(const struct sql *sql, const char *role)
{
    const char *service = sql->file + strlen("services/");
    if (role)
        return role;
    return strncmp(sql->file, "cli/", 4) == 0
               ? "cli"
               : arena_strndup(&arena, service, strcspn(service, "/"));
}

/* The customer, whose statements are those of the gateway. */
static const Caller *customer(void)
{
    static char source[] = "api";
    Caller *out = arena_new(&arena, Caller);
    caller__init(out);
    out->account_id = here.account;
    out->has_user_id = true;
    out->user_id = 1;
    out->source = source;
    out->now = instant_message(&arena, now);
    return out;
}

/* How many rows it gives; those of a statement that gives none, changes. */
static struct rows run_as(const char *role, const char *name, const char *input)
{
    struct fault f = { 0 };
    struct rows rows = { 0 };
    const struct sql *sql = statement(name);
    struct store *s = store_of(role_of(sql, role));
    const char *json = filled(input);
    ProtobufCMessage *in = message_from_json(&arena, sql->in, json, strlen(json), &f);
    const Caller *caller = customer();
    bool ok = in != NULL;
    if (ok && sql->set)
        ok = store_set_by(s, &arena, sql, &caller, (const ProtobufCMessage *const *)&in, 1, &rows,
                          &f);
    else if (ok && sql->rows == SQL_NONE)
        ok = store_run(s, &arena, sql, in, &rows.count, &f);
    else if (ok)
        ok = store_all_by(s, &arena, sql, caller, in, &rows, &f);
    if (!ok)
        fail_msg("%s %s: %s %s: %s", name, json, fault_name(f.code), f.field, f.detail);
    return rows;
}

/* ---- C2, as services/issuer has it: attempt.c decides, and reserve.c stores */

static bool is_state(const Intent *in, const char *state)
{
    return in->state && strcmp(in->state, state) == 0;
}

static enum step decide(const Intent *in)
{
    if (!in->waiting)
        return OVER;
    if (is_state(in, "reserved") && in->has_signature)
        return strcmp(in->kind, "precert") == 0 ? PRECERTIFY : FINISH;
    if (is_state(in, "final_reserved") && in->has_signature)
        return FINISH;
    if (is_state(in, "precert_signed") || is_state(in, "final_reserved"))
        return in->open_tasks ? OPEN : is_state(in, "precert_signed") ? COMPLETE : SIGN;
    if (!instant_before(now, instant_value(in->valid_till)))
        return PAST;
    return in->open_tasks ? OPEN : strcmp(in->rule_scope, "LOGGED") == 0 ? PRE_RESERVE : RESERVE;
}

static void reserve(const Intent *in)
{
    static int64_t issuance_id = 990000;
    issuance_id++;
    run_as(NULL, "issuance_reserve",
           arena_format(
               &arena,
               "{\"issuance_id\": %lld, \"request_id\": {request}, \"account_id\": {account},"
               " \"job_id\": %lld, \"job_epoch\": %lld, \"ca_id\": \"%s\","
               " \"serial\": \"AAAAAAA%lld\", \"shard\": 0, \"not_before\": \"{now}\","
               " \"not_after\": \"{next_year}\", \"tbs\": \"{own}\", \"tbs_sha256\": \"{hash}\","
               " \"policy_version\": %lld, \"profile_sha256\": \"{hash}\", \"evidence\": \"{}\","
               " \"caa_checks\": \"{}\", \"lints\": 1, \"kind\": \"%s\","
               " \"now\": \"{now}\"}",
               (long long)issuance_id, (long long)in->job_id, (long long)in->job_epoch, in->ca_id,
               (long long)issuance_id - 990000 + 10000, (long long)in->policy_version,
               here.decided == PRE_RESERVE ? "precert" : "final"));
}

/* The issuer's own look at timestamps is its own affair: whether it believes them is an event. */
static void complete(const struct event *e)
{
    if (e->step == DOUBTED)
        run_as(NULL, "sct_refuse", "{\"issuance_id\": {attempt}, \"now\": \"{now}\"}");
    else if (e->step == STALE)
        run_as(NULL, "precertificate_give_up", "{\"ids\": [{attempt}], \"now\": \"{now}\"}");
    else
        run_as(NULL, "issuance_complete",
               "{\"issuance_id\": {attempt}, \"tbs\": \"{own}\", \"tbs_sha256\": \"{hash}\"}");
    if (e->step == DOUBTED || e->step == STALE)
        here.decided = OPEN;
}

static bool claim(const struct event *e)
{
    struct fault f;
    struct store *issuer = store_of("issuer");
    assert_true(store_begin(issuer, &f));
    struct rows rows = run_as(NULL, e->statement, CLAIM("issue", "{job}"));
    if (rows.count) {
        const Intent *in = (const Intent *)rows.items[0];
        here.decided = decide(in);
        here.epoch = in->job_epoch;
        if (e->step == REFUSED && (here.decided == RESERVE || here.decided == PRE_RESERVE))
            here.decided = REFUSED;
        if (is_state(in, "reserved") && !in->has_signature)
            run_as(NULL, "issuance_ghost",
                   arena_format(&arena, "{\"ids\": [%lld], \"handed\": true, \"now\": \"{now}\"}",
                                (long long)in->issuance_id));
        if (here.decided == RESERVE || here.decided == PRE_RESERVE)
            reserve(in);
        if (here.decided == COMPLETE)
            complete(e);
    }
    assert_true(store_commit(issuer, &f));
    return rows.count > 0;
}

/* ---- one event */

static bool may(const struct event *e)
{
    return e->step == ANY || (e->statement && strcmp(e->statement, "issuance_claim") == 0) ||
           (here.decided == e->step && here.epoch == strtoll(word("epoch"), NULL, 10) &&
            (e->step == OPEN || e->step == PAST || e->step == OVER ||
             strcmp(word("attempt"), "0") != 0));
}

static bool happens(const struct event *e)
{
    if (!may(e))
        return false;
    if (!e->statement) {
        run_sql(filled(e->input));
        return true;
    }
    if (!*e->statement) {
        now = instant_add(now, seconds(strtoll(e->input, NULL, 10)));
        return true;
    }
    return strcmp(e->statement, "issuance_claim") == 0
               ? claim(e)
               : run_as(e->role, e->statement, e->input).count > 0 || e->silent;
}

/* ---- the order */

static void order_begin(void)
{
    here.order++;
    here.request++;
    here.epoch = -1;
    here.account = strtoll(ask("INSERT INTO account (name, status, dcv_scope, created_at)"
                               " VALUES ('x', 'active', 'fqdn', '2026-01-01') RETURNING id"),
                           NULL, 10);
}

static void stores_close(void)
{
    for (size_t i = 0; open[i].store; i++)
        store_free(open[i].store);
}

#endif
