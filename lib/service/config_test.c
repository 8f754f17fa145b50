#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bus/bus.h"
#include "service/address.h"
#include "service/config.h"

struct sample {
    const char *name;
    int count;
    bool loud;
    struct duration wait;
    struct secret pin;
};

// clang-format off
static const struct config_item items[] = {
    CONFIG(struct sample, name,  "T_NAME",  "nobody", "who it is"),
    CONFIG(struct sample, count, "T_COUNT", "3",      "how many", "1", "10"),
    CONFIG(struct sample, loud,  "T_LOUD",  "no",     "how loud"),
    CONFIG(struct sample, wait,  "T_WAIT",  "1s",     "how long", "10ms", "1m"),
    CONFIG(struct sample, pin,   "T_PIN",   NULL,     "what opens it"),
    { 0 },
};

/* Each case sets variables and expects a setting's value as text, or what is said of it. */
static const struct {
    const char *set[3];      /* "NAME=value" */
    const char *bad, *unknown;
    const char *name;
    int count;
    bool loud;
    int64_t wait_ms;
} cases[] = {
    { { "T_PIN=1" }, "", "", "nobody", 3, false, 1000 },
    { { "T_PIN=1", "T_NAME=x y", "T_COUNT=10" }, "", "", "x y", 10, false, 1000 },
    { { "T_PIN=1", "T_LOUD=true", "T_WAIT=250ms" }, "", "", "nobody", 3, true, 250 },
    { { "T_PIN=1", "T_NAME=", "T_COUNT=" }, "", "", "nobody", 3, false, 1000 },
    { { NULL }, "CHANCERY_T_PIN must be set (what opens it)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_COUNT=0" }, "CHANCERY_T_COUNT must be from 1 to 10 (how many)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_COUNT=1x", "T_LOUD=ja" },
      "CHANCERY_T_COUNT must be a whole number (how many)\nCHANCERY_T_LOUD must be yes or no (how loud)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_WAIT=2m" }, "CHANCERY_T_WAIT must be from 10ms to 1m (how long)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_WAIT=5" }, "CHANCERY_T_WAIT must be a duration like 30s, 15m or 7d (how long)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_NAM=x" }, "", "CHANCERY_T_NAM is no setting of this service\n", "nobody", 3, false, 1000 },
    { { "T_PIN=1", "T_NAMES_FILE=x" }, "", "CHANCERY_T_NAMES_FILE is no setting of this service\n", "nobody", 3, false, 1000 },
    { { "T_PIN=1", "GATEWAY_SERVICE_HOST=1.2.3.4", "GATEWAY_PORT=tcp://1.2.3.4:80" }, "", "", "nobody", 3, false, 1000 },
    { { "T_PIN=1", "TEST_CLOCK=/x", "GATEWAY_PORT_80_TCP_ADDR=1" }, "", "", "nobody", 3, false, 1000 },
    { { "T_PIN=1", "T_PIN_FILE=/etc/hostname" },
      "CHANCERY_T_PIN is set twice, as a value and as _FILE (what opens it)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN_FILE=/nowhere/at/all" }, "CHANCERY_T_PIN cannot be read from its _FILE, /nowhere/at/all: No such file or directory (what opens it)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_NAME_FILE=/" }, "CHANCERY_T_NAME cannot be read from its _FILE, /: Is a directory (who it is)\n", "", NULL, 0, 0, 0 },
    { { "T_PIN=1", "T_NAME_FILE=/dev/zero" }, "CHANCERY_T_NAME cannot be read from its _FILE, /dev/zero: it is too large (who it is)\n", "", NULL, 0, 0, 0 },
};
// clang-format on

static void set_all(const char *const set[3], struct arena *a)
{
    clearenv();
    for (int i = 0; i < 3 && set[i]; i++)
        putenv(arena_format(a, "CHANCERY_%s", set[i]));
}

static void settings_are_read_or_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sample s;
        struct text bad, unknown;
        struct arena a;
        arena_init(&a);
        text_init(&bad, &a);
        text_init(&unknown, &a);
        set_all(cases[i].set, &a);
        const struct config_table tables[] = { { items, &s }, { 0 } };
        bool good = config_load(tables, &a, &bad, &unknown);
        assert_string_equal(bad.length ? bad.data : "", cases[i].bad);
        assert_string_equal(unknown.length ? unknown.data : "", cases[i].unknown);
        assert_int_equal(good, cases[i].name != NULL);
        if (good) {
            assert_string_equal(s.name, cases[i].name);
            assert_int_equal(s.count, cases[i].count);
            assert_int_equal(s.loud, cases[i].loud);
            assert_int_equal(s.wait.us, cases[i].wait_ms * 1000);
        }
        clearenv();
        arena_free(&a);
    }
}

static void a_file_gives_its_trimmed_text(void **state)
{
    (void)state;
    char path[] = "/tmp/config_test_XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, " 12 34\r\n", 8), 8);
    close(fd);
    struct sample s;
    struct text bad, unknown;
    struct arena a;
    arena_init(&a);
    text_init(&bad, &a);
    text_init(&unknown, &a);
    clearenv();
    setenv("CHANCERY_T_PIN_FILE", path, 1);
    const struct config_table tables[] = { { items, &s }, { 0 } };
    assert_true(config_load(tables, &a, &bad, &unknown));
    assert_string_equal(s.pin.text, "12 34");
    assert_int_equal(unknown.length, 0);
    text_init(&bad, &a);
    assert_int_equal(chmod(path, 0644), 0);
    assert_false(config_load(tables, &a, &bad, &unknown));
    assert_string_equal(bad.data, arena_format(&a,
                                               "CHANCERY_T_PIN is refused: %s is a secret that "
                                               "everybody may use: chmod 600 %s (what opens it)\n",
                                               path, path));
    setenv("CHANCERY_T_NAME_FILE", path, 1); /* no secret */
    setenv("CHANCERY_T_PIN", "1", 1);
    unsetenv("CHANCERY_T_PIN_FILE");
    assert_true(config_load(tables, &a, &bad, &unknown));
    unlink(path);
    arena_free(&a);
}

static void a_secret_is_never_named_with_its_value(void **state)
{
    (void)state;
    struct text out;
    struct arena a;
    arena_init(&a);
    text_init(&out, &a);
    struct sample s;
    clearenv();
    setenv("CHANCERY_T_PIN", "hunter2", 1);
    setenv("CHANCERY_T_COUNT", "hunter2", 1);
    const struct config_table tables[] = { { items, &s }, { 0 } };
    assert_false(config_load(tables, &a, &out, &out));
    assert_null(strstr(out.data, "hunter2"));
    arena_free(&a);
}

static void the_common_table_has_working_defaults(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct config_shared shared;
    char *argv[] = { (char[]){ "x" }, NULL };
    const struct config_table tables[] = {
        { config_database, &shared }, { config_redis, &shared }, { config_common, &shared }, { 0 }
    };
    clearenv();
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_REFUSED);
    setenv("CHANCERY_DATABASE_URL", "postgresql:///x", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_RUN);
    assert_string_equal(shared.log_level, "info");
    setenv("CHANCERY_LOG_LEVEL", "loud", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_REFUSED);
    setenv("CHANCERY_LOG_LEVEL", "warn", 1);
    setenv("CHANCERY_ADMIN_LISTEN", "localhost", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_REFUSED);
    setenv("CHANCERY_ADMIN_LISTEN", "[::1]:0", 1);
    setenv("CHANCERY_WHAT", "x", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_REFUSED);
    setenv("CHANCERY_STRICT_SETTINGS", "no", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_RUN);
    arena_free(&a);
}

/* What is good here is good to who gets it. */
static void bounds_are_those_of_the_code(void **state)
{
    static const struct {
        int workers;
        enum config_outcome outcome;
    } rows[] = { { 0, CONFIG_REFUSED },
                 { 1, CONFIG_RUN },
                 { BUS_WORKERS_MAX, CONFIG_RUN },
                 { BUS_WORKERS_MAX + 1, CONFIG_REFUSED } };
    (void)state;
    clearenv();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a;
        arena_init(&a);
        struct config_shared shared;
        char *argv[] = { (char[]){ "x" }, NULL };
        const struct config_table tables[] = { { config_common, &shared }, { 0 } };
        setenv("CHANCERY_BUS_WORKERS", arena_format(&a, "%d", rows[i].workers), 1);
        assert_int_equal(config_start("test", 1, argv, tables, &a), rows[i].outcome);
        arena_free(&a);
    }
    clearenv();
}

/* Of another service of the suite: it may be set for all of them, and this one has nothing of it. */
static void spare_settings_are_passed_over(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct config_shared shared;
    struct text out;
    char *argv[] = { (char[]){ "x" }, NULL };
    const struct config_table tables[] = { { config_database, &shared, .spare = true },
                                           { config_common, &shared },
                                           { 0 } };
    clearenv();
    memset(&shared, 0, sizeof shared);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_RUN);
    setenv("CHANCERY_DATABASE_URL_FILE", "/nowhere/at/all", 1);
    setenv("CHANCERY_DATABASE_TIMEOUT", "for ever", 1);
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_RUN);
    assert_null(shared.database.text);
    setenv("CHANCERY_REDIS_URL", "redis://x", 1); /* no table has it */
    assert_int_equal(config_start("test", 1, argv, tables, &a), CONFIG_REFUSED);
    text_init(&out, &a);
    config_help(tables, true, &out);
    assert_null(strstr(out.data, "DATABASE"));
    assert_non_null(strstr(out.data, "CHANCERY_BUS_BIND"));
    clearenv();
    arena_free(&a);
}

static void help_names_every_setting(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    struct text out;
    text_init(&out, &a);
    const struct config_table tables[] = { { items, NULL }, { 0 } };
    config_help(tables, true, &out);
    assert_non_null(
        strstr(out.data, "| `CHANCERY_T_COUNT` | number, from 1 to 10 | `3` | how many |"));
    config_help(tables, false, &out);
    assert_non_null(
        strstr(out.data, "  CHANCERY_T_PIN\n      what opens it\n      secret; must be set\n"));
    arena_free(&a);
}

static void addresses_are_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } addresses[] = {
        { "127.0.0.1:80", true }, { "[::]:0", true },      { "[::1]:65535", true },
        { "[::1]:65536", false }, { "::1:80", false },     { "localhost:80", false },
        { "127.0.0.1", false },   { ":80", false },        { "[", false },
        { "[]:1", false },        { "1.2.3.4:-1", false }, { "", false },
    };
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct address out;
        assert_int_equal(address_read(addresses[i].text, &out), addresses[i].good);
    }
}

static void what_is_empty_says_what_it_costs(void **state)
{
    (void)state;
    static struct costly {
        const char *relay, *proxy, *other;
        struct secret cache;
    } empty = { .relay = "", .proxy = "a", .other = "", .cache = { "" } };
    const struct config_item rows[] = {
        { .name = "RELAY",
          .fallback = "",
          .type = CONFIG_TEXT,
          .without = "no mails",
          .offset = offsetof(struct costly, relay) },
        { .name = "PROXY",
          .fallback = "",
          .type = CONFIG_TEXT,
          .without = "no proxy",
          .offset = offsetof(struct costly, proxy) },
        { .name = "OTHER",
          .fallback = "",
          .type = CONFIG_TEXT,
          .offset = offsetof(struct costly, other) },
        { .name = "CACHE",
          .fallback = "",
          .type = CONFIG_SECRET,
          .without = "no cache",
          .offset = offsetof(struct costly, cache) },
        { 0 },
    };
    const struct config_table tables[] = { { rows, &empty }, { 0 } };
    struct arena a;
    struct text out;
    arena_init(&a);
    text_init(&out, &a);
    config_without(tables, &out);
    assert_string_equal(out.data, "CHANCERY_RELAY is not set: no mails\n"
                                  "CHANCERY_CACHE is not set: no cache\n");
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_read_or_named),
        cmocka_unit_test(a_file_gives_its_trimmed_text),
        cmocka_unit_test(a_secret_is_never_named_with_its_value),
        cmocka_unit_test(the_common_table_has_working_defaults),
        cmocka_unit_test(bounds_are_those_of_the_code),
        cmocka_unit_test(spare_settings_are_passed_over),
        cmocka_unit_test(help_names_every_setting),
        cmocka_unit_test(addresses_are_numbers),
        cmocka_unit_test(what_is_empty_says_what_it_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
