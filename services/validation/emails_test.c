#include "emails.h"

#include "fixture_test.h"
#include "pki/digest.h"

static const struct setup by_mail = { .method = "email" };

static int set_up(void **state)
{
    (void)state;
    if (world_start("127.77.41.53") != 0)
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

static const JobOutcome *job_now(int64_t challenge)
{
    return lane_run("dcv", challenge);
}

/* "5 invitations, 5 mails": of a challenge. */
static const char *asked(int64_t id)
{
    return ask(
        "SELECT count(*) || ' invitations, ' || (SELECT count(*) FROM job j WHERE j.lane = 'mail'"
        " AND j.subject IN (SELECT id FROM email_invitation WHERE challenge_id = %lld)) || ' mails'"
        " FROM email_invitation WHERE challenge_id = %lld",
        (long long)id, (long long)id);
}

static void mails_go(int64_t id)
{
    run_sql(arena_format(&arena,
                         "DELETE FROM job WHERE lane = 'mail' AND subject IN"
                         " (SELECT id FROM email_invitation WHERE challenge_id = %lld)",
                         (long long)id));
}

/* ---- approvals */

static void page_told(const ApprovalPage *page, void *call)
{
    call_answer(&page->base, call);
}

static const ApprovalPage *look(const char *token)
{
    struct waiting w;
    ApprovalToken in = APPROVAL_TOKEN__INIT;
    in.token = arena_strdup(&arena, token);
    approvals_service.look(&approvals_service, &in, page_told, call_begin(&w, patience()));
    return call_await(&w);
}

static void approve_start(struct waiting *w, const char *token)
{
    ApprovalToken *in = arena_new(&arena, ApprovalToken);
    approval_token__init(in);
    in->token = arena_strdup(&arena, token);
    in->ip = arena_strdup(&arena, "192.0.2.7");
    approvals_service.approve(&approvals_service, in, page_told, call_begin(w, patience()));
}

static const ApprovalPage *approve(const char *token)
{
    struct waiting w;
    approve_start(&w, token);
    return call_await(&w);
}

/* As the notifier would have stored it. */
static void token_put(const char *token, int64_t challenge, const char *domain, const char *more)
{
    run_sql(arena_format(
        &arena,
        "INSERT INTO email_token (token_sha256, invitation_id, challenge_id, account_id, domain,"
        " address, poll_from, created_at, expires_at)"
        " SELECT sha256('%s'), 1, c.id, c.account_id, '%s', 'admin@%s', c.poll_from, now(),"
        " now() + interval '30 days' FROM challenge c WHERE c.id = %lld;"
        "UPDATE email_token SET %s WHERE token_sha256 = sha256('%s')",
        token, domain, domain, (long long)challenge, more, token));
}

/* ---- who is asked */

static void all_five_addresses_of_each_domain(void **state)
{
    (void)state;
    long long id = challenge_for(&by_mail, "one.example.com two.example.com");
    assert_int_equal(job_now(id)->result, JOB_OUTCOME__RESULT__DONE);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_string_equal(asked(id), "10 invitations, 10 mails");
    assert_sql("admin administrator hostmaster postmaster webmaster",
               "SELECT string_agg(split_part(address, '@', 1), ' ' ORDER BY address)"
               " FROM email_invitation WHERE challenge_id = %lld AND domain = 'two.example.com'",
               id);
    job_put(id);
    mails_go(id);
    job_now(id);
    assert_string_equal(asked(id), "10 invitations, 0 mails"); /* nobody is asked twice */
}

static void only_those_who_were_chosen(void **state)
{
    (void)state;
    long long id = challenge_for(&by_mail, "www.chosen.example.com other.example.com");
    run_sql(
        arena_format(&arena,
                     "INSERT INTO email_invitation (challenge_id, account_id, domain, local_part,"
                     " state, created_at) VALUES (%lld, %d, 'chosen.example.com', 'webmaster',"
                     " 'chosen', now())",
                     id, ACCOUNT));
    job_now(id);
    assert_string_equal(asked(id), "6 invitations, 6 mails");
    assert_sql("1",
               "SELECT count(*) FROM email_invitation WHERE challenge_id = %lld"
               " AND domain LIKE '%%chosen%%'",
               id);
}

static void a_method_chosen_again_asks_again(void **state)
{
    (void)state;
    long long id = challenge_for(&by_mail, "again.example.com");
    job_now(id);
    mails_go(id);
    run_sql(arena_format(&arena, "UPDATE challenge SET poll_from = now() WHERE id = %lld", id));
    job_put(id);
    job_now(id);
    assert_string_equal(asked(id), "5 invitations, 5 mails");
}

static void nobody_when_nothing_is_left_to_do(void **state)
{
    (void)state;
    int64_t id = challenge_for(&by_mail, "known.example.com");
    run_sql(
        "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
        " VALUES (900, 'known.example.com', 'dns-txt-token', '3.2.2.4.7', now(), '{}')");
    const JobOutcome *o = job_now(id);
    assert_string_equal(o->next_lane, "issue");
    assert_string_equal(asked(id), "0 invitations, 0 mails");
}

/* ---- what an approval does */

static void an_approval_proves_the_domain_and_what_is_below(void **state)
{
    static const char token[] = "proves";
    (void)state;
    long long id =
        challenge_for(&by_mail, "www.proof.example.com proof.example.com else.example.com");
    token_put(token, id, "proof.example.com", "used_at = NULL");
    const ApprovalPage *page = look(token);
    assert_int_equal(page->state, APPROVAL_PAGE__STATE__OPEN);
    assert_int_equal(page->n_dns_names, 2);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
    assert_int_equal(approve(token)->state, APPROVAL_PAGE__STATE__APPROVED);
    assert_string_equal(standing(id), "2 evidence, 0 issue, 1 dcv");
    assert_sql("else.example.com",
               "SELECT string_agg(identifier, ' ') FROM challenge_left(%lld, now())", id);
    assert_sql("email 3.2.2.4.4 admin@proof.example.com 192.0.2.7",
               "SELECT DISTINCT concat_ws(' ', method, br_method, evidence ->> 'address',"
               " evidence ->> 'approved_from') FROM validation WHERE challenge_id = %lld",
               id);
    assert_int_equal(approve(token)->state, APPROVAL_PAGE__STATE__USED);
    assert_int_equal(look(token)->state, APPROVAL_PAGE__STATE__USED);
    assert_string_equal(standing(id), "2 evidence, 0 issue, 1 dcv");
}

static const char *with_number(const char *sql, long long id)
{
    const char *mark = strstr(sql, "%lld");
    return arena_format(&arena, "%.*s%lld%s", (int)(mark - sql), sql, id, mark + strlen("%lld"));
}

/* A token that says nothing any more, and what it is told. */
// clang-format off
static const struct void_case {
    const char *token, *change; /* with the number of the challenge for %lld */
    ApprovalPage__State state;
} voids[] = {
    { "expired",  "UPDATE email_token SET expires_at = now() WHERE challenge_id = %lld",              APPROVAL_PAGE__STATE__EXPIRED },
    { "method",   "UPDATE challenge SET method = 'dns-txt-token' WHERE id = %lld",                    APPROVAL_PAGE__STATE__GONE },
    { "changed",  "UPDATE challenge SET poll_from = poll_from + interval '1 us' WHERE id = %lld",     APPROVAL_PAGE__STATE__GONE },
    { "canceled", "UPDATE orders SET status = 'canceled' WHERE id = " ORDER_OF,                       APPROVAL_PAGE__STATE__GONE },
    { "issued",   "UPDATE orders SET status = 'issued' WHERE id = " ORDER_OF,                         APPROVAL_PAGE__STATE__GONE },
    { "again",    "UPDATE orders SET request_id = 1 WHERE id = " ORDER_OF,                            APPROVAL_PAGE__STATE__GONE },
    { "to-come",  "UPDATE email_token SET created_at = now() + interval '1 day' WHERE challenge_id = %lld", APPROVAL_PAGE__STATE__GONE },
};
// clang-format on

static void what_is_void_proves_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof voids / sizeof *voids; i++) {
        const struct void_case *v = &voids[i];
        const char *domain = arena_format(&arena, "v%zu.example.org", i);
        long long id = challenge_for(&by_mail, domain);
        token_put(v->token, id, domain, "used_at = NULL");
        run_sql(with_number(v->change, id));
        assert_int_equal(look(v->token)->state, v->state);
        assert_int_equal(approve(v->token)->state, v->state);
        assert_string_equal(standing(id), "0 evidence, 0 issue, 1 dcv");
        assert_sql("t", "SELECT used_at IS NULL FROM email_token WHERE challenge_id = %lld", id);
    }
    assert_int_equal(look("nobody's")->state, APPROVAL_PAGE__STATE__UNKNOWN);
    assert_int_equal(approve("nobody's")->state, APPROVAL_PAGE__STATE__UNKNOWN);
}

/* Those of one challenge wait for each other: the second sees what the first has left. */
static void approvals_at_the_same_moment(void **state)
{
    static const char *const tokens[] = { "one-half", "other-half" };
    (void)state;
    for (int round = 0; round < 20; round++) {
        const char *domains[] = { arena_format(&arena, "left%d.example.com", round),
                                  arena_format(&arena, "right%d.example.com", round) };
        struct waiting w[2];
        long long id =
            challenge_for(&by_mail, arena_format(&arena, "%s %s", domains[0], domains[1]));
        run_sql("DELETE FROM email_token WHERE domain LIKE 'left%' OR domain LIKE 'right%'");
        for (int i = 0; i < 2; i++)
            token_put(tokens[i], id, domains[i], "used_at = NULL");
        for (int i = 0; i < 2; i++)
            approve_start(&w[i], tokens[i]);
        for (int i = 0; i < 2; i++)
            assert_int_equal(((const ApprovalPage *)call_await(&w[i]))->state,
                             APPROVAL_PAGE__STATE__APPROVED);
        assert_string_equal(standing(id), "2 evidence, 1 issue, 1 dcv");
    }
}

/* SC090, as a rule of policy. Last: the rule stays. */
static void a_prohibited_method_proves_nothing(void **state)
{
    static const char token[] = "prohibited";
    (void)state;
    long long id = challenge_for(&by_mail, "prohibited.example.com");
    token_put(token, id, "prohibited.example.com", "used_at = NULL");
    rule_add("'dcv-04', 'TLS', 'dcv.method.3.2.2.4.4', 'X', NULL");
    assert_int_equal(approve(token)->state, APPROVAL_PAGE__STATE__GONE);
    job_now(id);
    assert_string_equal(standing(id), "0 evidence, 0 issue, 0 dcv");
    assert_string_equal(asked(id), "0 invitations, 0 mails");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_five_addresses_of_each_domain),
        cmocka_unit_test(only_those_who_were_chosen),
        cmocka_unit_test(a_method_chosen_again_asks_again),
        cmocka_unit_test(nobody_when_nothing_is_left_to_do),
        cmocka_unit_test(an_approval_proves_the_domain_and_what_is_below),
        cmocka_unit_test(what_is_void_proves_nothing),
        cmocka_unit_test(approvals_at_the_same_moment),
        cmocka_unit_test(a_prohibited_method_proves_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
