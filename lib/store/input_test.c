#include "store/committer_rig.h"
#include "store/describe.h"

/* Who asks, and what the input says. */
STATEMENT(
    own, row, row, false, SQL_ONE,
    "SELECT $1 AS id, concat_ws(' ', $2, $3, $4, $5, $6, extract(epoch FROM $7)::int) AS text",
    "caller.account_id", "caller.user_id", "caller.api_key_id", "caller.source", "caller.ip",
    "text", "caller.now", NULL);
STATEMENT(own_list, row, row, false, SQL_MANY, "SELECT i AS id FROM generate_series(1, $1) i",
          "caller.account_id", NULL);
STATEMENT(own_set, row, row, true, SQL_MANY,
          "SELECT id, concat(account_id, text) AS text FROM unnest($1, $2, $3)"
          " AS i (account_id, id, text)",
          "caller.account_id", "id", "text", NULL);
STATEMENT(insert_own, row, row, false, SQL_NONE, "INSERT INTO sample (id, text) VALUES ($1, $2)",
          "caller.account_id", "text", NULL);
STATEMENT(misspelt, row, row, false, SQL_ONE, "SELECT $1 AS id", "caller.acount_id", NULL);

static Caller caller_of(int64_t account_id)
{
    static Instant at = { PROTOBUF_C_MESSAGE_INIT(&instant__descriptor), 7000000 };
    static char source[] = "api";
    Caller caller = CALLER__INIT;

    caller.account_id = account_id;
    caller.source = source;
    caller.now = &at;
    return caller;
}

static void comes_from_who_asks(void **state)
{
    Row in = row_of(5, "said"), out = ROW__INIT;
    Caller caller = caller_of(42);
    static char ip[] = "::1";

    (void)state;
    must(store_one_by(store, &arena, &own, &caller, &in.base, &out.base, &f));
    assert_int_equal(out.id, 42);
    assert_string_equal(out.text, "api said 7");
    caller.has_user_id = caller.has_api_key_id = true;
    caller.user_id = 8, caller.api_key_id = 9, caller.ip = ip;
    must(store_one_by(store, &arena, &own, &caller, &in.base, &out.base, &f));
    assert_string_equal(out.text, "8 9 api ::1 said 7");
}

static void lists_and_single_rows(void **state)
{
    Row in = row_of(5, ""), out = ROW__INIT;
    Caller caller = caller_of(3);
    struct rows rows;
    bool found;

    (void)state;
    must(store_all_by(store, &arena, &own_list, &caller, &in.base, &rows, &f));
    assert_int_equal(rows.count, 3);
    must(store_maybe_by(store, &arena, &own, &caller, &in.base, &out.base, &found, &f));
    assert_true(found);
    assert_int_equal(out.id, 3);
}

static void each_of_a_set_has_its_own(void **state)
{
    Row a = row_of(1, "a"), b = row_of(2, "b");
    Caller seven = caller_of(7), eight = caller_of(8);
    const ProtobufCMessage *in[] = { &a.base, &b.base };
    const Caller *callers[] = { &seven, &eight };
    struct rows rows;

    (void)state;
    must(store_set_by(store, &arena, &own_set, callers, in, 2, &rows, &f));
    assert_int_equal(rows.count, 2);
    assert_string_equal(((Row *)rows.items[0])->text, "7a");
    assert_string_equal(((Row *)rows.items[1])->text, "8b");
    callers[1] = NULL;
    must_fail(store_set_by(store, &arena, &own_set, callers, in, 2, &rows, &f), FAULT_INTERNAL);
    must_fail(store_set(store, &arena, &own_set, in, 2, &rows, &f), FAULT_INTERNAL);
}

static void nobody_is_no_account(void **state)
{
    Row in = row_of(5, "x"), out = ROW__INIT;

    (void)state;
    must_fail(store_one(store, &arena, &own, &in.base, &out.base, &f), FAULT_INTERNAL);
    assert_string_equal(f.detail, "own is asked by nobody");
    must_fail(store_run(store, &arena, &insert_own, &in.base, NULL, &f), FAULT_INTERNAL);
    assert_string_equal(list(&all_rows), "");
}

static void a_misspelt_member_is_found(void **state)
{
    struct description d;

    (void)state;
    must(store_describe(store, &arena, &own, &d, &f));
    must_fail(store_describe(store, &arena, &misspelt, &d, &f), FAULT_INTERNAL);
    assert_string_equal(f.field, "acount_id");
}

static void a_batch_mixes_none_up(void **state)
{
    Caller callers[6];

    (void)state;
    for (int i = 1; i <= 5; i++) {
        callers[i] = caller_of(10 * i);
        items[i] = (struct item){ .number = i, .in = row_of(i, "") };
        items[i].commit = (struct commit){ .sql = &own_set,
                                           .in = &items[i].in.base,
                                           .caller = i == 3 ? NULL : &callers[i],
                                           .key = "id",
                                           .done = done,
                                           .context = &items[i] };
        must(committer_put(committer, &items[i].commit, &f));
    }
    open_gate();
    wait_for(6);
    for (int i = 1; i <= 5; i++)
        if (i == 3)
            assert_int_equal(items[i].fault.code, FAULT_INTERNAL);
        else
            assert_string_equal(items[i].first_text, arena_format(&arena, "%d", 10 * i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(comes_from_who_asks),        CASE(lists_and_single_rows),
        CASE(each_of_a_set_has_its_own),  CASE(nobody_is_no_account),
        CASE(a_misspelt_member_is_found), GATED(a_batch_mixes_none_up),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
