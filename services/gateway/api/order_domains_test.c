/* Questions and changes of domain control, as the handlers answer them. */
#include "api/order_domains.h"

#include "api/order_domains.sql.h"
#include "api/placed_test.h"

static struct call call;
static struct {
    bool answered, failed;
    char value[64];
    bool expires;
    char order_status[24], dcv_status[24], name_status[24];
    int64_t certificate_id;
} said;

static void finished(struct call *c, const ProtobufCMessage *answer)
{
    (void)c;
    said.answered = true;
    said.failed = !answer;
}

static void call_begin(void)
{
    call = (struct call){ .finish = finished, .deadline = tick_after(seconds(30)) };
    arena_init(&call.arena);
    call.actor.account_id = ACCOUNT;
    call.actor.user_id = USER;
    snprintf(call.actor.source, sizeof call.actor.source, "api");
    memset(&said, 0, sizeof said);
}

static void call_end(void)
{
    assert_true(said.answered);
    arena_free(&call.arena);
}

static void value_said(const DcvRandomValue *v, void *data)
{
    snprintf(said.value, sizeof said.value, "%s", v->dcv_random_value);
    said.expires = v->expiration_date != NULL;
    call_answer(&v->base, data);
}

static void check_said(const CheckDcvAnswer *v, void *data)
{
    snprintf(said.order_status, sizeof said.order_status, "%s", v->order_status);
    snprintf(said.dcv_status, sizeof said.dcv_status, "%s", v->dcv_status);
    assert_int_equal(v->n_dns_name_validations, 1);
    snprintf(said.name_status, sizeof said.name_status, "%s", v->dns_name_validations[0]->status);
    said.certificate_id = v->has_certificate_id ? v->certificate_id : 0;
    call_answer(&v->base, data);
}

/* The kind of the fault; FAULT_NONE for an answer. */
static enum fault_code set_method(int64_t id, DcvMethod__Value method)
{
    DcvMethodRequest in = DCV_METHOD_REQUEST__INIT;
    in.order_id = id;
    in.dcv_method = method;
    call_begin();
    order_domains_service.set_method(&order_domains_service, &in, value_said, &call);
    call_end();
    return said.failed ? call.fault.code : FAULT_NONE;
}

static enum fault_code random_value(int64_t id)
{
    DcvValueRequest in = DCV_VALUE_REQUEST__INIT;
    in.order_id = id;
    call_begin();
    order_domains_service.random_value(&order_domains_service, &in, value_said, &call);
    call_end();
    return said.failed ? call.fault.code : FAULT_NONE;
}

/* `late`: as after a round. */
static enum fault_code check(int64_t id, bool late)
{
    CheckDcvRequest in = CHECK_DCV_REQUEST__INIT;
    in.order_id = id;
    call_begin();
    if (late)
        order_domains_service.checked(&order_domains_service, &in, check_said, &call);
    else
        order_domains_service.check(&order_domains_service, &in, check_said, &call);
    call_end();
    return said.failed ? call.fault.code : FAULT_NONE;
}

static const char *of_challenge(int64_t id, const char *what)
{
    return ask(
        "SELECT %s FROM challenge c JOIN orders o ON o.request_id = c.subject WHERE o.id = %lld",
        what, (long long)id);
}

static const char *of_job(int64_t id, const char *what)
{
    return ask("SELECT %s FROM job j JOIN challenge c ON j.idem_key = 'dcv/' || c.id"
               " JOIN orders o ON o.request_id = c.subject WHERE o.id = %lld",
               what, (long long)id);
}

static void challenge_set(int64_t id, const char *what)
{
    run_sql(arena_format(
        &arena,
        "UPDATE challenge c SET %s FROM orders o WHERE o.request_id = c.subject AND o.id = %lld",
        what, (long long)id));
}

/* ---- check now */

static void check_of_an_issued_order_is_its_certificate(void **state)
{
    (void)state;
    int64_t id =
        order_new(&(struct wish){ 0 }); /* whatever evidence there was, it counts no more */
    order_issue(id);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(check(id, false), FAULT_NONE);
        assert_string_equal(said.order_status, "issued");
        assert_string_equal(said.dcv_status, "valid");
        assert_string_equal(said.name_status, "approved");
        assert_int_equal(said.certificate_id, id);
    }
}

static void check_is_a_question_whatever_became_of_the_order(void **state)
{
    (void)state;
    int64_t waits = order_new(&(struct wish){ .unapproved = true }),
            gone = order_new(&(struct wish){ 0 });
    order_end(gone);
    assert_int_equal(check(waits, false), FAULT_NONE);
    assert_string_equal(said.order_status, "needs_approval");
    assert_int_equal(check(gone, false), FAULT_NONE);
    assert_string_equal(said.order_status, "canceled");
    assert_string_equal(said.name_status, "unapproved");
    assert_int_equal(check(1, false), FAULT_NO_ORDER);
}

static void what_is_being_looked_for_is_not_missing(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .method = DCV_METHOD__VALUE__HTTP_TOKEN });
    assert_int_equal(check(id, true), FAULT_NONE);
    assert_string_equal(said.dcv_status, "pending");
    challenge_set(id, "checked_at = now() + interval '1 s', seen = jsonb_build_object('n' || o.id "
                      "|| '.example', 'no file')");
    assert_int_equal(check(id, true), FAULT_FILE_VALUE);
    challenge_set(id, "seen = '{\"other.example\": \"no file\", \"*\": \"not found\"}'");
    assert_int_equal(check(id, true), FAULT_FILE_VALUE);
    challenge_set(id, "seen = '{\"other.example\": \"no file\"}'");
    assert_int_equal(check(id, true), FAULT_NONE);
    order_end(id);
    assert_int_equal(check(id, true), FAULT_NONE);
}

static void checks_have_one_job(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    OrderId in = ORDER_ID__INIT;
    int64_t first = strtoll(of_job(id, "j.id"), NULL, 10);
    in.order_id = id;
    for (int i = 0; i < 3; i++) {
        OrderDcv step = ORDER_DCV__INIT;
        struct fault f;
        bool found = false;
        assert_true(store_maybe_by(store_mine(), &arena, &sql_order_dcv_advance, caller_now(),
                                   &in.base, &step.base, &found, &f));
        assert_true(found);
        assert_string_equal(step.lane, "dcv");
        assert_int_equal(step.job_id, first);
    }
    assert_string_equal(lanes_of(id), "dcv");
}

static void nothing_is_proved_for_a_private_name(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .ca = PRIVATE_CA, .unproved_product = true });
    assert_int_equal(check(id, false), FAULT_DCV_METHOD);
    assert_int_equal(random_value(id), FAULT_DCV_METHOD);
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__DNS_TXT_TOKEN), FAULT_DCV_METHOD);
}

/* ---- method */

static void new_method_begins_with_a_round_of_its_own(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    challenge_set(id, "poll_from = now() - interval '1 hour', checked_at = now()");
    const char *value = of_challenge(id, "random_value"), *epoch = of_job(id, "j.lease_epoch");
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_NONE);
    assert_string_equal(said.value, value);
    assert_true(said.expires);
    assert_string_equal(of_challenge(id, "method"), "http-token");
    assert_string_equal(of_challenge(id, "poll_from > now() - interval '1 minute'"), "t");
    assert_string_not_equal(of_job(id, "j.lease_epoch"), epoch);
    assert_string_equal(of_job(id, "j.run_at < now() + interval '10 s'"), "t");
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_NONE);
    assert_string_equal(lanes_of(id), "dcv");
}

static void what_is_set_already_is_fine(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    order_issue(id);
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__DNS_TXT_TOKEN), FAULT_NONE);
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_ORDER_STATE);
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__DNS_CNAME_TOKEN), FAULT_ORDER_STATE);
    int64_t unproved = order_new(&(struct wish){ .name = "proved.example" });
    order_issue(unproved);
    assert_int_equal(set_method(unproved, DCV_METHOD__VALUE__DNS_TXT_TOKEN), FAULT_NONE);
    assert_string_equal(said.value, "");
}

/* Neither the cadence nor, by mail, what was mailed: its links would be void. */
static void what_is_set_already_begins_nothing_anew(void **state)
{
    static const DcvMethod__Value methods[] = { DCV_METHOD__VALUE__DNS_TXT_TOKEN,
                                                DCV_METHOD__VALUE__EMAIL };
    (void)state;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        int64_t id = order_new(&(struct wish){ .method = methods[i] });
        challenge_set(id, "poll_from = now() - interval '1 hour'");
        const char *from = of_challenge(id, "poll_from"), *epoch = of_job(id, "j.lease_epoch");
        assert_int_equal(set_method(id, methods[i]), FAULT_NONE);
        assert_string_equal(of_challenge(id, "poll_from"), from);
        assert_string_equal(of_job(id, "j.lease_epoch"), epoch);
        assert_string_equal(said.value, i ? "" : of_challenge(id, "random_value"));
    }
}

/* But a value that has expired is replaced, as when it is asked for. */
static void what_is_set_already_has_a_value_that_lives(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    const char *first = of_challenge(id, "random_value");
    challenge_set(id, "random_value_at = now() - interval '31 days'");
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__DNS_TXT_TOKEN), FAULT_NONE);
    assert_string_not_equal(said.value, first);
    assert_string_equal(said.value, of_challenge(id, "random_value"));
}

static void method_that_cannot_prove_the_name_is_refused(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "*.wild.example", .domain = "wild.example" });
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_DCV_METHOD);
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__DNS_CNAME_TOKEN), FAULT_DCV_METHOD);
}

static void nothing_is_looked_for_where_all_is_proved(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_NONE);
    assert_string_equal(of_challenge(id, "method"), "http-token");
    assert_string_equal(lanes_of(id), "issue");
}

/* Who has the order locked may wait for the job, or the challenge: nobody here waits for him. */
static void order_is_not_waited_for(void **state)
{
    (void)state;
    struct fault f = { 0 };
    struct script *other = script_open((struct secret){ database_url(database, NULL) }, &f);
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    assert_non_null(other);
    assert_true(script_run(
        other,
        arena_format(&arena, "BEGIN; SELECT FROM orders WHERE id = %lld FOR UPDATE", (long long)id),
        &f));
    assert_int_equal(set_method(id, DCV_METHOD__VALUE__HTTP_TOKEN), FAULT_NONE);
    assert_int_equal(random_value(id), FAULT_NONE);
    assert_true(script_run(other, "ROLLBACK", &f));
    script_close(other);
    assert_string_equal(lanes_of(id), "issue");
}

/* ---- random value */

static void random_value_is_replaced_when_it_has_expired(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    const char *first = of_challenge(id, "random_value");
    assert_int_equal(random_value(id), FAULT_NONE);
    assert_string_equal(said.value, first);
    challenge_set(id, "random_value_at = now() - interval '31 days'");
    assert_int_equal(random_value(id), FAULT_NONE);
    assert_string_not_equal(said.value, first);
    assert_string_equal(said.value, of_challenge(id, "random_value"));
    assert_string_equal(ask("SELECT count(*) FROM audit WHERE activity = 'random value renewed' "
                            "AND subject = 'order/%lld'",
                            (long long)id),
                        "1");
}

static void request_without_a_challenge_gets_one(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    assert_int_equal(random_value(id), FAULT_NONE);
    assert_int_equal(strlen(said.value), 32);
    assert_true(said.expires);
    const char *value = of_challenge(id, "random_value");
    order_issue(id);
    assert_int_equal(random_value(id), FAULT_NONE);
    assert_string_equal(said.value, value);
}

static void there_is_no_value_for_what_has_ended(void **state)
{
    (void)state;
    int64_t gone = order_new(&(struct wish){ 0 }),
            waits = order_new(&(struct wish){ .unapproved = true });
    order_end(gone);
    assert_int_equal(random_value(gone), FAULT_ORDER_STATE);
    assert_int_equal(random_value(waits), FAULT_ORDER_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_of_an_issued_order_is_its_certificate),
        cmocka_unit_test(check_is_a_question_whatever_became_of_the_order),
        cmocka_unit_test(what_is_being_looked_for_is_not_missing),
        cmocka_unit_test(checks_have_one_job),
        cmocka_unit_test(nothing_is_proved_for_a_private_name),
        cmocka_unit_test(new_method_begins_with_a_round_of_its_own),
        cmocka_unit_test(what_is_set_already_is_fine),
        cmocka_unit_test(what_is_set_already_begins_nothing_anew),
        cmocka_unit_test(what_is_set_already_has_a_value_that_lives),
        cmocka_unit_test(method_that_cannot_prove_the_name_is_refused),
        cmocka_unit_test(nothing_is_looked_for_where_all_is_proved),
        cmocka_unit_test(order_is_not_waited_for),
        cmocka_unit_test(random_value_is_replaced_when_it_has_expired),
        cmocka_unit_test(request_without_a_challenge_gets_one),
        cmocka_unit_test(there_is_no_value_for_what_has_ended),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
