#include "ledger/transparency.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>

static struct arena arena;
static struct fault f;

#include "ledger/log_list_rig.h"

static struct policy policy;

/* As policy/rules/transparency.json has them, in short. */
static Rule *rule_of(const char *parameter, const char *value, const char *from, const char *until)
{
    Rule *r = arena_new(&arena, Rule);
    Instant *begin = arena_new(&arena, Instant), *end = arena_new(&arena, Instant);

    rule__init(r);
    instant__init(begin);
    instant__init(end);
    r->scope = arena_strdup(&arena, "TLS");
    r->level = arena_strdup(&arena, "M");
    r->parameter = arena_strdup(&arena, parameter);
    r->value = arena_strdup(&arena, value);
    begin->us = day(from).us;
    r->from = begin;
    end->us = until ? day(until).us : 0;
    r->until = until ? end : NULL;
    return r;
}

static const char *shard(const char *name, const char *from, const char *till)
{
    return log_of(name, new_key("P-256"),
                  arena_format(&arena,
                               "%s,\"temporal_interval\":{\"start_inclusive\":\"%sT00:00:00Z\","
                               "\"end_exclusive\":\"%sT00:00:00Z\"}",
                               state_of("usable", "2024-01-01T00:00:00Z"), from, till));
}

static const char *in_state(const char *name, const char *state, const char *since)
{
    return log_of(name, new_key("P-256"), state_of(state, since));
}

static int start(void **state)
{
    const Rule **rules;

    (void)state;
    arena_init(&arena);
    rules = arena_array(&arena, const Rule *, 5);
    rules[0] = rule_of("ct.operators", "2", "2022-04-15", NULL);
    rules[1] = rule_of("ct.rfc6962", "1", "2025-04-21", NULL);
    rules[2] = rule_of("ct.scts.gt180", "3", "2022-04-15", NULL);
    rules[3] = rule_of("ct.scts.le180", "2", "2022-04-15", "2030-01-01");
    rules[4] = rule_of("ct.scts.le180", "many", "2030-01-01", NULL);
    policy = (struct policy){ .rules = rules, .rule_count = 5, .lists_logs = true };
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void list_logs(const char *logs, const char *tiled)
{
    if (!read_list(list_of(operator_of("G", logs, tiled)), &policy.logs, &policy.log_count))
        fail_msg("%s %s", f.field, f.detail);
}

/* ---- whether */

static void product_list_and_order_decide(void **state)
{
    static const struct {
        bool has, transparency, listed, disabled, wanted;
    } rows[] = {
        { true, true, true, false, true },    { true, true, true, true, false },
        { true, true, false, false, false },  { true, false, true, false, false },
        { false, false, true, false, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Product product = PRODUCT__INIT;
        product.has_transparency = rows[i].has;
        product.transparency = rows[i].transparency;
        policy.lists_logs = rows[i].listed;
        assert_int_equal(ct_wanted(&policy, &product, rows[i].disabled), rows[i].wanted);
    }
}

/* ---- how many */

static void a_lifetime_asks_for_so_many(void **state)
{
    const struct instant from = day("2026-03-01"), now = day("2026-03-01");
    const struct {
        int64_t seconds;
        unsigned scts;
    } rows[] = {
        { 3600, 2 },
        { 90 * 86400 - 1, 2 },
        { 179 * 86400, 2 },
        { 180 * 86400 - 2, 2 },
        { 180 * 86400 - 1, 2 }, /* both ends: 180 days */
        { 180 * 86400, 3 },
        { 199 * 86400 - 1, 3 },
        { 398 * 86400, 3 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ct_need need;
        assert_true(ct_needed(&policy, "TLS", from, instant_add(from, seconds(rows[i].seconds)),
                              now, &need, &f));
        if (need.scts != rows[i].scts)
            fail_msg("%u for %lld s", need.scts, (long long)rows[i].seconds);
        assert_int_equal(need.operators, 2);
        assert_int_equal(need.rfc6962, 1);
    }
}

static void the_day_of_signing_decides(void **state)
{
    static const struct {
        const char *now, *scope;
        bool ok;
        unsigned rfc6962;
    } rows[] = {
        { "2022-04-14T23:59:59Z", "TLS", false, 0 }, { "2022-04-15", "TLS", true, 0 },
        { "2025-04-20T23:59:59Z", "TLS", true, 0 },  { "2025-04-21", "TLS", true, 1 },
        { "2029-12-31T23:59:59Z", "TLS", true, 1 },  { "2030-01-01", "TLS", false, 1 },
        { "2026-01-01", "PRIV", false, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct instant now = day(rows[i].now);
        struct ct_need need;
        struct fault fault = { 0 };
        bool ok =
            ct_needed(&policy, rows[i].scope, now, instant_add(now, days(90)), now, &need, &fault);
        assert_int_equal(ok, rows[i].ok);
        assert_int_equal(fault.code, ok ? FAULT_NONE : FAULT_UNAVAILABLE);
        assert_int_equal(need.rfc6962, rows[i].rfc6962);
        assert_int_equal(need.scts, ok ? 2 : 0);
    }
}

/* ---- which */

static const char *names_of(const char *not_after, const char *now)
{
    const struct ct_log *logs[8];
    size_t count = ct_logs(&policy, day(not_after), day(now), logs, 8);
    struct text t;

    text_init(&t, &arena);
    for (size_t i = 0; i < count; i++)
        text_format(&t, "%s%s", i ? " " : "", logs[i]->description);
    return t.data;
}

static void a_shard_takes_what_ends_in_it(void **state)
{
    static const struct {
        const char *not_after, *logs;
    } rows[] = {
        { "2025-12-31T23:59:59Z", "" },         { "2026-01-01", "h1 tiled" },
        { "2026-06-30T23:59:59Z", "h1 tiled" }, { "2026-07-01", "h2 tiled" },
        { "2026-12-31T23:59:59Z", "h2 tiled" }, { "2027-01-01", "" },
    };

    (void)state;
    list_logs(arena_format(&arena, "%s,%s", shard("h1", "2026-01-01", "2026-07-01"),
                           shard("h2", "2026-07-01", "2027-01-01")),
              shard("tiled", "2026-01-01", "2027-01-01"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(names_of(rows[i].not_after, "2025-12-01"), rows[i].logs);
    const struct ct_log *one[1];
    assert_int_equal(ct_logs(&policy, day("2026-02-01"), day("2025-12-01"), one, 1), 1);
}

static void list_all_states(void)
{
    const char *since = "2026-03-01T00:00:00Z";

    list_logs(
        arena_format(&arena, "%s,%s,%s,%s,%s,%s,%s", in_state("pending", "pending", since),
                     in_state("qualified", "qualified", since), in_state("usable", "usable", since),
                     in_state("readonly", "readonly", since), in_state("retired", "retired", since),
                     in_state("rejected", "rejected", since),
                     log_of("stateless", new_key("P-256"), "")),
        "");
}

static void only_a_usable_log_is_asked(void **state)
{
    (void)state;
    list_all_states();
    assert_string_equal(names_of("2026-12-01", "2026-03-01"), "usable");
    assert_string_equal(names_of("2026-12-01", "2029-03-01"), "usable");
    assert_string_equal(names_of("2026-12-01", "2026-02-28T23:59:59Z"), "readonly retired");
}

/* What it said while it was usable counts on; of a log that is retired nothing does any more. */
static void what_a_log_said_counts_by_its_state(void **state)
{
    static const struct {
        const char *log, *at, *now;
        bool counts;
    } rows[] = {
        { "pending", "2026-03-02", "2026-03-02", false },
        { "qualified", "2026-03-02", "2026-03-02", false },
        { "rejected", "2026-02-02", "2026-03-02", false },
        { "stateless", "2026-03-02", "2026-03-02", false },
        { "usable", "2026-02-28T23:59:59Z", "2026-03-02", false },
        { "usable", "2026-03-01", "2026-03-01", true },
        { "usable", "2026-03-01T00:00:05Z", "2026-03-01", true }, /* as far as clocks differ */
        { "usable", "2026-03-01T00:00:06Z", "2026-03-01", false },
        { "usable", "2026-03-02", "2027-03-01", true },
        { "readonly", "2026-02-28T23:59:59Z", "2026-03-02", true },
        { "readonly", "2026-03-01", "2026-03-02", false },
        { "retired", "2026-02-28T23:59:58Z", "2026-02-28T23:59:59Z", true },
        { "retired", "2026-02-28T23:59:59Z", "2026-03-01", false },
        { "retired", "2026-03-01", "2026-03-02", false },
    };

    (void)state;
    list_all_states();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = 0;
        while (strcmp(policy.logs[n].description, rows[i].log) != 0)
            n++;
        if (ct_log_counts(&policy.logs[n], day(rows[i].at), day(rows[i].now)) != rows[i].counts)
            fail_msg("%s at %s on %s", rows[i].log, rows[i].at, rows[i].now);
    }
}

static void a_log_is_found_by_its_id(void **state)
{
    uint8_t id[SCT_LOG_ID_SIZE] = { 0 };

    (void)state;
    list_all_states();
    for (size_t i = 0; i < policy.log_count; i++)
        assert_ptr_equal(ct_log_find(&policy, policy.logs[i].id), &policy.logs[i]);
    assert_null(ct_log_find(&policy, (struct bytes){ id, sizeof id }));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(product_list_and_order_decide), TEST(a_lifetime_asks_for_so_many),
        TEST(the_day_of_signing_decides),    TEST(a_shard_takes_what_ends_in_it),
        TEST(only_a_usable_log_is_asked),    TEST(what_a_log_said_counts_by_its_state),
        TEST(a_log_is_found_by_its_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
