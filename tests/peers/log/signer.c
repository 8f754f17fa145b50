#include "tests/peers/log/signer.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct {
    EVP_PKEY *key, *foreign_key;
    struct bytes spki;
    struct hash id;
} self;

static EVP_PKEY *key_make(const char *path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    FILE *file;

    umask(077);
    file = fopen(path, "w");
    if (!key || !file || PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
        fclose(file) != 0)
        return NULL;
    return key;
}

bool signer_open(const char *path)
{
    FILE *file = path ? fopen(path, "r") : NULL;
    uint8_t *spki = NULL;
    int size;

    if (!path)
        return false;
    self.key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : key_make(path);
    if (file)
        fclose(file);
    size = self.key ? i2d_PUBKEY(self.key, &spki) : -1;
    if (size < 0)
        return false;
    self.spki = (struct bytes){ spki, (size_t)size };
    self.id = hash_of(self.spki);
    self.foreign_key = EVP_EC_gen("P-256");
    return self.foreign_key;
}

struct bytes signer_spki(void)
{
    return self.spki;
}

struct bytes signer_id(void)
{
    return (struct bytes){ self.id.bytes, sizeof self.id.bytes };
}

struct bytes signer_sign(struct arena *a, bool foreign, struct bytes what)
{
    EVP_PKEY *key = foreign ? self.foreign_key : self.key;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[128];
    size_t size = sizeof signature;
    struct text out;

    if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &size, what.data, what.size) != 1)
        abort();
    EVP_MD_CTX_free(context);
    text_init(&out, a);
    add_number(&out, 4, 1);
    add_number(&out, 3, 1);
    add_opaque(&out, (struct bytes){ signature, size }, 2);
    return bytes_of(&out);
}
