/* ResponseData, RFC 6960 4.2.1. */
#include "lints/status_read.h"

static bool malformed(struct fault *f, const char *what)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "malformed %s", what);
}

static bool take_generalized(struct der *c, struct instant *at)
{
    return der_at(c, DER_GENERALIZED_TIME) && der_take_time(c, at);
}

/* version [0] EXPLICIT DEFAULT v1 */
static bool read_version(struct der *c, struct ocsp *out)
{
    struct der inside;

    out->has_version = der_at(c, DER_CONTEXT_OF(0));
    return !out->has_version || (der_enter(c, DER_CONTEXT_OF(0), &inside) &&
                                 der_take_small(&inside, &out->version) && der_done(&inside));
}

/* byName [1] EXPLICIT, byKey [2] EXPLICIT */
static bool read_responder(struct der *c, struct ocsp *out)
{
    struct der inside;

    if (der_enter(c, DER_CONTEXT_OF(1), &inside))
        return der_take_whole(&inside, DER_SEQUENCE, &out->by_name) && der_done(&inside);
    return der_enter(c, DER_CONTEXT_OF(2), &inside) &&
           der_take(&inside, DER_OCTET_STRING, &out->by_key) && der_done(&inside);
}

static bool read_cert_id(struct der *c, struct ocsp_single *out)
{
    struct der inside;

    return der_enter(c, DER_SEQUENCE, &inside) &&
           der_take_whole(&inside, DER_SEQUENCE, &out->hash) &&
           der_take(&inside, DER_OCTET_STRING, &out->name_hash) &&
           der_take(&inside, DER_OCTET_STRING, &out->key_hash) &&
           status_integer_take(&inside, &out->serial) && der_done(&inside);
}

static bool read_revoked(struct der *info, struct ocsp_single *out)
{
    struct der explicit;

    out->status = OCSP_REVOKED;
    if (!take_generalized(info, &out->revoked))
        return false;
    out->has_reason = !der_done(info);
    return !out->has_reason || (der_enter(info, DER_CONTEXT_OF(0), &explicit) &&
                                der_take(&explicit, DER_ENUMERATED, &out->reason) &&
                                out->reason.size == 1 && der_done(&explicit) && der_done(info));
}

/* good [0] and unknown [2] are an implicit NULL, revoked [1] is an implicit SEQUENCE. */
static bool read_status(struct der *c, struct ocsp_single *out)
{
    struct bytes nothing;
    struct der info;

    if (der_enter(c, DER_CONTEXT_OF(1), &info))
        return read_revoked(&info, out);
    out->status = der_at(c, DER_CONTEXT(0)) ? OCSP_GOOD : OCSP_UNKNOWN;
    return (der_take(c, DER_CONTEXT(0), &nothing) || der_take(c, DER_CONTEXT(2), &nothing)) &&
           nothing.size == 0;
}

static bool read_next_update(struct der *c, struct ocsp_single *out)
{
    struct der explicit;

    out->has_next_update = der_at(c, DER_CONTEXT_OF(0));
    return !out->has_next_update ||
           (der_enter(c, DER_CONTEXT_OF(0), &explicit) &&
            take_generalized(&explicit, &out->next_update) && der_done(&explicit));
}

/* Extensions in [1] EXPLICIT, at the end. */
static bool read_extensions(struct der *c, struct status_extensions *out)
{
    struct der explicit;

    return der_done(c) ||
           (der_enter(c, DER_CONTEXT_OF(1), &explicit) && status_extensions_take(&explicit, out) &&
            der_done(&explicit) && der_done(c));
}

static bool read_single(struct der *list, struct ocsp_single *out)
{
    struct der inside;

    *out = (struct ocsp_single){ 0 };
    return der_enter(list, DER_SEQUENCE, &inside) && read_cert_id(&inside, out) &&
           read_status(&inside, out) && take_generalized(&inside, &out->this_update) &&
           read_next_update(&inside, out) && read_extensions(&inside, &out->extensions);
}

static bool read_responses(struct der *c, struct ocsp *out)
{
    struct ocsp_single another;
    struct der list;

    if (!der_enter(c, DER_SEQUENCE, &list))
        return false;
    for (; !der_done(&list); out->count++)
        if (!read_single(&list, out->count == 0 ? &out->single : &another))
            return false;
    return true;
}

bool ocsp_read(struct bytes data, struct ocsp *out, struct fault *f)
{
    struct der all = der_open(data), c;

    *out = (struct ocsp){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &c) || !der_done(&all))
        return malformed(f, "ResponseData");
    if (!read_version(&c, out) || !read_responder(&c, out))
        return malformed(f, "version or responderID");
    if (!take_generalized(&c, &out->produced))
        return malformed(f, "producedAt");
    if (!read_responses(&c, out))
        return malformed(f, "responses");
    return read_extensions(&c, &out->extensions) || malformed(f, "responseExtensions");
}
