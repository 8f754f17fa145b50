/* Nothing here is shared with what writes precertificates: a mistake there has to be seen here. */
#include "pki/der.h"
#include "pki/precertificate.h"
#include "pki/sct.h"

static bool differ(struct fault *f, const char *where)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "certificate and precertificate differ: %s", where);
}

/* All fields of both, up to their extensions, are the same bytes. */
static bool same_fields(struct der *pre, struct der *final)
{
    struct bytes one, other;

    while (!der_at(pre, DER_CONTEXT_OF(3)))
        if (!der_next(pre, NULL, NULL, &one) || !der_next(final, NULL, NULL, &other) ||
            !bytes_equal(one, other))
            return false;
    return true;
}

/* They are what comes last, and nothing is around them. */
static bool take_extensions(struct der *tbs, struct der *list)
{
    struct der explicit;

    return der_enter(tbs, DER_CONTEXT_OF(3), &explicit) && der_done(tbs) &&
           der_enter(&explicit, DER_SEQUENCE, list) && der_done(&explicit);
}

static bool is_poison(struct bytes extension)
{
    struct der all = der_open(extension), inside, value;
    struct bytes oid, null;
    bool critical;

    return der_enter(&all, DER_SEQUENCE, &inside) && der_take(&inside, DER_OID, &oid) &&
           bytes_equal(oid, oid_ct_poison) && der_take_bool(&inside, &critical) && critical &&
           der_enter(&inside, DER_OCTET_STRING, &value) && der_done(&inside) &&
           der_take(&value, DER_NULL, &null) && null.size == 0 && der_done(&value);
}

static bool is_list(struct bytes extension)
{
    struct der all = der_open(extension), inside;
    struct bytes oid, value, scts[SCTS_MAX];
    struct fault ignored = { 0 };
    size_t count;

    return der_enter(&all, DER_SEQUENCE, &inside) && der_take(&inside, DER_OID, &oid) &&
           bytes_equal(oid, oid_sct_list) && der_take(&inside, DER_OCTET_STRING, &value) &&
           der_done(&inside) && sct_list_read(value, scts, &count, &ignored, NULL);
}

/* One after the other is the same; but once the poison stands here and the list there. */
static bool same_extensions(struct der *pre, struct der *final, struct fault *f)
{
    struct bytes one, other;
    unsigned replaced = 0;

    while (!der_done(pre) && !der_done(final)) {
        if (!der_take_whole(pre, DER_SEQUENCE, &one) ||
            !der_take_whole(final, DER_SEQUENCE, &other))
            return differ(f, "an extension is malformed");
        if (is_poison(one) && is_list(other))
            replaced++;
        else if (is_poison(one) || !bytes_equal(one, other))
            return differ(f, "in an extension");
    }
    if (!der_done(pre) || !der_done(final))
        return differ(f, "in the number of extensions");
    return replaced == 1 || differ(f, "not in poison and timestamps");
}

bool precertificate_matches(struct bytes poisoned, struct bytes final, struct fault *f)
{
    struct der pre_all = der_open(poisoned), final_all = der_open(final), pre, fin, a, b;

    if (!der_enter(&pre_all, DER_SEQUENCE, &pre) || !der_done(&pre_all) ||
        !der_enter(&final_all, DER_SEQUENCE, &fin) || !der_done(&final_all))
        return differ(f, "one is malformed");
    if (!same_fields(&pre, &fin))
        return differ(f, "before their extensions");
    if (!take_extensions(&pre, &a) || !take_extensions(&fin, &b))
        return differ(f, "one has malformed extensions");
    return same_extensions(&a, &b, f);
}
