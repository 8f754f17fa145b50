/* A proof that was made for one request serves the others of its account that wait for the name. */
#include "reuse.h"

#include "fixture_test.h"

enum { STRANGER = 901, MANY = 450 };

static const struct setup by_mail = { .method = "email" };

static int set_up(void **state)
{
    (void)state;
    if (world_start("127.77.49.53") != 0)
        return 1;
    parts_start(seconds(10));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    parts_stop(seconds(10));
    return world_stop();
}

/* As its request waits for them. */
static void wait_for(int64_t challenge, const char *domain)
{
    run_sql(arena_format(&arena,
                         "INSERT INTO challenge_domain SELECT id, account_id, '%s' FROM challenge"
                         " WHERE id = %lld",
                         domain, (long long)challenge));
}

/* Nobody looks for it any more: who reads its mails is the only one who could do something. */
static int64_t waiting_for(const char *name, const char *domain)
{
    int64_t id = challenge_for(&by_mail, name);
    wait_for(id, domain);
    lane_run("dcv", id);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    return id;
}

static int64_t proved(const char *name)
{
    struct fault f = { 0 };
    int64_t id = challenge_for(&usual, name);
    assert_true(dns_rig_set_txt(&rig, arena_format(&arena, "_dnsauth.%s", name), VALUE, &f));
    assert_int_equal(lane_run("dcv", id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_sql("1", "SELECT count(*) FROM job WHERE idem_key = 'reuse/%lld'", (long long)id);
    return id;
}

static void who_waits_for_the_name_goes_on(void **state)
{
    (void)state;
    int64_t other = waiting_for("www.shared.example.com", "shared.example.com");
    run_sql("UPDATE request_name SET domain = 'shared.example.com' WHERE name = "
            "'www.shared.example.com'");
    int64_t id = proved("shared.example.com");
    assert_int_equal(lane_run("reuse", id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(other), "0 evidence, 0 issue, 1 dcv");
    assert_string_equal(lane_run("dcv", other)->next_lane, "issue");
    assert_string_equal(standing(other), "0 evidence, 1 issue, 0 dcv");
    assert_sql("0", "SELECT count(*) FROM challenge_domain WHERE challenge_id = %lld",
               (long long)other);
    assert_sql("0", "SELECT count(*) FROM job WHERE lane = 'reuse'");
}

/* Found lower, at a name that lies within the domain. */
static void a_proof_below_the_domain_is_looked_at(void **state)
{
    (void)state;
    int64_t other = waiting_for("low.wide.example.com", "wide.example.com");
    int64_t id = proved("low.wide.example.com");
    lane_run("reuse", id);
    assert_string_equal(standing(other), "0 evidence, 0 issue, 1 dcv");
    lane_run("dcv", other);
    assert_string_equal(standing(other), "0 evidence, 1 issue, 0 dcv");
}

static void others_are_left_alone(void **state)
{
    (void)state;
    int64_t beside = waiting_for("beside.example.com", "beside.example.com");
    int64_t foreign = waiting_for("alone.example.com", "alone.example.com");
    run_sql(arena_format(&arena,
                         "UPDATE challenge SET account_id = %d WHERE id = %lld;"
                         "UPDATE challenge_domain SET account_id = %d WHERE challenge_id = %lld",
                         STRANGER, (long long)foreign, STRANGER, (long long)foreign));
    lane_run("reuse", proved("alone.example.com"));
    assert_string_equal(standing(beside), "0 evidence, 0 issue, 0 dcv");
    assert_string_equal(standing(foreign), "0 evidence, 0 issue, 0 dcv");
}

/* Whose servers were asked just now has a minute's rest. */
static void who_has_just_looked_rests(void **state)
{
    (void)state;
    int64_t other = challenge_for(&usual, "rest.example.com other.example.org");
    wait_for(other, "rest.example.com");
    assert_int_equal(lane_run("dcv", other)->result, JOB_OUTCOME__RESULT__WAITING);
    run_sql(arena_format(
        &arena, "UPDATE job SET run_at = run_at + interval '1 day' WHERE idem_key = 'dcv/%lld'",
        (long long)other));
    lane_run("reuse", proved("rest.example.com"));
    assert_sql("t",
               "SELECT j.run_at = c.checked_at + interval '1 minute' FROM challenge c"
               " JOIN job j ON j.idem_key = 'dcv/' || c.id WHERE c.id = %lld",
               (long long)other);
}

/* However many wait: a run has its share, and the next goes on until all look. */
static void many_are_told_by_and_by(void **state)
{
    (void)state;
    int64_t id = proved("many.example.com");
    run_sql(arena_format(
        &arena,
        "WITH c AS (INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method,"
        " random_value, random_value_at, poll_from) SELECT %d, 'request', 800000 + n, 'TLS',"
        " 'email', 'x', now(), now() FROM generate_series(1, %d) n RETURNING id)"
        "INSERT INTO challenge_domain SELECT id, %d, 'many.example.com' FROM c",
        ACCOUNT, MANY, ACCOUNT));
    for (int i = 0; i < MANY / 200; i++)
        assert_int_equal(lane_run("reuse", id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_int_equal(lane_run("reuse", id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_sql("450", "SELECT count(*) FROM job j JOIN challenge c ON j.idem_key = 'dcv/' || c.id"
                      " WHERE c.subject > 800000 AND j.run_at <= now()");
    run_sql("DELETE FROM job WHERE subject IN (SELECT id FROM challenge WHERE subject > 800000)");
}

/* What is proved while the others are told of something else is told as well. */
static void what_comes_meanwhile_begins_anew(void **state)
{
    (void)state;
    int64_t id = proved("twice.example.com");
    run_sql("UPDATE job SET lease_epoch = nextval('lease_epoch'), lease_owner = 'x',"
            " lease_until = now() + interval '1 hour' WHERE lane = 'reuse'");
    run_sql(arena_format(
        &arena,
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at,"
        " evidence, challenge_id) VALUES (%d, 'twice.example.com', 'dns-txt-token',"
        " '3.2.2.4.7', now(), '{}', %lld)",
        ACCOUNT, (long long)id));
    assert_sql(
        "t",
        "SELECT lease_owner IS NULL AND lease_until IS NULL FROM job WHERE idem_key = 'reuse/%lld'",
        (long long)id);
    lane_run("reuse", id);
}

/* A request token serves requests for its CSR, and no other. */
static void a_token_is_told_to_its_own(void **state)
{
    (void)state;
    int64_t same = waiting_for("token.example.com", "token.example.com");
    int64_t other = waiting_for("token.example.com", "token.example.com");
    run_sql(arena_format(
        &arena,
        "UPDATE request SET csr = '\\x01', csr_sha256 = sha256('\\x01') WHERE id = " REQUEST_OF ";"
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at,"
        " evidence, csr_sha256) VALUES (%d, 'token.example.com', 'http-token',"
        " '3.2.2.4.18', now(), '{}', sha256('\\x01'))",
        (long long)same, ACCOUNT));
    assert_string_equal(standing(same), "0 evidence, 0 issue, 1 dcv");
    assert_string_equal(standing(other), "0 evidence, 0 issue, 0 dcv");
    lane_run("dcv", same);
    assert_string_equal(standing(same), "0 evidence, 1 issue, 0 dcv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_for_the_name_goes_on),
        cmocka_unit_test(a_proof_below_the_domain_is_looked_at),
        cmocka_unit_test(others_are_left_alone),
        cmocka_unit_test(who_has_just_looked_rests),
        cmocka_unit_test(many_are_told_by_and_by),
        cmocka_unit_test(what_comes_meanwhile_begins_anew),
        cmocka_unit_test(a_token_is_told_to_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
