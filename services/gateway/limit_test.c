#include "http_toy.h"
#include "limit.h"
#include "service/metrics.h"

/* A Redis of the test: two buckets that never gain. */
struct shelf {
    atomic_int burst, sustained, trips;
    atomic_bool down;
};

static bool lease_shelf(void *context, const char *bucket, double rate, int burst, int want,
                        int *granted)
{
    struct shelf *shelf = context;
    atomic_int *left = strncmp(bucket, "limit:burst:", 12) == 0 ? &shelf->burst : &shelf->sustained;
    assert_true(rate > 0 && burst > 0);
    assert_non_null(strstr(bucket, ":61"));
    atomic_fetch_add(&shelf->trips, 1);
    if (atomic_load(&shelf->down))
        return false;
    int had = atomic_load(left);
    do
        *granted = had < want ? had : want;
    while (!atomic_compare_exchange_weak(left, &had, had - *granted));
    return true;
}

static bool admit(struct call *call, const struct route *route, void *limits)
{
    (void)route;
    call->actor.api_key_id = 61;
    return limit_take(limits, call->actor.api_key_id, call);
}

struct house {
    struct limits *limits;
    struct route_family families[2];
    struct http *http;
};

/* Windows so long that nothing is gained while a test runs. */
static void open_house(struct house *h, struct shelf *shelf, int burst, int sustained)
{
    struct fault f = { 0 };
    const struct limit_options options = {
        .windows = { { "burst", burst, seconds(100000) },
                     { "sustained", sustained, seconds(1000000) } },
        .redis = { "" },
        .lease = shelf ? lease_shelf : NULL,
        .context = shelf,
    };
    h->limits = limits_new(&options, &f);
    h->families[0] = (struct route_family){
        .base = "/v2", .tables = toy_tables, .admit = admit, .context = h->limits
    };
    h->families[1] = (struct route_family){ 0 };
    struct http_options o = toy_options();
    o.doors[0].listen = "127.0.0.1:0";
    o.doors[0].families = h->families;
    h->http = http_start(&o, &f);
    assert_non_null(h->http);
}

static void close_house(struct house *h)
{
    toy_stop(h->http);
    limits_free(h->limits);
}

static int count_passed(struct house *h, int requests)
{
    int passed = 0;
    for (int i = 0; i < requests; i++) {
        struct arena a;
        arena_init(&a);
        int status = status_of(exchange(h->http, &a, "GET /v2/toy", "", NULL));
        assert_true(status == 200 || status == 429);
        passed += status == 200;
        arena_free(&a);
    }
    return passed;
}

/* Which window is smaller does not matter; leases come in tens. */
static void the_smaller_window_limits(void **state)
{
    static const int sizes[][3] = {
        { 25, 100, 25 }, { 100, 25, 25 }, { 7, 100, 7 }, { 100, 3, 3 }
    };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct house h;
        struct shelf shelf = { .burst = sizes[i][0], .sustained = sizes[i][1] };
        open_house(&h, &shelf, sizes[i][0], sizes[i][1]);
        assert_int_equal(count_passed(&h, 40), sizes[i][2]);
        assert_in_range(atomic_load(&shelf.trips), 2, 10); /* an empty bucket is not asked again */
        close_house(&h);
    }
}

static void without_redis_a_quarter_is_left(void **state)
{
    struct house h;
    (void)state;
    open_house(&h, NULL, 40, 1000);
    assert_int_equal(count_passed(&h, 30), 10);
    close_house(&h);
    struct shelf shelf = { .burst = 100, .sustained = 100, .down = true };
    open_house(&h, &shelf, 100, 20);
    assert_int_equal(count_passed(&h, 30), 5);
    close_house(&h);
}

/* What is in hand is used first; then Redis is asked again each time, which is cheap (cache.h). */
static void an_outage_begins_and_ends(void **state)
{
    struct house h;
    struct shelf shelf = { .burst = 100, .sustained = 100 };
    (void)state;
    open_house(&h, &shelf, 8, 8);
    assert_int_equal(count_passed(&h, 1), 1);
    atomic_store(&shelf.down, true);
    assert_int_equal(count_passed(&h, 20), 9 + 2);
    atomic_store(&shelf.down, false);
    assert_int_equal(count_passed(&h, 5), 5);
    close_house(&h);
}

static void a_refusal_says_when_to_come_back(void **state)
{
    struct house h;
    struct arena a;
    struct shelf shelf = { .burst = 0, .sustained = 100 };
    (void)state;
    arena_init(&a);
    open_house(&h, &shelf, 50000, 50000);
    char *answer = exchange(h.http, &a, "GET /v2/toy", "", NULL);
    assert_int_equal(status_of(answer), 429);
    assert_non_null(strstr(answer, "Retry-After: 2\r\n"));
    assert_non_null(strstr(answer, "RateLimit: \"burst\";r=0;t=2\r\n"));
    assert_non_null(strstr(answer, "RateLimit-Policy: \"burst\";q=50000;w=100000, "
                                   "\"sustained\";q=50000;w=1000000\r\n"));
    assert_string_equal(body_of(answer),
                        "{\"errors\":[{\"code\":\"request_limit_exceeded\",\"message\":\"Service "
                        "unavailable, please limit request volume\"}]}");
    close_house(&h);
    arena_free(&a);
}

static void no_limit_is_no_limit(void **state)
{
    struct house h;
    (void)state;
    open_house(&h, NULL, 0, 0);
    assert_int_equal(count_passed(&h, 20), 20);
    close_house(&h);
}

/* Threads that take each other's tokens were refused although there were plenty. */
static void *take_many(void *limits)
{
    bool refused = false;
    for (int i = 0; i < 20000; i++) {
        struct call call = { 0 };
        refused |= !limit_take(limits, 61, &call); /* a refusal would look for a door */
    }
    return refused ? limits : NULL;
}

static void many_threads_share_what_there_is(void **state)
{
    struct fault f = { 0 };
    struct shelf shelf = { .burst = 1000000, .sustained = 1000000 };
    const struct limit_options options = {
        .windows = { { "burst", 1000000, seconds(1000) }, { "sustained", 1000000, seconds(1000) } },
        .redis = { "" },
        .lease = lease_shelf,
        .context = &shelf,
    };
    struct limits *limits = limits_new(&options, &f);
    pthread_t threads[8];
    void *refused;
    (void)state;
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, take_many, limits);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], &refused);
        assert_null(refused);
    }
    /* Nothing is lost beside what is in hand. */
    assert_in_range(1000000 - atomic_load(&shelf.burst), 160000, 160000 + 8 * 10);
    limits_free(limits);
}

/* ---- addresses */

struct ledger {
    int grant; /* tokens of each lease */
    int trips;
    char last[64]; /* the bucket that was asked for */
};

static bool lease_ledger(void *context, const char *bucket, double rate, int burst, int want,
                         int *granted)
{
    struct ledger *l = context;
    (void)rate, (void)burst, (void)want;
    snprintf(l->last, sizeof l->last, "%s", bucket);
    l->trips++;
    *granted = l->grant;
    return true;
}

/* One window, so that each lease is one trip. */
static struct limits *limits_by(struct ledger *ledger)
{
    struct fault f = { 0 };
    const struct limit_options options = { .windows = { { "pages", 10, seconds(1000) } },
                                           .redis = { "" },
                                           .lease = lease_ledger,
                                           .context = ledger };
    return limits_new(&options, &f);
}

static void take_from(struct limits *limits, const char *ip)
{
    struct call call = { 0 };
    snprintf(call.actor.ip, sizeof call.actor.ip, "%s", ip);
    assert_true(limit_by_address(limits, &call));
}

static void hosts_and_networks_are_counted(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } rows[] = {
        { "192.0.2.1", "192.0.2.1", true },
        { "192.0.2.1", "192.0.2.2", false },
        { "192.0.2.1", "::ffff:192.0.2.1", true },
        { "2001:db8::1", "2001:db8::ffff:0:1", true },
        { "2001:db8::1", "2001:db8:0:1::1", false },
        { "2001:db8::1", "32.1.13.184", false }, /* the same bits */
        { "192.0.2.1", "", false },
    };
    struct ledger ledger = { .grant = 1 };
    struct limits *limits = limits_by(&ledger);
    char one[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take_from(limits, rows[i].one);
        memcpy(one, ledger.last, sizeof one);
        take_from(limits, rows[i].other);
        if ((strcmp(one, ledger.last) == 0) != rows[i].same)
            fail_msg("%s %s", rows[i].one, rows[i].other);
    }
    limits_free(limits);
}

/* A house full of them has places of their own, where what they have in hand stays. */
static void neighbours_do_not_push_each_other_out(void **state)
{
    struct ledger ledger = { .grant = 10 };
    struct limits *limits = limits_by(&ledger);
    char ip[46];
    (void)state;
    for (int i = 0; i < 512; i++) {
        snprintf(ip, sizeof ip, i % 2 ? "10.1.2.%d" : "2001:db8:7:%d::1", i / 2 % 256);
        take_from(limits, ip);
    }
    assert_int_equal(ledger.trips, 512);
    for (int i = 0; i < 512; i++) {
        snprintf(ip, sizeof ip, i % 2 ? "10.1.2.%d" : "2001:db8:7:%d::1", i / 2 % 256);
        take_from(limits, ip);
    }
    assert_int_equal(ledger.trips, 512);
    limits_free(limits);
}

static void what_is_returned_can_be_taken_again(void **state)
{
    struct ledger ledger = { .grant = 1 };
    struct limits *limits = limits_by(&ledger);
    struct call call = { .actor.ip = "192.0.2.1" };
    (void)state;
    assert_true(limit_by_address(limits, &call));
    limit_return_address(limits, &call);
    assert_true(limit_by_address(limits, &call));
    assert_int_equal(ledger.trips, 1);
    limits_free(limits);
}

static void a_bad_url_is_a_fault(void **state)
{
    struct fault f = { 0 };
    const struct limit_options options = { LIMIT_DEFAULTS, .redis = { "http://x" } };
    (void)state;
    assert_null(limits_new(&options, &f));
    assert_int_not_equal(f.code, FAULT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smaller_window_limits),
        cmocka_unit_test(without_redis_a_quarter_is_left),
        cmocka_unit_test(an_outage_begins_and_ends),
        cmocka_unit_test(a_refusal_says_when_to_come_back),
        cmocka_unit_test(no_limit_is_no_limit),
        cmocka_unit_test(many_threads_share_what_there_is),
        cmocka_unit_test(hosts_and_networks_are_counted),
        cmocka_unit_test(neighbours_do_not_push_each_other_out),
        cmocka_unit_test(what_is_returned_can_be_taken_again),
        cmocka_unit_test(a_bad_url_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
