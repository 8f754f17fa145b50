#include "token/token.h"

#include <dlfcn.h>
#include <libgen.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/evp.h"
#include "testing/patience.h"
#include "testing/scratch_token.h"
#include "token/connection.h"

#define LABEL "test-token"

static char moody_module[512], control_file[256];
static struct arena arena;

static struct tick soon(void)
{
    return tick_after(patience());
}

static struct token_options options(void)
{
    return (struct token_options){
        .module = SCRATCH_TOKEN_MODULE, .label = LABEL, .pin = { SCRATCH_TOKEN_PIN }, .sessions = 4
    };
}

static struct token_options moody(void)
{
    struct token_options o = options();

    o.module = moody_module;
    return o;
}

static void control(const char *lines)
{
    char part[300];

    snprintf(part, sizeof part, "%s.part", control_file);
    FILE *f = fopen(part, "w");
    assert_non_null(f);
    fputs(lines, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(part, control_file), 0);
}

static const struct token_key *key_of(struct token *token, const char *label)
{
    const struct token_key *key;
    struct fault f = { 0 };

    if (!token_find_key(token, label, soon(), &key, &f))
        fail_msg("%s: %s", label, f.detail);
    return key;
}

static const struct hash_row {
    enum token_hash hash;
    const char *name;
} hashes[] = { { TOKEN_SHA256, "SHA256" }, { TOKEN_SHA384, "SHA384" }, { TOKEN_SHA512, "SHA512" } };

static bool verifies(const struct token_key *key, enum token_hash hash, struct bytes data,
                     struct bytes signature)
{
    struct bytes spki = token_key_public(key);
    const uint8_t *p = spki.data;
    AUTO(EVP_PKEY) public = d2i_PUBKEY(NULL, &p, (long)spki.size);
    AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

    assert_non_null(public);
    assert_ptr_equal(p, spki.data + spki.size);
    assert_int_equal(EVP_DigestVerifyInit_ex(md, NULL, hashes[hash].name, NULL, NULL, public, NULL),
                     1);
    return EVP_DigestVerify(md, signature.data, signature.size, data.data, data.size) == 1;
}

static bool try_sign(struct token *token, const char *label, struct tick deadline, struct fault *f)
{
    struct bytes data = BYTES_OF("to be signed"), signature;
    const struct token_key *key = key_of(token, label);

    if (!token_sign(token, key, TOKEN_SHA256, data, deadline, &arena, &signature, f))
        return false;
    assert_true(verifies(key, TOKEN_SHA256, data, signature));
    return true;
}

static void assert_signs(struct token *token, const char *label)
{
    struct fault f = { 0 };

    if (!try_sign(token, label, soon(), &f))
        fail_msg("%s: %s", label, f.detail);
}

/* For tokens with little patience, where a busy machine may cost a try. */
static void assert_signs_at_last(struct token *token, const char *label)
{
    struct tick limit = soon();
    const struct token_key *key;
    struct fault f = { 0 };

    while (!token_find_key(token, label, soon(), &key, &f) || !try_sign(token, label, soon(), &f))
        if (tick_left(limit).us == 0)
            fail_msg("%s: %s", label, f.detail);
}

static void assert_refused(struct token *token, enum fault_code code, const char *detail)
{
    struct fault f = { 0 };

    assert_false(try_sign(token, "p256", soon(), &f));
    assert_int_equal(f.code, code);
    assert_non_null(strstr(f.detail, detail));
}

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

static CK_FUNCTION_LIST *softhsm(void)
{
    CK_FUNCTION_LIST *calls;
    CK_C_GetFunctionList get;
    void *module = dlopen(SCRATCH_TOKEN_MODULE, RTLD_NOW | RTLD_LOCAL);

    assert_non_null(module);
    *(void **)&get = dlsym(module, "C_GetFunctionList");
    assert_int_equal(get(&calls), CKR_OK);
    return calls;
}

static CK_TOKEN_INFO token_info(CK_SLOT_ID *slot)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16;
    CK_TOKEN_INFO info = { 0 };

    assert_int_equal(softhsm()->C_GetSlotList(CK_TRUE, slots, &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; i++) {
        *slot = slots[i];
        assert_int_equal(softhsm()->C_GetTokenInfo(slots[i], &info), CKR_OK);
        if (memcmp(info.label, LABEL " ", sizeof LABEL) == 0)
            return info;
    }
    fail();
    return info;
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

static void lost_sessions_are_opened_again(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);

    for (int n = 0; n < 4; n++) {
        CK_SLOT_ID slot;
        assert_signs(token, "p256");
        token_info(&slot);
        assert_int_equal(softhsm()->C_CloseAllSessions(slot), CKR_OK);
    }
    for (int n = 0; n < 8; n++)
        assert_signs(token, "rsa");
    assert_true(token_ready(token, NULL));
    token_close(token);
}

static void lost_module_is_initialized_again(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);

    assert_signs(token, "p256");
    assert_int_equal(softhsm()->C_Finalize(NULL), CKR_OK);
    for (int n = 0; n < 8; n++)
        assert_signs(token, "p256");
    token_close(token);
}

/* Each is tried once more after everything was got anew; the caller does not notice. */
static void stale_answers_are_tried_once_more(void **state)
{
    (void)state;
    static const CK_RV stale[] = { CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
                                   CKR_DEVICE_REMOVED, CKR_KEY_HANDLE_INVALID };
    struct token_options o = moody();
    struct token *token = token_open(&o);

    assert_signs(token, "p256");
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        char line[40];
        snprintf(line, sizeof line, "C_Sign once 0x%lx\n", stale[i]);
        control(line);
        assert_signs(token, "p256");
    }
    token_close(token);
}

static void await_ready(struct token *token)
{
    await_that(token_ready(token, NULL)); /* which sends a probe */
}

/* Each probe in between goes well and still hides none of the failures. */
static void fail_three_times(struct token *token)
{
    control("C_Sign 0x30\n");
    for (int i = 0; i < 3; i++) {
        await_ready(token);
        assert_refused(token, FAULT_UNAVAILABLE, "CKR_DEVICE_ERROR");
        assert_false(token_ready(token, NULL)); /* until it has been looked after */
    }
}

static void assert_each_refused(struct token *token, const struct token_key *key, const char *why)
{
    struct token_signing all[3];

    for (size_t i = 0; i < 3; i++)
        all[i] = (struct token_signing){ .key = key, .data = BYTES_OF("to be signed") };
    assert_false(token_sign_all(token, all, 3, soon(), &arena));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(all[i].fault.code, FAULT_UNAVAILABLE);
        assert_non_null(strstr(all[i].fault.detail, why));
        assert_null(all[i].signature.data);
    }
}

static void breaker_opens_after_failures(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f;

    o.failures = 3;
    o.rest = days(1);
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    fail_three_times(token);
    assert_false(token_ready(token, &f));
    assert_non_null(strstr(f.detail, "CKR_DEVICE_ERROR"));
    control(""); /* well again, but nobody asks it before the rest is over */
    assert_each_refused(token, key_of(token, "p256"), "CKR_DEVICE_ERROR");
    assert_false(token_ready(token, NULL));
    token_close(token);
}

static void breaker_closes_by_itself(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 3;
    o.rest = milliseconds(1);
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    fail_three_times(token);
    control("");
    await_ready(token);
    assert_signs(token, "p256");
    token_close(token);
}

static void count_up(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static void await_count(atomic_int *count, int n)
{
    await_that(atomic_load(count) >= n);
    assert_int_equal(atomic_load(count), n);
}

/* Once each time that it comes back, however it went away. */
static void who_waits_is_called_when_it_is_ready(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };
    atomic_int count = 0;

    o.failures = 3;
    o.rest = milliseconds(1);
    o.became_ready = count_up;
    o.context = &count;
    control("C_Login 0x30\n");
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_false(token_ready(token, NULL));
    assert_int_equal(atomic_load(&count), 0);
    control("");
    await_ready(token);
    await_count(&count, 1);
    assert_signs(token, "p256");
    assert_int_equal(atomic_load(&count), 1);
    control("C_Sign 0x30\nC_Login 0x30\n");
    assert_refused(token, FAULT_UNAVAILABLE, "CKR_DEVICE_ERROR");
    assert_false(token_ready(token, NULL));
    control("");
    await_ready(token);
    await_count(&count, 2);
    token_close(token);
}

/* It says nothing about the PIN: it is asked again, and not for ever in vain. */
static void login_that_looks_at_no_pin_is_tried_again(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };

    control("C_Login 0x103\n"); /* CKR_USER_TYPE_INVALID */
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_non_null(strstr(f.detail, "CKR_USER_TYPE_INVALID"));
    assert_false(token_ready(token, NULL));
    control("");
    assert_true(token_connect(token, soon(), &f));
    assert_signs(token, "p256");
    token_close(token);
}

/* Each of a batch hears of it, also when the breaker has opened over it. */
static void refused_pin_is_told_to_each(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 2;
    o.rest = days(1);
    struct token *token = token_open(&o);
    const struct token_key *key = key_of(token, "p256");
    control("C_Sign 0x32\nC_Login 0xa0\n"); /* CKR_DEVICE_REMOVED, CKR_PIN_INCORRECT */
    for (int i = 0; i < 3; i++)
        assert_each_refused(token, key, "CKR_PIN_INCORRECT");
    control("");
    token_close(token);
}

static void refused_pin_is_forgotten(void **state)
{
    (void)state;
    struct connection connection;
    struct session session = { .connection = &connection };

    connection_init(&connection, SCRATCH_TOKEN_MODULE, LABEL, (struct secret){ "wrong" });
    assert_string_equal(connection.pin.text, "wrong");
    assert_int_equal(session_enter(&session), CKR_PIN_INCORRECT);
    assert_null(connection.pin.text);
    assert_int_equal(session_enter(&session), CKR_PIN_INCORRECT);
    session_close(&session);
    connection_close(&connection);
    /* lets the token forget the try, which others count */
    struct token_options o = options();
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    token_close(token);
}

/* CKR_KEY_FUNCTION_NOT_PERMITTED says something about the request, nothing about the device. */
static void refused_requests_do_not_open_the_breaker(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 2;
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    control("C_Sign 0x68\n");
    for (int i = 0; i < 4; i++)
        assert_refused(token, FAULT_INTERNAL, "CKR_KEY_FUNCTION_NOT_PERMITTED");
    assert_true(token_ready(token, NULL));
    control("");
    assert_signs(token, "p256");
    token_close(token);
}

static void hanging_module_costs_its_caller_only(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct token *token;
    struct fault f;

    o.sessions = 2;
    o.patience = milliseconds(100);
    o.failures = 1000;
    token = token_open(&o);
    assert_signs_at_last(token, "p256");
    control("C_Sign hang\n");
    for (int i = 0; i < 3; i++) /* each takes a thread with it */
        assert_refused(token, FAULT_UNAVAILABLE, "did not answer");
    assert_false(try_sign(token, "p256", tick_after(milliseconds(1)), &f));
    control("");
    assert_signs_at_last(token, "rsa"); /* by threads that took their place */
    token_close(token);
}

static void threads_that_hang_are_bounded(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct token *token;
    struct fault f = { 0 };

    o.patience = milliseconds(100);
    o.failures = 1000;
    token = token_open(&o);
    assert_signs_at_last(token, "p256");
    control("C_Sign hang\n");
    for (int i = 0; !strstr(f.detail, "all signing threads hang"); i++) {
        assert_true(i < 100);
        assert_false(try_sign(token, "p256", soon(), &f));
        assert_int_equal(f.code, FAULT_UNAVAILABLE);
    }
    assert_false(token_ready(token, NULL));
    control("");
    assert_signs_at_last(token, "p256"); /* they come back and are replaced */
    assert_true(token_ready(token, NULL));
    token_close(token);
}

static void hang_at_login_is_bounded_too(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };

    o.patience = milliseconds(50);
    control("C_Login hang\n");
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    assert_false(token_ready(token, NULL));
    control("");
    await_that(token_connect(token, soon(), &f));
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

static int group_setup(void **state)
{
    static const struct {
        const char *label, *kind;
    } keys[] = { { "p256", "p256" }, { "p384", "p384" }, { "rsa", "rsa2048" } };
    struct token_options o = options();
    const struct token_key *key;
    struct fault f = { 0 };
    char self[400] = { 0 };

    (void)state;
    arena_init(&arena);
    snprintf(control_file, sizeof control_file, "%s/moods", scratch_token_dir());
    setenv("MOODY_CONTROL", control_file, 1);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return -1;
    snprintf(moody_module, sizeof moody_module, "%s/testdata/moody.so", dirname(self));
    scratch_token_make(LABEL);
    struct token *token = token_open(&o);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!token_make_key(token, keys[i].label, keys[i].kind, soon(), &key, &f))
            return -1;
    token_close(token);
    scratch_token_make("test-twice");
    scratch_token_make("test-twice");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    scratch_token_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_signs_with_every_hash),
        cmocka_unit_test(other_ways_to_sign_verify_too),
        cmocka_unit_test(keys_can_sign_and_nothing_else),
        cmocka_unit_test(keys_for_copies_can_be_copied),
        cmocka_unit_test(threads_sign_side_by_side),
        cmocka_unit_test(lost_sessions_are_opened_again),
        cmocka_unit_test(lost_module_is_initialized_again),
        cmocka_unit_test(stale_answers_are_tried_once_more),
        cmocka_unit_test(breaker_opens_after_failures),
        cmocka_unit_test(breaker_closes_by_itself),
        cmocka_unit_test(who_waits_is_called_when_it_is_ready),
        cmocka_unit_test(login_that_looks_at_no_pin_is_tried_again),
        cmocka_unit_test(refused_pin_is_told_to_each),
        cmocka_unit_test(refused_pin_is_forgotten),
        cmocka_unit_test(refused_requests_do_not_open_the_breaker),
        cmocka_unit_test(hanging_module_costs_its_caller_only),
        cmocka_unit_test(threads_that_hang_are_bounded),
        cmocka_unit_test(hang_at_login_is_bounded_too),
        cmocka_unit_test(wrong_pin_is_tried_once),
        cmocka_unit_test(missing_tokens_are_told),
        cmocka_unit_test(token_that_comes_later_is_found),
        cmocka_unit_test(keys_are_found_or_told),
        cmocka_unit_test(late_signatures_are_not_made),
        cmocka_unit_test(test_tokens_can_be_made_to_lie),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
