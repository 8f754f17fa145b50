#include "bus/pending.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct pending_table table;
static struct pending *calls[PENDING_MAX + 1];
static struct bus_call outer[PENDING_MAX + 1];

static int empty(void **state)
{
    (void)state;
    pending_init(&table);
    for (int i = 0; i <= PENDING_MAX; i++) {
        outer[i].deadline.us = (int64_t)i * 7919 % 10007;
        free(calls[i]);
        calls[i] = mail_new(sizeof *calls[i]);
        calls[i]->call = &outer[i];
    }
    return 0;
}

static int emptied(void **state)
{
    struct pending *p;

    (void)state;
    while ((p = pending_first(&table)))
        pending_remove(&table, p);
    pending_free(&table);
    return 0;
}

static int free_calls(void **state)
{
    (void)state;
    for (int i = 0; i <= PENDING_MAX; i++)
        free(calls[i]);
    return 0;
}

static void table_is_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < PENDING_MAX; i++)
        assert_true(pending_add(&table, calls[i]));
    assert_false(pending_add(&table, calls[PENDING_MAX]));
    pending_remove(&table, calls[5]);
    assert_true(pending_add(&table, calls[PENDING_MAX]));
}

static void first_is_the_earliest_deadline(void **state)
{
    int64_t last = -1;
    unsigned seed = 1;

    (void)state;
    for (int i = 0; i < PENDING_MAX; i++)
        assert_true(pending_add(&table, calls[i]));
    for (int i = 0; i < PENDING_MAX / 2; i++) { /* out of the middle of the heap */
        unsigned at = (unsigned)rand_r(&seed) % (unsigned)table.by_deadline.count;
        struct heap_item *any = table.by_deadline.items[at];
        pending_remove(&table, WHOLE_OF(any, struct pending, due));
    }
    for (int left = PENDING_MAX / 2; left > 0; left--) {
        struct pending *p = pending_first(&table);
        assert_true(p->call->deadline.us >= last);
        last = p->call->deadline.us;
        pending_remove(&table, p);
    }
    assert_null(pending_first(&table));
}

static void id_is_found_until_removed_and_never_again(void **state)
{
    uint64_t first;

    (void)state;
    assert_null(pending_find(&table, 0));
    assert_null(pending_find(&table, UINT64_MAX));
    pending_add(&table, calls[0]);
    first = calls[0]->id;
    assert_ptr_equal(pending_find(&table, first), calls[0]);
    pending_remove(&table, calls[0]);
    assert_null(pending_find(&table, first));
    pending_add(&table, calls[0]); /* the same place, another id */
    assert_int_not_equal(calls[0]->id, first);
    assert_null(pending_find(&table, first));
}

static void lists_keep_their_order(void **state)
{
    struct pending_list list = { 0 }, other = { 0 };

    (void)state;
    for (int i = 0; i < 5; i++)
        pending_list_add(&list, calls[i]);
    pending_list_remove(calls[2]);
    pending_list_remove(calls[2]); /* is in no list now */
    pending_list_remove(calls[0]);
    pending_list_remove(calls[4]);
    pending_list_add(&other, calls[2]);
    assert_int_equal(list.count, 2);
    assert_ptr_equal(list.first, calls[1]);
    assert_ptr_equal(list.first->next, calls[3]);
    assert_ptr_equal(list.last, calls[3]);
    assert_int_equal(other.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(table_is_bounded, empty, emptied),
        cmocka_unit_test_setup_teardown(first_is_the_earliest_deadline, empty, emptied),
        cmocka_unit_test_setup_teardown(id_is_found_until_removed_and_never_again, empty, emptied),
        cmocka_unit_test_setup_teardown(lists_keep_their_order, empty, emptied),
    };

    return cmocka_run_group_tests(tests, NULL, free_calls);
}
