#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ITEMS = 300, STEPS = 200000, TICKS = 500 };

/* A heap, and what it has to be equal to: the items themselves, looked through one by one. */
struct model {
    struct heap heap;
    struct heap_item items[ITEMS];
    bool inside[ITEMS];
    int64_t at[ITEMS];
    unsigned seed;
};

static unsigned any(struct model *m, unsigned below)
{
    return (unsigned)rand_r(&m->seed) % below;
}

static void model_check(const struct model *m)
{
    int64_t soonest = INT64_MAX;
    size_t count = 0;
    const struct heap_item *first = heap_first(&m->heap);

    for (size_t i = 0; i < ITEMS; i++) {
        assert_int_equal(heap_holds(&m->items[i]), m->inside[i]);
        if (!m->inside[i])
            continue;
        assert_int_equal(m->items[i].at.us, m->at[i]);
        soonest = m->at[i] < soonest ? m->at[i] : soonest;
        count++;
    }
    assert_int_equal(m->heap.count, count);
    assert_true(m->heap.room <= 4 * count + 64);
    assert_int_equal(first ? first->at.us : INT64_MAX, soonest);
    assert_true(!first || m->inside[first - m->items]);
}

static void model_add(struct model *m, size_t i)
{
    m->at[i] = any(m, TICKS);
    m->inside[i] = true;
    heap_add(&m->heap, &m->items[i], (struct tick){ m->at[i] });
}

static void model_move(struct model *m, size_t i)
{
    m->at[i] = any(m, TICKS);
    heap_move(&m->heap, &m->items[i], (struct tick){ m->at[i] });
}

static void model_remove(struct model *m, size_t i)
{
    m->inside[i] = false;
    heap_remove(&m->heap, &m->items[i]);
}

static void model_step(struct model *m, unsigned adds_of_ten)
{
    size_t i = any(m, ITEMS);
    bool add = any(m, 10) < adds_of_ten;

    if (!m->inside[i] && add)
        model_add(m, i);
    else if (m->inside[i] && !add)
        model_remove(m, i);
    else if (m->inside[i])
        model_move(m, i);
}

/* Fills and empties in turns, so that every size is passed in both directions. */
static void any_order_of_steps_agrees_with_the_model(void **state)
{
    static struct model m;

    (void)state;
    m.seed = 20261129;
    for (int step = 0; step < STEPS; step++) {
        model_step(&m, step / 5000 % 2 ? 1 : 9);
        if (step % 10 == 0)
            model_check(&m);
    }
    for (size_t i = 0; i < ITEMS; i++) {
        model_remove(&m, i);
        model_check(&m);
    }
    heap_free(&m.heap);
}

static void due_come_in_their_order_and_none_before(void **state)
{
    static struct heap_item items[ITEMS];
    struct heap h = { 0 };
    struct heap_item *due;
    int64_t last = -1;
    int came = 0;

    (void)state;
    for (int i = 0; i < ITEMS; i++)
        heap_add(&h, &items[i], (struct tick){ i * 7919 % 1009 });
    assert_null(heap_due(&h, (struct tick){ -1 }));
    for (; (due = heap_due(&h, (struct tick){ 500 })); came++) {
        assert_true(due->at.us >= last && due->at.us <= 500);
        last = due->at.us;
        heap_remove(&h, due);
    }
    assert_int_equal(came + (int)h.count, ITEMS);
    assert_true(came > 0 && heap_first(&h)->at.us > 500);
    while ((due = heap_first(&h)))
        heap_remove(&h, due);
    heap_free(&h);
}

/* What was many once keeps no memory for it. */
static void array_shrinks_with_what_is_in_it(void **state)
{
    enum { MANY = 100000 };
    struct heap_item *items = calloc(MANY, sizeof *items);
    struct heap h = { 0 };

    (void)state;
    for (int i = 0; i < MANY; i++)
        heap_add(&h, &items[i], (struct tick){ -i });
    assert_true(h.room >= MANY);
    for (int i = 1; i < MANY; i++)
        heap_remove(&h, &items[i]);
    assert_true(h.room <= 64);
    assert_ptr_equal(heap_first(&h), &items[0]);
    heap_remove(&h, &items[0]);
    heap_free(&h);
    free(items);
}

static void item_outside_is_not_removed_twice(void **state)
{
    struct heap_item one = { 0 }, other = { 0 };
    struct heap h = { 0 };

    (void)state;
    heap_remove(&h, &one);
    heap_add(&h, &one, (struct tick){ 2 });
    heap_add(&h, &other, (struct tick){ 1 });
    heap_remove(&h, &one);
    heap_remove(&h, &one);
    assert_int_equal(h.count, 1);
    assert_ptr_equal(heap_first(&h), &other);
    heap_remove(&h, &other);
    heap_free(&h);
}

static void wait_is_rounded_up_and_bounded(void **state)
{
    struct heap_item item = { 0 };
    struct heap h = { 0 };

    (void)state;
    assert_int_equal(heap_wait_ms(&h, 700), 700);
    heap_add(&h, &item, (struct tick){ 0 });
    assert_int_equal(heap_wait_ms(&h, 700), 0);
    heap_move(&h, &item, tick_after(days(1)));
    assert_int_equal(heap_wait_ms(&h, 700), 700);
    heap_move(&h, &item, tick_after((struct duration){ 3600 * INT64_C(1000000) }));
    assert_true(heap_wait_ms(&h, INT32_MAX) > 3500000);
    assert_true(heap_wait_ms(&h, INT32_MAX) <= 3600000);
    heap_remove(&h, &item);
    heap_free(&h);
}

struct work {
    int number;
    struct heap_item due;
};

static void whole_is_found_by_its_item(void **state)
{
    struct work work = { .number = 7 };

    (void)state;
    assert_int_equal(WHOLE_OF(&work.due, struct work, due)->number, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_steps_agrees_with_the_model),
        cmocka_unit_test(due_come_in_their_order_and_none_before),
        cmocka_unit_test(array_shrinks_with_what_is_in_it),
        cmocka_unit_test(item_outside_is_not_removed_twice),
        cmocka_unit_test(wait_is_rounded_up_and_bounded),
        cmocka_unit_test(whole_is_found_by_its_item),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
