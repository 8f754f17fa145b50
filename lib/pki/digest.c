#include "pki/digest.h"

#include "pki/evp.h"

struct digest {
    EVP_MD_CTX *ctx;
};

static void digest_once(const EVP_MD *md, struct bytes in, uint8_t *out)
{
    evp_must(EVP_Digest(in.data, in.size, out, NULL, md, NULL), "digest");
}

void digest_sha1(struct bytes in, uint8_t out[SHA1_SIZE])
{
    digest_once(evp_sha1(), in, out);
}

void digest_sha256(struct bytes in, uint8_t out[SHA256_SIZE])
{
    digest_once(evp_sha256(), in, out);
}

void digest_sha384(struct bytes in, uint8_t out[SHA384_SIZE])
{
    digest_once(evp_sha384(), in, out);
}

void digest_sha512(struct bytes in, uint8_t out[SHA512_SIZE])
{
    digest_once(evp_sha512(), in, out);
}

void hmac_sha256(struct bytes key, struct bytes message, uint8_t out[SHA256_SIZE])
{
    static const uint8_t none[1];
    AUTO(EVP_MAC_CTX) ctx = EVP_MAC_CTX_dup(evp_hmac_sha256());
    /* A NULL key means "the one of before" to OpenSSL. */
    const uint8_t *key_data = key.size > 0 ? key.data : none;
    size_t size;

    evp_must(ctx && EVP_MAC_init(ctx, key_data, key.size, NULL) &&
                 EVP_MAC_update(ctx, message.data, message.size) &&
                 EVP_MAC_final(ctx, out, &size, SHA256_SIZE),
             "HMAC");
}

static void digest_start(struct digest *d)
{
    evp_must(EVP_DigestInit_ex2(d->ctx, evp_sha256(), NULL), "digest start");
}

struct digest *digest_new(void)
{
    struct digest *d = OPENSSL_zalloc(sizeof *d);

    evp_must(d && (d->ctx = EVP_MD_CTX_new()), "digest context");
    digest_start(d);
    return d;
}

void digest_add(struct digest *d, struct bytes piece)
{
    evp_must(EVP_DigestUpdate(d->ctx, piece.data, piece.size), "digest");
}

void digest_end(struct digest *d, uint8_t out[SHA256_SIZE])
{
    evp_must(EVP_DigestFinal_ex(d->ctx, out, NULL), "digest end");
    digest_start(d);
}

void digest_free(struct digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    OPENSSL_free(d);
}
