/* How a log fares: when it rests, for how long, and who may ask it then. */
#include "ct_health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "service/metrics.h"
#include "testing/patience.h"

static const uint8_t ids[2][SCT_LOG_ID_SIZE] = { "oak", "fig" };
static const struct ct_log oak = { .description = "Oak \"2026\"",
                                   .id = { ids[0], SCT_LOG_ID_SIZE } };
static const struct ct_log fig = { .description = "Oak \"2026\"",
                                   .id = { ids[1], SCT_LOG_ID_SIZE } };
static struct ct_failure why;

static bool may(struct ct_asked *asked)
{
    return ct_health_ask(asked, &oak, false, &why);
}

static void end(const struct ct_asked *asked, enum ct_outcome outcome)
{
    ct_health_ended(asked, outcome, "it answers 503", milliseconds(20), (struct instant){ 0 });
}

/* Until when it rests, which is after so long and before twice that. */
static struct instant assert_rests(struct duration least)
{
    struct ct_asked one;
    int64_t rest;

    assert_false(may(&one));
    rest = instant_since(why.rests_till, why.at).us;
    assert_in_range(rest, least.us, 2 * least.us);
    return why.rests_till;
}

static void a_rest_grows_and_one_finds_out(void **state)
{
    struct ct_asked first, second, other;
    struct instant till;

    (void)state;
    assert_true(may(&first) && may(&second));
    end(&first, CT_BROKEN);
    till = assert_rests(seconds(1));
    assert_string_equal(why.reason, "it answers 503");
    end(&second, CT_BROKEN); /* it was asked before: nothing new */
    assert_false(may(&other));
    assert_int_equal(why.rests_till.us, till.us);
    await_that(may(&first));
    assert_false(may(&other)); /* one at a time */
    end(&first, CT_BROKEN);
    assert_rests(seconds(5));
}

static void a_promise_forgives(void **state)
{
    struct ct_asked first, second;

    (void)state;
    assert_true(may(&first));
    end(&first, CT_LATE);
    await_that(may(&first));
    end(&first, CT_PROMISED);
    assert_true(may(&first) && may(&second));
    end(&first, CT_BROKEN);
    assert_rests(seconds(1));
    end(&second, CT_PROMISED); /* of before the rest */
    assert_false(may(&second));
}

/* It may be the fault of one certificate. */
static void what_is_refused_is_forgiven_twice(void **state)
{
    struct ct_asked one;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(may(&one));
        end(&one, i ? CT_WRONG : CT_REFUSED);
    }
    assert_true(may(&one));
    end(&one, CT_REFUSED);
    assert_false(may(&one));
}

static void what_is_ours_is_no_failure(void **state)
{
    struct ct_asked one;

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_true(may(&one));
        end(&one, i % 2 ? CT_BUSY : CT_STOPPED);
    }
    assert_true(may(&one));
}

static void it_is_counted_by_log(void **state)
{
    struct ct_asked one;
    struct arena a;
    struct text t;

    (void)state;
    arena_init(&a);
    text_init(&t, &a);
    assert_true(may(&one));
    ct_health_slow(&one);
    end(&one, CT_BROKEN);
    assert_true(ct_health_ask(&one, &fig, false, &why));
    end(&one, CT_PROMISED);
    metrics_write(&t);
    assert_non_null(
        strstr(t.data, "\nchancery_ct_submissions_total{log=\"Oak _2026_\",outcome=\"slow\"} 1\n"));
    assert_non_null(strstr(
        t.data, "\nchancery_ct_submissions_total{log=\"Oak _2026_\",outcome=\"broken\"} 1\n"));
    assert_non_null(strstr(
        t.data, "\nchancery_ct_submissions_total{log=\"Oak _2026_ 1\",outcome=\"promised\"} 1\n"));
    assert_non_null(strstr(t.data, "\nchancery_ct_milliseconds_total{log=\"Oak _2026_\"} 20\n"));
    assert_non_null(strstr(t.data, "\nchancery_ct_log_rests{log=\"Oak _2026_\"} 1\n"));
    assert_non_null(strstr(t.data, "\nchancery_ct_log_rests{log=\"Oak _2026_ 1\"} 0\n"));
    arena_free(&a);
}

static int open_it(void **state)
{
    (void)state;
    ct_health_open();
    return 0;
}

static int close_it(void **state)
{
    (void)state;
    ct_health_close();
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_it, close_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_rest_grows_and_one_finds_out),
        CASE(a_promise_forgives),
        CASE(what_is_refused_is_forgiven_twice),
        CASE(what_is_ours_is_no_failure),
        CASE(it_is_counted_by_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
