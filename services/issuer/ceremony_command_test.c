/* `chancery-issuer ceremony` against a real database and token. */
#include "ceremony_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lints_command.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"
#include "testing/scratch_token.h"

static const char *const names[] = { "root", "p256", "rsa2048", "private-root", "private-p256" };

static struct database *database;
static struct script *admin;
static struct service_run running;

static const struct ceremony_names nobody = {
    .name = "", .organization = "", .country = "", .status = ""
};
static const struct ceremony_names acme = { "Acme", "Acme Trust GmbH", "DE", "pki.acme-trust.de" };

static int hold_as(const struct ceremony_names *who, const char *folder)
{
    static char command[] = "ceremony", script[] = "policy/ceremony.json";
    char *argv[] = { command, script, arena_strdup(&running.arena, folder), NULL };
    struct token_options o = { .module = SCRATCH_TOKEN_MODULE,
                               .label = "test-ceremony",
                               .pin = { SCRATCH_TOKEN_PIN } };
    return ceremony_command(&running, &o, who, 3, argv);
}

static int hold(const char *folder)
{
    return hold_as(&acme, folder);
}

static const char *answer(const char *sql)
{
    struct fault f = { 0 };
    const char *out = NULL;
    if (!script_ask(admin, &running.arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out;
}

static void execute(const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *ids(void)
{
    return answer("SELECT string_agg(id, ' ' ORDER BY key_label) FROM authority");
}

static char *path_of(const char *folder, const char *name, const char *suffix)
{
    return arena_format(&running.arena, "%s/%s%s", folder, name, suffix);
}

/* Before any key is there; what comes with the product has no name of its own. */
static void a_ca_without_a_name_is_not_made(void **state)
{
    (void)state;
    const char *folder = path_of(scratch_token_dir(), "nameless", "");
    assert_int_equal(hold_as(&nobody, folder), 1);
    assert_int_equal(access(folder, F_OK), -1);
    assert_string_equal(answer("SELECT count(*)::text FROM authority"), "0");
}

/* Nothing is signed while there is no policy to lint by, or while a rule of it says no. */
static void what_policy_refuses_is_signed_when_it_is_mended(void **state)
{
    (void)state;
    const char *folder = path_of(scratch_token_dir(), "first", "");
    execute("UPDATE policy_active SET version = 2");
    assert_int_equal(hold(folder), 1);
    assert_int_equal(access(path_of(folder, "root", ".tbs"), F_OK), -1);
    assert_string_equal(answer("SELECT count(*)::text FROM authority"), "0");
    execute("UPDATE policy_active SET version = 1");
    await_that(hold(folder) == 0); /* which version is in force is asked once a second */
    assert_int_equal(access(path_of(folder, "root", ".tbs"), F_OK), 0);
}

static void no_key_gets_a_second_certificate(void **state)
{
    (void)state;
    const char *folder = path_of(scratch_token_dir(), "first", ""),
               *other = path_of(scratch_token_dir(), "second", "");
    assert_int_equal(hold(folder), 0); /* which makes the folder */
    const char *before = ids();
    assert_string_equal(answer("SELECT count(*)::text FROM authority"), "5");
    assert_string_equal(answer("SELECT name FROM authority WHERE key_label = 'private-p256'"),
                        "Acme Private TLS P256 CA 1");
    /* What a demonstration is the ceremony asks of the organization, and the database of what it has made. */
    assert_string_equal(answer("SELECT bool_or(demonstration)::text FROM authority"), "false");
    assert_string_equal(answer("SELECT bool_and(certificate_is_demonstration(decode(replace("
                               "encode(der, 'hex'), encode('Acme Trust GmbH', 'hex'), "
                               "encode('Do Not Trust Me', 'hex')), 'hex')))::text FROM authority"),
                        "true");
    assert_int_equal(hold(folder), 0);
    assert_int_equal(hold(other), 1); /* the first is lost */
    assert_int_equal(access(path_of(other, "root", ".der"), F_OK), -1);
    assert_string_equal(ids(), before);
}

/* Forced, there is one that the database does not have: it is not called known. */
static void another_certificate_is_not_known(void **state)
{
    (void)state;
    const char *folder = path_of(scratch_token_dir(), "third", ""), *before = ids();
    assert_int_equal(hold(folder), 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fclose(fopen(path_of(folder, names[i], ".begun"), "we"));
    assert_int_equal(hold(folder), 1);
    assert_int_equal(access(path_of(folder, "private-p256", ".der"), F_OK), 0);
    assert_string_equal(ids(), before);
}

/* What `chancery-issuer lints` prints. */
static const char *listed(char *option)
{
    static char command[] = "lints";
    char *argv[] = { command, option, NULL }, *out = arena_alloc(&running.arena, 256 * 1024);
    FILE *to = tmpfile();
    int before = dup(STDOUT_FILENO);
    assert_non_null(to);
    fflush(stdout);
    dup2(fileno(to), STDOUT_FILENO);
    int status = lints_command(&running, option ? 2 : 1, argv);
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    rewind(to);
    assert_true(fread(out, 1, 256 * 1024 - 1, to) > 0 || status != 0);
    fclose(to);
    return status == 0 ? out : NULL;
}

/* Each lint has a line, with the profiles and rules that have it run. */
static void lints_are_listed(void **state)
{
    (void)state;
    static char json[] = "--json", other[] = "--xml";
    const char *text = listed(NULL);
    assert_non_null(text);
    assert_non_null(strstr(text, "\nversion_v3                  BR 7.1.2.7          "
                                 "leaf,root,subordinate,cross,ocsp_responder "
                                 "always\n"));
    assert_non_null(strstr(text, "\nroot_no_eku "));
    text = listed(json);
    assert_non_null(strstr(
        text,
        "{\"lint\":\"root_no_eku\",\"source\":\"BR 7.1.2.1.2\",\"certificates\":\"root\",\"when\":"
        "\"asked\",\"unit\":\"\",\"profiles\":\"ca-private-root\",\"rules\":\"\"}\n"));
    execute("UPDATE policy_active SET version = 2");
    await_that(strstr(listed(json), "\"unit\":\"d\",\"profiles\":\"\",\"rules\":\"short\"}"));
    execute("UPDATE policy_active SET version = 1");
    assert_null(listed(other));
}

/* Two versions: what comes with the product, and the same with a rule that no root keeps. */
static void policy_fill(void)
{
    static const char *const profiles[] = { "ca-root", "ca-subordinate", "ca-private-root",
                                            "ca-private-subordinate" };
    struct text t;
    text_init(&t, &running.arena);
    text_add(&t, "BEGIN;");
    for (int version = 1; version <= 2; version++) {
        text_format(&t,
                    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('%d'), now());",
                    version);
        for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
            char *content = NULL;
            const char *path = arena_format(&running.arena, "policy/profiles/%s.json", profiles[i]);
            size_t size = 0;
            FILE *file = fopen(path, "re");
            assert_non_null(file);
            assert_true(getdelim(&content, &size, '\0', file) > 0);
            fclose(file);
            const char *literal = script_literal(&running.arena, content);
            free(content);
            text_format(&t,
                        "INSERT INTO policy_document VALUES (%d, 'profile', '%s', %s, "
                        "sha256(convert_to(%s, 'UTF8')));",
                        version, profiles[i], literal, literal);
        }
    }
    text_add(&t, "INSERT INTO policy_rule VALUES (2, 'short', 'CA', 'lint.root_validity_max', "
                 "'1000', 'd', 'M', '-infinity',"
                 " 'infinity', '', '', 'root_validity_max');"
                 "INSERT INTO policy_active VALUES (true, 1, now()); COMMIT");
    execute(t.data);
}

static int open_all(void **state)
{
    (void)state;
    struct fault f = { 0 };
    arena_init(&running.arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    policy_fill();
    running.store = (struct store_options){ .url = { database_url(database, "ceremony") },
                                            .prepare = true,
                                            .timeout = patience() };
    scratch_token_dir();
    scratch_token_make("test-ceremony");
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    arena_free(&running.arena);
    scratch_token_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ca_without_a_name_is_not_made),
        cmocka_unit_test(what_policy_refuses_is_signed_when_it_is_mended),
        cmocka_unit_test(no_key_gets_a_second_certificate),
        cmocka_unit_test(another_certificate_is_not_known),
        cmocka_unit_test(lints_are_listed),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
