#include "pki/seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret_file.h"
#include "pki/digest.h"
#include "pki/evp.h"

enum { VERSION = 1, ID = 4, NONCE = 12, TAG = 16, HEADER = 1 + ID + NONCE, KEY = 32, KEYS = 2 };
enum { HEX_LENGTH = 64, BASE64_LENGTH = 44 }; /* of a key */

struct one_key {
    uint8_t id[ID], secret[KEY];
};

struct seal_key {
    struct one_key keys[KEYS]; /* the one to seal with, then the one of before */
    size_t count;
};

/* What does not fit is left out: then it is no key. */
static bool read_file(int fd, const char *path, char *out, size_t size, struct fault *f)
{
    ssize_t got = read(fd, out, size - 1);

    out[got < 0 ? 0 : got] = '\0';
    return (got >= 0 || fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno))) &&
           secret_file_guarded(fd, path, NULL, f);
}

/* `text` without white space after it, which is cut off. */
static bool cut_end(char *text)
{
    size_t length = strcspn(text, " \t\r\n");
    bool ok = text[length + strspn(text + length, " \t\r\n")] == '\0';

    text[length] = '\0';
    return ok;
}

/* Not by base's readers: what they decode stays in an arena, which is not wiped. */
static bool decode(char *text, uint8_t out[KEY])
{
    uint8_t padded[KEY + 1];
    size_t got = 0;
    bool ok;

    if (!cut_end(text))
        return false;
    if (strlen(text) == HEX_LENGTH)
        return OPENSSL_hexstr2buf_ex(out, KEY, &got, text, '\0') && got == KEY;
    ok = strlen(text) == BASE64_LENGTH && text[BASE64_LENGTH - 1] == '=' &&
         text[BASE64_LENGTH - 2] != '=' &&
         EVP_DecodeBlock(padded, (unsigned char *)text, BASE64_LENGTH) == sizeof padded;
    if (ok)
        memcpy(out, padded, KEY);
    OPENSSL_cleanse(padded, sizeof padded);
    return ok;
}

/* Adds the key that the text spells. */
static bool add_key(struct seal_key *key, char *text)
{
    struct one_key *one = &key->keys[key->count];
    uint8_t hash[SHA256_SIZE];
    bool ok = decode(text, one->secret);

    ERR_clear_error();
    if (!ok)
        return false;
    digest_sha256((struct bytes){ one->secret, KEY }, hash);
    memcpy(one->id, hash, ID);
    key->count++;
    return true;
}

static bool load_file(struct seal_key *key, const char *path, bool needed, struct fault *f)
{
    char text[256];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return (!needed && errno == ENOENT) ||
               fault_set(f, FAULT_INVALID, path, "cannot be read: %s", strerror(errno));
    ok = read_file(fd, path, text, sizeof text, f) &&
         (add_key(key, text) ||
          fault_set(f, FAULT_INVALID, path, "is no key: 32 bytes in hex or base64 are"));
    close(fd);
    OPENSSL_cleanse(text, sizeof text);
    return ok;
}

struct seal_key *seal_key_load(const char *path, struct fault *f)
{
    struct seal_key *key = OPENSSL_secure_zalloc(sizeof *key);
    char old[4096];

    evp_must(key != NULL, "memory");
    if (snprintf(old, sizeof old, "%s.old", path) < (int)sizeof old &&
        load_file(key, path, true, f) && load_file(key, old, false, f))
        return key;
    seal_key_free(key);
    return NULL;
}

void seal_key_free(struct seal_key *key)
{
    OPENSSL_secure_clear_free(key, sizeof *key);
}

/* Key, nonce and additional data; then the same calls seal or open. */
static EVP_CIPHER_CTX *begin(const struct one_key *one, const uint8_t *nonce, struct bytes aad,
                             int sealing)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int length;

    evp_must(ctx && EVP_CipherInit_ex2(ctx, evp_aes_256_gcm(), one->secret, nonce, sealing, NULL) &&
                 EVP_CipherUpdate(ctx, NULL, &length, aad.data, (int)aad.size),
             "AES-256-GCM");
    return ctx;
}

struct bytes seal(struct arena *a, const struct seal_key *key, struct bytes aad, struct bytes plain)
{
    uint8_t *out = arena_alloc(a, HEADER + plain.size + TAG), *tag = out + HEADER + plain.size;
    int length = 0;

    assert(plain.size < INT32_MAX && aad.size < INT32_MAX);
    out[0] = VERSION;
    memcpy(out + 1, key->keys[0].id, ID);
    random_bytes(out + 1 + ID, NONCE);
    AUTO(EVP_CIPHER_CTX) ctx = begin(&key->keys[0], out + 1 + ID, aad, 1);
    evp_must(EVP_CipherUpdate(ctx, out + HEADER, &length, plain.data, (int)plain.size) &&
                 EVP_CipherFinal_ex(ctx, out + HEADER + length, &length) &&
                 EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, tag),
             "seal");
    return (struct bytes){ out, HEADER + plain.size + TAG };
}

static const struct one_key *find_named(const struct seal_key *key, struct bytes prefix)
{
    if (prefix.size < SEAL_PREFIX || prefix.data[0] != VERSION)
        return NULL;
    for (size_t i = 0; i < key->count; i++)
        if (memcmp(key->keys[i].id, prefix.data + 1, ID) == 0)
            return &key->keys[i];
    return NULL;
}

static const struct one_key *find_key(const struct seal_key *key, struct bytes sealed)
{
    return sealed.size < HEADER + TAG ? NULL : find_named(key, sealed);
}

static bool open_with(const struct one_key *one, struct bytes aad, struct bytes sealed,
                      uint8_t *out, size_t size)
{
    AUTO(EVP_CIPHER_CTX) ctx = begin(one, sealed.data + 1 + ID, aad, 0);
    uint8_t tag[TAG];
    int length = 0;

    memcpy(tag, sealed.data + HEADER + size, TAG);
    evp_must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) &&
                 EVP_CipherUpdate(ctx, out, &length, sealed.data + HEADER, (int)size),
             "unseal");
    return EVP_CipherFinal_ex(ctx, out + length, &length) > 0;
}

bool unseal(struct arena *a, const struct seal_key *key, struct bytes aad, struct bytes sealed,
            struct bytes *plain, struct fault *f)
{
    const struct one_key *one = find_key(key, sealed);
    size_t size;
    uint8_t *out;

    if (!one)
        return fault_set(f, FAULT_INTERNAL, NULL, "a secret is sealed with an unknown key");
    size = sealed.size - HEADER - TAG;
    out = arena_alloc(a, size + 1);
    if (!open_with(one, aad, sealed, out, size)) {
        OPENSSL_cleanse(out, size);
        return fault_set(f, FAULT_INTERNAL, NULL, "a sealed secret was changed or moved");
    }
    *plain = (struct bytes){ out, size };
    return true;
}

struct bytes seal_prefix(struct arena *a, const struct seal_key *key)
{
    uint8_t out[SEAL_PREFIX] = { VERSION };

    memcpy(out + 1, key->keys[0].id, ID);
    return (struct bytes){ arena_copy(a, out, sizeof out), sizeof out };
}

enum seal_age seal_age(const struct seal_key *key, struct bytes prefix)
{
    const struct one_key *one = find_named(key, prefix);

    if (!one)
        return SEAL_UNKNOWN;
    return one == &key->keys[0] ? SEAL_NEW : SEAL_OLD;
}
