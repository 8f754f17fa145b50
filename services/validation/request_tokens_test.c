#include "request_tokens.h"

#include "fixture_test.h"
#include "pki/authkey.h"
#include "pki/digest.h"
#include "service/metrics.h"

static const char auth_key[] = "the account's own key";
static const uint8_t csr[] = "a certification request", other_csr[] = "another one";

static void auth_key_put(int64_t account_id, int64_t sealed_for)
{
    const char *aad = arena_format(&arena, AUTH_KEY_AAD, (long long)sealed_for);
    struct bytes sealed = seal(&arena, validation.seal, BYTES_OF(aad), BYTES_OF(auth_key));
    run_sql(arena_format(&arena, "INSERT INTO auth_key VALUES (%lld, 'k%lld', '\\x%s', now())",
                         (long long)account_id, (long long)account_id, hex_lower(&arena, sealed)));
}

static int set_up(void **state)
{
    (void)state;
    if (world_start("127.77.24.53") != 0)
        return 1;
    parts_start(seconds(10));
    auth_key_put(ACCOUNT, ACCOUNT);
    auth_key_put(THIEF, ACCOUNT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    parts_stop(seconds(10));
    return world_stop();
}

/* ---- calls */

static void told(const LookAnswer *answer, void *call)
{
    call_answer(&answer->base, call);
}

static LookName *name_of(const char *domain)
{
    LookName *n = arena_new(&arena, LookName);
    look_name__init(n);
    n->domain = arena_strdup(&arena, domain);
    return n;
}

/* A look at these domains (a space between), not begun yet. */
static LookRequest *look_for(const char *domains)
{
    LookRequest *in = arena_new(&arena, LookRequest);
    char *rest = NULL, *text = arena_strdup(&arena, domains);
    look_request__init(in);
    in->account_id = ACCOUNT;
    in->dcv_method = DCV_METHOD__VALUE__DNS_TXT_TOKEN;
    in->csr = (ProtobufCBinaryData){ sizeof csr, arena_copy(&arena, csr, sizeof csr) };
    in->csr_sha256 = (ProtobufCBinaryData){ SHA256_SIZE, arena_alloc(&arena, SHA256_SIZE) };
    digest_sha256((struct bytes){ csr, sizeof csr }, in->csr_sha256.data);
    in->names = arena_array(&arena, LookName *, strlen(domains));
    for (char *d = strtok_r(text, " ", &rest); d; d = strtok_r(NULL, " ", &rest))
        in->names[in->n_names++] = name_of(d);
    return in;
}

static const LookAnswer *look(const LookRequest *in, struct duration patience, struct fault *f)
{
    struct waiting w;
    probes_service.look(&probes_service, in, told, call_begin(&w, patience));
    const LookAnswer *answer = call_await(&w);
    *f = w.fault;
    return answer;
}

static const LookAnswer *look_well(const LookRequest *in)
{
    struct fault f = { 0 };
    const LookAnswer *answer = look(in, patience(), &f);
    if (answer)
        assert_int_equal(answer->n_results, in->n_names);
    else
        fail_msg("%s %s %s", fault_name(f.code), f.field, f.detail);
    return answer;
}

static void token_put(const char *domain, const uint8_t *der, size_t size, int64_t age_s)
{
    struct fault f = { 0 };
    struct instant made = instant_add(clock_now(), seconds(-age_s));
    const char *token = authkey_token(&arena, auth_key, (struct bytes){ der, size }, made);
    if (!dns_rig_set_txt(&rig, domain, token, &f))
        fail_msg("%s", f.detail);
}

static const char *evidence_count(const char *domain)
{
    return ask("SELECT count(*) FROM validation WHERE identifier = '%s'", domain);
}

/* ---- tokens */

static void good_tokens_leave_evidence_for_their_request(void **state)
{
    (void)state;
    token_put("_dnsauth.good.example.com", csr, sizeof csr, 5);
    token_put("older.example.com", csr, sizeof csr, 29 * 86400);
    const LookAnswer *answer = look_well(look_for("good.example.com older.example.com"));
    for (size_t i = 0; i < 2; i++) {
        assert_true(answer->results[i]->found);
        assert_null(answer->results[i]->reason);
    }
    assert_string_equal(answer->results[1]->domain, "older.example.com");
    assert_sql("2",
               "SELECT count(*) FROM validation WHERE account_id = 900 AND challenge_id IS NULL"
               " AND csr_sha256 = sha256('\\x%s') AND br_method = '3.2.2.4.7'"
               " AND evidence ->> 'token_made' IS NOT NULL",
               hex_lower(&arena, (struct bytes){ csr, sizeof csr }));
    assert_sql("2",
               "SELECT count(*) FROM audit WHERE activity = 'domain validated' AND account_id = 900"
               " AND detail ->> 'br_method' = '3.2.2.4.7' AND detail ->> 'csr_sha256' = "
               "sha256('\\x%s')::text",
               hex_lower(&arena, (struct bytes){ csr, sizeof csr }));
}

static void bad_tokens_leave_nothing(void **state)
{
    static const struct {
        const char *domain;
        const uint8_t *csr;
        size_t size;
        int64_t age_s;
    } cases[] = {
        { "stale.example.com", csr, sizeof csr, 30 * 86400 + 60 },
        { "future.example.com", csr, sizeof csr, -3600 },
        { "wrong.example.com", other_csr, sizeof other_csr, 5 },
        { "forged.bogus.example.org", csr, sizeof csr, 5 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        token_put(cases[i].domain, cases[i].csr, cases[i].size, cases[i].age_s);
        const LookAnswer *answer = look_well(look_for(cases[i].domain));
        assert_false(answer->results[0]->found);
        assert_non_null(strstr(answer->results[0]->reason, cases[i].domain));
        assert_string_equal(evidence_count(cases[i].domain), "0");
    }
}

static void what_was_found_is_kept_when_something_is_missing(void **state)
{
    (void)state;
    token_put("there.example.com", csr, sizeof csr, 5);
    const LookAnswer *answer = look_well(look_for("not.example.com there.example.com"));
    assert_false(answer->results[0]->found);
    assert_non_null(strstr(answer->results[0]->reason, "no such name"));
    assert_true(answer->results[1]->found);
    assert_string_equal(evidence_count("there.example.com"), "1");
    assert_string_equal(evidence_count("not.example.com"), "0");
}

/* At the name that is ordered, where its domain has none. */
/* What was found, and what CAA records permit, is ours where only other points of view are missing. */
static void what_only_others_are_missing_for_is_ours(void **state)
{
    (void)state;
    rule_add("'mpic', 'TLS', 'mpic.remotes', 'M', '2'");
    rule_add("'caa-check', 'TLS', 'caa.check', 'M', '1'");
    rule_add("'caa-identities', 'TLS', 'caa.identities', 'M', 'chancery.example'");
    token_put("unconfirmed.example.com", csr, sizeof csr, 60);
    LookRequest *in = look_for("unconfirmed.example.com no-token.example.com");
    in->rule_scope = arena_strdup(&arena, "TLS");
    for (size_t i = 0; i < in->n_names; i++) {
        in->names[i]->fqdns = &in->names[i]->domain;
        in->names[i]->n_fqdns = 1;
    }
    const LookAnswer *answer = look_well(in);
    assert_true(!answer->results[0]->found && answer->results[0]->ours);
    assert_non_null(strstr(answer->results[0]->reason, "the fault is ours"));
    assert_true(!answer->results[1]->found && !answer->results[1]->ours);
    assert_int_equal(answer->n_obstacles, 2);
    assert_true(answer->obstacles[0]->ours && answer->obstacles[1]->ours);
    assert_sql("2", "SELECT count(*) FROM caa_check WHERE result = 'unconfirmed' AND ours");
    run_sql("UPDATE policy_active SET version = version - 3");
}

static void a_token_may_stand_at_the_name(void **state)
{
    LookRequest *in = look_for("below.example.com");
    char *names[] = { arena_strdup(&arena, "www.below.example.com"),
                      arena_strdup(&arena, "none.below.example.com") };
    (void)state;
    in->names[0]->fqdns = names;
    in->names[0]->n_fqdns = 2;
    token_put("_dnsauth.www.below.example.com", csr, sizeof csr, 5);
    const LookAnswer *answer = look_well(in);
    assert_false(answer->results[0]->found);
    assert_non_null(strstr(answer->results[0]->reason, "none.below.example.com"));
    in->names[0]->n_fqdns = 1;
    assert_true(look_well(in)->results[0]->found);
    assert_string_equal(evidence_count("www.below.example.com"), "2");
    assert_string_equal(evidence_count("below.example.com"), "0");
}

/* A random value of some order is no request token. */
static void a_random_value_is_no_token(void **state)
{
    struct fault f = { 0 };
    (void)state;
    assert_true(dns_rig_set_txt(&rig, "value.example.com", VALUE, &f));
    assert_false(look_well(look_for("value.example.com"))->results[0]->found);
}

static void the_answer_comes_before_the_caller_leaves(void **state)
{
    struct fault f = { 0 };
    (void)state;
    token_put("quick.example.com", csr, sizeof csr, 5);
    struct tick leaves = tick_after(seconds(8));
    const LookAnswer *answer =
        look(look_for("quick.example.com dark.silent.example.net"), seconds(8), &f);
    assert_true(tick_left(leaves).us > 0);
    assert_true(answer->results[0]->found);
    assert_false(answer->results[1]->found);
    assert_non_null(strstr(answer->results[1]->reason, "did not answer in time"));
    assert_string_equal(evidence_count("quick.example.com"), "1");
}

/* ---- what is refused */

static void refused(LookRequest *in, enum fault_code code)
{
    struct fault f = { 0 };
    assert_null(look(in, patience(), &f));
    assert_string_equal(fault_name(f.code), fault_name(code));
}

static void what_is_refused(void **state)
{
    LookRequest *in = look_for("good.example.com");
    (void)state;
    in->account_id = POOR;
    refused(in, FAULT_AUTH_KEY_MISSING);
    in->account_id = THIEF; /* a row copied from another account does not open */
    refused(in, FAULT_INTERNAL);
    in->account_id = ACCOUNT;
    in->csr_sha256.data[0] ^= 1;
    refused(in, FAULT_INVALID);
    in->csr_sha256.data[0] ^= 1;
    in->dcv_method = DCV_METHOD__VALUE__EMAIL;
    refused(in, FAULT_DCV_METHOD);
    refused(look_for(""), FAULT_REQUIRED);
}

static void nothing_begins_while_stopping(void **state)
{
    (void)state;
    parts_stop(seconds(10));
    refused(look_for("good.example.com"), FAULT_UNAVAILABLE);
    parts_start(seconds(10));
}

/* The rig's root has one. */
static void the_keys_of_the_root_are_shown(void **state)
{
    (void)state;
    assert_int_equal(metric_get(METRIC_DNS_ANCHOR_KEYS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_of_the_root_are_shown),
        cmocka_unit_test(good_tokens_leave_evidence_for_their_request),
        cmocka_unit_test(bad_tokens_leave_nothing),
        cmocka_unit_test(what_was_found_is_kept_when_something_is_missing),
        cmocka_unit_test(what_only_others_are_missing_for_is_ours),
        cmocka_unit_test(a_token_may_stand_at_the_name),
        cmocka_unit_test(a_random_value_is_no_token),
        cmocka_unit_test(the_answer_comes_before_the_caller_leaves),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(nothing_begins_while_stopping),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
