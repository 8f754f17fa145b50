/* moody_test - what the tests of the token share: a scratch token with a key of each kind, the module that has it answer as
 * it is told (testdata/moody.c), and who signs with it. */
#ifndef TOKEN_MOODY_TEST_H
#define TOKEN_MOODY_TEST_H

#include "token/token.h"

#include <dlfcn.h>
#include <libgen.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <setjmp.h>
#include <stdarg.h>
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

#define SHARED static __attribute__((unused))

#define LABEL  "test-token"

static char moody_module[512], control_file[256];
static struct arena arena;

SHARED struct tick soon(void)
{
    return tick_after(patience());
}

SHARED struct token_options options(void)
{
    return (struct token_options){
        .module = SCRATCH_TOKEN_MODULE, .label = LABEL, .pin = { SCRATCH_TOKEN_PIN }, .sessions = 4
    };
}

SHARED struct token_options moody(void)
{
    struct token_options o = options();

    o.module = moody_module;
    return o;
}

SHARED void control(const char *lines)
{
    char part[300];

    snprintf(part, sizeof part, "%s.part", control_file);
    FILE *f = fopen(part, "w");
    assert_non_null(f);
    fputs(lines, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(part, control_file), 0);
}

SHARED const struct token_key *key_of(struct token *token, const char *label)
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

SHARED bool verifies(const struct token_key *key, enum token_hash hash, struct bytes data,
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

SHARED bool try_sign(struct token *token, const char *label, struct tick deadline, struct fault *f)
{
    struct bytes data = BYTES_OF("to be signed"), signature;
    const struct token_key *key = key_of(token, label);

    if (!token_sign(token, key, TOKEN_SHA256, data, deadline, &arena, &signature, f))
        return false;
    assert_true(verifies(key, TOKEN_SHA256, data, signature));
    return true;
}

SHARED void assert_signs(struct token *token, const char *label)
{
    struct fault f = { 0 };

    if (!try_sign(token, label, soon(), &f))
        fail_msg("%s: %s", label, f.detail);
}

/* For tokens with little patience, where a busy machine may cost a try. */
SHARED void assert_signs_at_last(struct token *token, const char *label)
{
    struct tick limit = soon();
    const struct token_key *key;
    struct fault f = { 0 };

    while (!token_find_key(token, label, soon(), &key, &f) || !try_sign(token, label, soon(), &f))
        if (tick_left(limit).us == 0)
            fail_msg("%s: %s", label, f.detail);
}

SHARED void assert_refused(struct token *token, enum fault_code code, const char *detail)
{
    struct fault f = { 0 };

    assert_false(try_sign(token, "p256", soon(), &f));
    assert_int_equal(f.code, code);
    assert_non_null(strstr(f.detail, detail));
}

SHARED CK_FUNCTION_LIST *softhsm(void)
{
    CK_FUNCTION_LIST *calls;
    CK_C_GetFunctionList get;
    void *module = dlopen(SCRATCH_TOKEN_MODULE, RTLD_NOW | RTLD_LOCAL);

    assert_non_null(module);
    *(void **)&get = dlsym(module, "C_GetFunctionList");
    assert_int_equal(get(&calls), CKR_OK);
    return calls;
}

SHARED CK_TOKEN_INFO token_info(CK_SLOT_ID *slot)
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

SHARED int group_setup(void **state)
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

SHARED int group_teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    scratch_token_remove();
    return 0;
}

#endif
