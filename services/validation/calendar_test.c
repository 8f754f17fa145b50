/* Rules that this service enforces, on their days: when it looks, and what it lets web servers do. */
#include "tests/calendar.h"

#include "caa_finding.h"
#include "caa_round.sql.h"
#include "cadence.h"
#include "domains.sql.h"
#include "look/redirect.h"
#include "message/convert.h"
#include "pki/authkey.h"
#include "request_tokens.sql.h"
#include "testing/database.h"
#include "validation.pb-c.h"

/* What the loader lets a rule say can be read. */
#define READABLE(most, room) _Static_assert((int)(most) <= (int)(room), #most " cannot be read")
READABLE(PARAMETER_STATUSES_MOST, WEB_STATUSES_MAX - 1);
READABLE(PARAMETER_PORTS_MOST, WEB_PORTS_MAX - 1);
READABLE(PARAMETER_REDIRECTS_MOST, WEB_REDIRECTS_MAX);
READABLE(PARAMETER_BYTES_MOST, WEB_BODY_MAX);
READABLE(PARAMETER_PHASES_MOST, CADENCE_PHASES_MAX);

static struct arena arena;
static struct database *database;
static struct script *admin;

static void run_sql(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

/* A challenge for a file on a web server, as a round gets it at that instant. */
static const OpenChallenge *challenge_of(const char *scope, struct instant at)
{
    static long long last = 700000;
    ChallengeIds in = CHALLENGE_IDS__INIT;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    long long id = last++;
    int64_t ids[] = { id };
    run_sql(arena_format(
        &arena,
        "INSERT INTO challenge (id, account_id, asked_by, subject, identifier, rule_scope, method,"
        " random_value, random_value_at, poll_from) OVERRIDING SYSTEM VALUE"
        " VALUES (%lld, 1, 'domain', %lld, 'v.example', '%s', 'http-token', 'v', now(), now())",
        id, id, scope));
    in.ids = ids;
    in.n_ids = 1;
    in.now = instant_message(&arena, at);
    if (!store_all(store_mine(), &arena, &sql_challenge_open, &in.base, &rows, &f) ||
        rows.count != 1)
        fail_msg("%zu challenges: %s", rows.count, f.detail);
    return (const OpenChallenge *)rows.items[0];
}

/* ---- when it looks again */

static const char *length_text(struct duration d)
{
    long long minutes = d.us / seconds(60).us;
    bool whole_days = minutes % 1440 == 0, whole_hours = minutes % 60 == 0;
    return arena_format(&arena, "%lld%s",
                        minutes / (whole_days    ? 1440
                                   : whole_hours ? 60
                                                 : 1),
                        whole_days    ? "d"
                        : whole_hours ? "h"
                                      : "m");
}

static void phase_add(struct text *out, struct duration every, int64_t times)
{
    if (times)
        text_format(out, "%s%s/%s", out->length ? " " : "", length_text(every),
                    length_text((struct duration){ every.us * times }));
}

/* All looks from the first to the last: how often, and for how long. */
static const char *looks(const char *rule, struct instant at)
{
    struct cadence cadence;
    struct instant now = at, next;
    struct duration every = { 0 };
    struct text out;
    int64_t times = 0;
    text_init(&out, &arena);
    if (!rule)
        return "";
    assert_true(cadence_read(rule, &cadence));
    for (; cadence_next(&cadence, at, now, &next); now = next, times++) {
        struct duration wait = instant_since(next, now);
        if (wait.us != every.us)
            phase_add(&out, every, times), times = 0;
        every = wait;
    }
    phase_add(&out, every, times);
    return out.data;
}

static const char *poll(const Rule *r, struct instant at)
{
    return looks(challenge_of(r->scope, at)->cadence, at);
}

/* ---- what web servers may do */

static bool web_of(const Rule *r, struct instant at, struct web_rules *out)
{
    return web_rules_read(challenge_of(r->scope, at)->web, out);
}

static const char *number(int64_t n)
{
    return arena_format(&arena, "%lld", (long long)n);
}

static const char *statuses(const Rule *r, struct instant at)
{
    struct web_rules rules;
    struct text out;
    text_init(&out, &arena);
    for (int status = 100; web_of(r, at, &rules) && status < 600; status++)
        if (web_follows(&rules, status))
            text_format(&out, "%s%d", out.length ? " " : "", status);
    return out.length ? out.data : "";
}

static const char *ports(const Rule *r, struct instant at)
{
    static const int asked[] = { 22, 25, 80, 443, 8080, 8443 };
    struct guard guard = { .http = true, .ports = { 22, 25, 80, 443, 8080, 8443 } };
    struct web_rules rules;
    struct text out;
    text_init(&out, &arena);
    if (!web_of(r, at, &rules))
        return "";
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct guarded_url url;
        struct fault f;
        if (web_url(&rules, &guard, arena_format(&arena, "http://v.example:%d/", asked[i]), &url,
                    &f))
            text_format(&out, "%s%d", out.length ? " " : "", asked[i]);
    }
    return out.data;
}

static const char *redirects(const Rule *r, struct instant at)
{
    struct web_rules rules;
    return web_of(r, at, &rules) ? number(rules.redirects) : "";
}

static const char *bytes_read(const Rule *r, struct instant at)
{
    struct web_rules rules;
    return web_of(r, at, &rules) ? number(rules.bytes) : "";
}

/* ---- request tokens */

/* The oldest token that proves anything, in days. */
static const char *token_life(const Rule *r, struct instant at)
{
    AuthKeyQuery query = AUTH_KEY_QUERY__INIT;
    const ProtobufCMessage *in[] = { &query.base };
    struct rows rows = { 0 };
    struct fault f = { 0 };
    struct instant made;
    int64_t oldest = 0;
    (void)r;
    query.account_id = 1;
    query.now = instant_message(&arena, at);
    if (!store_set(store_mine(), &arena, &sql_auth_key_terms, in, 1, &rows, &f))
        fail_msg("%s", f.detail);
    const AuthKeyTerms *terms = (const AuthKeyTerms *)rows.items[0];
    struct duration life = { terms->token_life_us };
    for (int64_t n = 1; terms->has_token_life_us && n < 90; n++) {
        struct instant then = instant_add(at, seconds(1 - n * INT64_C(86400)));
        const char *token = authkey_token(&arena, "key", BYTES_OF("csr"), then);
        if (authkey_find(&arena, token, strlen(token), "key", BYTES_OF("csr"), at, life, &made))
            oldest = n;
    }
    return oldest ? number(oldest) : "";
}

/* ---- CAA records */

/* A request, as a round of looks gets it at that instant. */
static const CaaRules *caa_rules_of(const char *scope, struct instant at)
{
    static long long last = 600000;
    CaaIds in = CAA_IDS__INIT;
    struct rows rows = { 0 };
    struct fault f = { 0 };
    long long id = last++;
    int64_t ids[] = { id };
    run_sql(arena_format(
        &arena,
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
        " signature_hash, ca_id, dcv_scope, requester_id, created_at) VALUES (%lld, %lld, 1, 1,"
        " 'new_request', 'approved', '%s', 'sha256', 'x', 'fqdn', 1, now())",
        id, id, scope));
    in.ids = ids;
    in.n_ids = 1;
    in.now = instant_message(&arena, at);
    if (!store_all(store_mine(), &arena, &sql_caa_open, &in.base, &rows, &f) || rows.count != 1)
        fail_msg("%zu requests: %s", rows.count, f.detail);
    return ((const OpenCaa *)rows.items[0])->rules;
}

/* May account 1 have a certificate where the records say that? */
static bool record_permits(const Rule *r, struct instant at, const char *issue)
{
    struct caa_terms terms;
    struct caa_verdict verdict;
    const char *rdata = arena_format(&arena, "%c\005issue%s", '\200', issue);
    struct bytes record = { (const uint8_t *)rdata, strlen(rdata) };
    if (!caa_terms_read(&arena, caa_rules_of(r->scope, at), 1, &terms))
        return false;
    caa_verdict(&arena, &record, 1, false, &terms, &verdict);
    return verdict.permitted;
}

static const char *caa_identities(const Rule *r, struct instant at)
{
    static const char *const names[] = { "chancery.example", "other.example", "third.example" };
    struct text out;
    text_init(&out, &arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (record_permits(r, at, names[i]))
            text_format(&out, "%s%s", out.length ? " " : "", names[i]);
    return out.length ? out.data : "";
}

/* Is a record for another account alone heeded? */
static const char *caa_parameters(const Rule *r, struct instant at)
{
    static const char own[] = "chancery.example; accounturi=acct:1@chancery.example",
                      other[] = "chancery.example; accounturi=acct:2@chancery.example";
    return record_permits(r, at, own) && !record_permits(r, at, other) ? "1" : "";
}

static const char *caa_poll(const Rule *r, struct instant at)
{
    return looks(caa_rules_of(r->scope, at)->cadence, at);
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "dcv.poll",            poll,       "2m/10m 1h/1d" },
    { "dcv.redirect.status", statuses,   "301" },
    { "dcv.redirect.most",   redirects,  "1" },
    { "dcv.web.ports",       ports,      "443" },
    { "dcv.web.bytes",       bytes_read, "10" },
    { "token.life",          token_life, "3" },
    { "caa.identities",      caa_identities, "other.example third.example" },
    { "caa.parameters",      caa_parameters, NULL },
    { "caa.poll",            caa_poll,   "2m/10m 1h/1d" },
    { 0 },
};
// clang-format on

int main(void)
{
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return 1;
    store_set_mine(
        store_new(&(struct store_options){ .url = { database_url(database, "validation") },
                                           .timeout = seconds(30),
                                           .application = "calendar_test" }));
    calendar_open(&arena, admin);
    int failed = calendar_tests("services/validation/calendar_test.c", probes);
    struct store *mine = store_mine();
    store_set_mine(NULL);
    store_free(mine);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
