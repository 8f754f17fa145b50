#include "ledger/log_list.h"

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

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const struct instant never = { INT64_MAX }, ever_before = { INT64_MIN };

static const char *usable(void)
{
    return state_of("usable", "2024-01-01T00:00:00Z");
}

static const struct ct_log *read_one(const char *members)
{
    return must_read(list_of(operator_of("G", log_of("argon", new_key("P-256"), members), "")), 1);
}

static void an_empty_list_has_no_log(void **state)
{
    static const char *const lists[] = { "{}", "{\"operators\":[]}",
                                         "{\"operators\":[{\"name\":\"G\",\"logs\":[]}]}" };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct ct_log *logs;
        size_t count = 9;
        assert_true(read_list(lists[i], &logs, &count));
        assert_int_equal(count, 0);
    }
}

static void a_log_is_read_as_it_is_written(void **state)
{
    struct bytes key = new_key("P-256");
    const char *members = ",\"state\":{\"usable\":{\"timestamp\":\"2023-11-26T12:00:00Z\"}},"
                          "\"temporal_interval\":{\"start_inclusive\":\"2025-12-20T00:00:00Z\","
                          "\"end_exclusive\":\"2026-07-20T00:00:00Z\"}";
    const struct ct_log *log =
        must_read(list_of(operator_of("Let's Encrypt", log_of("oak", key, members), "")), 1);

    (void)state;
    assert_string_equal(log->operator_name, "Let's Encrypt");
    assert_string_equal(log->description, "oak");
    assert_string_equal(log->url, "https://oak.example/log/");
    assert_false(log->tiled);
    assert_true(bytes_equal(log->key, key));
    assert_string_equal(base64(log->id), id_of(key));
    assert_true(log->usable_from.us == day("2023-11-26T12:00:00Z").us);
    assert_true(log->usable_till.us == never.us && log->retired_at.us == never.us);
    assert_true(log->expiry_from.us == day("2025-12-20").us);
    assert_true(log->expiry_till.us == day("2026-07-20").us);
}

static void a_log_without_interval_takes_all(void **state)
{
    const struct ct_log *log = read_one(usable());

    (void)state;
    assert_true(log->expiry_from.us == ever_before.us && log->expiry_till.us == never.us);
}

/* What browsers say of a log, as the times when it is used. */
static void states_are_times(void **state)
{
    const struct instant then = day("2024-01-01");
    const struct {
        const char *state;
        struct instant from, till, retired;
    } rows[] = {
        { "pending", never, never, never },     { "qualified", never, never, never },
        { "usable", then, never, never },       { "readonly", ever_before, then, never },
        { "retired", ever_before, then, then }, { "rejected", never, never, never },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ct_log *log = read_one(state_of(rows[i].state, "2024-01-01T00:00:00Z"));
        assert_true(log->usable_from.us == rows[i].from.us);
        assert_true(log->usable_till.us == rows[i].till.us);
        assert_true(log->retired_at.us == rows[i].retired.us);
    }
    assert_true(read_one("")->usable_from.us == never.us);
}

/* They come after those of RFC 6962 of the same operator, and are submitted to elsewhere. */
static void static_logs_are_told_apart(void **state)
{
    struct bytes key = new_key("P-256");
    const struct ct_log *logs;
    const char *tiled =
        arena_format(&arena,
                     "{\"log_id\":\"%s\",\"key\":\"%s\",\"monitoring_url\":\"https://mon.example\","
                     "\"submission_url\":\"https://log.example:8443/2026h1\",\"mmd\":60%s}",
                     id_of(key), base64(key), usable());

    (void)state;
    logs =
        must_read(list_of(operator_of("G", log_of("argon", new_key("2048"), usable()), tiled)), 2);
    assert_false(logs[0].tiled);
    assert_true(logs[1].tiled);
    assert_string_equal(logs[1].url, "https://log.example:8443/2026h1/");
    assert_string_equal(logs[1].description, id_of(key)); /* it has no other name */
}

/* A log that is over may have had any key, and an address that is gone. */
static void what_is_not_used_is_not_checked(void **state)
{
    struct bytes key = new_key("P-384");
    const char *old =
        arena_format(&arena, "{\"log_id\":\"%s\",\"key\":\"%s\",\"url\":\"ct.old.example/log\"%s}",
                     id_of(key), base64(key), state_of("rejected", "2018-01-01T00:00:00Z"));

    (void)state;
    assert_null(must_read(list_of(operator_of("G", old, "")), 1)->url);
}

/* ---- what is refused: by operator and log */

static const char *with(const char *name, const char *from, const char *to)
{
    char *text = arena_strdup(&arena, log_of(name, new_key("P-256"), usable()));
    const char *at = strstr(text, from);

    assert_non_null(at);
    return arena_format(&arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static const char *with_key(struct bytes key, const char *id)
{
    return arena_format(&arena,
                        "{\"description\":\"a\",\"log_id\":\"%s\",\"key\":\"%s\","
                        "\"url\":\"https://a.example/\"%s}",
                        id, base64(key), usable());
}

static void faults_are_said_by_operator_and_log(void **state)
{
    struct bytes key = new_key("P-256"), p384 = new_key("P-384"), rsa = new_key("1024");
    const char *one = log_of("one", key, usable()), *two = log_of("two", key, usable());
    const struct {
        const char *logs, *says;
    } rows[] = {
        { with_key(key, id_of(p384)),
          "operator G, log a: its log_id is not the SHA-256 of its key" },
        { with_key(key, ""), "operator G, log a: its log_id is not the SHA-256 of its key" },
        { with_key(p384, id_of(p384)), "operator G, log a: its key is a key of no log: P-256, or "
                                       "RSA of 2048 bits or more, is needed" },
        { with_key(rsa, id_of(rsa)), "operator G, log a: its key is a key of no log: P-256, or RSA "
                                     "of 2048 bits or more, is needed" },
        { with_key(BYTES_OF("key"), id_of(BYTES_OF("key"))),
          "operator G, log a: its key has a malformed public key" },
        { with("a", "https://", "http://"), "operator G, log a: its url must begin with https://" },
        { with("a", "https://a.example/log/", "https://u@a.example/"),
          "operator G, log a: its url must name a host of letters, digits, '-' and '.', a port "
          "perhaps, no user" },
        { with("a", "log/", "log/?x=1"), "operator G, log a: its url must have no query" },
        { with("a", "\"url\"", "\"uri\""), "operator G, log a: has no url" },
        { with("a", "\"usable\"", "\"Usable\""),
          "operator G, log a: its state must be one of those that browsers have" },
        { with("a", "\"state\":{",
               "\"state\":{\"pending\":{\"timestamp\":\"2023-01-01T00:00:00Z\"},"),
          "operator G, log a: its state must be one of those that browsers have" },
        { with("a", "\"mmd\":86400",
               "\"temporal_interval\":{\"start_inclusive\":\"2025-01-01T00:00:00Z\",\"end_"
               "exclusive\":\"2025-01-01T00:00:00Z\"}"),
          "operator G, log a: its temporal_interval ends before it begins" },
        { arena_format(&arena, "%s,%s", one, two), "operator G, log two: is in the list already" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ct_log *logs;
        size_t count = 0;
        if (read_list(list_of(operator_of("G", rows[i].logs, "")), &logs, &count))
            fail_msg("not refused: %s", rows[i].says);
        assert_int_equal(f.code, FAULT_INVALID);
        assert_string_equal(f.detail, rows[i].says);
    }
}

static void a_log_is_one_operator_s(void **state)
{
    struct bytes key = new_key("P-256");
    const struct ct_log *logs;
    size_t count = 0;
    const char *mine = operator_of("G", log_of("one", key, usable()), "");
    const char *other = operator_of("C", "", log_of("one", key, usable()));

    (void)state;
    assert_false(read_list(list_of(arena_format(&arena, "%s,%s", mine, other)), &logs, &count));
    assert_string_equal(f.detail, "operator C, log one: is in the list already");
    assert_false(read_list(list_of(operator_of("", "", "")), &logs, &count));
    assert_string_equal(f.detail, "operator 1 has no name");
    assert_false(read_list(list_of(operator_of("G", "{\"log_id\":\"AA==\"}", "")), &logs, &count));
    assert_string_equal(f.field, "operators[0].logs[0].key");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_list_has_no_log),
        TEST(a_log_is_read_as_it_is_written),
        TEST(a_log_without_interval_takes_all),
        TEST(states_are_times),
        TEST(static_logs_are_told_apart),
        TEST(what_is_not_used_is_not_checked),
        TEST(faults_are_said_by_operator_and_log),
        TEST(a_log_is_one_operator_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
