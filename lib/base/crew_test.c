#include "base/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "testing/patience.h"

/* Nothing here measures time: what does not come is ended by the alarm. */
enum { ITEMS = 64, ROOM = 40 };

struct item {
    struct crew_item base;
    int number;
    bool gate;         /* its run waits until the gate is opened */
    struct item *puts; /* what its run puts as soon as it has begun */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static struct item items[ITEMS];
static struct crew *crew;
static bool open_gate;
static int order[ITEMS], begun, done, entered, left;
static size_t counts[ITEMS], runs;
static const char red, blue;

static void run(void *context, void *mine, struct crew_item **batch, size_t count)
{
    const struct item *first = (struct item *)batch[0];

    assert_ptr_equal(context, &lock);
    assert_ptr_equal(mine, &entered);
    pthread_mutex_lock(&lock);
    counts[runs++] = count;
    for (size_t i = 0; i < count; i++)
        order[begun++] = ((struct item *)batch[i])->number;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
    if (first->puts)
        assert_true(crew_put(crew, &first->puts->base));
    pthread_mutex_lock(&lock);
    while (first->gate && !open_gate)
        pthread_cond_wait(&change, &lock);
    done += (int)count;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
}

static void *enter(void *context)
{
    assert_ptr_equal(context, &lock);
    pthread_mutex_lock(&lock);
    entered++;
    pthread_mutex_unlock(&lock);
    return &entered;
}

static void leave(void *mine)
{
    assert_ptr_equal(mine, &entered);
    pthread_mutex_lock(&lock);
    left++;
    pthread_mutex_unlock(&lock);
}

static void await(const int *what, int at_least)
{
    pthread_mutex_lock(&lock);
    while (*what < at_least)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
}

static void let_go(void)
{
    pthread_mutex_lock(&lock);
    open_gate = true;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
}

static struct item *item_of(int number, const char *kind, int gather)
{
    items[number] =
        (struct item){ { .kind = kind, .batch = 8, .gather = gather }, .number = number };
    return &items[number];
}

static bool put(struct item *item)
{
    return crew_put(crew, &item->base);
}

static void start_with(int threads, struct duration pause)
{
    alarm(PATIENCE_S);
    begun = done = entered = left = 0;
    runs = 0;
    open_gate = false;
    crew = crew_start(&(struct crew_options){ threads, ROOM, pause, &lock, enter, leave, run });
}

static void start(int threads)
{
    start_with(threads, (struct duration){ 0 });
}

/* One thread, behind the gate: what is put meanwhile waits. */
static void start_gated(void)
{
    start(1);
    item_of(0, &red, 8)->gate = true;
    assert_true(put(&items[0]));
    await(&begun, 1);
}

static void finish(void)
{
    crew_free(crew);
    assert_int_equal(entered, left);
    alarm(0);
}

static void batches_are_of_one_kind_and_in_order(void **state)
{
    static const int expected[] = { 0, 1, 3, 4, 2, 5 };
    uint64_t sizes[CREW_BATCH_MAX + 1];

    (void)state;
    start_gated();
    for (int i = 1; i <= 5; i++)
        assert_true(put(item_of(i, i == 2 || i == 5 ? &blue : &red, 8)));
    let_go();
    await(&done, 6);
    assert_memory_equal(order, expected, sizeof expected);
    assert_true(put(item_of(6, &red, 8))); /* the queue's end is in order */
    await(&done, 7);
    crew_sizes(crew, sizes);
    assert_int_equal(sizes[1], 2);
    assert_int_equal(sizes[2], 1);
    assert_int_equal(sizes[3], 1);
    finish();
}

static void batches_have_their_limit(void **state)
{
    (void)state;
    start_gated();
    for (int i = 1; i <= 20; i++)
        assert_true(put(item_of(i, &red, 8)));
    let_go();
    await(&done, 21);
    assert_int_equal(counts[1], 8);
    assert_int_equal(counts[2], 8);
    assert_int_equal(counts[3], 4);
    finish();
}

/* Whoever is too heavy to go with the others goes when it is the oldest, and then goes whatever it weighs. */
static void a_batch_has_a_weight(void **state)
{
    static const int weights[] = { 0, 100, CREW_WEIGHT_MAX - 100, 1, 10 * CREW_WEIGHT_MAX, 2, 0 };
    static const int expected[] = { 0, 1, 2, 6, 3, 5, 4 };

    (void)state;
    start_gated();
    for (int i = 1; i <= 6; i++) {
        item_of(i, &red, 8)->base.weight = weights[i];
        assert_true(put(&items[i]));
    }
    let_go();
    await(&done, 7);
    assert_memory_equal(order, expected, sizeof expected);
    assert_int_equal(counts[1], 3);
    assert_int_equal(counts[2], 2);
    assert_int_equal(counts[3], 1);
    assert_true(put(item_of(7, &red, 8))); /* the queue's end is in order */
    await(&done, 8);
    finish();
}

static struct item *asked(int number, int64_t asker, int weight)
{
    struct item *item = item_of(number, &red, 8);

    item->base.batch = 1;
    item->base.asker = asker;
    item->base.weight = weight;
    return item;
}

/* The first asker brings much before anybody else comes. */
static void askers_take_turns_by_weight(void **state)
{
    static const int expected[] = { 0, 1, 5, 8, 6, 7, 2, 3, 4 };

    (void)state;
    start_gated();
    for (int i = 1; i <= 4; i++)
        assert_true(put(asked(i, 100, 1000)));
    assert_true(put(asked(5, 200, 1)));
    assert_true(put(asked(6, 200, 500)));
    assert_true(put(asked(7, 200, 1)));
    assert_true(put(asked(8, 300, 0)));
    let_go();
    await(&done, 9);
    assert_memory_equal(order, expected, sizeof expected);
    finish();
}

/* Nobody saves up turns that he did not take. */
static void who_comes_later_begins_with_the_others(void **state)
{
    static const int expected[] = { 0, 1, 2, 3, 5, 4, 6 };

    (void)state;
    start_gated();
    for (int i = 1; i <= 2; i++)
        assert_true(put(asked(i, 100, 10)));
    let_go();
    await(&done, 3);
    pthread_mutex_lock(&lock);
    open_gate = false;
    pthread_mutex_unlock(&lock);
    asked(3, 0, 0)->gate = true;
    assert_true(put(&items[3]));
    await(&begun, 4);
    assert_true(put(asked(4, 100, 10)));
    for (int i = 5; i <= 6; i++)
        assert_true(put(asked(i, 200, 10)));
    let_go();
    await(&done, 7);
    assert_memory_equal(order, expected, sizeof expected);
    finish();
}

/* It comes right behind, when the run is not a long one yet, and nothing comes after it. */
static void what_waits_behind_a_stuck_run_is_taken_by_another(void **state)
{
    (void)state;
    for (int threads = 2; threads <= 4; threads++) {
        start(threads);
        item_of(0, &red, 8)->gate = true;
        items[0].puts = item_of(1, &red, 8);
        items[1].gate = threads > 2; /* and behind two of them */
        items[1].puts = threads > 2 ? item_of(2, &blue, 8) : NULL;
        assert_true(put(&items[0]));
        await(&begun, threads > 2 ? 3 : 2);
        let_go();
        await(&done, threads > 2 ? 3 : 2);
        finish();
    }
}

static void what_need_not_gather_begins_at_once(void **state)
{
    (void)state;
    start(2);
    item_of(0, &red, 0)->gate = true;
    assert_true(put(&items[0]));
    await(&begun, 1);
    assert_true(put(item_of(1, &red, 0)));
    await(&done, 1);
    let_go();
    await(&done, 2);
    finish();
}

/* One alone, then two behind it: whoever comes next may be joined by three. */
static void run_one_and_two(struct duration pause)
{
    start_with(1, pause);
    item_of(0, &red, 8)->gate = true;
    assert_true(put(&items[0]));
    await(&begun, 1);
    for (int i = 1; i <= 2; i++)
        assert_true(put(item_of(i, &red, 8)));
    let_go();
    await(&done, 3);
}

static void who_comes_after_several_waits_for_company(void **state)
{
    (void)state;
    run_one_and_two(seconds(3600));
    for (int i = 3; i <= 6; i++)
        assert_true(put(item_of(i, &red, 8)));
    await(&done, 7);
    assert_int_equal(runs, 3);
    assert_int_equal(counts[2], 4);
    assert_true(put(item_of(7, &red, 0))); /* does not gather */
    await(&done, 8);
    assert_true(put(item_of(8, &red, 8))); /* and that was one alone */
    await(&done, 9);
    finish();
}

static void company_that_does_not_come_is_waited_for_no_longer(void **state)
{
    (void)state;
    run_one_and_two(milliseconds(1));
    assert_true(put(item_of(3, &red, 8)));
    await(&done, 4);
    finish();
}

static void a_stopping_crew_waits_for_no_company(void **state)
{
    (void)state;
    run_one_and_two(seconds(3600));
    assert_true(put(item_of(3, &red, 8)));
    finish();
    assert_int_equal(done, 4);
}

static void count_item(const struct crew_item *item, void *context)
{
    int *sum = context;

    *sum += ((const struct item *)item)->number;
}

static void what_waits_is_shown(void **state)
{
    int sum = 0;

    (void)state;
    start_gated();
    for (int i = 1; i <= 4; i++)
        assert_true(put(item_of(i, &red, 8)));
    crew_see(crew, count_item, &sum);
    assert_int_equal(sum, 1 + 2 + 3 + 4);
    let_go();
    finish();
}

static void a_full_queue_refuses(void **state)
{
    (void)state;
    start_gated();
    for (int i = 1; i <= ROOM; i++)
        assert_true(put(item_of(i, &red, 8)));
    assert_false(put(item_of(ROOM + 1, &red, 8)));
    let_go();
    await(&done, ROOM + 1);
    assert_true(put(item_of(ROOM + 1, &red, 8)));
    finish();
}

static void *stop_it(void *context)
{
    crew_stop(context);
    return NULL;
}

static void a_stopping_crew_ends_with_what_it_has(void **state)
{
    pthread_t stopper;
    int taken = 1;

    (void)state;
    start_gated();
    pthread_create(&stopper, NULL, stop_it, crew);
    while (taken <= ROOM && put(item_of(taken, &red, 8)))
        taken++;
    assert_true(taken <= ROOM + 1);
    let_go();
    pthread_join(stopper, NULL);
    assert_int_equal(done, taken);
    assert_false(put(item_of(ROOM + 2, &red, 8)));
    finish();
    crew_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_of_one_kind_and_in_order),
        cmocka_unit_test(batches_have_their_limit),
        cmocka_unit_test(a_batch_has_a_weight),
        cmocka_unit_test(askers_take_turns_by_weight),
        cmocka_unit_test(who_comes_later_begins_with_the_others),
        cmocka_unit_test(what_waits_behind_a_stuck_run_is_taken_by_another),
        cmocka_unit_test(what_need_not_gather_begins_at_once),
        cmocka_unit_test(who_comes_after_several_waits_for_company),
        cmocka_unit_test(company_that_does_not_come_is_waited_for_no_longer),
        cmocka_unit_test(a_stopping_crew_waits_for_no_company),
        cmocka_unit_test(what_waits_is_shown),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_stopping_crew_ends_with_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
