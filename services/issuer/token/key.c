#include "token/key.h"

#include <string.h>

#include "base/log.h"
#include "pki/der.h"

// clang-format off
/* struct bytes of a literal where C wants a constant. */
#define CONSTANT(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }

static const struct key_kind kinds[] = {
    { "p256", CKK_EC, 256, CONSTANT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
      CONSTANT("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07") },
    { "p384", CKK_EC, 384, CONSTANT("\x06\x05\x2b\x81\x04\x00\x22"),
      CONSTANT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22") },
#define RSA_ALGORITHM CONSTANT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00")
    { "rsa2048", CKK_RSA, 2048, { 0 }, RSA_ALGORITHM },
    { "rsa3072", CKK_RSA, 3072, { 0 }, RSA_ALGORITHM },
    { "rsa4096", CKK_RSA, 4096, { 0 }, RSA_ALGORITHM },
#undef RSA_ALGORITHM
};
// clang-format on

enum { KINDS = sizeof kinds / sizeof *kinds, VALUE_MAX = 1024 };

/* A variable for one attribute's value; CK_ATTRIBUTE knows no const. */
struct value {
    uint8_t data[VALUE_MAX];
    CK_ULONG size;
};

static const CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY, public_class = CKO_PUBLIC_KEY;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

const struct key_kind *key_kind_find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, const void *value, size_t size)
{
    union {
        const void *borrowed;
        void *pkcs11; /* templates are read only */
    } v = { .borrowed = value };

    return (CK_ATTRIBUTE){ type, v.pkcs11, size };
}
#define ATTRIBUTE(type, variable) attribute(type, &(variable), sizeof(variable))

/* `*count` is 0, 1 or 2, which means several. */
static CK_RV find_objects(struct session *s, const CK_OBJECT_CLASS *class, const char *label,
                          CK_OBJECT_HANDLE *first, CK_ULONG *count)
{
    CK_ATTRIBUTE template[] = {
        ATTRIBUTE(CKA_CLASS, *class),
        ATTRIBUTE(CKA_TOKEN, yes), /* no copies in sessions */
        attribute(CKA_LABEL, label, strlen(label)),
    };
    CK_OBJECT_HANDLE found[2];
    CK_RV rv = s->calls->C_FindObjectsInit(s->handle, template, 3);

    if (rv != CKR_OK)
        return session_called(s, "C_FindObjectsInit", rv);
    rv = session_called(s, "C_FindObjects", s->calls->C_FindObjects(s->handle, found, 2, count));
    s->calls->C_FindObjectsFinal(s->handle);
    *first = *count > 0 ? found[0] : CK_INVALID_HANDLE;
    return rv;
}

/* A label that several keys share would make it chance which of them signs. */
static CK_RV find_private(struct session *s, const char *label, CK_OBJECT_HANDLE *handle,
                          struct fault *f)
{
    CK_ULONG count = 0;
    CK_RV rv = find_objects(s, &private_class, label, handle, &count);

    if (rv == CKR_OK && count == 0)
        rv = session_logged_in(s); /* who is not sees no private keys, without an error */
    if (rv == CKR_OK && count == 0)
        fault_set(f, FAULT_NOT_FOUND, NULL, "the token has no key \"%s\"", label);
    if (rv == CKR_OK && count > 1)
        fault_set(f, FAULT_CONFLICT, NULL, "the token has several keys \"%s\"", label);
    return rv;
}

static CK_RV get(struct session *s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 struct value *out)
{
    CK_ATTRIBUTE a = { type, out->data, sizeof out->data };
    CK_RV rv = s->calls->C_GetAttributeValue(s->handle, object, &a, 1);

    out->size = rv == CKR_OK ? a.ulValueLen : 0;
    return session_called(s, "C_GetAttributeValue", rv);
}

static struct bytes bytes_of(const struct value *v)
{
    return (struct bytes){ v->data, v->size };
}

/* subjectPublicKey as a BIT STRING's content: RSA's is a SEQUENCE, a curve's the point. */
static void add_public(struct text *t, const struct key_kind *kind, struct bytes bits)
{
    size_t list = der_begin(t, DER_SEQUENCE);
    der_add_raw(t, kind->algorithm);
    der_add_bits(t, bits);
    der_end(t, list);
}

/* CKA_EC_POINT is an OCTET STRING around the point; some tokens give the point bare. */
static bool point_read(const struct key_kind *kind, struct bytes value, struct bytes *point)
{
    struct der c = der_open(value);
    size_t size = 1 + 2 * kind->bits / 8;

    if (!der_take(&c, DER_OCTET_STRING, point) || !der_done(&c))
        *point = value;
    return point->size == size && point->data[0] == 4; /* uncompressed, as BR 7.1.3.1.2 has it */
}

static CK_RV curve_read(struct session *s, struct arena *a, CK_OBJECT_HANDLE object,
                        struct token_key *out)
{
    struct value curve, value;
    struct bytes point;
    struct text t;
    CK_RV rv;

    if ((rv = get(s, object, CKA_EC_PARAMS, &curve)) != CKR_OK ||
        (rv = get(s, object, CKA_EC_POINT, &value)) != CKR_OK)
        return rv;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].type == CKK_EC && bytes_equal(kinds[i].curve, bytes_of(&curve)))
            out->kind = &kinds[i];
    if (!out->kind || !point_read(out->kind, bytes_of(&value), &point))
        return session_called(s, "reading the public key", CKR_CURVE_NOT_SUPPORTED);
    text_init(&t, a);
    add_public(&t, out->kind, point);
    out->public = der_written(&t);
    return CKR_OK;
}

static struct bytes rsa_key_der(struct arena *a, struct bytes modulus, struct bytes exponent)
{
    struct text t;

    text_init(&t, a);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_unsigned(&t, DER_INTEGER, modulus);
    der_add_unsigned(&t, DER_INTEGER, exponent);
    der_end(&t, list);
    return der_written(&t);
}

static CK_RV rsa_read(struct session *s, struct arena *a, CK_OBJECT_HANDLE object,
                      struct token_key *out)
{
    struct value modulus, exponent;
    struct text t;
    CK_RV rv;

    if ((rv = get(s, object, CKA_MODULUS, &modulus)) != CKR_OK ||
        (rv = get(s, object, CKA_PUBLIC_EXPONENT, &exponent)) != CKR_OK)
        return rv;
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].type == CKK_RSA && kinds[i].bits == modulus.size * 8)
            out->kind = &kinds[i];
    if (!out->kind)
        return session_called(s, "reading the public key", CKR_KEY_SIZE_RANGE);
    text_init(&t, a);
    add_public(&t, out->kind, rsa_key_der(a, bytes_of(&modulus), bytes_of(&exponent)));
    out->public = der_written(&t);
    return CKR_OK;
}

/* Where the public half is: an object of its own. RSA private keys carry theirs as well, and a
 * token that was filled by hand may have nothing else. */
static CK_RV find_public(struct session *s, const char *label, CK_OBJECT_HANDLE private,
                         CK_OBJECT_HANDLE *handle)
{
    CK_ULONG count = 0;
    CK_RV rv = find_objects(s, &public_class, label, handle, &count);

    if (rv == CKR_OK && count != 1)
        *handle = private;
    return rv;
}

CK_RV key_find(struct session *s, struct arena *a, const char *label, struct token_key *out,
               struct fault *f)
{
    CK_OBJECT_HANDLE private = CK_INVALID_HANDLE, public = CK_INVALID_HANDLE;
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    CK_ATTRIBUTE want = ATTRIBUTE(CKA_KEY_TYPE, type);
    CK_RV rv = find_private(s, label, &private, f);

    if (rv != CKR_OK || f->code != FAULT_NONE)
        return rv;
    rv = session_called(s, "C_GetAttributeValue",
                        s->calls->C_GetAttributeValue(s->handle, private, &want, 1));
    if (rv != CKR_OK || (rv = find_public(s, label, private, &public)) != CKR_OK)
        return rv;
    out->label = arena_strdup(a, label);
    out->kind = NULL;
    return (type == CKK_EC ? curve_read : rsa_read)(s, a, public, out);
}

/* For signing and nothing else, in this token and nowhere else. What is the same for all kinds stands
 * first, so that those of one kind are cut off by the count. */
static CK_RV generate(struct session *s, const char *label, const struct key_kind *kind,
                      bool copyable)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    bool rsa = kind->type == CKK_RSA;
    CK_MECHANISM mechanism = { rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0 };
    CK_OBJECT_HANDLE public, private;
    uint8_t id[16]; /* the same on both halves, as tools expect */

    random_bytes(id, sizeof id);
    CK_ATTRIBUTE public_template[] = {
        ATTRIBUTE(CKA_TOKEN, yes),
        ATTRIBUTE(CKA_PRIVATE, no), /* who wants to verify needs no login */
        ATTRIBUTE(CKA_VERIFY, yes),
        ATTRIBUTE(CKA_ENCRYPT, no),
        ATTRIBUTE(CKA_WRAP, no),
        ATTRIBUTE(CKA_ID, id),
        attribute(CKA_LABEL, label, strlen(label)),
        rsa ? ATTRIBUTE(CKA_MODULUS_BITS, kind->bits)
            : attribute(CKA_EC_PARAMS, kind->curve.data, kind->curve.size),
        ATTRIBUTE(CKA_PUBLIC_EXPONENT, exponent), /* RSA only: the last */
    };
    // clang-format off
    CK_ATTRIBUTE private_template[] = {
        ATTRIBUTE(CKA_TOKEN, yes),
        ATTRIBUTE(CKA_PRIVATE, yes),
        ATTRIBUTE(CKA_SENSITIVE, yes),
        ATTRIBUTE(CKA_EXTRACTABLE, no),
        ATTRIBUTE(CKA_SIGN, yes),
        ATTRIBUTE(CKA_SIGN_RECOVER, no),
        ATTRIBUTE(CKA_DECRYPT, no),
        ATTRIBUTE(CKA_UNWRAP, no),
        ATTRIBUTE(CKA_DERIVE, no),
        ATTRIBUTE(CKA_ID, id),
        attribute(CKA_LABEL, label, strlen(label)),
        /* These two are left out where copies in sessions sign: SoftHSM copies nothing that cannot be
         * modified. */
        ATTRIBUTE(CKA_MODIFIABLE, no),
        ATTRIBUTE(CKA_COPYABLE, no),
    };
    // clang-format on
    CK_ULONG public_count = sizeof public_template / sizeof *public_template - !rsa,
             private_count =
                 sizeof private_template / sizeof *private_template - (copyable ? 2 : 0);
    CK_RV rv = s->calls->C_GenerateKeyPair(s->handle, &mechanism, public_template, public_count,
                                           private_template, private_count, &public, &private);
    return session_called(s, "C_GenerateKeyPair", rv);
}

CK_RV key_make(struct session *s, const char *label, const struct key_kind *kind, bool copyable,
               struct fault *f)
{
    CK_OBJECT_HANDLE handle;
    CK_ULONG count = 0;

    pthread_mutex_lock(&s->connection->make_lock);
    CK_RV rv = session_logged_in(s);
    if (rv == CKR_OK)
        rv = find_objects(s, &private_class, label, &handle, &count);
    if (rv == CKR_OK && count > 0)
        fault_set(f, FAULT_CONFLICT, NULL, "the token already has a key \"%s\"", label);
    else if (rv == CKR_OK)
        rv = generate(s, label, kind, copyable);
    pthread_mutex_unlock(&s->connection->make_lock);
    return rv;
}

/* A session object spares SoftHSM its look into the object's file at each signature. It stays
 * sensitive and is not extractable, like the key. */
static CK_RV copy_into_session(struct session *s, CK_OBJECT_HANDLE *handle)
{
    CK_ATTRIBUTE template[] = { ATTRIBUTE(CKA_TOKEN, no) };
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    CK_RV rv = s->calls->C_CopyObject(s->handle, *handle, template, 1, &copy);

    if (rv == CKR_OK)
        *handle = copy;
    if (rv != CKR_ACTION_PROHIBITED && rv != CKR_ATTRIBUTE_READ_ONLY)
        return session_called(s, "C_CopyObject", rv);
    /* it was made to have no copies */
    log_warn("a key has no copies: signing with the key itself",
             LOG_TEXT("token", s->connection->label));
    return CKR_OK;
}

CK_RV key_handle(struct session *s, const struct token_key *key, bool copy,
                 CK_OBJECT_HANDLE *handle, struct fault *f)
{
    CK_OBJECT_HANDLE *known = &s->keys[key->index];
    CK_RV rv = CKR_OK;

    if (*known == CK_INVALID_HANDLE) {
        CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
        rv = find_private(s, key->label, &found, f);
        if (rv == CKR_OK && f->code == FAULT_NONE && copy)
            rv = copy_into_session(s, &found);
        if (rv == CKR_OK && f->code == FAULT_NONE)
            *known = found;
    }
    *handle = *known;
    return rv;
}
