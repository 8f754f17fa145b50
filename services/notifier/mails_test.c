/* The statements of the lane `mail`: what happens only to who holds the lease. */
#include "mails.h"

#include "email.pb-c.h"
#include "mails.sql.h"
#include "message/convert.h"
#include "notifier_rig.h"
#include "pki/digest.h"

enum { ORDER = 700101, EPOCH = 5 };

static struct store *mine;

/* An order, an invitation and its job, which is leased. */
static long long job_put(const char *method)
{
    ask("TRUNCATE email_invitation, email_token, order_name, policy_rule, policy_active, "
        "policy_version CASCADE");
    ask("INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('\\x00'), '2020-01-01')");
    ask("INSERT INTO policy_active SELECT true, id FROM policy_version");
    ask("INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
        "valid_till,"
        " statement, source) SELECT id, 'r', 'TLS', 'random.life', '30', 'd', 'M', '-infinity', "
        "'infinity',"
        " 's', 's' FROM policy_version");
    ask("INSERT INTO orders (id, account_id, user_id, product_name_id, rule_scope, status, "
        "common_name, csr,"
        " csr_sha256, key_type, key_size, signature_hash, ca_id, dcv_method, dcv_scope, "
        "random_value,"
        " random_value_at, poll_from, valid_till, created_at, answer_by, status_at) VALUES (%d, "
        "%d, 1,"
        " 'ssl_dv_geotrust', 'TLS', 'pending', 'example.com', '\\x00', sha256('\\x00'), 'rsa', "
        "2048, 'sha256',"
        " 'ca', '%s', 'base_domain', 'v', now(), '2026-01-01', now(), now(), now(), now())",
        ORDER, ACCOUNT, method);
    ask("INSERT INTO email_invitation (order_id, account_id, domain, address, poll_from, state, "
        "created_at)"
        " VALUES (%d, %d, 'example.com', 'admin@example.com', '2026-01-01', 'waiting', now())",
        ORDER, ACCOUNT);
    return number(ask(
        "INSERT INTO job (lane, subject, run_at, attempt, lease_owner, lease_epoch, lease_until)"
        " SELECT 'mail', id, now(), 1, 'me', %d, now() + interval '1 hour' FROM email_invitation"
        " RETURNING id",
        EPOCH));
}

static bool token_store(long long job_id, int64_t epoch, struct instant *expires)
{
    MailToken in = MAIL_TOKEN__INIT;
    MailTerms out = MAIL_TERMS__INIT;
    uint8_t hash[SHA256_SIZE];
    struct fault f = { 0 };
    bool found = false;
    digest_sha256(BYTES_OF("secret"), hash);
    in.job_id = job_id;
    in.job_epoch = epoch;
    in.token_sha256 = (ProtobufCBinaryData){ sizeof hash, hash };
    in.now = instant_message(&arena, instant_from_unix(1767225600));
    if (!store_maybe(mine, &arena, &sql_mail_token, &in.base, &out.base, &found, &f))
        fail_msg("%s", f.detail);
    if (found)
        *expires = instant_value(out.expires_at);
    return found;
}

static void the_hash_is_stored_by_the_holder_only(void **state)
{
    struct instant expires = { 0 };
    (void)state;
    long long job_id = job_put("email");
    assert_false(token_store(job_id, EPOCH - 1, &expires));
    assert_string_equal(ask("SELECT count(*) FROM email_token"), "0");
    assert_true(token_store(job_id, EPOCH, &expires));
    assert_true(expires.us == (int64_t)1000000 * (1767225600 + 30 * 86400));
    assert_string_equal(ask("SELECT count(*) FROM email_token WHERE token_sha256 = sha256('secret')"
                            " AND address = 'admin@example.com' AND used_at IS NULL"),
                        "1");
}

static void nothing_for_an_order_with_another_method(void **state)
{
    struct instant expires;
    (void)state;
    assert_false(token_store(job_put("dns-txt-token"), EPOCH, &expires));
    assert_string_equal(ask("SELECT count(*) FROM email_token"), "0");
}

/* Rows that took effect. */
static size_t attempted(long long job_id, int64_t epoch, const char *what, int64_t code,
                        struct instant next, const char *poll_from)
{
    MailAttempt in = MAIL_ATTEMPT__INIT;
    const ProtobufCMessage *all[] = { &in.base };
    struct rows rows = { 0 };
    struct instant from;
    struct fault f = { 0 };
    assert_true(instant_read(poll_from, &from));
    in.invitation_id = number(ask("SELECT id FROM email_invitation"));
    in.job_id = job_id;
    in.job_epoch = epoch;
    in.state = arena_strdup(&arena, what);
    in.has_response_code = true;
    in.response_code = code;
    in.now = instant_message(&arena, instant_from_unix(1767225600));
    in.next_at = next.us ? instant_message(&arena, next) : NULL;
    in.poll_from = instant_message(&arena, from);
    if (!store_set(mine, &arena, &sql_mail_attempted, all, 1, &rows, &f))
        fail_msg("%s", f.detail);
    return rows.count;
}

/* "sent 250, 0 jobs": what is left. */
static const char *left(void)
{
    return ask("SELECT state || ' ' || coalesce(response_code::text, '-') || ', ' ||"
               " (SELECT count(*) FROM job WHERE lane = 'mail') || ' jobs, ' ||"
               " (SELECT count(*) FROM audit WHERE activity LIKE 'approval mail%%') || ' audited'"
               " FROM email_invitation");
}

static void what_became_of_it(void **state)
{
    static const struct instant later = { 1900000000000000 };
    long long job_id;
    (void)state;
    ask("TRUNCATE audit");
    job_id = job_put("email");
    assert_int_equal(attempted(job_id, EPOCH - 1, "sent", 250, (struct instant){ 0 }, "2026-01-01"),
                     0);
    assert_string_equal(left(), "waiting -, 1 jobs, 0 audited");
    assert_int_equal(attempted(job_id, EPOCH, "waiting", 451, later, "2026-01-01"), 1);
    assert_string_equal(left(), "waiting 451, 1 jobs, 0 audited");
    assert_int_equal(attempted(job_id, EPOCH, "sent", 250, (struct instant){ 0 }, "2026-01-01"), 1);
    assert_string_equal(left(), "sent 250, 0 jobs, 1 audited");
}

static void refused_for_good(void **state)
{
    (void)state;
    ask("TRUNCATE audit");
    assert_int_equal(
        attempted(job_put("email"), EPOCH, "refused", 550, (struct instant){ 0 }, "2026-01-01"), 1);
    assert_string_equal(left(), "refused 550, 0 jobs, 1 audited");
}

/* The method was chosen again meanwhile: what has just gone out is void, so another mail follows. */
static void a_void_mail_is_followed_by_another(void **state)
{
    (void)state;
    long long job_id = job_put("email");
    ask("TRUNCATE audit");
    assert_int_equal(attempted(job_id, EPOCH, "sent", 250, (struct instant){ 0 }, "2025-12-31"), 1);
    assert_string_equal(left(), "waiting 250, 1 jobs, 1 audited");
    assert_string_equal(ask("SELECT lease_until IS NULL AND run_at = '2026-01-01' FROM job"), "t");
}

static int open_all(void **state)
{
    if (rig_open(state) != 0)
        return -1;
    mine = store_new(&store);
    return 0;
}

static int close_all(void **state)
{
    store_free(mine);
    return rig_close(state);
}

static int begin(void **state)
{
    (void)state;
    return rig_start("127.77.30.1");
}

#define MAIL_CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_CASE(the_hash_is_stored_by_the_holder_only),
        MAIL_CASE(nothing_for_an_order_with_another_method),
        MAIL_CASE(what_became_of_it),
        MAIL_CASE(refused_for_good),
        MAIL_CASE(a_void_mail_is_followed_by_another),
    };

    return cmocka_run_group_tests(tests, begin, rig_stop);
}
