/* fixture_test - what the tests of the commands share: a scratch database, a folder, and a run of a
 * command whose output is kept. */
#ifndef CLI_FIXTURE_TEST_H
#define CLI_FIXTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "files.h"
#include "pki/ed25519.h"
#include "store/script.h"
#include "testing/database.h"

#define SHARED static __attribute__((unused))

static struct database *database;
static struct script *admin;
static struct arena arena;
static struct fault f;
static char folder[64];

/* Of the last run. */
static char *output;
static int status;

SHARED const char *path_of(const char *name)
{
    return arena_format(&arena, "%s/%s", folder, name);
}

SHARED void execute(const char *sql)
{
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %.700s", f.detail, sql);
}

SHARED const char *answer(const char *sql)
{
    const char *text = NULL;
    if (!script_ask(admin, &arena, sql, NULL, 0, &text, &f))
        fail_msg("%s: %.700s", f.detail, sql);
    return text ? text : "";
}

SHARED int64_t number(const char *sql)
{
    return strtoll(answer(sql), NULL, 10);
}

/* `words` and the values of `options` end with NULL; an option is a name and a value. */
SHARED bool run_with(bool (*command)(struct command_run *, struct fault *),
                     const char *const *words, const char *const *options)
{
    struct command_run r = { 0 };
    size_t size = 0;
    char *text = NULL;
    f = (struct fault){ 0 };
    arena_init(&r.arena);
    r.out = open_memstream(&text, &size);
    assert_non_null(r.out);
    for (int i = 0; words && words[i]; i++)
        r.words[i] = words[i];
    for (; options && *options; options += 2) {
        r.options[r.option_count].name = options[0];
        r.options[r.option_count++].value = options[1];
    }
    bool ok = command(&r, &f);
    fclose(r.out);
    output = arena_strdup(&arena, text);
    free(text);
    status = r.status;
    store_free(r.store);
    arena_free(&r.arena);
    return ok;
}

#define WORDS(...)        ((const char *const[]){ __VA_ARGS__, NULL })
#define run(command, ...) run_with((command), WORDS(__VA_ARGS__), NULL)

SHARED void must(bool ok)
{
    if (!ok)
        fail_msg("%s %s: %s", fault_name(f.code), f.field, f.detail);
}

SHARED void must_say(const char *text)
{
    if (!strstr(output, text))
        fail_msg("\"%s\" is not in:\n%s", text, output);
}

/* It failed, and field and detail say `text`. */
SHARED void must_fail(bool ok, const char *text)
{
    const char *all = arena_format(&arena, "%s %s", f.field, f.detail);
    assert_false(ok);
    if (!strstr(all, text))
        fail_msg("\"%s\" is not in: %s", text, all);
}

SHARED void file_put(const char *path, const char *text)
{
    struct fault why;
    if (!file_write(&arena, path, text, &why))
        fail_msg("%s %s", why.field, why.detail);
}

SHARED char *file_get(const char *path)
{
    struct fault why;
    char *text = NULL;
    if (!file_read(&arena, path, &text, &why))
        fail_msg("%s %s", why.field, why.detail);
    return text;
}

SHARED int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    setenv("CHANCERY_DATABASE_URL", database_url(database, "cli"), 1);
    snprintf(folder, sizeof folder, "/tmp/chancery-test-XXXXXX");
    umask(077);
    assert_non_null(mkdtemp(folder));
    char *private_pem, *public_pem;
    ed25519_make(&arena, &private_pem, &public_pem);
    setenv("CHANCERY_POLICY_KEY", private_pem, 1);
    return 0;
}

/* The test's folder is two levels deep at the most. */
SHARED void folder_remove(const char *path)
{
    char **names;
    size_t count;
    struct fault why;
    if (folder_list(&arena, path, "", &names, &count, &why))
        for (size_t i = 0; i < count; i++) {
            const char *inner = arena_format(&arena, "%s/%s", path, names[i]);
            if (unlink(inner) != 0)
                folder_remove(inner);
        }
    rmdir(path);
}

SHARED int end(void **state)
{
    (void)state;
    folder_remove(folder);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
