/* How many mails an address and an account may have. */
#include "mails_rig.h"

// clang-format off
/* What was mailed before midnight, and until when the next mail waits; NULL: it goes. */
static const struct {
    const char *parameter, *rates;
    const char *address; /* of those mailed before: the last at 23:50, one each 10 minutes */
    int account, count;
    bool unsent;
    const char *until;
} limits[] = {
    { "email.per_address", "3/1h",       "admin@example.com",     ACCOUNT,     2, false, NULL },
    { "email.per_address", "3/1h",       "admin@example.com",     ACCOUNT,     3, false, "00:30" },
    { "email.per_address", "3/1h",       "admin@example.com",     ACCOUNT + 1, 3, false, "00:30" },
    { "email.per_address", "3/1h",       "admin@example.com",     ACCOUNT,     3, true,  NULL },
    { "email.per_address", "3/1h",       "webmaster@example.com", ACCOUNT,     9, false, NULL },
    { "email.per_address", "3/30m",      "admin@example.com",     ACCOUNT,     9, false, NULL },
    { "email.per_address", "3/1h 9/12h", "admin@example.com",     ACCOUNT,     9, false, "10:30" },
    { "email.per_address", "9/12h 3/1h", "admin@example.com",     ACCOUNT,     8, false, "00:30" },
    { "email.per_account", "3/1h",       "webmaster@example.org", ACCOUNT,     3, false, "00:30" },
    { "email.per_account", "3/1h",       "webmaster@example.org", ACCOUNT,     2, false, NULL },
    { "email.per_account", "3/1h",       "webmaster@example.org", ACCOUNT,     9, true,  NULL },
    { "email.per_account", "3/1h",       "webmaster@example.org", ACCOUNT + 1, 9, false, NULL },
};
// clang-format on

static void rule_put(const char *parameter, const char *rates)
{
    ask("BEGIN");
    ask("INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('%s %s'), '2020-01-01') "
        "ON CONFLICT DO NOTHING",
        parameter, rates);
    ask("INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
        "valid_till, statement, source) SELECT max(v.id), r.id, 'TLS', r.parameter, r.value, "
        "r.unit, 'S', '-infinity', 'infinity', 's', 's' FROM policy_version v, (VALUES "
        "('life', 'random.life', '30', 'd'), ('rate', '%s', '%s', NULL)) AS r (id, parameter, "
        "value, unit) GROUP BY r.id, r.parameter, r.value, r.unit",
        parameter, rates);
    ask("UPDATE policy_active SET version = (SELECT max(id) FROM policy_version)");
    ask("COMMIT");
}

static void mailed_before(const char *address, int account, int count, bool unsent)
{
    ask("INSERT INTO email_token (token_sha256, invitation_id, challenge_id, account_id, domain, "
        "address, poll_from, created_at, expires_at, unsent) SELECT sha256(n::text::bytea), 0, 0, "
        "%d, split_part('%s', '@', 2), '%s', '2020-01-01', timestamptz '2026-01-01T00:00:00Z' - n "
        "* interval '10 minutes', 'infinity', %s FROM generate_series(1, %d) n",
        account, address, address, unsent ? "true" : "false", count);
}

static void addresses_and_accounts_have_their_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct instant expires, until = { 0 };
        long long job_id = job_put("email");
        const char *at = limits[i].until;
        rule_put(limits[i].parameter, limits[i].rates);
        mailed_before(limits[i].address, limits[i].account, limits[i].count, limits[i].unsent);
        assert_true(!at || instant_read(arena_format(&arena, "2026-01-01T%s:00Z", at), &until));
        assert_true(token_store(job_id, EPOCH, &expires));
        if (wait_until.us != until.us)
            fail_msg("row %zu: %lld, not %lld", i, (long long)wait_until.us, (long long)until.us);
        assert_string_equal(
            ask("SELECT count(*) FROM email_token WHERE token_sha256 = sha256('secret')"),
            at ? "0" : "1");
    }
}

/* What the relay has not taken is no mail that anybody got. */
static void what_was_not_taken_does_not_count(void **state)
{
    static const struct instant later = { 1900000000000000 };
    static const struct {
        const char *state, *unsent;
    } ends[] = { { "sent", "f" }, { "waiting", "t" }, { "refused", "t" }, { "failed", "t" } };
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct instant expires;
        long long job_id = job_put("email");
        bool again = strcmp(ends[i].state, "waiting") == 0;
        assert_true(token_store(job_id, EPOCH, &expires));
        mailed_before("admin@example.com", ACCOUNT, 1, false);
        assert_int_equal(attempted(job_id, EPOCH, ends[i].state, 0,
                                   again ? later : (struct instant){ 0 }, "2026-01-01"),
                         1);
        assert_string_equal(
            ask("SELECT unsent FROM email_token WHERE token_sha256 = sha256('secret')"),
            ends[i].unsent);
        assert_string_equal(
            ask("SELECT unsent FROM email_token WHERE token_sha256 <> sha256('secret')"), "f");
    }
}

/* It is put off until there is room: no attempt counts, nothing is stored, and nobody is refused. */
static void a_mail_waits_for_its_turn(void **state)
{
    struct asked a;
    (void)state;
    long long job_id = job_put("email");
    rule_put("email.per_address", "1/1h");
    ask("INSERT INTO email_token (token_sha256, invitation_id, challenge_id, account_id, domain, "
        "address, poll_from, created_at, expires_at) VALUES (sha256('other'), 0, 0, 1, "
        "'example.com', 'admin@example.com', '2020-01-01', now(), 'infinity')");
    ask("UPDATE job SET lease_owner = NULL, lease_until = NULL");
    notifier.has_relay = true;
    job_begin_in(&a, "mail", job_id);
    assert_int_equal(job_await(&a), JOB_OUTCOME__RESULT__WAITING);
    notifier.has_relay = false;
    assert_string_equal(
        ask("SELECT concat_ws(', ', i.state, i.tried_at IS NULL, j.attempt, j.lease_until IS NULL, "
            "j.run_at = t.created_at + interval '1 hour') FROM email_invitation i "
            "JOIN job j ON j.subject = i.id CROSS JOIN email_token t"),
        "waiting, t, 0, t, t");
}

static int begin(void **state)
{
    (void)state;
    return rig_start("127.77.30.2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MAIL_CASE(addresses_and_accounts_have_their_limits),
        MAIL_CASE(what_was_not_taken_does_not_count),
        MAIL_CASE(a_mail_waits_for_its_turn),
    };

    return cmocka_run_group_tests(tests, begin, rig_stop);
}
