/* Whether a key would be refused. */
#include "fixture_test.h"

#include <fcntl.h>

#include "pki/csr_make.h"
#include "pki/evp.h"
#include "pki/pem.h"

static const char *key_file(struct bytes spki)
{
    struct text t;
    text_init(&t, &arena);
    pem_write(&t, "PUBLIC KEY", spki, "\n");
    file_put(path_of("key"), t.data);
    assert_int_equal(chmod(path_of("key"), 0644), 0);
    return path_of("key");
}

static void check_fresh(const char *kind)
{
    EVP_PKEY *key = csr_make_key(kind);
    must(run(key_check_command, key_file(csr_make_spki(&arena, key))));
    csr_make_key_free(key);
    assert_int_equal(status, 0);
}

static void a_good_key_is_refused_by_none(void **state)
{
    (void)state;
    check_fresh("P-384");
    must_say(
        "ecdsa of 384 bits: no check refuses it\nlooked for among the weak keys of le64-nornd ");
}

static void what_has_no_list_is_said(void **state)
{
    (void)state;
    check_fresh("2064");
    must_say("rsa of 2064 bits: no check refuses it\nthere is no list of weak keys of this kind\n");
}

static void a_weak_key_is_refused_with_its_rule(void **state)
{
    (void)state;
    struct bytes spki;
    assert_true(hex_read(&arena,
                         "3059301306072a8648ce3d020106082a8648ce3d030107034200"
                         "04f9d282434687b7a13c0030ff8f516817407a91e6980813af4add47a46c685114"
                         "fd7d0ba522a32a0005292864fcb84b7c73efead460865b98327893c9074d986b",
                         &spki));
    must(run(key_check_command, key_file(spki)));
    must_say("refused (BR 6.1.1.3 (5.1)): it has a key that Debian's OpenSSL of 2006 to 2008 made");
    assert_int_equal(status, 1);
}

static void what_has_no_key_is_named(void **state)
{
    (void)state;
    file_put(path_of("none"), "nothing");
    assert_int_equal(chmod(path_of("none"), 0644), 0);
    must_fail(run(key_check_command, path_of("none")), "has no key, request or certificate");
}

static void a_blocked_key_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *key = csr_make_key("P-256");
    const char *path = key_file(csr_make_spki(&arena, key));
    csr_make_key_free(key);
    must(run(key_check_command, path));
    must_say("\nit is not blocked\n");
    assert_int_equal(status, 0);
    must(run_with(key_block_command, WORDS(path), WORDS("reason", "it is in a paper")));
    must(run(key_check_command, path));
    must_say("refused (BR 6.1.1.3 (4)): it is blocked since 20");
    must_say(": it is in a paper\n");
    assert_int_equal(status, 1);
}

static void what_was_not_asked_is_said(void **state)
{
    (void)state;
    unsetenv("CHANCERY_DATABASE_URL");
    check_fresh("P-384");
    must_say("\nnot asked: whether it is blocked (CHANCERY_DATABASE_URL names no database)\n");
    assert_null(strstr(output, "it is not blocked"));
}

static bool lists_missing(struct command_run *r, struct fault *why)
{
    (void)r;
    return fault_set(why, FAULT_UNAVAILABLE, "list", "is not here");
}

static bool database_gone(struct command_run *r, struct fault *why)
{
    return command_store(r, why) && fault_set(why, FAULT_UNAVAILABLE, NULL, "no answer");
}

static const char *stderr_of(const struct command *commands, const char *name)
{
    char *words[] = { (char[]){ "chancery" }, arena_strdup(&arena, name) };
    int kept = dup(STDERR_FILENO), file = open(path_of("said"), O_CREAT | O_TRUNC | O_WRONLY, 0600);
    dup2(file, STDERR_FILENO);
    assert_int_equal(command_main(commands, 2, words), 1);
    dup2(kept, STDERR_FILENO);
    close(file);
    close(kept);
    return file_get(path_of("said"));
}

static void only_who_asked_a_database_is_sent_there(void **state)
{
    static const struct command commands[] = { { "lists", "", NULL, lists_missing, "x" },
                                               { "gone", "", NULL, database_gone, "x" },
                                               { "migrate", "", NULL, migrate_command, "x" },
                                               { 0 } };
    (void)state;
    assert_string_equal(stderr_of(commands, "lists"), "chancery lists: list is not here\n");
    assert_non_null(strstr(stderr_of(commands, "gone"), "is CHANCERY_DATABASE_URL right?\n"));
    setenv("CHANCERY_ADMIN_DATABASE_URL", "postgresql:///x?host=/nowhere", 1);
    assert_non_null(
        strstr(stderr_of(commands, "migrate"), "is CHANCERY_ADMIN_DATABASE_URL right?\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_good_key_is_refused_by_none),
        FRESH(what_has_no_list_is_said),
        FRESH(a_weak_key_is_refused_with_its_rule),
        FRESH(what_has_no_key_is_named),
        FRESH(a_blocked_key_is_refused),
        FRESH(what_was_not_asked_is_said),
        FRESH(only_who_asked_a_database_is_sent_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
