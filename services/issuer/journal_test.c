#include "journal.h"

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

static struct arena arena;
static char folder[] = "/tmp/chancery-journal-XXXXXX", path[64];

static const char *content(const char *suffix)
{
    char *out = arena_alloc(&arena, 64 * 1024);
    FILE *f = fopen(arena_format(&arena, "%s%s", path, suffix), "re");

    if (!f)
        return NULL;
    size_t n = fread(out, 1, 64 * 1024 - 1, f);
    fclose(f);
    out[n] = '\0';
    return out;
}

static void put(const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static struct journal *open_journal(void)
{
    struct fault f = { 0 };
    struct journal *j = journal_open(path, &f);

    if (!j)
        fail_msg("%s", f.detail);
    return j;
}

static void intend(struct journal *j, int64_t issuance_id)
{
    static char ca[] = "CA", a[] = "a.example.com", b[] = "*.example.com";
    char *names[] = { a, b };
    Intent intent = INTENT__INIT;
    struct attempt t = { .step = ATTEMPT_RESERVE,
                         .intent = &intent,
                         .issuance_id = issuance_id,
                         .serial = BYTES_OF("\x40\x01"),
                         .tbs = BYTES_OF("") };

    intent.request_id = 7;
    intent.account_id = 3;
    intent.ca_id = ca;
    intent.names = names;
    intent.n_names = 2;
    journal_intents(j, &t, 1, (struct instant){ 12 });
}

#define LINE(id)                                                                                   \
    "intent 12 " id " 7 CA 4001 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 " \
    "3 a.example.com,*.example.com\n"

static void line_says_whose_and_what(void **state)
{
    (void)state;
    struct journal *j = open_journal();

    intend(j, 1);
    intend(j, 2);
    journal_close(j);
    assert_string_equal(content(""), LINE("1") LINE("2"));
}

static void cut_line_is_ended_first(void **state)
{
    (void)state;
    put(LINE("1") "intent 12 2");
    struct journal *j = open_journal();
    intend(j, 3);
    journal_close(j);
    assert_string_equal(content(""), LINE("1") "intent 12 2\n" LINE("3"));
    j = open_journal(); /* a whole one is not */
    intend(j, 4);
    journal_close(j);
    assert_string_equal(content(""), LINE("1") "intent 12 2\n" LINE("3") LINE("4"));
}

/* What /dev/null takes it cannot sync, and /dev/full takes nothing. */
static void error_stays_until_a_new_file_is_synced(void **state)
{
    (void)state;
    static const char *const devices[] = { "/dev/null", "/dev/full" };

    for (size_t i = 0; i < 2; i++) {
        struct fault f = { 0 };
        unlink(path);
        assert_int_equal(symlink(devices[i], path), 0);
        struct journal *j = open_journal();
        assert_true(journal_good(j, &f));
        intend(j, 1);
        journal_sync(j);
        assert_false(journal_good(j, &f));
        intend(j, 2); /* a good write, of /dev/null, heals nothing */
        assert_false(journal_good(j, &f));
        journal_sync(j); /* nor does opening it anew */
        assert_false(journal_good(j, &f));
        assert_int_equal(unlink(path), 0);
        put("intent 1");
        journal_sync(j);
        assert_true(journal_good(j, &f));
        intend(j, 3);
        journal_close(j);
        assert_string_equal(content(""), "intent 1\n" LINE("3"));
    }
}

static void large_file_is_set_aside(void **state)
{
    (void)state;
    struct fault f = { 0 };
    struct journal *j = open_journal();

    journal_turn_at(j, 200);
    intend(j, 1);
    journal_sync(j); /* too small */
    assert_null(content(".000001"));
    intend(j, 2);
    journal_sync(j);
    assert_string_equal(content(".000001"), LINE("1") LINE("2"));
    assert_string_equal(content(""), "");
    intend(j, 3);
    intend(j, 4);
    journal_sync(j);
    intend(j, 5);
    assert_true(journal_good(j, &f));
    journal_close(j);
    assert_string_equal(content(".000001"), LINE("1") LINE("2"));
    assert_string_equal(content(".000002"), LINE("3") LINE("4"));
    assert_string_equal(content(""), LINE("5"));
}

static int begin(void **state)
{
    (void)state;
    unlink(path);
    for (int n = 1; n < 3; n++)
        unlink(arena_format(&arena, "%s.%06d", path, n));
    return 0;
}

static int open_all(void **state)
{
    (void)state;
    arena_init(&arena);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/issuer", folder);
    return 0;
}

static int close_all(void **state)
{
    begin(state);
    rmdir(folder);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(line_says_whose_and_what, begin),
        cmocka_unit_test_setup(cut_line_is_ended_first, begin),
        cmocka_unit_test_setup(error_stays_until_a_new_file_is_synced, begin),
        cmocka_unit_test_setup(large_file_is_set_aside, begin),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
