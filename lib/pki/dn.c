#include "pki/dn.h"

#include "base/utf8.h"

static bool take_attribute(struct der *set, struct dn_attribute *out)
{
    struct der pair;

    return der_enter(set, DER_SEQUENCE, &pair) && der_take(&pair, DER_OID, &out->oid) &&
           der_next(&pair, &out->tag, &out->value, NULL) && der_done(&pair);
}

/* RDNSequence: SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type, value } */
static bool formed(struct der sets)
{
    struct dn_attribute attribute;
    struct der set;

    while (!der_done(&sets)) {
        if (!der_enter(&sets, DER_SET, &set) || der_done(&set))
            return false;
        while (!der_done(&set))
            if (!take_attribute(&set, &attribute))
                return false;
    }
    return true;
}

bool dn_open(struct bytes name, struct dn *out)
{
    struct der all = der_open(name);

    *out = (struct dn){ .set = der_open((struct bytes){ 0 }) };
    return der_enter(&all, DER_SEQUENCE, &out->sets) && der_done(&all) && formed(out->sets);
}

bool dn_next(struct dn *at, struct dn_attribute *out)
{
    if (der_done(&at->set) && !der_enter(&at->sets, DER_SET, &at->set))
        return false;
    return take_attribute(&at->set, out);
}

/* TeletexString in the wild is ISO 8859-1. */
static char *latin1_text(struct arena *a, struct bytes value)
{
    struct text out;

    text_init(&out, a);
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = value.data[i];
        if (c >= 0x80)
            text_add_char(&out, (char)(0xc0 | c >> 6));
        text_add_char(&out, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
    }
    return out.data;
}

static bool has_control(struct bytes value)
{
    for (size_t i = 0; i < value.size; i++)
        if (value.data[i] < 0x20 || value.data[i] == 0x7f)
            return true;
    return false;
}

char *dn_text(struct arena *a, const struct dn_attribute *attribute)
{
    const char *value = (const char *)attribute->value.data;
    size_t size = attribute->value.size;

    if (has_control(attribute->value))
        return NULL;
    if (attribute->tag == DER_TELETEX_STRING)
        return latin1_text(a, attribute->value);
    if (attribute->tag != DER_UTF8_STRING && attribute->tag != DER_PRINTABLE_STRING &&
        attribute->tag != DER_IA5_STRING)
        return NULL;
    return utf8_valid(value, size) ? arena_strndup(a, value, size) : NULL;
}

char *dn_find(struct arena *a, struct bytes name, struct bytes oid)
{
    struct dn_attribute attribute;
    struct dn at;
    char *out = NULL;

    if (!dn_open(name, &at))
        return NULL;
    while (dn_next(&at, &attribute))
        if (bytes_equal(attribute.oid, oid))
            out = dn_text(a, &attribute);
    return out;
}
