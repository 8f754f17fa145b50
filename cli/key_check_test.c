/* Whether a key would be refused. */
#include "fixture_test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_good_key_is_refused_by_none),
        FRESH(what_has_no_list_is_said),
        FRESH(a_weak_key_is_refused_with_its_rule),
        FRESH(what_has_no_key_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
