/* What becomes of an order by its customer's word, and what is shown of it. */
#include "api/placed_test.h"

#include <pthread.h>

#include "api/requests.sql.h"
#include "testing/patience.h"

static OrderStatusChange cancel_of(int64_t id)
{
    OrderStatusChange in = ORDER_STATUS_CHANGE__INIT;
    in.order_id = id;
    in.status = "canceled";
    return in;
}

static const ChangeResult *change(const struct sql *sql, const ProtobufCMessage *in)
{
    ChangeResult *out = arena_new(&arena, ChangeResult);
    struct fault f;
    bool found = false;
    change_result__init(out);
    if (!store_maybe_by(store_mine(), &arena, sql, caller_now(), in, &out->base, &found, &f))
        fail_msg("%s: %s", sql->name, f.detail);
    return found ? out : NULL;
}

static const ChangeResult *cancel(int64_t id)
{
    OrderStatusChange in = cancel_of(id);
    return change(&sql_order_cancel, &in.base);
}

static const ChangeResult *decide(const struct sql *sql, int64_t order_id)
{
    RequestStatusChange in = REQUEST_STATUS_CHANGE__INIT;
    in.request_id = strtoll(
        ask("SELECT request_id FROM orders WHERE id = %lld", (long long)order_id), NULL, 10);
    in.status = "";
    in.processor_comment = "why";
    return change(sql, &in.base);
}

/* ---- cancel, approve, reject */

/* A certificate is under way. */
static void freeze(int64_t id)
{
    run_sql(arena_format(
        &arena,
        "INSERT INTO issuance (id, request_id, account_id, ca_id, serial, shard, state, job_id,"
        " job_epoch, policy_version, profile_sha256, evidence, not_before, not_after, created_at)"
        " SELECT id, request_id, 900, '" PUBLIC_CA "', substr(sha256(id::text::bytea), 1, 8), 0,"
        " 'reserved', 1, 1, 1, '', '{}', now(), now(), now() FROM orders WHERE id = %lld",
        (long long)id));
}

static void frozen_order_is_left_as_it_is(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    freeze(id);
    for (int i = 0; i < 2; i++) {
        const ChangeResult *r = i ? decide(&sql_request_reject, id) : cancel(id);
        assert_true(r->frozen && !r->changed);
    }
    assert_string_equal(status_of_order(id), "pending approved");
}

static void what_has_ended_is_not_ended_again(void **state)
{
    (void)state;
    int64_t issued = order_new(&(struct wish){ .name = "proved.example" }),
            gone = order_new(&(struct wish){ 0 });
    order_issue(issued);
    const ChangeResult *r = cancel(gone);
    assert_true(r->changed);
    assert_string_equal(r->status, "pending");
    assert_string_equal(status_of_order(gone), "canceled approved");
    r = cancel(gone);
    assert_false(r->changed);
    assert_string_equal(r->status, "canceled");
    r = cancel(issued);
    assert_false(r->changed);
    assert_string_equal(r->status, "issued");
    assert_null(cancel(1));
    assert_string_equal(ask("SELECT count(*) FROM audit WHERE activity = 'order canceled' AND "
                            "subject = 'order/%lld'",
                            (long long)gone),
                        "1");
}

/* ---- logs of Certificate Transparency */

/* "so", "frozen", or the status for which it is refused; NULL: there is no such order. */
static const char *ct_status(int64_t id, bool disable)
{
    CtStatusRequest in = CT_STATUS_REQUEST__INIT;
    CtStatusSet *out = arena_new(&arena, CtStatusSet);
    struct fault f;
    bool found = false;
    in.order_id = id;
    in.disable_ct = disable;
    ct_status_set__init(out);
    if (!store_maybe_by(store_mine(), &arena, &sql_order_ct_status, caller_now(), &in.base,
                        &out->base, &found, &f))
        fail_msg("order_ct_status: %s", f.detail);
    return !found ? NULL : out->so ? "so" : out->frozen ? "frozen" : out->status;
}

static const char *disabled(int64_t id)
{
    return ask("SELECT o.disable_ct || ' ' || count(a.id) FROM orders o"
               "  LEFT JOIN audit a ON a.activity = 'order ct status changed'"
               "                   AND a.subject = 'order/' || o.id"
               " WHERE o.id = %lld GROUP BY o.id",
               (long long)id);
}

static void order_says_whether_it_is_logged(void **state)
{
    (void)state;
    OrderIntake *row = intake_row(&(struct wish){ 0 });
    row->has_disable_ct = row->disable_ct = true;
    int64_t unlogged = place(row)->order_id, logged = order_new(&(struct wish){ 0 });
    assert_string_equal(disabled(unlogged), "true 0");
    assert_string_equal(disabled(logged), "false 0");
    assert_string_equal(ct_status(logged, true), "so");
    assert_string_equal(ct_status(logged, true), "so");
    assert_string_equal(disabled(logged), "true 1"); /* once */
    assert_string_equal(ct_status(unlogged, false), "so");
    assert_string_equal(disabled(unlogged), "false 1");
    assert_null(ct_status(1, true));
}

static void logs_are_chosen_while_there_is_a_choice(void **state)
{
    (void)state;
    int64_t issued = order_new(&(struct wish){ .name = "proved.example" }),
            frozen = order_new(&(struct wish){ .name = "proved.example" }),
            gone = order_new(&(struct wish){ 0 });
    order_issue(issued);
    freeze(frozen);
    order_end(gone);
    assert_string_equal(ct_status(issued, true), "so"); /* what it gets next */
    assert_string_equal(ct_status(frozen, true), "frozen");
    assert_string_equal(ct_status(frozen, false), "so");
    assert_string_equal(ct_status(gone, true), "canceled");
    assert_string_equal(disabled(issued), "true 1");
    assert_string_equal(disabled(frozen), "false 0");
    assert_string_equal(disabled(gone), "false 0");
}

/* ---- two at a time */

struct elsewhere {
    const char *url;
    OrderStatusChange in;
    const Caller *caller;
    char status[24];
    bool found, changed;
};

static void *cancel_elsewhere(void *data)
{
    struct elsewhere *e = data;
    struct arena own;
    struct fault f;
    ChangeResult out = CHANGE_RESULT__INIT;
    struct store *mine =
        store_new(&(struct store_options){ .url = { e->url }, .timeout = patience() });
    arena_init(&own);
    if (!store_maybe_by(mine, &own, &sql_order_cancel, e->caller, &e->in.base, &out.base, &e->found,
                        &f))
        print_error("%s\n", f.detail);
    snprintf(e->status, sizeof e->status, "%s", e->found ? out.status : "");
    e->changed = e->found && out.changed;
    arena_free(&own);
    store_free(mine);
    return NULL;
}

static void who_waited_sees_what_has_become_of_it(void **state)
{
    (void)state;
    pthread_t thread;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    struct fault f;
    struct script *issuer = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_true(script_run(issuer, "BEGIN", &f));
    assert_true(script_run(issuer,
                           arena_format(&arena,
                                        "UPDATE orders SET status = 'issued', certificate_id = 1"
                                        " WHERE id = %lld",
                                        (long long)id),
                           &f));
    struct elsewhere e = { .url = database_url(database, "gateway"),
                           .in = cancel_of(id),
                           .caller = caller_now() };
    pthread_create(&thread, NULL, cancel_elsewhere, &e);
    await_that(strcmp(ask("SELECT count(*) FROM pg_locks WHERE NOT granted"), "0") != 0);
    assert_true(script_run(issuer, "COMMIT", &f));
    pthread_join(thread, NULL);
    script_close(issuer);
    assert_true(e.found && !e.changed);
    assert_string_equal(e.status, "issued");
    assert_string_equal(status_of_order(id), "issued approved");
}

static void approval_takes_the_next_step(void **state)
{
    (void)state;
    int64_t open = order_new(&(struct wish){ .unapproved = true }),
            proved = order_new(&(struct wish){ .unapproved = true, .name = "proved.example" });
    const ChangeResult *r = decide(&sql_request_approve, open);
    assert_true(r->changed && r->has_job_id);
    assert_string_equal(r->lane, "dcv");
    assert_string_equal(status_of_order(open), "pending approved");
    assert_string_equal(decide(&sql_request_approve, proved)->lane, "issue");
    r = decide(&sql_request_approve, open);
    assert_false(r->changed);
    assert_string_equal(r->status, "pending");
}

static void rejection_is_told_and_final(void **state)
{
    (void)state;
    run_sql("INSERT INTO webhook (account_id, endpoint, events, status, instant, chain, "
            "instant_chain, frequency, created_at)"
            " VALUES (900, 'https://x.example', '{order_rejected}', 'active', false, false, false, "
            "'{}', now())");
    int64_t waiting = order_new(&(struct wish){ .unapproved = true }),
            approved = order_new(&(struct wish){ 0 });
    const ChangeResult *r = decide(&sql_request_reject, waiting);
    assert_true(r->changed && r->has_job_id);
    assert_string_equal(r->lane, "deliver");
    assert_string_equal(status_of_order(waiting), "rejected rejected");
    assert_true(decide(&sql_request_reject, approved)->changed);
    assert_string_equal(status_of_order(approved), "rejected rejected");
    assert_false(decide(&sql_request_approve, waiting)->changed);
}

/* ---- what is shown */

static const OrderInfo *info(const struct sql *sql, int64_t id)
{
    OrderId in = ORDER_ID__INIT;
    OrderInfo *out = arena_new(&arena, OrderInfo);
    struct fault f;
    bool found = false;
    order_info__init(out);
    in.order_id = id;
    if (!store_maybe_by(store_mine(), &arena, sql, caller_now(), &in.base, &out->base, &found,
                        &f) ||
        !found)
        fail_msg("%s: %s", sql->name, f.detail);
    return out;
}

static void order_shows_its_newest_certificate_only(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ .name = "proved.example" });
    order_issue(id);
    run_sql(arena_format(&arena,
                         "INSERT INTO certificate SELECT id + 1000000, order_id, request_id, "
                         "account_id, ca_id, serial,"
                         " substr(sha256('2'), 1, 20), not_before, not_after, issued_at, der FROM "
                         "certificate WHERE id = %lld",
                         (long long)id));
    const OrderInfo *o = info(&sql_order_info, id);
    assert_int_equal(o->certificate->id, id);
    assert_string_equal(o->certificate->common_name, "proved.example");
    assert_int_equal(o->n_requests, 1);
}

static void blockers_name_what_is_left(void **state)
{
    (void)state;
    int64_t id = order_new(&(struct wish){ 0 });
    const OrderInfo *o = info(&sql_order_info_open, id);
    assert_int_equal(o->n_blockers, 1);
    assert_string_equal(o->blockers[0]->kind, "dcv");
    assert_non_null(o->dcv_random_value_expiration_date);
    run_sql(arena_format(
        &arena,
        "INSERT INTO job_dead (id, lane, subject, run_at, attempt, deaths, story, buried_at)"
        " SELECT n, 'issue', request_id, now(), 1, 0, '', now() FROM orders, generate_series(1, 2) "
        "n"
        " WHERE orders.id = %lld",
        (long long)id));
    o = info(&sql_order_info_open, id);
    assert_int_equal(o->n_blockers, 2);
    assert_string_equal(o->blockers[1]->kind, "held_up");
    assert_string_equal(o->blockers[1]->owner, "ca");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frozen_order_is_left_as_it_is),
        cmocka_unit_test(order_says_whether_it_is_logged),
        cmocka_unit_test(logs_are_chosen_while_there_is_a_choice),
        cmocka_unit_test(what_has_ended_is_not_ended_again),
        cmocka_unit_test(who_waited_sees_what_has_become_of_it),
        cmocka_unit_test(approval_takes_the_next_step),
        cmocka_unit_test(rejection_is_told_and_final),
        cmocka_unit_test(order_shows_its_newest_certificate_only),
        cmocka_unit_test(blockers_name_what_is_left),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
