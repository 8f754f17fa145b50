#include "pki/evp.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

static struct {
    EVP_MD *sha1, *sha256, *sha384, *sha512;
    EVP_CIPHER *aes_256_gcm;
    EVP_MAC_CTX *hmac_sha256;
} shared;

void evp_must(int ok, const char *what)
{
    if (ok > 0)
        return;
    log_error("libcrypto failed", LOG_TEXT("operation", what));
    abort();
}

static EVP_MD *fetch_digest(const char *name)
{
    EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);

    evp_must(md != NULL, name);
    return md;
}

static EVP_MAC_CTX *fetch_hmac(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    evp_must(ctx && EVP_MAC_CTX_set_params(ctx, params), "HMAC");
    EVP_MAC_free(mac);
    return ctx;
}

static void fetch(void)
{
    shared.sha1 = fetch_digest("SHA1");
    shared.sha256 = fetch_digest("SHA256");
    shared.sha384 = fetch_digest("SHA384");
    shared.sha512 = fetch_digest("SHA512");
    shared.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    evp_must(shared.aes_256_gcm != NULL, "AES-256-GCM");
    shared.hmac_sha256 = fetch_hmac();
}

static void ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch);
}

const EVP_MD *evp_sha1(void)
{
    ready();
    return shared.sha1;
}

const EVP_MD *evp_sha256(void)
{
    ready();
    return shared.sha256;
}

const EVP_MD *evp_sha384(void)
{
    ready();
    return shared.sha384;
}

const EVP_MD *evp_sha512(void)
{
    ready();
    return shared.sha512;
}

const EVP_CIPHER *evp_aes_256_gcm(void)
{
    ready();
    return shared.aes_256_gcm;
}

const EVP_MAC_CTX *evp_hmac_sha256(void)
{
    ready();
    return shared.hmac_sha256;
}
