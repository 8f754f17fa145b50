#include "pki/sct_make.h"

#include "pki/csr_make.h"
#include "pki/der.h"
#include "pki/digest.h"
#include "pki/evp.h"

/* Written apart from pki/sct.c on purpose, so that the two can disagree. */
static void add_big_endian(struct text *t, int bytes, uint64_t n)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        text_add_char(t, (char)(n >> shift & 0xff));
}

static void add_sized(struct text *t, int bytes, struct bytes b)
{
    add_big_endian(t, bytes, b.size);
    text_add_bytes(t, b.data, b.size);
}

static struct bytes statement(struct arena *a, const struct sct_promise *p)
{
    uint8_t issuer[SHA256_SIZE];
    struct text t;

    digest_sha256(p->issuer_spki, issuer);
    text_init(&t, a);
    add_big_endian(&t, 2, 0); /* v1, certificate_timestamp */
    add_big_endian(&t, 8, p->timestamp_ms);
    add_big_endian(&t, 2, 1); /* precert_entry */
    text_add_bytes(&t, issuer, sizeof issuer);
    add_sized(&t, 3, p->tbs);
    add_sized(&t, 2, p->extensions);
    return der_written(&t);
}

static struct bytes sign(struct arena *a, EVP_PKEY *log, struct bytes message)
{
    AUTO(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    size_t size = (size_t)EVP_PKEY_get_size(log);
    uint8_t *out = arena_alloc(a, size);

    evp_must(ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, log, NULL) &&
                 EVP_DigestSign(ctx, out, &size, message.data, message.size),
             "sign");
    return (struct bytes){ out, size };
}

struct bytes sct_make(struct arena *a, EVP_PKEY *log, const struct sct_promise *promise)
{
    uint8_t id[SHA256_SIZE];
    struct text t;

    digest_sha256(csr_make_spki(a, log), id);
    text_init(&t, a);
    add_big_endian(&t, 1, 0);
    text_add_bytes(&t, id, sizeof id);
    add_big_endian(&t, 8, promise->timestamp_ms);
    add_sized(&t, 2, promise->extensions);
    add_big_endian(&t, 2, EVP_PKEY_is_a(log, "RSA") ? 0x0401 : 0x0403);
    add_sized(&t, 2, sign(a, log, statement(a, promise)));
    return der_written(&t);
}
