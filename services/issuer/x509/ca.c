#include "x509/ca.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "x509/oid.h"
#include "x509/tbs.h"

static bool invalid(struct fault *f, const char *name, const char *what)
{
    return fault_set(f, FAULT_INVALID, "authority", "the certificate of %s %s", name, what);
}

static bool is_ca(const struct tbs *tbs)
{
    const struct tbs_extension *e = tbs_extension_find(tbs, OID_BASIC_CONSTRAINTS);
    struct der c, list;
    bool ca;

    if (!e)
        return false;
    c = der_open(e->value);
    return der_enter(&c, DER_SEQUENCE, &list) && der_take_bool(&list, &ca) && ca;
}

static bool read_key_id(const struct tbs *tbs, struct bytes *key_id)
{
    const struct tbs_extension *e = tbs_extension_find(tbs, OID_SUBJECT_KEY_ID);
    struct der c;

    if (!e)
        return false;
    c = der_open(e->value);
    return der_take(&c, DER_OCTET_STRING, key_id) && der_done(&c) && key_id->size > 0;
}

static bool fill(struct ca *out, const struct token_key *key, struct fault *f)
{
    struct certificate_parts c;
    struct tbs tbs;

    if (!certificate_split(out->der, &c, f) || !tbs_read(c.tbs, &tbs, f) ||
        !key_read(tbs.spki, &out->public, f, "authority"))
        return false;
    if (!is_ca(&tbs))
        return invalid(f, out->name, "is not one of a CA");
    if (!read_key_id(&tbs, &out->key_id))
        return invalid(f, out->name, "has no subjectKeyIdentifier");
    if (key && !bytes_equal(token_key_public(key), tbs.spki))
        return invalid(f, out->name, "is for another key than the token has");
    out->subject = tbs.subject;
    out->not_before = tbs.not_before;
    out->not_after = tbs.not_after;
    out->key = key;
    out->verifier = key_evp(&out->public);
    return out->verifier || invalid(f, out->name, "has a key that is none");
}

struct ca *ca_new(const char *name, struct bytes der, const struct token_key *key, struct fault *f)
{
    struct ca *out = calloc(1, sizeof *out);
    arena_init(&out->arena);
    out->name = arena_strdup(&out->arena, name);
    out->der = (struct bytes){ arena_copy(&out->arena, der.data, der.size), der.size };
    if (fill(out, key, f))
        return out;
    ca_free(out);
    return NULL;
}

void ca_free(struct ca *ca)
{
    if (!ca)
        return;
    EVP_PKEY_free(ca->verifier);
    arena_free(&ca->arena);
    free(ca);
}
