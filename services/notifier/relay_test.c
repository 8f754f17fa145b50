/* What the database is told of the relay, and that it is told in the end. */
#include "relay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/script.h"
#include "testing/database.h"

static struct arena arena;
static struct database *database;
static struct script *admin;
static struct store_options options;

static const char *said(void)
{
    struct fault f = { 0 };
    const char *out = NULL;
    if (!script_ask(admin, &arena, "SELECT string_agg(is_there::text, ' ') FROM mail_relay", NULL,
                    0, &out, &f))
        fail_msg("%s", f.detail);
    return out ? out : "";
}

/* Each is another start of a notifier, with other settings. */
static void the_last_word_counts(void **state)
{
    struct fault f = { 0 };
    (void)state;
    relay_open(&options, false);
    assert_true(relay_said(NULL, &f));
    assert_string_equal(said(), "false");
    relay_open(&options, true);
    assert_true(relay_said(NULL, &f));
    assert_string_equal(said(), "true");
}

/* Once it is said it is not said again: another notifier may have said something else since. */
static void it_is_said_once(void **state)
{
    struct fault f = { 0 };
    (void)state;
    relay_open(&options, false);
    assert_true(relay_said(NULL, &f));
    assert_true(script_run(admin, "UPDATE mail_relay SET is_there = true", &f));
    assert_true(relay_said(NULL, &f));
    assert_string_equal(said(), "true");
}

static void a_database_that_is_not_there_is_told_later(void **state)
{
    struct fault f = { 0 };
    struct store_options nowhere = options;
    (void)state;
    nowhere.url = (struct secret){ "host=127.0.0.1 port=1 dbname=none" };
    relay_open(&nowhere, false);
    assert_false(relay_said(NULL, &f));
    nowhere = options; /* now it is */
    assert_true(relay_said(NULL, &f));
    assert_string_equal(said(), "false");
}

static int begin(void **state)
{
    (void)state;
    struct fault f = { 0 };
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    options = (struct store_options){ .url = { database_url(database, "notifier") },
                                      .prepare = true,
                                      .timeout = seconds(5) };
    return admin ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_word_counts),
        cmocka_unit_test(it_is_said_once),
        cmocka_unit_test(a_database_that_is_not_there_is_told_later),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
