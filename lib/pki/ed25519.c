#include "pki/ed25519.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "pki/evp.h"
#include "pki/pem.h"

enum { KEY_FILE_MAX = 4096 };

struct ed25519_key {
    struct arena arena;
    EVP_PKEY *key;
};

static struct bytes der_of(struct arena *a, const EVP_PKEY *key,
                           int (*encode)(const EVP_PKEY *, unsigned char **))
{
    unsigned char *der = NULL;
    int size = encode(key, &der);
    evp_must(size > 0, "encoding an Ed25519 key");
    struct bytes out = { arena_copy(a, der, (size_t)size), (size_t)size };
    OPENSSL_clear_free(der, (size_t)size);
    return out;
}

static int encode_private(const EVP_PKEY *key, unsigned char **out)
{
    return i2d_PrivateKey(key, out);
}

static int encode_public(const EVP_PKEY *key, unsigned char **out)
{
    return i2d_PUBKEY(key, out);
}

static char *pem_of(struct arena *a, const char *label, struct bytes der)
{
    struct text t;
    text_init(&t, a);
    pem_write(&t, label, der, "\n");
    return t.data;
}

void ed25519_make(struct arena *a, char **private_pem, char **public_pem)
{
    AUTO(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    evp_must(key != NULL, "making an Ed25519 key");
    *private_pem = pem_of(a, "PRIVATE KEY", der_of(a, key, encode_private));
    *public_pem = pem_of(a, "PUBLIC KEY", der_of(a, key, encode_public));
}

/* NULL unless the text is an Ed25519 key of that label. */
static EVP_PKEY *key_of(struct arena *a, const char *pem, bool is_private, const char *field,
                        struct fault *f)
{
    struct bytes der;
    if (!pem_read(a, pem, is_private ? "PRIVATE KEY" : "PUBLIC KEY", &der, f, field)) {
        f->code = FAULT_INVALID;
        return NULL;
    }
    const unsigned char *at = der.data;
    EVP_PKEY *key = is_private ? d2i_AutoPrivateKey(NULL, &at, (long)der.size)
                               : d2i_PUBKEY(NULL, &at, (long)der.size);
    if (key && EVP_PKEY_is_a(key, "ED25519"))
        return key;
    EVP_PKEY_free(key);
    fault_set(f, FAULT_INVALID, field, "is no Ed25519 key");
    return NULL;
}

bool ed25519_sign(const char *private_pem, struct bytes text, uint8_t out[ED25519_SIZE],
                  struct fault *f)
{
    struct arena a;
    size_t size = ED25519_SIZE;
    arena_init(&a);
    AUTO(EVP_PKEY) key = key_of(&a, private_pem, true, "key", f);
    arena_free(&a);
    if (!key)
        return false;
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    evp_must(ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) &&
                 EVP_DigestSign(ctx, out, &size, text.data, text.size),
             "signing with Ed25519");
    return true;
}

static bool file_text(const char *path, char out[KEY_FILE_MAX], struct fault *f)
{
    FILE *file = fopen(path, "re");
    size_t size = file ? fread(out, 1, KEY_FILE_MAX - 1, file) : 0;
    bool ok = file && !ferror(file);
    if (!ok)
        fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerrorname_np(errno));
    if (file)
        fclose(file);
    out[size] = '\0';
    return ok;
}

struct ed25519_key *ed25519_load(const char *path, struct fault *f)
{
    char text[KEY_FILE_MAX];
    if (!file_text(path, text, f))
        return NULL;
    struct arena a;
    arena_init(&a);
    EVP_PKEY *key = key_of(&a, text, false, path, f);
    if (!key) {
        arena_free(&a);
        return NULL;
    }
    struct ed25519_key *out = arena_new(&a, struct ed25519_key);
    *out = (struct ed25519_key){ .arena = a, .key = key };
    return out;
}

void ed25519_free(struct ed25519_key *key)
{
    if (!key)
        return;
    struct arena a = key->arena;
    EVP_PKEY_free(key->key);
    arena_free(&a);
}

bool ed25519_verify(const struct ed25519_key *key, struct bytes text, struct bytes signature)
{
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    evp_must(ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key->key),
             "preparing an Ed25519 check");
    return EVP_DigestVerify(ctx, signature.data, signature.size, text.data, text.size) == 1;
}
