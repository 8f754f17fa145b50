/* What many requests do to each other. */
#include "sender_rig.h"

static int times_of(const struct sent *sent, size_t count)
{
    int times = 0;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        times += sent[i].times;
    pthread_mutex_unlock(&lock);
    return times;
}

static int outcomes_of(const struct sent *sent, size_t count, enum post_outcome outcome)
{
    int found = 0;

    for (size_t i = 0; i < count; i++)
        found += sent[i].times == 1 && sent[i].result.outcome == outcome;
    return found;
}

/* Many for a host that never answers, then some for another: these all go out while none of those
 * has come back, and the stop calls each of those back once. */
static void black_hole_starves_nobody(void **state)
{
    struct sender *s =
        start((struct sender_options){ .timeout = days(1), .in_flight = 10, .per_account = 100 });
    static struct sent lost[50], good[20];
    char url[URL_SIZE];

    (void)state;
    url_of(url, HOLE, hole_port, "/");
    for (size_t i = 0; i < COUNT(lost); i++)
        post(s, &lost[i], url);
    url_of(url, SINK, sink.port, "/beside");
    for (size_t i = 0; i < COUNT(good); i++)
        post(s, &good[i], url);
    for (size_t i = 0; i < COUNT(good); i++)
        await_number(&good[i].times, 1);
    assert_int_equal(outcomes_of(good, COUNT(good), POST_ANSWERED), COUNT(good));
    assert_int_equal(times_of(lost, COUNT(lost)), 0);
    assert_int_equal(sender_room(s), 0);
    stop(s);
    assert_int_equal(outcomes_of(lost, COUNT(lost), POST_STOPPED), COUNT(lost));
    assert_int_equal(times_of(good, COUNT(good)), COUNT(good));
}

static void queue_of_a_host_is_bounded(void **state)
{
    struct sender *s = start((struct sender_options){ .timeout = days(1),
                                                      .in_flight = 10,
                                                      .per_account = 10,
                                                      .per_host = 1,
                                                      .waiting_per_host = 2 });
    static struct sent sent[5];
    char url[URL_SIZE];

    (void)state;
    url_of(url, HOLE, hole_port, "/");
    for (size_t i = 0; i < COUNT(sent); i++)
        post(s, &sent[i], url);
    await_number(&sent[3].times, 1);
    await_number(&sent[4].times, 1);
    assert_int_equal(outcomes_of(sent, COUNT(sent), POST_BUSY), 2);
    assert_int_equal(sent[4].result.sent.us, 0);
    assert_int_equal(sender_room(s), 10 - 3);
    stop(s);
    assert_int_equal(outcomes_of(sent, COUNT(sent), POST_STOPPED), 3);
}

/* Somebody waits for the answer: what stands behind others is given back while there is time to say so,
 * and what need not wait goes, however little time there is. */
static void what_comes_too_late_is_not_sent(void **state)
{
    struct sender *s = start((struct sender_options){ .timeout = days(1), .per_host = 1 });
    struct post in = { .body = BYTES_OF("{}"), .answer_by = tick_after(patience()) };
    static struct sent first, patient, late, free_way;
    char hole[URL_SIZE], url[URL_SIZE];

    (void)state;
    post(s, &first, url_of(hole, HOLE, hole_port, "/"));
    post(s, &patient, hole);
    in.url = hole;
    sender_post(s, &in, on_done, &late);
    await_number(&late.times, 1);
    assert_int_equal(late.result.outcome, POST_BUSY);
    assert_int_equal(late.result.sent.us, 0);
    in.url = url_of(url, SINK, sink.port, "/at-once");
    sender_post(s, &in, on_done, &free_way);
    await_number(&free_way.times, 1);
    assert_int_equal(free_way.result.status, 200);
    assert_int_equal(times_of(&first, 1) + times_of(&patient, 1), 0);
    stop(s);
    assert_int_equal(patient.result.outcome, POST_STOPPED);
}

/* An account with many hosts that never answer has its share of the sender, and not all of it: the rest
 * is told so at once, and another account's go out while none of the first has come back. */
static void one_account_starves_nobody(void **state)
{
    enum { HOSTS = 6, SHARE = 4, IN_FLIGHT = 8 };
    struct sender *s = start((struct sender_options){
        .timeout = days(1), .in_flight = IN_FLIGHT, .per_account = SHARE, .per_host = 2 });
    static struct sent lost[2 * HOSTS], good[SHARE];
    char url[URL_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(lost); i += 2) {
        int port = 0;

        assert_true(hole_open(true, &port));
        post_for(s, 1, &lost[i], url_of(url, HOLE, port, "/"));
        post_for(s, 1, &lost[i + 1], url);
    }
    for (size_t i = SHARE; i < COUNT(lost); i++)
        await_number(&lost[i].times, 1);
    assert_int_equal(outcomes_of(lost, COUNT(lost), POST_SHARE), COUNT(lost) - SHARE);
    assert_int_equal(sender_room(s), IN_FLIGHT - SHARE);
    for (size_t i = 0; i < COUNT(good); i++)
        post_for(s, 2, &good[i], url_of(url, SINK, sink.port, "/fair"));
    for (size_t i = 0; i < COUNT(good); i++)
        await_number(&good[i].times, 1);
    assert_int_equal(outcomes_of(good, COUNT(good), POST_ANSWERED), COUNT(good));
    assert_int_equal(times_of(lost, SHARE), 0);
    stop(s);
}

struct chain {
    struct sender *sender;
    const char *url;
    int left;
    int ended;
};

static void chain_next(const struct post_result *result, void *context)
{
    struct chain *c = context;

    if (result->status == 200 && --c->left > 0) {
        sender_post(c->sender, &(struct post){ c->url, NULL, BYTES_OF("{}") }, chain_next, c);
        return;
    }
    pthread_mutex_lock(&lock);
    c->ended = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void call_back_may_post(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];
    struct chain c = { s, url_of(url, SINK, sink.port, "/chain"), 3, 0 };

    (void)state;
    sender_post(s, &(struct post){ c.url, NULL, BYTES_OF("") }, chain_next, &c);
    await_number(&c.ended, 1);
    assert_int_equal(c.left, 0);
    assert_int_equal(log_lines("/chain"), 3);
    stop(s);
}

enum { THREADS = 4 };

struct crowd {
    struct sender *sender;
    struct sent sent[25];
};

static void *crowd_post(void *data)
{
    struct crowd *c = data;
    char url[URL_SIZE];

    url_of(url, SINK, sink.port, "/crowd");
    for (size_t i = 0; i < COUNT(c->sent); i++)
        post(c->sender, &c->sent[i], url);
    return NULL;
}

static void threads_may_post_together(void **state)
{
    static struct crowd crowds[THREADS];
    struct sender *s =
        start((struct sender_options){ .per_account = 100, .waiting_per_host = 100 });
    pthread_t threads[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        crowds[i].sender = s;
        assert_int_equal(pthread_create(&threads[i], NULL, crowd_post, &crowds[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        for (size_t j = 0; j < COUNT(crowds[i].sent); j++)
            await_number(&crowds[i].sent[j].times, 1);
        assert_int_equal(outcomes_of(crowds[i].sent, COUNT(crowds[i].sent), POST_ANSWERED),
                         COUNT(crowds[i].sent));
    }
    assert_int_equal(log_lines("/crowd"), THREADS * COUNT(crowds[0].sent));
    assert_int_equal(sender_room(s), 200);
    stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(black_hole_starves_nobody),
        cmocka_unit_test(queue_of_a_host_is_bounded),
        cmocka_unit_test(what_comes_too_late_is_not_sent),
        cmocka_unit_test(one_account_starves_nobody),
        cmocka_unit_test(call_back_may_post),
        cmocka_unit_test(threads_may_post_together),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
