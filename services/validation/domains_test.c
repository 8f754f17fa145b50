#include "fixture_test.h"

#include "domains.sql.h"
#include "ready.h"

enum { MANY = 40 };

static int set_up(void **state)
{
    (void)state;
    if (world_start("127.77.23.53") != 0)
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

/* ---- jobs */

static void told(const JobOutcome *outcome, void *call)
{
    call_answer(&outcome->base, call);
}

static void job_start(struct waiting *w, int64_t challenge)
{
    JobRef ref = JOB_REF__INIT;
    static char lane[] = "dcv";
    ref.id = strtoll(ask("SELECT id FROM job WHERE idem_key = 'dcv/%lld'", (long long)challenge),
                     NULL, 10);
    ref.lane = lane;
    jobs_service.run(&jobs_service, &ref, told, call_begin(w, patience()));
}

static const JobOutcome *job_now(int64_t challenge)
{
    struct waiting w;
    job_start(&w, challenge);
    const JobOutcome *outcome = call_await(&w);
    assert_non_null(outcome);
    return outcome;
}

static const char *seen(int64_t id, const char *domain)
{
    const char *text =
        ask("SELECT seen ->> '%s' FROM challenge WHERE id = %lld", domain, (long long)id);
    return text ? text : "-";
}

static void txt(const char *name, const char *value)
{
    struct fault f = { 0 };
    if (!dns_rig_set_txt(&rig, name, value, &f))
        fail_msg("%s", f.detail);
}

/* ---- what is found */

static void a_record_proves_and_the_request_goes_on(void **state)
{
    (void)state;
    txt("_dnsauth.found.example.com", VALUE);
    long long id = challenge_for(&usual, "found.example.com");
    const JobOutcome *o = job_now(id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(o->next_lane, "issue");
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
    assert_sql("t",
               "SELECT id = %lld AND run_at > now() AND traceparent = 'trace-%lld' FROM job"
               " WHERE lane = 'issue' AND subject = " REQUEST_OF,
               (long long)o->next_job_id, id, id);
    assert_sql(
        "900 found.example.com dns-txt-token 3.2.2.4.7 test TXT true -",
        "SELECT concat_ws(' ', account_id, identifier, method, br_method, evidence ->> "
        "'perspective',"
        " evidence ->> 'type', evidence ->> 'dnssec_secure', coalesce(csr_sha256::text, '-'))"
        " FROM validation WHERE challenge_id = %lld",
        id);
    assert_sql(
        "900 system found.example.com dns-txt-token 3.2.2.4.7 t",
        "SELECT concat_ws(' ', a.account_id, a.source, a.detail ->> 'identifier',"
        " a.detail ->> 'method', a.detail ->> 'br_method', a.by_role = 'chancery_validation')"
        " FROM audit a JOIN validation v ON a.subject = 'validation/' || v.id"
        " WHERE a.activity = 'domain validated' AND v.challenge_id = %lld",
        id);
    assert_sql("0", "SELECT count(*) FROM challenge_left(%lld, now())", id);
    assert_sql("t",
               "SELECT checked_at IS NOT NULL AND next_at IS NULL AND seen IS NULL FROM challenge"
               " WHERE id = %lld",
               id);
}

static void a_cname_proves_too(void **state)
{
    struct setup s = { .method = "dns-cname-token" };
    struct fault f = { 0 };
    (void)state;
    assert_true(dns_rig_set_cname(&rig, "_dnsauth.alias.example.com", VALUE "." TARGET, &f));
    int64_t id = challenge_for(&s, "alias.example.com");
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
}

static void what_is_not_found_waits_for_its_cadence(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, "missing.example.com");
    const JobOutcome *o = job_now(id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__WAITING);
    assert_false(o->has_next_job_id);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_sql(
        "t",
        "SELECT j.run_at = c.poll_from + interval '1 minute' AND j.attempt = 0"
        " AND j.lease_owner IS NULL AND j.lease_until IS NULL AND c.next_at = j.run_at"
        " AND c.checked_at >= c.poll_from"
        " FROM job j JOIN challenge c ON c.id = j.subject WHERE j.lane = 'dcv' AND c.id = %lld",
        id);
    assert_non_null(
        strstr(seen(id, "missing.example.com"), "TXT _dnsauth.missing.example.com: no such name"));
}

static const char *many_names(int count, const char *below)
{
    struct text t;
    text_init(&t, &arena);
    for (int i = 0; i < count; i++)
        text_format(&t, "%sm%02d.%s", i ? " " : "", i, below);
    return t.data;
}

/* What is written each minute does not grow with the names. */
static void of_many_names_only_some_are_told_of(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, many_names(25, "example.com"));
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("21", "SELECT count(*) FROM challenge, jsonb_object_keys(seen) WHERE id = %lld", id);
    assert_non_null(strstr(seen(id, "m00.example.com"), "no such name"));
    assert_non_null(strstr(seen(id, "m19.example.com"), "no such name"));
    assert_string_equal(seen(id, "m20.example.com"), "-");
    assert_non_null(strstr(seen(id, "*"), "not found, like 24 other names"));
}

/* An account whose share of the rounds is taken comes back; another's goes on. */
static void one_account_has_a_share_of_the_rounds(void **state)
{
    struct turns_item others;
    (void)state;
    assert_true(share_take(&others, ACCOUNT, ROUNDS_SHARE));
    txt("_dnsauth.share.example.com", VALUE);
    long long id = challenge_for(&usual, "share.example.com");
    long long rich = challenge_put(&usual, "domain", 8, "'share.example.com'");
    run_sql(
        arena_format(&arena, "UPDATE challenge SET account_id = %d WHERE id = %lld", POOR, rich));
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql(
        "t 0 t",
        "SELECT concat_ws(' ', j.run_at > now(), j.attempt, c.checked_at IS NULL)"
        " FROM job j JOIN challenge c ON c.id = j.subject WHERE lane = 'dcv' AND c.id = %lld",
        id);
    assert_int_equal(job_now(rich)->result, JOB_OUTCOME__RESULT__DONE);
    share_give(&others);
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
}

/* Each round looks only for what is still open. */
static void names_are_proved_one_by_one(void **state)
{
    (void)state;
    txt("early.example.com", VALUE);
    txt("late.example.com", "something else");
    long long id = challenge_for(&usual, "early.example.com late.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 1 dcv");
    assert_string_equal(seen(id, "early.example.com"), "-");
    assert_non_null(strstr(seen(id, "late.example.com"), "not with the value"));
    txt("late.example.com", VALUE);
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "2 evidence, 1 issue, 0 dcv");
}

/* At the ordered name, though it is to be proved at its base domain. */
static void a_name_is_proved_where_it_stands(void **state)
{
    (void)state;
    txt("_dnsauth.shop.lower.example.com", VALUE);
    long long id = challenge_for(&usual, "shop.lower.example.com blog.lower.example.com");
    run_sql(arena_format(&arena,
                         "UPDATE request_name SET domain = 'lower.example.com'"
                         " WHERE request_id = " REQUEST_OF,
                         id));
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 1 dcv");
    assert_sql("shop.lower.example.com _dnsauth.shop.lower.example.com",
               "SELECT identifier || ' ' || (evidence ->> 'name') FROM validation"
               " WHERE challenge_id = %lld",
               id);
    assert_sql("lower.example.com {blog.lower.example.com}",
               "SELECT identifier || ' ' || dns_names::text FROM challenge_left(%lld, now())", id);
    assert_non_null(strstr(seen(id, "lower.example.com"), "TXT blog.lower.example.com: no such"));
    txt("blog.lower.example.com", VALUE);
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "2 evidence, 1 issue, 0 dcv");
}

static void a_forged_answer_never_counts(void **state)
{
    (void)state;
    txt("forged.bogus.example.org", VALUE);
    long long id = challenge_for(&usual, "forged.bogus.example.org");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_non_null(strstr(seen(id, "forged.bogus.example.org"), "DNSSEC validation failed"));
    /* Failed, not absent: sooner than the cadence, and the attempt counts. */
    assert_sql("t 1",
               "SELECT concat_ws(' ', j.run_at < c.poll_from + interval '1 minute', j.attempt)"
               " FROM job j JOIN challenge c ON c.id = j.subject"
               " WHERE j.lane = 'dcv' AND c.id = %lld",
               id);
}

static void failing_for_long_never_uses_up_the_attempts(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, "lame.refused.example.net");
    run_sql(arena_format(&arena,
                         "UPDATE job SET attempt = 12 WHERE lane = 'dcv' AND subject = %lld", id));
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("6", "SELECT attempt FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void an_expired_value_proves_nothing(void **state)
{
    struct setup s = { .value_days = 30 };
    (void)state;
    txt("expired.example.com", VALUE);
    int64_t id = challenge_for(&s, "expired.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_non_null(strstr(seen(id, "expired.example.com"), "has expired"));
}

static void a_value_of_a_time_to_come_proves_nothing(void **state)
{
    struct setup s = { .value_days = -1 };
    (void)state;
    txt("to-come.example.com", VALUE);
    int64_t id = challenge_for(&s, "to-come.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
}

static void polling_ends(void **state)
{
    struct setup s = { .poll_days = 12 };
    (void)state;
    long long id = challenge_for(&s, "given-up.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_sql("t", "SELECT next_at IS NULL AND seen IS NOT NULL FROM challenge WHERE id = %lld",
               id);
}

/* What stands there, and what only other points of view are missing for, is not the customer's to do: we look again,
 * beyond the end of polling, too. One that is not there is his. */
static void what_was_found_and_not_confirmed_is_ours(void **state)
{
    static const char owners[] =
        "SELECT string_agg(concat_ws(' ', dns_name, owner, next_check IS NOT NULL), ', ' ORDER BY "
        "dns_name) FROM request_open_task(ARRAY[(SELECT subject FROM challenge WHERE id = %lld)], "
        "now())";
    struct setup s = { .poll_days = 12 };

    (void)state;
    rule_add("'mpic', 'TLS', 'mpic.remotes', 'M', '2'");
    long long id = challenge_for(&s, "there.example.com not-there.example.com");
    txt("there.example.com", VALUE);
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_non_null(strstr(seen(id, "there.example.com"), "the fault is ours"));
    assert_sql("not-there.example.com customer t, there.example.com ca t", owners, id);
    assert_sql("t",
               "SELECT run_at > now() FROM job WHERE lane = 'dcv' AND subject = %lld AND "
               "lease_until IS NULL",
               id);
    run_sql(arena_format(&arena, "UPDATE challenge SET poll_from = now() WHERE id = %lld", id));
    assert_sql("not-there.example.com customer t, there.example.com customer t", owners, id);
    run_sql("UPDATE policy_active SET version = version - 1");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("not-there.example.com customer t", owners, id);
}

static void a_method_that_is_not_looked_for(void **state)
{
    struct setup s = { .method = "http-token-dynamic" };
    (void)state;
    int64_t id = challenge_for(&s, "by-nobody.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_non_null(strstr(seen(id, "by-nobody.example.com"), "choose another"));
}

static bool rows_read(const int64_t *ids, size_t count, struct rows *rows)
{
    struct store *store = store_new(&store_options);
    ChallengeIds in = CHALLENGE_IDS__INIT;
    struct fault f = { 0 };
    in.ids = arena_copy(&arena, ids, count * sizeof *ids);
    in.n_ids = count;
    in.now = instant_of(&arena, clock_now());
    bool ok = store_all(store, &arena, &sql_challenge_open, &in.base, rows, &f);
    store_free(store);
    return ok;
}

/* While two releases run side by side: those that are read with it are none the worse for it. */
static void a_method_of_another_release_fails_alone(void **state)
{
    struct setup s = { .method = "tls-alpn-01" };
    struct rows rows;
    struct waiting w[2];
    (void)state;
    txt("beside.example.com", VALUE);
    int64_t ids[] = { challenge_for(&s, "newer.example.com"),
                      challenge_for(&usual, "beside.example.com") };
    assert_true(rows_read(ids, 2, &rows));
    assert_int_equal(rows.count, 2);
    for (int i = 0; i < 2; i++)
        job_start(&w[i], ids[i]);
    const JobOutcome *newer = call_await(&w[0]), *beside = call_await(&w[1]);
    assert_int_equal(newer->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(ids[0]), "0 evidence, 0 issue, 1 dcv");
    assert_sql("1", "SELECT attempt FROM job WHERE lane = 'dcv' AND subject = %lld",
               (long long)ids[0]);
    assert_true(beside->has_next_job_id);
    assert_string_equal(standing(ids[1]), "1 evidence, 1 issue, 0 dcv");
}

/* ---- whose job it is */

/* Somebody else takes the lease as soon as we have it. */
static void a_lost_lease_has_no_effect(void **state)
{
    (void)state;
    txt("lost.example.com", VALUE);
    long long id = challenge_for(&usual, "lost.example.com");
    run_sql(arena_format(
        &arena,
        "CREATE FUNCTION job_steal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
        " UPDATE job SET lease_epoch = nextval('lease_epoch'), lease_owner = 'thief' WHERE id = "
        "NEW.id;"
        " RETURN NULL; END $$;"
        "CREATE TRIGGER steal AFTER UPDATE OF lease_owner ON job FOR EACH ROW"
        " WHEN (NEW.subject = %lld AND NEW.lease_owner = 'test') EXECUTE FUNCTION job_steal()",
        id));
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__GONE);
    run_sql("DROP TRIGGER steal ON job; DROP FUNCTION job_steal");
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_sql("t", "SELECT checked_at IS NULL FROM challenge WHERE id = %lld", id);
    assert_sql("thief", "SELECT lease_owner FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void an_order_that_is_over_ends_its_job(void **state)
{
    static const char *const over[] = { "canceled", "rejected", "issued", "expired" };
    (void)state;
    txt("over.example.com", VALUE);
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        struct setup s = { .status = over[i] };
        int64_t id = challenge_for(&s, "over.example.com");
        assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
        assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    }
}

/* ---- several */

static void two_requests_share_a_domain(void **state)
{
    struct setup s = { .value = "vutsrqponmlkjihgfedcba9876543210" };
    struct fault f = { 0 };
    struct waiting w[2];
    (void)state;
    txt("shared.example.com", VALUE);
    assert_true(dns_rig_add(&rig, "shared.example.com", "TXT", s.value, &f));
    int64_t one = challenge_for(&usual, "shared.example.com"),
            two = challenge_for(&s, "shared.example.com");
    job_start(&w[0], one);
    job_start(&w[1], two);
    for (int i = 0; i < 2; i++)
        assert_true(((const JobOutcome *)call_await(&w[i]))->has_next_job_id);
    /* Whichever is second may find the other's evidence; each goes on once. */
    assert_sql("2",
               "SELECT count(*) FROM job WHERE lane = 'issue' AND subject IN"
               " (SELECT subject FROM challenge WHERE id IN (%lld, %lld))",
               (long long)one, (long long)two);
}

static void evidence_of_another_request_serves(void **state)
{
    struct setup s = { .value = "vutsrqponmlkjihgfedcba9876543210" };
    (void)state;
    txt("again.example.com", VALUE);
    assert_true(job_now(challenge_for(&usual, "again.example.com"))->has_next_job_id);
    int64_t id = challenge_for(&s, "again.example.com");
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "0 evidence, 1 issue, 0 dcv");
}

static void many_requests_at_once(void **state)
{
    static struct waiting w[MANY];
    int64_t ids[MANY];
    (void)state;
    txt("many.example.com", VALUE);
    for (int i = 0; i < MANY; i++) {
        const char *domains = i % 2 ? "many.example.com"
                                    : arena_format(&arena, "many.example.com no%d.example.com", i);
        ids[i] = challenge_for(&usual, domains);
    }
    for (int i = 0; i < MANY; i++)
        job_start(&w[i], ids[i]);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(((const JobOutcome *)call_await(&w[i]))->has_next_job_id, i % 2);
}

/* ---- readiness and the end */

static void the_resolver_is_ready_while_it_runs(void **state)
{
    struct fault f = { 0 };
    (void)state;
    parts_stop(seconds(10));
    assert_false(resolver_ready(NULL, &f));
    assert_string_equal(f.detail, "stopping");
    parts_start(seconds(10));
    if (!resolver_ready(NULL, &f))
        fail_msg("%s", f.detail);
}

static void a_stop_puts_a_round_back_at_once(void **state)
{
    struct waiting w;
    (void)state;
    long long id = challenge_for(&usual, "slow.silent.example.net");
    job_start(&w, id);
    parts_stop(seconds(0));
    assert_int_equal(((const JobOutcome *)call_await(&w))->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("t",
               "SELECT lease_until IS NULL AND run_at <= now() FROM job"
               " WHERE lane = 'dcv' AND subject = %lld",
               id);
    parts_start(seconds(10));
}

/* By DNS, with nobody's order: evidence, its audit row, and that is all. */
static void a_domain_is_proved_alone(void **state)
{
    (void)state;
    txt("_dnsauth.alone.example.com", VALUE);
    long long id = challenge_put(&usual, "domain", 7, "'alone.example.com'");
    const JobOutcome *o = job_now(id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__DONE);
    assert_false(o->has_next_job_id);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 0 dcv");
    assert_sql("1",
               "SELECT count(*) FROM audit a JOIN validation v ON a.subject = 'validation/' || v.id"
               " WHERE v.identifier = 'alone.example.com' AND v.challenge_id = %lld",
               id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_proves_and_the_request_goes_on),
        cmocka_unit_test(a_cname_proves_too),
        cmocka_unit_test(what_is_not_found_waits_for_its_cadence),
        cmocka_unit_test(of_many_names_only_some_are_told_of),
        cmocka_unit_test(one_account_has_a_share_of_the_rounds),
        cmocka_unit_test(names_are_proved_one_by_one),
        cmocka_unit_test(a_name_is_proved_where_it_stands),
        cmocka_unit_test(a_forged_answer_never_counts),
        cmocka_unit_test(failing_for_long_never_uses_up_the_attempts),
        cmocka_unit_test(an_expired_value_proves_nothing),
        cmocka_unit_test(a_value_of_a_time_to_come_proves_nothing),
        cmocka_unit_test(polling_ends),
        cmocka_unit_test(what_was_found_and_not_confirmed_is_ours),
        cmocka_unit_test(a_method_that_is_not_looked_for),
        cmocka_unit_test(a_method_of_another_release_fails_alone),
        cmocka_unit_test(a_lost_lease_has_no_effect),
        cmocka_unit_test(an_order_that_is_over_ends_its_job),
        cmocka_unit_test(two_requests_share_a_domain),
        cmocka_unit_test(evidence_of_another_request_serves),
        cmocka_unit_test(many_requests_at_once),
        cmocka_unit_test(a_domain_is_proved_alone),
        cmocka_unit_test(the_resolver_is_ready_while_it_runs),
        cmocka_unit_test(a_stop_puts_a_round_back_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
