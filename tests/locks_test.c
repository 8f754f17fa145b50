/* Whoever locks several rows locks them in one order: no two of the statements that do so wait for each other,
 * whatever order their callers name the rows in. Each pair of them meets on the same orders, again and again. */
#include "tests/statements.h"

#include <pthread.h>
#include <stdlib.h>

#include "message/json.h"
#include "store/script.h"

enum { ORDERS = 24, FIRST = 1001, LAST = 1024, MEETINGS = 3, LATE_MEETINGS = 150 };

static struct script *admin;

static void run_sql(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", f.detail, sql);
}

// clang-format off
#define JOB   "\"job_id\": #, \"job_epoch\": 7, \"now\": \"2026-09-01\""
#define SURE  "\"now\": \"2026-09-01\""

/* # is the number of an order, and of all that belongs to it; its dcv job has a 1 before that, its caa
 * job a 2, its ct job a 3; a precertificate that waits for logs a 4.
 * ~ is its counterpart from the other end: precertificates are made in no order of their requests. */
static const struct locking {
    const char *role, *statement;
    const char *input;  /* of one order; of a list */
    const char *around; /* what a list stands in, at the @; NULL: each order is a message */
    bool sorted;        /* its callers name them in order: as they claimed them */
    bool late;          /* the rows in question come at its end, or the other is over by then: such two meet more often */
} lockings[] = {
    { "issuer",     "issuance_claim",   "#", "{\"ids\": [@], \"owner\": \"x\", \"lease_ms\": 1, " SURE "}" },
    { "issuer",     "issuance_finish",  "{\"issuance_id\": #, \"order_id\": #, " JOB ", \"thumbprint\": \"AAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
                                        " \"signature\": \"AAAA\", \"der\": \"AAAA\", \"der_sha256\": \"AAAA\", \"awaited\": false, \"tbs_sha256\":"
                                        " \"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}", NULL, true },
    { "issuer",     "issuance_precertificate", "{\"issuance_id\": #, \"order_id\": #, \"request_id\": #, " JOB ", \"signature\": \"AAAA\","
                                        " \"der\": \"AAAA\", \"complete_hours\": 48, \"der_sha256\": \"AAAA\"}", NULL, true },
    { "issuer",     "issuance_complete", "{\"issuance_id\": #, \"tbs\": \"AAAA\", \"tbs_sha256\": \"AAAA\"}", NULL },
    { "issuer",     "sct_refuse",       "{\"issuance_id\": 4#, " SURE "}", NULL, .late = true },
    { "issuer",     "precertificate_give_up", "#", "{\"ids\": [@], " SURE "}" },
    { "issuer",     "issuance_advance", "{" JOB ", \"request_id\": #}", NULL },
    { "issuer",     "issuance_expire",  "{" JOB ", \"request_id\": #}", NULL },
    { "issuer",     "issuance_ghost",   "#", "{\"ids\": [@], \"handed\": true, " SURE "}" },
    { "validation", "dcv_round",        "{\"job_id\": 1#, \"job_epoch\": 7, \"challenge_id\": #, " SURE ", \"failed\": false,"
                                        " \"poll_from\": \"2026-01-01\", \"evidence\": [{\"challenge_id\": #, \"kind\": \"dns\","
                                        " \"identifier\": \"n#.example\", \"method\": \"dns-txt-token\", \"br_method\": \"3.2.2.4.7\","
                                        " \"completed_at\": \"2026-09-01\", \"evidence\": \"{}\"}]}", NULL },
    { "validation", "caa_round",        "{\"job_id\": 2#, \"job_epoch\": 7, \"request_id\": #, " SURE ", \"next_at\": \"2026-09-01\","
                                        " \"failed\": false, \"checks\": [{\"request_id\": #, \"name\": \"n#.example\","
                                        " \"checked_at\": \"2026-09-01\", \"ttl\": 60, \"result\": \"permitted\", \"evidence\": \"{}\"}]}", NULL },
    { "validation", "ct_round",         "{\"job_id\": 3#, \"job_epoch\": 7, \"request_id\": #, \"issuance_id\": 4~, " SURE ","
                                        " \"enough\": true, \"next_at\": \"2026-09-01\", \"timestamps\": [{\"issuance_id\": 4~,"
                                        " \"log_id\": \"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\", \"at\": \"2026-09-01\","
                                        " \"sct\": \"ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa26eBa/jwHP6kFBQN5driIjsANho5YXepy0EP9h8gAVrQ==\","
                                        " \"received_at\": \"2026-09-01\"}]}", NULL, .late = true },
    { "validation", "proof_reuse",      "", "{\"challenge_id\": 1005, \"proved_at\": \"2025-09-01\", \"room\": 100, \"now\": \"2025-09-01\"}" },
    { "validation", "look_store",       "{\"look_id\": #, " SURE ", \"evidence\": [{\"account_id\": 900, \"kind\": \"dns\","
                                        " \"identifier\": \"n#.example\", \"method\": \"dns-txt-token\", \"br_method\": \"3.2.2.4.7\","
                                        " \"completed_at\": \"2026-09-01\", \"evidence\": \"{}\"}]}", NULL },
    { "scheduler",  "expire_orders",    "#", "{\"order_ids\": [@], " SURE "}" },
    { "scheduler",  "expire_advance",   "#", "{\"request_ids\": [@], " SURE "}" },
    { "scheduler",  "precertificates_mark", "", "{\"before\": \"2026-09-01\", \"room\": 100, " SURE "}" },
    { "scheduler",  "ghosts_mark",      "", "{\"before\": \"2026-09-01\", \"room\": 100, " SURE "}" },
    { "scheduler",  "tally_step",       "", "{\"account_id\": 0, \"accounts\": 9, \"orders\": 100, \"until\": \"2026-09-01\"}" },
    { "scheduler",  "tally_settle",     "", "{\"order_id\": 0, \"room\": 100}" },
    { "gateway",    "order_state",      "{\"order_id\": #}", NULL },
};
// clang-format on

enum { LOCKINGS = sizeof lockings / sizeof *lockings };

/* ---- the orders, as each meeting finds them */

/* Each has all four jobs, half of them are set apart and need no proof, a third has an attempt and another a precertificate, some were issued
 * before they were set apart. The rows lie in no order. */
static const char orders[] =
    "DELETE FROM orders; DELETE FROM request; DELETE FROM request_name; DELETE FROM challenge;"
    "DELETE FROM job; DELETE FROM issuance; DELETE FROM to_sign; DELETE FROM certificate;"
    "DELETE FROM precertificate; DELETE FROM sct; DELETE FROM revocation;"
    "DELETE FROM challenge_domain; DELETE FROM order_apart; DELETE FROM order_tally; DELETE FROM "
    "validation; DELETE FROM "
    "revocation; DELETE FROM caa_check;"
    "CREATE TEMP TABLE n ON COMMIT DROP AS SELECT n FROM generate_series(1001, 1024) n ORDER BY "
    "md5(n::text);"
    "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
    "certificate_id, valid_till, created_at, answer_by, status_at) SELECT n, 900, 1, 'p', CASE "
    "WHEN n % 4 = 1 THEN 'issued' ELSE 'pending' END, n, 1, '2026-08-31', '2026-01-01', "
    "'2026-01-01', '2026-01-02' FROM n;"
    "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
    "signature_hash, ca_id, dcv_method, dcv_scope, requester_id, created_at) SELECT n, n, 900, 1, "
    "'new_request', 'approved', 'TLS', 'sha256', CASE WHEN n % 2 = 0 THEN 'BBBBBBBBBBBBBBBB' ELSE "
    "'AAAAAAAAAAAAAAAA' END, "
    "'dns-txt-token', 'fqdn', 1, '2026-01-01' FROM n;"
    "INSERT INTO request_name SELECT n, 0, 900, 'dns', 'n' || n || '.example', 'n' || n || "
    "'.example' FROM n;"
    "INSERT INTO challenge (id, account_id, asked_by, subject, rule_scope, method, random_value, "
    "random_value_at, poll_from) OVERRIDING SYSTEM VALUE SELECT n, 900, 'request', n, 'TLS', "
    "'dns-txt-token', 'x', '2026-01-01', '2026-01-01' FROM n;"
    "INSERT INTO challenge_domain SELECT n, 900, 'example' FROM n;"
    "INSERT INTO job (id, lane, subject, run_at, lease_epoch, idem_key) SELECT n, 'issue', n, "
    "timestamptz '2026-01-01', 7, 'issue/' || n FROM n UNION ALL SELECT ('1' || n)::bigint, 'dcv', "
    "n, "
    "'2026-01-01', 7, "
    "'dcv/' || n FROM n UNION ALL SELECT ('2' || n)::bigint, 'caa', n, '2026-01-01', 7, "
    "'caa/' || n FROM n UNION ALL SELECT ('3' || n)::bigint, 'ct', n, '2026-01-01', 7, 'ct/' || n "
    "FROM n;"
    "INSERT INTO issuance SELECT n, n, 900, 'AAAAAAAAAAAAAAAA', int8send(n), 0, 'reserved', n, 7, "
    "1, sha256('x'), "
    "'{}', '2026-01-01', '2027-01-01', '2026-01-01' FROM n WHERE n % 3 = 0;"
    "INSERT INTO to_sign SELECT n, 'precert', '', "
    "sha256(''), NULL FROM n WHERE n % 3 = 0;"
    "INSERT INTO issuance SELECT n, n, 900, 'AAAAAAAAAAAAAAAA', int8send(n), 0, 'precert_signed', "
    "n, 7, "
    "1, sha256('x'), '{}', '2026-01-01', '2027-01-01', '2026-01-01' FROM n WHERE n % 3 = 1;"
    "INSERT INTO to_sign SELECT n, 'precert', '', sha256(''), '' FROM n WHERE n % 3 = 1;"
    "INSERT INTO precertificate SELECT n, n, 900, 'AAAAAAAAAAAAAAAA', int8send(n), '', "
    "'2026-01-01', '2026-01-03' FROM n WHERE n % 3 = 1;"
    "INSERT INTO precertificate SELECT ('4' || n)::bigint, 2025 - n, 900, "
    "'AAAAAAAAAAAAAAAA', int8send(n), '', '2026-01-01', '2026-01-03' FROM n;"
    "INSERT INTO sct SELECT n, sha256('x'), '2026-01-01', sha256('x') || sha256('y'), '2026-01-01' "
    "FROM n WHERE n % 3 = 1;"
    "INSERT INTO order_apart SELECT n, 900, 'open', '2026-01-01' FROM n WHERE n % 4 IN (0, 1)";

static const char world[] =
    "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_active SELECT true, max(id), '2026-01-01' FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
    "valid_till, statement, source) SELECT version, p, 'TLS', p, v, 'd', 'M', '-infinity', "
    "'infinity', '', '' FROM policy_active, (VALUES ('reuse.dcv', '100'), ('random.life', '30'), "
    "('order.pending', '90'), ('caa.check', '1'), ('caa.window', '1')) AS r (p, v); COMMIT;"
    "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
    " VALUES ('AAAAAAAAAAAAAAAA', 'P', 'p', 'ec', '', true, true, '2026-01-01'),"
    " ('BBBBBBBBBBBBBBBB', 'Q', 'q', 'ec', '', false, true, '2026-01-01');"
    "INSERT INTO account (name, status, dcv_scope, created_at)"
    " VALUES ('x', 'active', 'fqdn', '2026-01-01');"
    "SELECT setval('job_id', 1000000);"
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''50ms''', "
    "current_database()); END $$";

/* ---- two of them meet */

struct side {
    const struct locking *l;
    bool backwards;
    pthread_barrier_t *start;
    struct store *store;
    struct arena arena;
    const ProtobufCMessage *in[ORDERS];
    const Caller *callers[ORDERS];
    size_t count;
    const struct sql *sql;
    struct fault f;
};

/* For statements of the gateway. */
static const Caller *customer(void)
{
    static Instant now = { PROTOBUF_C_MESSAGE_INIT(&instant__descriptor), 1788220800000000 };
    static char source[] = "api";
    static Caller caller = { .account_id = 900, .source = source, .now = &now };
    caller.base.descriptor = &caller__descriptor;
    return &caller;
}

static void side_add(struct side *s, const char *json)
{
    s->callers[s->count] = customer();
    s->in[s->count] = message_from_json(&s->arena, s->sql->in, json, strlen(json), &s->f);
    if (!s->in[s->count++])
        fail_msg("%s %s: %s", s->l->statement, json, s->f.detail);
}

/* `text` with `value` in the place of each `mark`. */
static const char *with(struct arena *a, const char *text, char mark, const char *value)
{
    struct text out;
    text_init(&out, a);
    for (; *text; text++)
        if (*text == mark)
            text_add(&out, value);
        else
            text_add_char(&out, *text);
    return out.data ? out.data : "";
}

/* What it says of one order. */
static const char *side_one(struct side *s, int order)
{
    const char *own = arena_format(&s->arena, "%d", order);
    const char *counterpart = arena_format(&s->arena, "%d", FIRST + LAST - order);
    return with(&s->arena, with(&s->arena, s->l->input, '#', own), '~', counterpart);
}

static void side_fill(struct side *s)
{
    const char *list = "";
    for (int i = 0; i < ORDERS; i++) {
        const char *one = side_one(s, s->backwards ? LAST - i : FIRST + i);
        if (!s->l->around)
            side_add(s, one);
        list = arena_format(&s->arena, "%s%s%s", list, *list ? ", " : "", one);
    }
    if (s->l->around)
        side_add(s, with(&s->arena, s->l->around, '@', list));
}

static void side_open(struct side *s, const struct locking *l, bool backwards)
{
    *s = (struct side){ .l = l, .backwards = backwards, .sql = statement(l->statement) };
    arena_init(&s->arena);
    s->store = store_new(&(struct store_options){
        .url = { database_url(database, l->role) }, .prepare = true, .timeout = patience() });
    side_fill(s);
}

static void side_close(struct side *s)
{
    store_free(s->store);
    arena_free(&s->arena);
}

static void side_call(struct side *s)
{
    struct rows rows = { 0 };
    bool ok = s->sql->set ? store_set_by(s->store, &s->arena, s->sql, s->callers, s->in, s->count,
                                         &rows, &s->f)
                          : store_all(s->store, &s->arena, s->sql, s->in[0], &rows, &s->f);
    if (ok)
        s->f = (struct fault){ 0 };
}

static void *side_run(void *context)
{
    struct side *s = context;
    pthread_barrier_wait(s->start);
    side_call(s);
    return NULL;
}

/* Nothing that they may say is allowed: neither is in the other's way but for as long as it takes. */
static void meet(struct side *a, struct side *b)
{
    pthread_barrier_t start;
    pthread_t other;
    run_sql(orders);
    pthread_barrier_init(&start, NULL, 2);
    a->start = b->start = &start;
    assert_int_equal(pthread_create(&other, NULL, side_run, b), 0);
    side_run(a);
    pthread_join(other, NULL);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < 2; i++) {
        const struct side *s = i ? b : a;
        if (s->f.code != FAULT_NONE)
            complain(
                arena_format(&arena, "%s beside %s", s->l->statement, (i ? a : b)->l->statement),
                s->f.field, s->f.detail);
    }
}

static void no_two_wait_for_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKINGS; i++)
        for (int k = i; k < LOCKINGS; k++) {
            struct side a, b;
            side_open(&a, &lockings[i], false);
            side_open(&b, &lockings[k], !lockings[k].sorted);
            bool late = lockings[i].late && lockings[k].late;
            for (int n = 0; n < (late ? LATE_MEETINGS : MEETINGS); n++)
                meet(&a, &b);
            side_close(&a);
            side_close(&b);
        }
    assert_int_equal(faults, 0);
}

/* Of a statement that finds nothing to lock, meetings prove nothing: of each table, what others have to pass over
 * until it ends; and where it only adds, what it has added. */
#define PASSED_OVER(table)                                                                         \
    "(SELECT count(*) FROM " table ") - (SELECT count(*) FROM (SELECT FROM " table                 \
    " FOR UPDATE SKIP LOCKED) free)"
// clang-format off
static const char locked[] =
    "SELECT greatest(" PASSED_OVER("orders") ", " PASSED_OVER("challenge") ", " PASSED_OVER("job") ", "
    PASSED_OVER("issuance") ", " PASSED_OVER("order_apart") ", " PASSED_OVER("precertificate") ")";
// clang-format on
static const char there[] = "SELECT count(*) FROM order_apart";

static int64_t number(const char *sql)
{
    const char *count = NULL;
    struct fault f;
    if (!script_ask(admin, &arena, sql, NULL, 0, &count, &f))
        fail_msg("%s: %s", sql, f.detail);
    return strtoll(count, NULL, 10);
}

static int64_t touched(const struct locking *l)
{
    struct fault f;
    struct side s;
    run_sql(orders);
    int64_t before = number(there);
    side_open(&s, l, false);
    assert_true(store_begin(s.store, &f));
    side_call(&s);
    int64_t count = number(locked);
    assert_true(store_commit(s.store, &f));
    side_close(&s);
    return count + number(there) - before;
}

static void each_locks_several(void **state)
{
    (void)state;
    for (int i = 0; i < LOCKINGS; i++)
        if (touched(&lockings[i]) < 2)
            complain(lockings[i].statement, "locks no two rows", "so it meets nobody");
    assert_int_equal(faults, 0);
}

static int open_world(void **state)
{
    struct fault f;
    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return -1;
    run_sql(world);
    return 0;
}

static int close_world(void **state)
{
    script_close(admin);
    return stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_locks_several),
                                        cmocka_unit_test(no_two_wait_for_each_other) };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
