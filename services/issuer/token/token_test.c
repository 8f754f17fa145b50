/* The token: what its keys can do, who finds it, and what is told where it is not there. */
#include "moody_test.h"

#include <pthread.h>

static void every_kind_signs_with_every_hash(void **state)
{
    (void)state;
    static const struct {
        const char *label, *kind;
    } keys[] = { { "p256", "p256" }, { "p384", "p384" }, { "rsa", "rsa2048" } };
    struct token_options o = options();
    struct token *token = token_open(&o);
    struct bytes data = BYTES_OF("to be signed"), signature;
    struct fault f = { 0 };

    for (size_t k = 0; k < 3; k++)
        for (size_t h = 0; h < 3; h++) {
            const struct token_key *key = key_of(token, keys[k].label);
            assert_string_equal(token_key_label(key), keys[k].label);
            assert_string_equal(token_key_kind(key), keys[k].kind);
            assert_true(
                token_sign(token, key, hashes[h].hash, data, soon(), &arena, &signature, &f));
            assert_true(verifies(key, hashes[h].hash, data, signature));
            assert_false(verifies(key, hashes[h].hash, BYTES_OF("something else"), signature));
        }
    token_close(token);
}

static CK_BBOOL attribute_of(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label,
                             CK_ATTRIBUTE_TYPE type)
{
    char name[32];
    size_t size = (size_t)snprintf(name, sizeof name, "%s", label);
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof class }, { CKA_LABEL, name, size } };
    CK_BBOOL value = 7;
    CK_ATTRIBUTE out = { type, &value, sizeof value };
    CK_OBJECT_HANDLE object;
    CK_ULONG count;

    assert_int_equal(softhsm()->C_FindObjectsInit(session, wanted, 2), CKR_OK);
    assert_int_equal(softhsm()->C_FindObjects(session, &object, 1, &count), CKR_OK);
    assert_int_equal(softhsm()->C_FindObjectsFinal(session), CKR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(softhsm()->C_GetAttributeValue(session, object, &out, 1), CKR_OK);
    return value;
}

static void keys_can_sign_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        CK_OBJECT_CLASS class;
        CK_ATTRIBUTE_TYPE type;
        CK_BBOOL value;
    } rows[] = {
        { CKO_PRIVATE_KEY, CKA_SIGN, CK_TRUE },
        { CKO_PRIVATE_KEY, CKA_PRIVATE, CK_TRUE },
        { CKO_PRIVATE_KEY, CKA_SENSITIVE, CK_TRUE },
        { CKO_PRIVATE_KEY, CKA_ALWAYS_SENSITIVE, CK_TRUE },
        { CKO_PRIVATE_KEY, CKA_EXTRACTABLE, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_NEVER_EXTRACTABLE, CK_TRUE },
        { CKO_PRIVATE_KEY, CKA_SIGN_RECOVER, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_DECRYPT, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_UNWRAP, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_DERIVE, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_MODIFIABLE, CK_FALSE },
        { CKO_PRIVATE_KEY, CKA_COPYABLE, CK_FALSE },
        { CKO_PUBLIC_KEY, CKA_VERIFY, CK_TRUE },
        { CKO_PUBLIC_KEY, CKA_PRIVATE, CK_FALSE },
        { CKO_PUBLIC_KEY, CKA_ENCRYPT, CK_FALSE },
        { CKO_PUBLIC_KEY, CKA_WRAP, CK_FALSE },
    };
    static const char *const labels[] = { "p256", "p384", "rsa" };
    struct token_options o = options();
    struct token *token = token_open(&o);
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    assert_signs(token, "p256"); /* logs in, for the whole process */
    token_info(&slot);
    assert_int_equal(softhsm()->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
                     CKR_OK);
    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (attribute_of(session, rows[i].class, labels[l], rows[i].type) != rows[i].value)
                fail_msg("%s: attribute 0x%lx", labels[l], rows[i].type);
    assert_int_equal(softhsm()->C_CloseSession(session), CKR_OK);
    token_close(token);
}

static void keys_for_copies_can_be_copied(void **state)
{
    (void)state;
    struct token_options o = options();
    const struct token_key *key;
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;
    struct fault f = { 0 };

    o.session_copy = true;
    struct token *token = token_open(&o);
    assert_true(token_make_key(token, "copied", "p256", soon(), &key, &f));
    assert_signs(token, "copied");
    token_info(&slot);
    assert_int_equal(softhsm()->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
                     CKR_OK);
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE copies[] = { { CKA_CLASS, &class, sizeof class }, { CKA_TOKEN, &no, sizeof no } };
    CK_OBJECT_HANDLE found[8];
    CK_ULONG count = 0;
    assert_int_equal(softhsm()->C_FindObjectsInit(session, copies, 2), CKR_OK);
    assert_int_equal(softhsm()->C_FindObjects(session, found, 8, &count), CKR_OK);
    assert_int_equal(softhsm()->C_FindObjectsFinal(session), CKR_OK);
    assert_true(count > 0);
    assert_int_equal(softhsm()->C_CloseSession(session), CKR_OK);
    token_close(token);
}

/* Session copies, and tokens that hash themselves because they have no raw mechanism. */
static void other_ways_to_sign_verify_too(void **state)
{
    (void)state;
    static const struct {
        const char *control, *label;
        bool copy;
    } cases[] = {
        { "", "p256", true },
        { "", "rsa", true },
        { "hide 0x1\n", "rsa", false }, /* CKM_RSA_PKCS */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct token_options o = moody();
        o.session_copy = cases[i].copy;
        control(cases[i].control);
        struct token *token = token_open(&o);
        for (int n = 0; n < 8; n++) /* on several threads, so several copies */
            assert_signs(token, cases[i].label);
        token_close(token);
    }
    control("hide 0x1041\n"); /* CKM_ECDSA, and SoftHSM has no other */
    struct token_options o = moody();
    struct token *token = token_open(&o);
    assert_refused(token, FAULT_INTERNAL, "CKR_MECHANISM_INVALID");
    token_close(token);
    control("");
}

struct caller {
    pthread_t thread;
    struct token *token;
    const struct token_key *key;
    int bad;
};

static void *caller_main(void *arg)
{
    struct caller *c = arg;
    struct arena a;

    arena_init(&a);
    for (int round = 0; round < 20; round++) {
        struct token_signing all[8];
        char data[8][40];
        for (int i = 0; i < 8; i++) {
            int size = snprintf(data[i], sizeof data[i], "%p %d %d", arg, round, i);
            all[i] = (struct token_signing){ .key = c->key,
                                             .data = { (uint8_t *)data[i], (size_t)size } };
        }
        c->bad += !token_sign_all(c->token, all, 8, soon(), &a);
        for (int i = 0; i < 8; i++)
            c->bad += all[i].fault.code != FAULT_NONE ||
                      !verifies(c->key, TOKEN_SHA256, all[i].data, all[i].signature);
    }
    arena_free(&a);
    return NULL;
}

static void threads_sign_side_by_side(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);
    struct caller callers[4];

    for (int i = 0; i < 4; i++) {
        callers[i] = (struct caller){ .token = token, .key = key_of(token, "p256") };
        assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_int_equal(callers[i].bad, 0);
    }
    token_close(token);
}

static void wrong_pin_is_tried_once(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token;
    struct fault f = { 0 };

    o.pin.text = "wrong";
    token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    assert_non_null(strstr(f.detail, "CKR_PIN_INCORRECT"));
    assert_null(strstr(f.detail, "wrong"));
    CK_SLOT_ID slot;
    assert_true(token_info(&slot).flags & CKF_USER_PIN_COUNT_LOW); /* one failure */
    assert_false(token_connect(token, soon(), &f));
    assert_non_null(strstr(f.detail, "not tried again"));
    assert_false(token_ready(token, NULL));
    token_close(token);
}

static void missing_tokens_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *module, *label, *detail;
    } cases[] = {
        { "/nonexistent.so", LABEL, "dlopen" },
        { SCRATCH_TOKEN_MODULE, "test-none", "no token has this label" },
        { SCRATCH_TOKEN_MODULE, "test-tok", "no token has this label" },
        { SCRATCH_TOKEN_MODULE, "test-twice", "several tokens have this label" },
        { SCRATCH_TOKEN_MODULE, "a label of more than thirty-two characters", "no token" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct token_options o = options();
        struct fault f = { 0 };
        o.module = cases[i].module;
        o.label = cases[i].label;
        struct token *token = token_open(&o);
        assert_false(token_connect(token, soon(), &f));
        assert_int_equal(f.code, FAULT_UNAVAILABLE);
        assert_non_null(strstr(f.detail, cases[i].detail));
        token_close(token);
    }
}

static void token_that_comes_later_is_found(void **state)
{
    (void)state;
    struct token_options o = options();
    struct fault f = { 0 };

    o.label = "test-later";
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    scratch_token_make("test-later");
    assert_true(token_connect(token, soon(), &f));
    assert_true(token_ready(token, NULL));
    token_close(token);
}

static void keys_are_found_or_told(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);
    const struct token_key *key, *again;
    struct fault f = { 0 };

    assert_false(token_find_key(token, "none", soon(), &key, &f));
    assert_int_equal(f.code, FAULT_NOT_FOUND);
    assert_false(token_make_key(token, "p256", "p384", soon(), &key, &f));
    assert_int_equal(f.code, FAULT_CONFLICT);
    assert_false(token_make_key(token, "odd", "P-521", soon(), &key, &f));
    assert_int_equal(f.code, FAULT_INVALID);
    assert_true(token_find_key(token, "p256", soon(), &key, &f));
    assert_true(token_find_key(token, "p256", soon(), &again, &f));
    assert_ptr_equal(key, again);
    token_close(token);
}

static void late_signatures_are_not_made(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);
    struct instant now = clock_now();
    struct token_signing all[2] = {
        { .key = key_of(token, "p256"), .data = BYTES_OF("late"), .sign_before = now },
        { .key = key_of(token, "p256"),
          .data = BYTES_OF("in time"),
          .sign_before = instant_add(now, days(1)) },
    };

    assert_false(token_sign_all(token, all, 2, soon(), &arena));
    assert_int_equal(all[0].fault.code, FAULT_CONFLICT);
    assert_int_equal(all[1].fault.code, FAULT_NONE);
    assert_true(verifies(all[1].key, TOKEN_SHA256, all[1].data, all[1].signature));
    token_close(token);
}

static void test_tokens_can_be_made_to_lie(void **state)
{
    (void)state;
    struct token_options o = options();
    struct bytes data = BYTES_OF("to be signed"), signature;
    struct fault f = { 0 };
    int wrong = 0;

    setenv("CHANCERY_TEST_BAD_SIGNATURE", "3", 1);
    struct token *token = token_open(&o);
    unsetenv("CHANCERY_TEST_BAD_SIGNATURE");
    for (int i = 0; i < 9; i++) {
        const struct token_key *key = key_of(token, i % 2 ? "p256" : "rsa");
        assert_true(token_sign(token, key, TOKEN_SHA256, data, soon(), &arena, &signature, &f));
        wrong += !verifies(key, TOKEN_SHA256, data, signature);
    }
    assert_int_equal(wrong, 3);
    token_close(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_signs_with_every_hash),
        cmocka_unit_test(other_ways_to_sign_verify_too),
        cmocka_unit_test(keys_can_sign_and_nothing_else),
        cmocka_unit_test(keys_for_copies_can_be_copied),
        cmocka_unit_test(threads_sign_side_by_side),
        cmocka_unit_test(wrong_pin_is_tried_once),
        cmocka_unit_test(missing_tokens_are_told),
        cmocka_unit_test(token_that_comes_later_is_found),
        cmocka_unit_test(keys_are_found_or_told),
        cmocka_unit_test(late_signatures_are_not_made),
        cmocka_unit_test(test_tokens_can_be_made_to_lie),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
