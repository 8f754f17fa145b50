/* The loop alone: what it calls, in what order, and how it ends. */
#include "net/transfers_rig.h"

static void answer_is_judged_and_then_it_is_over(void **state)
{
    struct transfers *ts = start((struct turns_options){ 0 });
    struct errand e = { .port = server.port };

    (void)state;
    post(ts, &e);
    await_number(&e.back, 1);
    assert_int_equal(e.how, TRANSFER_ENDED);
    assert_int_equal(e.judged, 1);
    assert_int_equal(e.status, 204);
    transfers_stop(ts);
    assert_int_equal(e.back, 1);
}

static void turns_go_by_account_and_by_place(void **state)
{
    struct transfers *ts =
        start((struct turns_options){ .most = 4, .most_asker = 2, .most_place = 1 });
    struct errand go[] = {
        { .account = 1, .port = holes[0] },
        { .account = 1, .port = holes[1] },
        { .account = 2, .port = holes[2] },
        { .account = 3, .port = server.port },
    };
    struct errand wait[] = {
        { .account = 1, .port = server.port }, /* its account is full */
        { .account = 2, .port = holes[0] },    /* its place is */
        { .account = 4, .port = holes[3] },    /* all together are */
    };

    (void)state;
    server_answers(EMPTY, 0);
    for (size_t i = 0; i < 3; i++)
        post(ts, &go[i]);
    await_number(&begun, 3);
    post(ts, &wait[0]);
    post(ts, &wait[1]);
    post(ts, &go[3]);
    await_number(&begun, 4);
    post(ts, &wait[2]);
    transfers_stop(ts);
    assert_int_equal(begun, 4);
    assert_int_equal(count_of(go, COUNT(go), TRANSFER_CUT), COUNT(go));
    assert_int_equal(count_of(wait, COUNT(wait), TRANSFER_UNBEGUN), COUNT(wait));
    assert_int_equal(go[0].judged, 0);
}

static void too_many_that_wait_are_not_taken(void **state)
{
    struct transfers *ts =
        start((struct turns_options){ .most_place = 1, .waiting_place = 2, .waiting_asker = 3 });
    struct errand all[] = {
        { .account = 1, .port = holes[0] }, { .account = 1, .port = holes[0] },
        { .account = 1, .port = holes[0] }, { .account = 1, .port = holes[1] },
        { .account = 1, .port = holes[1] },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++)
        post(ts, &all[i]);
    await_number(&all[4].back, 1);
    transfers_stop(ts);
    assert_int_equal(all[1].taken, TURNS_TAKEN);
    assert_int_equal(all[2].taken, TURNS_PLACE_FULL);
    assert_int_equal(all[3].taken, TURNS_TAKEN);
    assert_int_equal(all[4].taken, TURNS_ASKER_FULL);
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(all[i].back, 1);
}

static void whose_turn_does_not_come_is_late(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most_place = 1 });
    struct errand first = { .port = holes[0] }, patient = { .port = holes[0] };
    struct errand late = { .port = holes[0], .by = tick_after(milliseconds(50)) };

    (void)state;
    post(ts, &first);
    post(ts, &patient);
    post(ts, &late);
    await_number(&late.back, 1);
    assert_int_equal(late.how, TRANSFER_LATE);
    assert_int_equal(tick_left(late.by).us, 0);
    assert_int_equal(number_now(&first.back) + number_now(&patient.back), 0);
    transfers_stop(ts);
    assert_int_equal(begun, 1);
    assert_int_equal(late.judged, 0);
}

/* It goes on, and is told of once; what is over by then is not, nor what waits. */
static void slow_ones_are_told_of(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most_place = 1 });
    struct errand e = { .port = server.port, .watch = milliseconds(30) };
    struct errand behind = { .port = server.port, .watch = days(1) };

    (void)state;
    server_answers(EMPTY, 0);
    post(ts, &e);
    post(ts, &behind);
    await_number(&e.slow, 1);
    assert_int_equal(number_now(&e.back) + number_now(&behind.back), 0);
    server_answers(EMPTY, INT32_MAX);
    await_number(&behind.back, 1);
    transfers_stop(ts);
    assert_int_equal(e.status, 204);
    assert_int_equal(e.slow, 1);
    assert_int_equal(behind.status, 204);
    assert_int_equal(behind.slow, 0);
}

static void time_that_has_passed_is_one_chance(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most_place = 1 });
    struct errand first = { .port = holes[0] };
    struct errand late = { .port = holes[0], .by = { 1 } };
    struct errand in_time = { .port = server.port, .by = { 1 } };

    (void)state;
    post(ts, &first);
    post(ts, &late);
    post(ts, &in_time);
    await_number(&late.back, 1);
    await_number(&in_time.back, 1);
    assert_int_equal(late.how, TRANSFER_LATE);
    assert_int_equal(in_time.status, 204);
    transfers_stop(ts);
}

/* What is under way has the time that is left to it; nothing begins any more. */
static void cut_leaves_what_is_under_way_its_grace(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most_place = 1 });
    struct errand goes = { .port = server.port, .again = 1 }, waits = { .port = server.port };
    struct errand late = { .port = holes[0] };

    (void)state;
    server_answers(EMPTY, 0);
    post(ts, &goes);
    post(ts, &waits);
    await_number(&server.asked, 1);
    transfers_cut(ts, days(1));
    await_number(&waits.back, 1);
    assert_int_equal(waits.how, TRANSFER_UNBEGUN);
    post(ts, &late);
    await_number(&late.back, 1);
    assert_int_equal(late.how, TRANSFER_UNBEGUN);
    assert_int_equal(late.came, 0);
    assert_int_equal(number_now(&goes.back), 0);
    count_up(&server.allowed);
    transfers_stop(ts);
    assert_int_equal(goes.judged, 1);
    assert_int_equal(goes.status, 204);
    assert_int_equal(goes.how, TRANSFER_UNBEGUN); /* the second time, when it was put again */
    assert_int_equal(begun, 1);
}

static void cut_ends_with_the_grace(void **state)
{
    struct transfers *ts = start((struct turns_options){ 0 });
    struct errand e = { .port = holes[0] };

    (void)state;
    post(ts, &e);
    await_number(&begun, 1);
    transfers_cut(ts, milliseconds(50));
    transfers_cut(ts, days(1)); /* too late to say so */
    await_number(&e.back, 1);
    assert_int_equal(e.how, TRANSFER_CUT);
    transfers_stop(ts);
}

static void over_may_be_put_again(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most = 1 });
    struct errand e = { .port = server.port, .again = 2 };

    (void)state;
    post(ts, &e);
    await_number(&e.back, 1);
    transfers_stop(ts);
    assert_int_equal(e.judged, 3);
    assert_int_equal(begun, 3);
    assert_int_equal(e.how, TRANSFER_ENDED);
}

/* Whoever is told of the end may post the next, which is told so as well. */
static void stop_comes_back_after_the_last_that_was_posted(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most = 1 });
    struct errand third = { .port = holes[0] };
    struct errand second = { .port = holes[0], .then = &third };
    struct errand first = { .port = holes[0], .then = &second };

    (void)state;
    second.loop = third.loop = ts;
    post(ts, &first);
    await_number(&begun, 1);
    transfers_stop(ts);
    assert_int_equal(first.how, TRANSFER_CUT);
    assert_int_equal(second.how, TRANSFER_UNBEGUN);
    assert_int_equal(third.how, TRANSFER_UNBEGUN);
    assert_int_equal(third.back, 1);
}

static void every_connection_is_under_guard(void **state)
{
    struct transfers *ts = start_under(&to_public, (struct turns_options){ 0 });
    struct errand e = { .port = server.port };

    (void)state;
    post(ts, &e);
    await_number(&e.back, 1);
    assert_true(e.refused);
    assert_int_equal(e.status, 0);
    assert_int_equal(number_now(&server.asked), 0);
    transfers_stop(ts);
}

static void interim_answer_is_not_the_answer(void **state)
{
    struct transfers *ts = start((struct turns_options){ 0 });
    struct errand e = { .port = server.port };

    (void)state;
    server_answers("HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"
                   "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                   INT32_MAX);
    post(ts, &e);
    await_number(&e.back, 1);
    assert_int_equal(e.status, 404);
    assert_int_equal(e.heads, 1);
    transfers_stop(ts);
}

enum { THREADS = 4, EACH = 50 };

struct crowd {
    struct transfers *loop;
    struct errand errands[EACH];
};

static void *crowd_post(void *data)
{
    struct crowd *c = data;

    for (size_t i = 0; i < EACH; i++) {
        c->errands[i].port = server.port;
        post(c->loop, &c->errands[i]);
    }
    return NULL;
}

static void threads_may_post_together(void **state)
{
    struct transfers *ts = start((struct turns_options){ .most = 8 });
    static struct crowd crowds[THREADS];
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i].loop = ts;
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_post, &crowds[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (size_t k = 0; k < EACH; k++)
            await_number(&crowds[i].errands[k].back, 1);
        assert_int_equal(count_of(crowds[i].errands, EACH, TRANSFER_ENDED), EACH);
    }
    transfers_stop(ts);
    assert_int_equal(begun, THREADS * EACH);
}

static void nothing_is_stopped_where_nothing_was_started(void **state)
{
    (void)state;
    transfers_stop(NULL);
    transfers_stop(start((struct turns_options){ 0 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_judged_and_then_it_is_over),
        cmocka_unit_test(turns_go_by_account_and_by_place),
        cmocka_unit_test(too_many_that_wait_are_not_taken),
        cmocka_unit_test(whose_turn_does_not_come_is_late),
        cmocka_unit_test(slow_ones_are_told_of),
        cmocka_unit_test(time_that_has_passed_is_one_chance),
        cmocka_unit_test(cut_leaves_what_is_under_way_its_grace),
        cmocka_unit_test(cut_ends_with_the_grace),
        cmocka_unit_test(over_may_be_put_again),
        cmocka_unit_test(stop_comes_back_after_the_last_that_was_posted),
        cmocka_unit_test(every_connection_is_under_guard),
        cmocka_unit_test(interim_answer_is_not_the_answer),
        cmocka_unit_test(threads_may_post_together),
        cmocka_unit_test(nothing_is_stopped_where_nothing_was_started),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
