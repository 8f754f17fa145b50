#include "pki/precertificate.h"

#include "pki/der.h"
#include "pki/sct.h"

const struct bytes oid_ct_poison = { (const uint8_t *)"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03",
                                     10 };
const struct bytes oid_sct_list = { (const uint8_t *)"\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02",
                                    10 };

/* The one way to write it: critical, NULL (RFC 6962 3.1). */
#define POISON                                                                                     \
    DER_BYTES(                                                                                     \
        "\x30\x13\x06\x0a\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x03\x01\x01\xff\x04\x02\x05\x00")

static bool malformed(struct fault *f)
{
    return fault_set(f, FAULT_INTERNAL, NULL, "a malformed TBSCertificate");
}

/* A TBSCertificate (RFC 5280 4.1): what stands before its extensions, and those. */
struct halves {
    struct bytes head, extensions;
};

static bool split(struct bytes tbs, struct halves *out, struct fault *f)
{
    struct der all = der_open(tbs), fields, explicit;
    const uint8_t *begin;

    *out = (struct halves){ 0 };
    if (!der_enter(&all, DER_SEQUENCE, &fields) || !der_done(&all))
        return malformed(f);
    for (begin = fields.next; !der_at(&fields, DER_CONTEXT_OF(3));)
        if (!der_next(&fields, NULL, NULL, NULL))
            return malformed(f);
    out->head = (struct bytes){ begin, (size_t)(fields.next - begin) };
    return (der_enter(&fields, DER_CONTEXT_OF(3), &explicit) && der_done(&fields) &&
            der_take(&explicit, DER_SEQUENCE, &out->extensions) && der_done(&explicit)) ||
           malformed(f);
}

static bool next_extension(struct der *list, struct bytes *oid, struct bytes *whole)
{
    struct der ahead = *list, inside;

    return der_enter(&ahead, DER_SEQUENCE, &inside) && der_take(&inside, DER_OID, oid) &&
           der_take_whole(list, DER_SEQUENCE, whole);
}

/* How many extensions of ours are there, and where the last of them stands. */
static bool ours_find(struct bytes extensions, size_t *count, struct bytes *at, struct fault *f)
{
    struct der list = der_open(extensions);
    struct bytes oid, whole;

    for (*count = 0; !der_done(&list);) {
        if (!next_extension(&list, &oid, &whole))
            return malformed(f);
        if (bytes_equal(oid, oid_ct_poison) || bytes_equal(oid, oid_sct_list)) {
            (*count)++;
            *at = whole;
        }
    }
    return true;
}

/* With `middle` between the extensions before and after that place. */
static struct bytes joined(const struct halves *h, struct bytes place, struct bytes middle,
                           struct arena *a)
{
    size_t before = (size_t)(place.data - h->extensions.data), after = before + place.size;
    size_t all, explicit, list;
    struct text t;

    text_init(&t, a);
    all = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, h->head);
    explicit = der_begin(&t, DER_CONTEXT_OF(3));
    list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, (struct bytes){ h->extensions.data, before });
    der_add_raw(&t, middle);
    der_add_raw(&t, (struct bytes){ h->extensions.data + after, h->extensions.size - after });
    der_end(&t, list);
    der_end(&t, explicit);
    der_end(&t, all);
    return der_written(&t);
}

bool precertificate_poison(struct bytes tbs, struct arena *a, struct bytes *out, struct fault *f)
{
    struct bytes place;
    struct halves h;
    size_t count;

    if (!split(tbs, &h, f) || !ours_find(h.extensions, &count, &place, f))
        return false;
    if (count > 0)
        return fault_set(f, FAULT_INTERNAL, NULL, "poison or timestamps are there already");
    place = (struct bytes){ h.extensions.data + h.extensions.size, 0 };
    *out = joined(&h, place, POISON, a);
    return true;
}

/* With something else, or nothing, where the poison stands. */
static bool replace(struct bytes poisoned, struct bytes with, struct arena *a, struct bytes *out,
                    struct fault *f)
{
    struct bytes place;
    struct halves h;
    size_t count;

    if (!split(poisoned, &h, f) || !ours_find(h.extensions, &count, &place, f))
        return false;
    if (count != 1 || !bytes_equal(place, POISON))
        return fault_set(f, FAULT_INTERNAL, NULL, "not one poison, and no timestamps");
    if (h.extensions.size + with.size == place.size) /* no SEQUENCE of none (RFC 5280 4.1) */
        return fault_set(f, FAULT_INTERNAL, NULL, "no extension but the poison");
    *out = joined(&h, place, with, a);
    return true;
}

bool precertificate_logged(struct bytes poisoned, struct arena *a, struct bytes *out,
                           struct fault *f)
{
    return replace(poisoned, (struct bytes){ NULL, 0 }, a, out, f);
}

bool precertificate_final(struct bytes poisoned, struct bytes value, struct arena *a,
                          struct bytes *out, struct fault *f)
{
    struct text t;
    size_t extension;

    text_init(&t, a);
    extension = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, oid_sct_list);
    der_add(&t, DER_OCTET_STRING, value);
    der_end(&t, extension);
    return replace(poisoned, der_written(&t), a, out, f);
}
