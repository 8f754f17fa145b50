/* C1 and what follows it, as statements: who wins, what is stored, who is told. */
#include "api/placed_test.h"

static const OrderBefore *before(const OrderIntake *row)
{
    IdempotencyKey key = IDEMPOTENCY_KEY__INIT;
    const ProtobufCMessage *in = &key.base;
    const Caller *caller = caller_now();
    struct rows rows = { 0 };
    struct fault f;
    key.order_id = row->order_id;
    key.idem_key = row->idem_key;
    if (!store_set_by(store_mine(), &arena, &sql_order_before, &caller, &in, 1, &rows, &f))
        fail_msg("order_before: %s", f.detail);
    assert_int_equal(rows.count, 1);
    return (const OrderBefore *)rows.items[0];
}

static const OrderState *state_of(int64_t id)
{
    OrderId key = ORDER_ID__INIT;
    const ProtobufCMessage *in[] = { &key.base, &key.base };
    const Caller *callers[] = { caller_now(), caller_now() };
    struct rows rows = { 0 };
    struct fault f;
    key.order_id = id;
    if (!store_set_by(store_mine(), &arena, &sql_order_state, callers, in, 2, &rows, &f))
        fail_msg("order_state: %s", f.detail);
    assert_int_equal(rows.count, 1);
    return (const OrderState *)rows.items[0];
}

static const char *answer_by(int64_t id)
{
    return ask("SELECT CASE WHEN isfinite(answer_by) THEN 'waits' ELSE 'gone' END FROM orders "
               "WHERE id = %lld",
               (long long)id);
}

static const char *version_of(int64_t id)
{
    return ask("SELECT xmin || ' ' || ctid FROM orders WHERE id = %lld", (long long)id);
}

/* ---- where an order goes */

// clang-format off
static const struct {
    struct wish wish;
    const char *lane;     /* NULL: none */
    bool challenge; /* its value is in the answer */
} ways[] = {
    { { 0 },                                                                      "dcv",   true },
    { { .name = "proved.example" },                                               "issue", false },
    { { .name = "www.proved.example", .domain = "proved.example" },               "issue", false },
    { { .ca = PRIVATE_CA, .unproved_product = true },                             "issue", false },
    { { .ca = "CCCCCCCCCCCCCCCC" },                                               "dcv",   true }, /* nobody knows it: public */
    { { .unapproved = true },                                                     NULL,    true },
    { { .unapproved = true, .unproved_product = true, .ca = PRIVATE_CA },         NULL,    false },
    { { .name = "proved.example", .method = DCV_METHOD__VALUE__EMAIL },           "issue", true },
};
// clang-format on

static void lane_and_challenge_follow_from_what_is_left(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const OrderPlaced *p = place(intake_row(&ways[i].wish));
        assert_non_null(p);
        assert_false(p->key_blocked);
        assert_string_equal(p->lane ? p->lane : "", ways[i].lane ? ways[i].lane : "");
        assert_string_equal(lanes_of(p->order_id), ways[i].lane ? ways[i].lane : "");
        assert_int_equal(p->has_job_id, ways[i].lane != NULL);
        assert_int_equal(p->random_value != NULL, ways[i].challenge);
        assert_string_equal(answer_by(p->order_id),
                            ways[i].lane && strcmp(ways[i].lane, "issue") == 0 ? "waits" : "gone");
    }
}

static void random_value_is_the_database_s(void **state)
{
    (void)state;
    const OrderPlaced *p = place(intake_row(&(struct wish){ 0 }));
    assert_int_equal(strlen(p->random_value), 32);
    assert_string_equal(p->random_value, state_of(p->order_id)->random_value);
    assert_string_equal(
        p->random_value,
        ask("SELECT c.random_value FROM challenge c JOIN orders o ON o.request_id = c.subject"
            " WHERE o.id = %lld",
            (long long)p->order_id));
}

static void next_step_is_the_job_that_is_there(void **state)
{
    (void)state;
    int64_t dcv = order_new(&(struct wish){ 0 }),
            issue = order_new(&(struct wish){ .name = "proved.example" });
    run_sql("SELECT request_advance(array_agg(request_id), now(), NULL) FROM orders");
    assert_string_equal(lanes_of(dcv), "dcv");
    assert_string_equal(lanes_of(issue), "issue");
}

static void mails_go_to_the_addresses_that_were_chosen(void **state)
{
    (void)state;
    OrderIntake *row = intake_row(&(struct wish){ .method = DCV_METHOD__VALUE__EMAIL });
    EmailChoice e = EMAIL_CHOICE__INIT, *all[] = { &e };
    e.order_id = row->order_id;
    e.domain = row->names[0]->domain;
    e.address = arena_format(&arena, "admin@%s", e.domain);
    row->emails = all;
    row->n_emails = 1;
    const OrderPlaced *p = place(row);
    assert_int_equal(p->emails_chosen, 1);
    assert_string_equal(ask("SELECT i.address || ' ' || i.state FROM email_invitation i JOIN "
                            "challenge c ON c.id = i.challenge_id"
                            " WHERE c.subject = %lld",
                            (long long)row->request_id),
                        arena_format(&arena, "%s chosen", e.address));
}

static void blocked_key_is_refused_and_stores_nothing(void **state)
{
    (void)state;
    run_sql("INSERT INTO blocked_key (spki_sha256, reason, since) VALUES (sha256('bad'), 'known', "
            "now())");
    OrderIntake *rows[] = { intake_row(&(struct wish){ .spki = "bad" }),
                            intake_row(&(struct wish){ 0 }) };
    struct rows out = place_all(rows, 2);
    assert_int_equal(out.count, 2);
    for (size_t i = 0; i < 2; i++) {
        const OrderPlaced *p = (const OrderPlaced *)out.items[i];
        assert_int_equal(p->key_blocked, p->order_id == rows[0]->order_id);
    }
    assert_string_equal(
        ask("SELECT count(*) FROM orders WHERE id = %lld", (long long)rows[0]->order_id), "0");
    assert_string_equal(
        ask("SELECT count(*) FROM idempotency WHERE order_id = %lld", (long long)rows[0]->order_id),
        "0");
}

/* ---- the gate */

static void one_key_twice_in_a_batch_is_one_order(void **state)
{
    struct wish w = { .key = "twice" };
    OrderIntake *rows[] = { intake_row(&w), intake_row(&(struct wish){ 0 }), intake_row(&w) };
    (void)state;
    struct rows out = place_all(rows, 3);
    assert_int_equal(out.count, 2);
    assert_int_equal(before(rows[2])->id, rows[0]->order_id);
    assert_int_equal(before(rows[0])->id, rows[0]->order_id);
    assert_string_equal(
        ask("SELECT count(*) FROM orders WHERE id = %lld", (long long)rows[2]->order_id), "0");
}

static void retry_by_key_tells_that_the_caller_has_gone(void **state)
{
    struct wish w = { .name = "proved.example", .key = "retry" };
    (void)state;
    int64_t id = order_new(&w);
    assert_string_equal(answer_by(id), "waits");
    OrderIntake *again = intake_row(&w);
    assert_null(place(again));
    const OrderBefore *b = before(again);
    assert_int_equal(b->order_id, again->order_id);
    assert_int_equal(b->id, id);
    const OrderState *s = state_of(b->id);
    assert_true(s->told);
    assert_string_equal(s->common_name, "proved.example");
    assert_string_equal(answer_by(id), "gone");
    const char *was = version_of(id);
    assert_true(state_of(id)->told);
    assert_string_equal(version_of(id), was);
}

static void state_of_an_issued_order_is_its_certificate(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    order_issue(id);
    const OrderState *s = state_of(id);
    assert_true(s->told && s->has_certificate_id && s->has_der);
    assert_string_equal(s->ca_id, PUBLIC_CA);
    assert_null(s->random_value);
    assert_string_equal(answer_by(id), "waits"); /* he is told with the certificate */
}

static void cancel_frees_the_key(void **state)
{
    struct wish w = { .key = "again" };
    (void)state;
    int64_t id = order_new(&w);
    assert_null(place(intake_row(&w)));
    order_end(id);
    OrderIntake *new = intake_row(&w);
    assert_non_null(place(new));
    assert_int_equal(before(new)->id, new->order_id);
    assert_null(place(intake_row(&w)));
}

static void key_is_free_when_it_has_expired(void **state)
{
    struct wish w = { .key = "old" };
    (void)state;
    OrderIntake *row = intake_row(&w);
    row->idem_until = instant_message(&arena, clock_now());
    assert_non_null(place(row));
    assert_non_null(place(intake_row(&w)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lane_and_challenge_follow_from_what_is_left),
        cmocka_unit_test(random_value_is_the_database_s),
        cmocka_unit_test(next_step_is_the_job_that_is_there),
        cmocka_unit_test(mails_go_to_the_addresses_that_were_chosen),
        cmocka_unit_test(blocked_key_is_refused_and_stores_nothing),
        cmocka_unit_test(one_key_twice_in_a_batch_is_one_order),
        cmocka_unit_test(retry_by_key_tells_that_the_caller_has_gone),
        cmocka_unit_test(state_of_an_issued_order_is_its_certificate),
        cmocka_unit_test(cancel_frees_the_key),
        cmocka_unit_test(key_is_free_when_it_has_expired),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
