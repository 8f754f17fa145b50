#include "pki/sct.h"

#include <assert.h>
#include <string.h>

#include "log_list.pb-c.h"
#include "message/json.h"
#include "pki/der.h"
#include "pki/digest.h"
#include "pki/key.h"
#include "pki/signature.h"

enum { V1 = 0, ANSWER_SIZE_MAX = 8192, RSA_BITS_MIN = 2048 };

/* ---- TLS presentation language (RFC 5246 4): numbers are big-endian, a vector has its size in front */

static bool take(struct bytes *rest, size_t size, struct bytes *out)
{
    if (rest->size < size)
        return false;
    *out = (struct bytes){ rest->data, size };
    *rest = (struct bytes){ rest->data + size, rest->size - size };
    return true;
}

static bool take_number(struct bytes *rest, size_t size, uint64_t *out)
{
    struct bytes number;

    if (!take(rest, size, &number))
        return false;
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out = *out << 8 | number.data[i];
    return true;
}

static bool take_vector(struct bytes *rest, struct bytes *out)
{
    struct bytes ahead = *rest;
    uint64_t size;

    if (!take_number(&ahead, 2, &size) || !take(&ahead, size, out))
        return false;
    *rest = ahead;
    return true;
}

static void add_number(struct text *t, size_t size, uint64_t number)
{
    while (size-- > 0)
        text_add_char(t, (char)(number >> 8 * size & 0xff));
}

static void add_vector(struct text *t, size_t size_of_size, struct bytes content)
{
    assert(content.size >> 8 * size_of_size == 0);
    add_number(t, size_of_size, content.size);
    text_add_bytes(t, content.data, content.size);
}

/* ---- one timestamp (RFC 6962 3.2) */

/* DigitallySigned: hash, algorithm, and a signature that ends where the bytes end. */
static bool signature_split(struct bytes whole, uint64_t *hash, uint64_t *algorithm,
                            struct bytes *signature)
{
    return take_number(&whole, 1, hash) && take_number(&whole, 1, algorithm) &&
           take_vector(&whole, signature) && signature->size > 0 && whole.size == 0;
}

static bool is_whole(struct bytes digitally_signed)
{
    uint64_t hash, algorithm;
    struct bytes signature;

    return signature_split(digitally_signed, &hash, &algorithm, &signature);
}

bool sct_read(struct bytes serialized, struct sct *out, struct fault *f, const char *field)
{
    struct bytes rest = serialized;
    uint64_t version;

    *out = (struct sct){ 0 };
    if (serialized.size > SCT_SIZE_MAX)
        return fault_set(f, FAULT_INVALID, field, "is a timestamp of more than %d bytes",
                         SCT_SIZE_MAX);
    if (take_number(&rest, 1, &version) && version != V1)
        return fault_set(f, FAULT_INVALID, field, "is a timestamp of a version that is not v1");
    if (!take(&rest, SCT_LOG_ID_SIZE, &out->log_id) || !take_number(&rest, 8, &out->timestamp_ms) ||
        !take_vector(&rest, &out->extensions) || !is_whole(rest))
        return fault_set(f, FAULT_INVALID, field, "is a malformed timestamp");
    out->signature = rest;
    return true;
}

struct bytes sct_write(const struct sct *s, struct arena *a)
{
    struct text t;

    text_init(&t, a);
    text_add_char(&t, V1);
    text_add_bytes(&t, s->log_id.data, s->log_id.size);
    add_number(&t, 8, s->timestamp_ms);
    add_vector(&t, 2, s->extensions);
    text_add_bytes(&t, s->signature.data, s->signature.size);
    return der_written(&t);
}

struct instant sct_time(const struct sct *s)
{
    bool beyond = s->timestamp_ms > INT64_MAX / 1000;

    return (struct instant){ beyond ? INT64_MAX : (int64_t)s->timestamp_ms * 1000 };
}

/* ---- as a log answers (RFC 6962 4.1) */

static struct bytes bytes_of(ProtobufCBinaryData b)
{
    return (struct bytes){ b.data, b.len };
}

static bool answer_check(const LogAnswer *answer, struct arena *a, struct sct *out, struct fault *f)
{
    struct sct unchecked = { bytes_of(answer->id), answer->timestamp, bytes_of(answer->extensions),
                             bytes_of(answer->signature) };

    if (answer->sct_version != V1)
        return fault_set(f, FAULT_INVALID, "sct_version", "is not that of v1");
    if (answer->id.len != SCT_LOG_ID_SIZE)
        return fault_set(f, FAULT_INVALID, "id", "is not of %d bytes", SCT_LOG_ID_SIZE);
    if (answer->extensions.len > SCT_SIZE_MAX)
        return fault_set(f, FAULT_INVALID, "extensions", "are more than %d bytes", SCT_SIZE_MAX);
    return sct_read(sct_write(&unchecked, a), out, f, "signature");
}

bool sct_answer_read(struct bytes json, struct arena *a, struct sct *out, struct fault *f)
{
    LogAnswer answer = LOG_ANSWER__INIT;

    if (json.size > ANSWER_SIZE_MAX)
        return fault_set(f, FAULT_INVALID, NULL, "the answer has more than %d bytes",
                         ANSWER_SIZE_MAX);
    if (message_merge_json(a, &answer.base, (const char *)json.data, json.size, f))
        return answer_check(&answer, a, out, f);
    f->code = FAULT_INVALID;
    return false;
}

/* ---- lists of them (RFC 6962 3.3) */

struct bytes sct_list_write(const struct bytes *scts, size_t count, struct arena *a)
{
    struct text list, vector, out;

    assert(count > 0 && count <= SCTS_MAX);
    text_init(&list, a);
    for (size_t i = 0; i < count; i++)
        add_vector(&list, 2, scts[i]);
    text_init(&vector, a);
    add_vector(&vector, 2, der_written(&list));
    text_init(&out, a);
    der_add(&out, DER_OCTET_STRING, der_written(&vector));
    return der_written(&out);
}

static bool list_split(struct bytes list, struct bytes scts[SCTS_MAX], size_t *count)
{
    for (*count = 0; list.size > 0; (*count)++)
        if (*count == SCTS_MAX || !take_vector(&list, &scts[*count]))
            return false;
    return *count > 0;
}

bool sct_list_read(struct bytes value, struct bytes scts[SCTS_MAX], size_t *count, struct fault *f,
                   const char *field)
{
    struct der all = der_open(value);
    struct bytes vector, list;
    struct sct each;

    *count = 0;
    if (!der_take(&all, DER_OCTET_STRING, &vector) || !der_done(&all) ||
        !take_vector(&vector, &list) || vector.size > 0 || !list_split(list, scts, count))
        return fault_set(f, FAULT_INVALID, field, "is no list of 1 to %d timestamps", SCTS_MAX);
    for (size_t i = 0; i < *count; i++)
        if (!sct_read(scts[i], &each, f, field))
            return false;
    return true;
}

/* ---- whose word it is */

// clang-format off
/* What RFC 6962 2.1.4 allows, as TLS numbers it (RFC 5246 7.4.1.4.1) and as an AlgorithmIdentifier. */
static const struct kind {
    enum key_type type;
    uint8_t algorithm;
    struct bytes identifier;
} kinds[] = {
    { KEY_RSA, 1, { (const uint8_t *)"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00", 15 } },
    { KEY_EC,  3, { (const uint8_t *)"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02", 12 } },
};
// clang-format on
enum { HASH_SHA256 = 4 };

static const struct kind *kind_of(enum key_type type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == type)
            return &kinds[i];
    return NULL;
}

static bool log_key_read(struct bytes spki, struct key *out, struct fault *f, const char *field)
{
    if (!key_read(spki, out, f, field)) {
        f->code = FAULT_INVALID;
        return false;
    }
    if (out->type == KEY_EC ? out->bits == 256 : out->bits >= RSA_BITS_MIN)
        return true;
    return fault_set(f, FAULT_INVALID, field,
                     "is a key of no log: P-256, or RSA of %d bits or more, is needed",
                     RSA_BITS_MIN);
}

bool sct_log_key_check(struct bytes spki, struct fault *f, const char *field)
{
    struct key key;

    return log_key_read(spki, &key, f, field);
}

/* What a log signs of a precertificate (RFC 6962 3.2). */
static struct bytes signed_bytes(const struct sct *s, struct bytes tbs, struct bytes issuer_spki,
                                 struct arena *a)
{
    enum { CERTIFICATE_TIMESTAMP = 0, PRECERT_ENTRY = 1 };
    uint8_t issuer_key_hash[SHA256_SIZE];
    struct text t;

    digest_sha256(issuer_spki, issuer_key_hash);
    text_init(&t, a);
    text_add_char(&t, V1);
    text_add_char(&t, CERTIFICATE_TIMESTAMP);
    add_number(&t, 8, s->timestamp_ms);
    add_number(&t, 2, PRECERT_ENTRY);
    text_add_bytes(&t, issuer_key_hash, sizeof issuer_key_hash);
    add_vector(&t, 3, tbs);
    add_vector(&t, 2, s->extensions);
    return der_written(&t);
}

static bool is_of(const struct sct *s, struct bytes log_spki)
{
    uint8_t id[SHA256_SIZE];

    digest_sha256(log_spki, id);
    return bytes_equal(s->log_id, (struct bytes){ id, sizeof id });
}

bool sct_verify(const struct sct *s, struct bytes log_spki, struct bytes tbs,
                struct bytes issuer_spki, struct fault *f)
{
    uint64_t hash, algorithm;
    struct bytes signature;
    struct arena a;
    struct key key;
    bool good;

    if (!is_of(s, log_spki))
        return fault_set(f, FAULT_INVALID, "timestamp", "is of another log");
    if (!log_key_read(log_spki, &key, f, "key"))
        return false;
    if (!signature_split(s->signature, &hash, &algorithm, &signature) || hash != HASH_SHA256 ||
        algorithm != kind_of(key.type)->algorithm)
        return fault_set(f, FAULT_INVALID, "timestamp", "is signed in a way that is not the log's");
    arena_init(&a);
    good = signature_check(&key, kind_of(key.type)->identifier,
                           signed_bytes(s, tbs, issuer_spki, &a), signature, f, "timestamp");
    arena_free(&a);
    return good;
}
