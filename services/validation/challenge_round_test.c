/* The statement that ends a round, without DNS. */
#include "fixture_test.h"

#include "domains.sql.h"

static int set_up(void **state)
{
    (void)state;
    records_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

/* The end of a round that has found `domain` (NULL: nothing), with the job's first epoch; when it read
 * the challenge, polling began `poll_shift_us` later than now. */
static DcvRound *round_make(int64_t challenge, const char *domain, int64_t poll_shift_us)
{
    DcvRound *in = arena_new(&arena, DcvRound);
    Evidence *e = arena_new(&arena, Evidence);
    static char dns[] = "dns", section[] = "3.2.2.4.7", proof[] = "{}";
    long long id = challenge;
    dcv_round__init(in);
    evidence__init(e);
    in->job_id = strtoll(ask("SELECT id FROM job WHERE idem_key = 'dcv/%lld'", id), NULL, 10);
    in->challenge_id = e->challenge_id = id;
    in->now = e->completed_at = instant_of(&arena, clock_now());
    in->next_at = instant_of(&arena, instant_add(clock_now(), seconds(3600)));
    const char *poll_from = ask("SELECT (extract(epoch FROM poll_from) * 1000000)::bigint"
                                " FROM challenge WHERE id = %lld",
                                id);
    in->poll_from =
        instant_of(&arena, (struct instant){ strtoll(poll_from, NULL, 10) + poll_shift_us });
    e->kind = dns;
    e->identifier = arena_strdup(&arena, domain);
    e->method = DCV_METHOD__VALUE__DNS_TXT_TOKEN;
    e->br_method = section;
    e->evidence = proof;
    e->has_challenge_id = true;
    in->evidence = arena_array(&arena, Evidence *, 1);
    in->evidence[0] = e;
    in->n_evidence = domain != NULL;
    return in;
}

static const RoundAdvanced *round_run(const DcvRound *in, struct arena *a)
{
    struct store *store = store_new(&store_options);
    const ProtobufCMessage *all = &in->base;
    struct rows rows;
    struct fault f = { 0 };
    if (!store_set(store, a, &sql_dcv_round, &all, 1, &rows, &f))
        fail_msg("%s", f.detail);
    store_free(store);
    return rows.count ? (const RoundAdvanced *)rows.items[0] : NULL;
}

static const RoundAdvanced *round_commit(int64_t challenge, const char *domain,
                                         int64_t poll_shift_us)
{
    return round_run(round_make(challenge, domain, poll_shift_us), &arena);
}

/* What was seen is a fact, but a cancelled order goes nowhere. */
static void an_order_cancelled_during_its_round(void **state)
{
    (void)state;
    int64_t id = challenge_for(&usual, "meanwhile.example.com");
    run_sql("UPDATE orders SET status = 'canceled'");
    const RoundAdvanced *to = round_commit(id, "meanwhile.example.com", 0);
    assert_false(to->has_job_id || to->waiting);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 0 dcv");
}

/* A change of method starts the cadence anew; the round that knew nothing of it must not win. */
static void a_method_changed_during_a_round(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, "changed.example.com");
    assert_true(round_commit(id, NULL, 0)->waiting);
    assert_sql("f", "SELECT run_at <= now() FROM job WHERE lane = 'dcv' AND subject = %lld", id);
    assert_true(round_commit(id, NULL, -1)->waiting);
    assert_sql("t", "SELECT run_at <= now() FROM job WHERE lane = 'dcv' AND subject = %lld", id);
}

static void a_round_of_another_lease_is_nothing(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, "other-lease.example.com");
    run_sql(arena_format(
        &arena, "UPDATE job SET lease_epoch = nextval('lease_epoch') WHERE subject = %lld", id));
    assert_null(round_commit(id, "other-lease.example.com", 0));
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
}

static void another_kind_of_task_is_not_looked_for(void **state)
{
    (void)state;
    long long id = challenge_for(&usual, "blocked.example.com");
    run_sql(arena_format(&arena,
                         "INSERT INTO quarantine (serial, ca_id, request_id, issuance_id, signed,"
                         " tbs_sha256, found_at) SELECT '\\x0102030405060708', 'ca', subject, 1,"
                         " true, '\\x', now() FROM challenge WHERE id = %lld",
                         id));
    const RoundAdvanced *to = round_commit(id, "blocked.example.com", 0);
    assert_false(to->has_job_id || to->waiting);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 0 dcv");
    /* The next step is for whoever settles it. */
    run_sql(arena_format(&arena,
                         "UPDATE quarantine SET settled_at = now(), changed_at = now();"
                         "SELECT request_advance(ARRAY[subject], now(), NULL) FROM challenge"
                         " WHERE id = %lld",
                         id));
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
}

static void *round_thread(void *in)
{
    struct arena own;
    arena_init(&own);
    const RoundAdvanced *to = round_run(in, &own);
    bool over = to && !to->waiting;
    arena_free(&own);
    return over ? in : NULL;
}

/* Whoever changes a challenge takes its job next. Who ends the job must not have it by then, or each
 * would wait for what the other has. */
static void a_round_that_waits_for_its_challenge_has_no_job(void **state)
{
    pthread_t thread;
    void *over;
    (void)state;
    long long id = challenge_for(&usual, "waiting.example.com");
    DcvRound *in = round_make(id, "waiting.example.com", 0);
    run_sql("BEGIN");
    ask("SELECT challenge_hold(ARRAY[" REQUEST_OF "])", id);
    assert_int_equal(pthread_create(&thread, NULL, round_thread, in), 0);
    await_that(strcmp(ask("SELECT count(*) FROM pg_locks WHERE NOT granted"
                          " AND transactionid::text = pg_current_xact_id()::text"),
                      "0") != 0);
    assert_sql("1",
               "WITH mine AS (SELECT FROM job WHERE subject = %lld FOR UPDATE NOWAIT)"
               " SELECT count(*) FROM mine",
               id);
    run_sql("COMMIT");
    assert_int_equal(pthread_join(thread, &over), 0);
    assert_non_null(over);
    assert_string_equal(standing(id), "1 evidence, 1 issue, 0 dcv");
}

/* ---- a proof that no order asks for */

static void one_domain_is_proved_without_an_order(void **state)
{
    (void)state;
    long long id = challenge_put(&usual, "domain", 7, "'alone.example.com'");
    assert_sql("alone.example.com", "SELECT identifier FROM challenge_left(%lld, now())", id);
    assert_true(round_commit(id, NULL, 0)->waiting);
    const RoundAdvanced *to = round_commit(id, "alone.example.com", 0);
    assert_false(to->has_job_id || to->waiting);
    assert_string_equal(standing(id), "1 evidence, 0 issue, 0 dcv");
    assert_sql("900 dns alone.example.com dns-txt-token 3.2.2.4.7",
               "SELECT concat_ws(' ', account_id, kind, identifier, method, br_method)"
               " FROM validation WHERE challenge_id = %lld",
               id);
    assert_sql("900 system alone.example.com",
               "SELECT concat_ws(' ', a.account_id, a.source, a.detail ->> 'identifier')"
               " FROM audit a JOIN validation v ON a.subject = 'validation/' || v.id"
               " WHERE a.activity = 'domain validated' AND v.challenge_id = %lld",
               id);
    assert_sql("0 t",
               "SELECT (SELECT count(*) FROM challenge_left(%lld, now())) || ' ' ||"
               " (next_at IS NULL AND checked_at IS NOT NULL)::text::char(1) FROM challenge"
               " WHERE id = %lld",
               id, id);
}

/* Asked for anew: what was proved before that is no answer. */
static void a_domain_asked_for_anew_is_looked_for_anew(void **state)
{
    struct setup before = { .poll_days = 1 };
    (void)state;
    long long id = challenge_put(&before, "domain", 8, "'anew.example.com'");
    assert_false(round_commit(id, "anew.example.com", 0)->waiting);
    run_sql(arena_format(&arena, "UPDATE challenge SET poll_from = now() WHERE id = %lld", id));
    assert_sql("1", "SELECT count(*) FROM challenge_left(%lld, now())", id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_cancelled_during_its_round),
        cmocka_unit_test(a_method_changed_during_a_round),
        cmocka_unit_test(a_round_of_another_lease_is_nothing),
        cmocka_unit_test(another_kind_of_task_is_not_looked_for),
        cmocka_unit_test(a_round_that_waits_for_its_challenge_has_no_job),
        cmocka_unit_test(one_domain_is_proved_without_an_order),
        cmocka_unit_test(a_domain_asked_for_anew_is_looked_for_anew),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
