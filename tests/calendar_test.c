/* Rules that the database's functions enforce, on their days. */
#include "tests/calendar.h"

#include "testing/database.h"

static struct arena arena;
static struct database *database;
static struct script *admin;

static const char *ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *ask(const char *format, ...)
{
    char sql[4096];
    const char *out = NULL;
    struct fault f;
    va_list list;
    va_start(list, format);
    vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "";
}

/* Nobody else has it: neither an account nor a request. */
static long long fresh(void)
{
    static long long last = 1000000;
    return last += 10000;
}

/* "'2027-03-14T23:59:59.999999Z'" */
static const char *literal(struct instant at)
{
    return arena_format(&arena, "('epoch'::timestamptz + %lld * interval '1 microsecond')",
                        (long long)at.us);
}

/* "3.2.2.4.7" of dcv.method.3.2.2.4.7 */
static const char *key_of(const Rule *r)
{
    return parameter_key(parameter_find(r->parameter), r->parameter);
}

/* ---- proof of domain control */

/* Seen from so many places that the rules of no day miss one (services/validation/proof_calendar_test.c). */
static void validation_put(long long account, const char *name, const char *section,
                           struct instant at)
{
    ask("INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence,"
        " corroboration)"
        " SELECT %lld, '%s', 'x', '%s', %s, '{}',"
        " jsonb_build_object('perspectives', jsonb_agg(jsonb_build_object("
        "'perspective', 'p' || n, 'region', 'r' || n, 'agreed', true)))"
        " FROM generate_series(1, 16) n",
        account, name, section, literal(at));
}

static bool counts(long long account, const char *name, const char *domain, const char *scope,
                   struct instant at)
{
    return strcmp(ask("SELECT count(*) FROM dcv_evidence(%lld, '%s', '%s', '%s', NULL, %s)",
                      account, name, domain, scope, literal(at)),
                  "0") != 0;
}

/* Does what was proved by it a day before count? */
static const char *method(const Rule *r, struct instant at)
{
    long long account = fresh();
    validation_put(account, "v.example", key_of(r), instant_add(at, days(-1)));
    return counts(account, "v.example", "v.example", r->scope, at) ? "" : "prohibited";
}

/* Does it speak for a name below, as it does for its own? */
static const char *exact(const Rule *r, struct instant at)
{
    long long account = fresh();
    validation_put(account, "v.example", key_of(r), instant_add(at, days(-1)));
    if (!counts(account, "v.example", "v.example", r->scope, at))
        return "it counts for nothing";
    return counts(account, "www.v.example", "v.example", r->scope, at) ? "" : "1";
}

static bool counts_still(const char *section, const char *scope, long long age, struct instant at)
{
    long long account = fresh();
    validation_put(account, "v.example", section,
                   instant_add(at, seconds(1 - age * INT64_C(86400))));
    return counts(account, "v.example", "v.example", scope, at);
}

/* The oldest validation that counts, in days, to the second. */
static const char *reuse_of(const char *section, const char *scope, struct instant at)
{
    long long good = 0, bad = 1024;
    while (bad - good > 1) {
        long long age = (good + bad) / 2;
        if (counts_still(section, scope, age, at))
            good = age;
        else
            bad = age;
    }
    return good ? arena_format(&arena, "%lld", good) : "";
}

static const char *reuse(const Rule *r, struct instant at)
{
    return reuse_of("3.2.2.4.7", r->scope, at);
}

static const char *reuse_by_method(const Rule *r, struct instant at)
{
    return reuse_of(key_of(r), r->scope, at);
}

/* ---- CAA records */

static void caa_check_put(long long account, const char *result, struct instant at)
{
    bool permitted = strcmp(result, "permitted") == 0;
    ask("INSERT INTO caa_check (account_id, name, checked_at, ttl, result, domain, detail, iodef,"
        " evidence) VALUES (%lld, 'v.example', %s, 0, '%s', 'v%lld.example', %s,"
        " '{mailto:a%lld@v.example}', '{}')",
        account, literal(at), result, account, permitted ? "NULL" : "'x'", account);
}

/* Are they to be looked at? */
static const char *caa_check(const Rule *r, struct instant at)
{
    return strcmp(ask("SELECT count(*) FROM caa_standing(%lld, 'v.example', '%s', %s)", fresh(),
                      r->scope, literal(at)),
                  "0") != 0
               ? "1"
               : "";
}

/* Below an authority for which nobody else needs to look. */
static bool caa_counts(const char *result, int64_t age_us, const char *scope, struct instant at)
{
    long long account = fresh();
    caa_check_put(account, result, (struct instant){ at.us - age_us });
    return *ask("SELECT check_id FROM caa_standing(%lld, 'v.example', '%s', %s, true)", account,
                scope, literal(at));
}

/* The oldest check that counts, in hours, to the second; its records have no TTL. */
static const char *caa_window(const Rule *r, struct instant at)
{
    int64_t oldest = 0;
    for (int64_t n = 1; n <= 48; n++)
        if (caa_counts("permitted", n * INT64_C(3600000000) - 1000000, r->scope, at))
            oldest = n;
    return oldest ? arena_format(&arena, "%lld", (long long)oldest) : "";
}

static const char *caa_unheard(const Rule *r, struct instant at)
{
    return caa_counts("unheard", 1000000, r->scope, at) ? "1" : "";
}

/* Is somebody told of what his records forbid? */
static const char *caa_report(const Rule *r, struct instant at)
{
    long long account = fresh();
    (void)r;
    caa_check_put(account, "forbidden", at);
    return strcmp(ask("SELECT count(*) FROM caa_report WHERE account_id = %lld", account), "1") == 0
               ? "1"
               : "";
}

/* ---- random values */

/* The oldest value that is kept when the customer asks for one that lives. */
static const char *random_life(const Rule *r, struct instant at)
{
    long long base = fresh();
    ask("INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value,"
        " random_value_at, poll_from)"
        " SELECT %lld, 'request', %lld + n, '%s', 'dns-txt-token', 'old',"
        " %s - n * interval '24 hours' + interval '1 second', %s FROM generate_series(1, 60) n",
        base, base, r->scope, literal(at), literal(at));
    return ask("SELECT max(c.subject) - %lld FROM challenge c"
               " CROSS JOIN LATERAL challenge_change(c.subject, c.account_id, NULL, %s) k"
               " WHERE c.account_id = %lld AND k.random_value = 'old'",
               base, literal(at), base);
}

static const char *random_bits(const Rule *r, struct instant at)
{
    long long base = fresh();
    return ask("SELECT length((challenge_begin(%lld, %lld, '%s', 'dns-txt-token', %s))"
               ".random_value)",
               base, base, r->scope, literal(at));
}

/* Each letter is good for four bits; never fewer than 32. */
static const char *letters(const Rule *r)
{
    long n = (strtol(r->value, NULL, 10) + 3) / 4;
    return arena_format(&arena, "%ld", n > 32 ? n : 32);
}

/* ---- orders */

/* The oldest order that waits still. */
static const char *pending(const Rule *r, struct instant at)
{
    long long base = fresh();
    ask("INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id,"
        " valid_till, created_at, answer_by, status_at)"
        " SELECT %lld + n, 1, 1, 'p', 'pending', %lld + n, 'infinity',"
        " %s - n * interval '24 hours' + interval '1 second', '-infinity', %s"
        " FROM generate_series(1, 120) n",
        base, base, literal(at), literal(at));
    ask("INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope,"
        " signature_hash, ca_id, dcv_scope, requester_id, created_at)"
        " SELECT %lld + n, %lld + n, 1, 1, 'new_request', 'approved', '%s', 'sha256', 'x', 'fqdn',"
        " 1, %s FROM generate_series(1, 120) n",
        base, base, r->scope, literal(at));
    return ask("SELECT nullif(max(n), 120) FROM generate_series(1, 120) n"
               " WHERE NOT order_over(%lld + n, %s)",
               base, literal(at));
}

/* ---- mails */

/* Would one more have to wait, after so many of that age? */
static bool mail_waits(bool by_address, long long many, const char *age, const char *scope,
                       struct instant at)
{
    long long base = fresh();
    const char *own_account = arena_format(&arena, "%lld", base), *each = "n";
    const char *address = arena_format(&arena, "'a%lld@v.example'", base);
    ask("INSERT INTO email_token (token_sha256, invitation_id, challenge_id, account_id, domain,"
        " address, poll_from, created_at, expires_at)"
        " SELECT sha256((%lld + n)::text::bytea), 1, 1, %s, 'v.example', %s, %s,"
        " %s - interval '%s' + interval '1 second', 'infinity' FROM generate_series(1, %lld) n",
        base, by_address ? each : own_account, by_address ? address : "n || '@v.example'",
        literal(at), literal(at), age, many);
    bool waits = *ask("SELECT email_wait(%s, %s, '%s', %s)", by_address ? "0" : own_account,
                      by_address ? address : "'nobody@v.example'", scope, literal(at)) != '\0';
    ask("DELETE FROM email_token");
    return waits;
}

/* The fewest after which one has to wait. */
static long long mails_most(bool by_address, const char *age, const char *scope, struct instant at)
{
    long long fits = 0, waits = 8192;
    while (waits - fits > 1) {
        long long many = (fits + waits) / 2;
        if (mail_waits(by_address, many, age, scope, at))
            waits = many;
        else
            fits = many;
    }
    return waits;
}

static const char *mails(bool by_address, const char *scope, struct instant at)
{
    return arena_format(&arena, "%lld/1h %lld/24h", mails_most(by_address, "1 hour", scope, at),
                        mails_most(by_address, "24 hours", scope, at));
}

static const char *mails_by_address(const Rule *r, struct instant at)
{
    return mails(true, r->scope, at);
}

static const char *mails_by_account(const Rule *r, struct instant at)
{
    return mails(false, r->scope, at);
}

// clang-format off
static const struct calendar_probe probes[] = {
    { "dcv.method.",       method,          NULL },
    { "dcv.exact.",        exact,           NULL },
    { "reuse.dcv",         reuse,           "3" },
    { "reuse.dcv.",        reuse_by_method, "3" },
    { "random.life",       random_life,     "3" },
    { "random.bits",       random_bits,     "400", .says = letters },
    { "order.pending",     pending,         "3" },
    { "email.per_address", mails_by_address, "4/1h 20/24h" },
    { "email.per_account", mails_by_account, "1500/1h 4999/24h" },
    { "caa.check",         caa_check,       NULL },
    { "caa.window",        caa_window,      "3" },
    { "caa.unheard",       caa_unheard,     NULL },
    { "caa.report",        caa_report,      NULL },
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
    calendar_open(&arena, admin);
    int failed = calendar_tests("tests/calendar_test.c", probes);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
