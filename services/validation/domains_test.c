#include "fixture_test.h"

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

static void job_start(struct waiting *w, int64_t order_id)
{
    JobRef ref = JOB_REF__INIT;
    static char lane[] = "dcv";
    ref.id = strtoll(ask("SELECT id FROM job WHERE idem_key = 'dcv/%lld'", (long long)order_id),
                     NULL, 10);
    ref.lane = lane;
    jobs_service.run(&jobs_service, &ref, told, call_begin(w, seconds(30)));
}

static const JobOutcome *job_now(int64_t order_id)
{
    struct waiting w;
    job_start(&w, order_id);
    const JobOutcome *outcome = call_await(&w);
    assert_non_null(outcome);
    return outcome;
}

static const char *seen(int64_t id, const char *domain)
{
    const char *text =
        ask("SELECT seen ->> '%s' FROM order_check WHERE order_id = %lld", domain, (long long)id);
    return text ? text : "-";
}

static void txt(const char *name, const char *value)
{
    struct fault f = { 0 };
    if (!dns_rig_set_txt(&rig, name, value, &f))
        fail_msg("%s", f.detail);
}

/* ---- what is found */

static void a_record_proves_and_the_order_goes_on(void **state)
{
    (void)state;
    txt("_dnsauth.found.example.com", VALUE);
    long long id = order_put(&usual, "found.example.com");
    const JobOutcome *o = job_now(id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(o->next_lane, "issue");
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
    assert_sql("t",
               "SELECT id = %lld AND run_at > now() AND traceparent = 'trace-%lld' FROM job"
               " WHERE lane = 'issue' AND subject = %lld",
               (long long)o->next_job_id, id, id);
    assert_sql(
        "900 found.example.com dns-txt-token 3.2.2.4.7 test TXT true -",
        "SELECT concat_ws(' ', account_id, domain, method, br_method, evidence ->> 'perspective',"
        " evidence ->> 'type', evidence ->> 'dnssec_secure', coalesce(csr_sha256::text, '-'))"
        " FROM validation WHERE order_id = %lld",
        id);
    assert_sql("900 system {\"domain\": \"found.example.com\", \"method\": \"dns-txt-token\","
               " \"br_method\": \"3.2.2.4.7\"}",
               "SELECT concat_ws(' ', account_id, source, detail) FROM audit"
               " WHERE activity = 'domain validated' AND subject = 'order/%lld'",
               id);
    assert_sql("0", "SELECT count(*) FROM order_open_task(ARRAY[%lld], now())", id);
    assert_sql(
        "t", "SELECT next_at IS NULL AND seen IS NULL FROM order_check WHERE order_id = %lld", id);
}

static void a_cname_proves_too(void **state)
{
    struct setup s = { .method = "dns-cname-token" };
    struct fault f = { 0 };
    (void)state;
    assert_true(dns_rig_set_cname(&rig, "_dnsauth.alias.example.com", VALUE "." TARGET, &f));
    int64_t id = order_put(&s, "alias.example.com");
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
}

static void what_is_not_found_waits_for_its_cadence(void **state)
{
    (void)state;
    long long id = order_put(&usual, "missing.example.com");
    const JobOutcome *o = job_now(id);
    assert_int_equal(o->result, JOB_OUTCOME__RESULT__WAITING);
    assert_false(o->has_next_job_id);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_sql(
        "t",
        "SELECT j.run_at = o.poll_from + interval '1 minute' AND j.attempt = 0"
        " AND j.lease_owner IS NULL AND j.lease_until IS NULL AND c.next_at = j.run_at"
        " AND c.checked_at >= o.poll_from"
        " FROM job j JOIN orders o ON o.id = j.subject JOIN order_check c ON c.order_id = o.id"
        " WHERE j.lane = 'dcv' AND o.id = %lld",
        id);
    assert_non_null(
        strstr(seen(id, "missing.example.com"), "TXT _dnsauth.missing.example.com: no such name"));
}

/* Each round looks only for what is still open. */
static void names_are_proved_one_by_one(void **state)
{
    (void)state;
    txt("early.example.com", VALUE);
    txt("late.example.com", "something else");
    long long id = order_put(&usual, "early.example.com late.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 1 dcv");
    assert_string_equal(seen(id, "early.example.com"), "-");
    assert_non_null(strstr(seen(id, "late.example.com"), "not with the value"));
    txt("late.example.com", VALUE);
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "2 evidence, 1 issue, 0 dcv");
}

static void a_forged_answer_never_counts(void **state)
{
    (void)state;
    txt("forged.bogus.example.org", VALUE);
    long long id = order_put(&usual, "forged.bogus.example.org");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_non_null(strstr(seen(id, "forged.bogus.example.org"), "DNSSEC validation failed"));
    /* Failed, not absent: sooner than the cadence, and the attempt counts. */
    assert_sql("t 1",
               "SELECT concat_ws(' ', j.run_at < o.poll_from + interval '1 minute', j.attempt)"
               " FROM job j JOIN orders o ON o.id = j.subject WHERE j.lane = 'dcv' AND o.id = %lld",
               id);
}

static void failing_for_long_never_uses_up_the_attempts(void **state)
{
    (void)state;
    long long id = order_put(&usual, "lame.refused.example.net");
    run_sql("UPDATE job SET attempt = 12 WHERE lane = 'dcv' AND subject = (SELECT max(id) FROM "
            "orders)");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("6", "SELECT attempt FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void an_expired_value_proves_nothing(void **state)
{
    struct setup s = { .value_days = 30 };
    (void)state;
    txt("expired.example.com", VALUE);
    int64_t id = order_put(&s, "expired.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__WAITING);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_non_null(strstr(seen(id, "expired.example.com"), "has expired"));
}

static void polling_ends(void **state)
{
    struct setup s = { .poll_days = 12 };
    (void)state;
    long long id = order_put(&s, "given-up.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_sql("t",
               "SELECT next_at IS NULL AND seen IS NOT NULL FROM order_check WHERE order_id = %lld",
               id);
}

static void a_method_that_is_not_looked_for(void **state)
{
    struct setup s = { .method = "http-token-dynamic" };
    (void)state;
    int64_t id = order_put(&s, "by-nobody.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_non_null(strstr(seen(id, "by-nobody.example.com"), "choose another"));
}

/* ---- whose job it is */

/* Somebody else takes the lease as soon as we have it. */
static void a_lost_lease_has_no_effect(void **state)
{
    (void)state;
    txt("lost.example.com", VALUE);
    long long id = order_put(&usual, "lost.example.com");
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
    assert_sql("0", "SELECT count(*) FROM order_check WHERE order_id = %lld", id);
    assert_sql("0", "SELECT count(*) FROM audit WHERE subject = 'order/%lld'", id);
    assert_sql("thief", "SELECT lease_owner FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void an_order_that_is_over_ends_its_job(void **state)
{
    static const char *const over[] = { "canceled", "rejected", "issued", "expired" };
    (void)state;
    txt("over.example.com", VALUE);
    for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
        struct setup s = { .status = over[i] };
        int64_t id = order_put(&s, "over.example.com");
        assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
        assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    }
}

/* ---- several */

static void two_orders_share_a_domain(void **state)
{
    struct setup s = { .value = "vutsrqponmlkjihgfedcba9876543210" };
    struct fault f = { 0 };
    struct waiting w[2];
    (void)state;
    txt("shared.example.com", VALUE);
    assert_true(dns_rig_add(&rig, "shared.example.com", "TXT", s.value, &f));
    int64_t one = order_put(&usual, "shared.example.com"),
            two = order_put(&s, "shared.example.com");
    job_start(&w[0], one);
    job_start(&w[1], two);
    for (int i = 0; i < 2; i++)
        assert_true(((const JobOutcome *)call_await(&w[i]))->has_next_job_id);
    /* Whichever is second may find the other's evidence; each goes on once. */
    assert_sql("2", "SELECT count(*) FROM job WHERE lane = 'issue' AND subject IN (%lld, %lld)",
               (long long)one, (long long)two);
}

static void evidence_of_another_order_serves(void **state)
{
    struct setup s = { .value = "vutsrqponmlkjihgfedcba9876543210" };
    (void)state;
    txt("again.example.com", VALUE);
    assert_true(job_now(order_put(&usual, "again.example.com"))->has_next_job_id);
    int64_t id = order_put(&s, "again.example.com");
    assert_true(job_now(id)->has_next_job_id);
    assert_string_equal(standing(id), "0 evidence, 1 issue, 0 dcv");
}

static void many_orders_at_once(void **state)
{
    static struct waiting w[MANY];
    int64_t ids[MANY];
    (void)state;
    txt("many.example.com", VALUE);
    for (int i = 0; i < MANY; i++) {
        const char *domains = i % 2 ? "many.example.com"
                                    : arena_format(&arena, "many.example.com no%d.example.com", i);
        ids[i] = order_put(&usual, domains);
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
    long long id = order_put(&usual, "slow.silent.example.net");
    job_start(&w, id);
    parts_stop(seconds(0));
    assert_int_equal(((const JobOutcome *)call_await(&w))->result, JOB_OUTCOME__RESULT__WAITING);
    assert_sql("t",
               "SELECT lease_until IS NULL AND run_at <= now() FROM job"
               " WHERE lane = 'dcv' AND subject = %lld",
               id);
    parts_start(seconds(10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_proves_and_the_order_goes_on),
        cmocka_unit_test(a_cname_proves_too),
        cmocka_unit_test(what_is_not_found_waits_for_its_cadence),
        cmocka_unit_test(names_are_proved_one_by_one),
        cmocka_unit_test(a_forged_answer_never_counts),
        cmocka_unit_test(failing_for_long_never_uses_up_the_attempts),
        cmocka_unit_test(an_expired_value_proves_nothing),
        cmocka_unit_test(polling_ends),
        cmocka_unit_test(a_method_that_is_not_looked_for),
        cmocka_unit_test(a_lost_lease_has_no_effect),
        cmocka_unit_test(an_order_that_is_over_ends_its_job),
        cmocka_unit_test(two_orders_share_a_domain),
        cmocka_unit_test(evidence_of_another_order_serves),
        cmocka_unit_test(many_orders_at_once),
        cmocka_unit_test(the_resolver_is_ready_while_it_runs),
        cmocka_unit_test(a_stop_puts_a_round_back_at_once),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
