/* The statements of the lane `mail`: what happens only to who holds the lease. */
#include "mails_rig.h"

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

/* "sent 250, 0 jobs": what is left. */
static const char *left(void)
{
    return ask("SELECT state || ' ' || coalesce(response_code::text, '-') || ', ' ||"
               " (SELECT count(*) FROM job WHERE lane = 'mail') || ' jobs, ' ||"
               " (SELECT count(*) FROM audit WHERE activity LIKE 'approval mail%%') || ' audited'"
               " FROM email_invitation WHERE local_part = 'admin'");
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

/* Failures count, and nothing else that befell the job. */
static void failures_count(void **state)
{
    static const struct instant later = { 1900000000000000 };
    (void)state;
    long long job_id = job_put("email");
    ask("UPDATE job SET deaths = 2, alone = true");
    assert_int_equal(attempted(job_id, EPOCH, "waiting", 451, later, "2026-01-01"), 1);
    assert_string_equal(ask("SELECT concat_ws(' ', attempt, deaths, alone) FROM job"), "1 0 f");
}

/* A mail that waits since the relay was out of reach is due when another is taken; one that the relay
 * has put off waits its time. */
static void a_relay_that_is_back_wakes(void **state)
{
    (void)state;
    long long job_id = job_put("email");
    long long away = invitation_put("webmaster"), greylisted = invitation_put("postmaster");
    ask("UPDATE email_invitation SET next_at = '2026-01-02' WHERE id IN (%lld, %lld)", away,
        greylisted);
    ask("UPDATE email_invitation SET response_code = 451 WHERE id = %lld", greylisted);
    ask("INSERT INTO job (lane, subject, run_at) VALUES ('mail', %lld, '2026-01-02'), "
        "('mail', %lld, '2026-01-02')",
        away, greylisted);
    assert_int_equal(attempted(job_id, EPOCH, "sent", 250, (struct instant){ 0 }, "2026-01-01"), 1);
    assert_string_equal(ask("SELECT run_at = '2026-01-01' FROM job WHERE subject = %lld", away),
                        "t");
    assert_string_equal(
        ask("SELECT run_at = '2026-01-02' FROM job WHERE subject = %lld", greylisted), "t");
}

/* Where no relay is set nothing is mailed, and the invitation says why. */
static void there_is_no_relay(void **state)
{
    struct asked a;
    (void)state;
    long long job_id = job_put("email");
    ask("UPDATE job SET lease_owner = NULL, lease_until = NULL");
    job_begin_in(&a, "mail", job_id);
    assert_int_equal(job_await(&a), JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(ask("SELECT concat_ws(', ', state, response_code, reason, "
                            "next_at > tried_at) FROM email_invitation"),
                        "waiting, CHANCERY_SMTP_URL is not set, t");
    assert_string_equal(ask("SELECT count(*) FROM email_token"), "0");
}

/* Nobody but the function writes hashes. */
static void no_token_without_a_job(void **state)
{
    struct instant expires;
    (void)state;
    long long job_id = job_put("email");
    ask("UPDATE email_invitation SET state = 'approved'");
    assert_false(token_store(job_id, EPOCH, &expires));
    ask("UPDATE email_invitation SET state = 'waiting'");
    ask("UPDATE job SET lease_until = now() - interval '1 second'"); // lease_until
    assert_false(token_store(job_id, EPOCH, &expires));
    assert_string_equal(
        ask("SELECT has_table_privilege('chancery_notifier', 'email_token', 'INSERT')"), "f");
}

static int begin(void **state)
{
    (void)state;
    return rig_start("127.77.30.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_CASE(the_hash_is_stored_by_the_holder_only),
        MAIL_CASE(nothing_for_an_order_with_another_method),
        MAIL_CASE(what_became_of_it),
        MAIL_CASE(refused_for_good),
        MAIL_CASE(a_void_mail_is_followed_by_another),
        MAIL_CASE(failures_count),
        MAIL_CASE(a_relay_that_is_back_wakes),
        MAIL_CASE(there_is_no_relay),
        MAIL_CASE(no_token_without_a_job),
    };

    return cmocka_run_group_tests(tests, begin, rig_stop);
}
