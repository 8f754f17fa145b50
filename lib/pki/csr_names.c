#include <string.h>

#include "base/utf8.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/dn.h"

static const char field[] = "certificate.csr";

#define OID_EXTENSION_REQUEST DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e")
#define OID_SUBJECT_ALT_NAME  DER_BYTES("\x55\x1d\x11")

static void add(struct arena *a, struct csr_names *out, const char *name)
{
    if ((out->count & (out->count + 1)) == 0) { /* full at 0, 1, 3, 7...: double the room */
        const char **more = arena_array(a, const char *, 2 * (out->count + 1));
        if (out->count > 0)
            memcpy(more, out->names, out->count * sizeof *more);
        out->names = more;
    }
    out->names[out->count++] = name;
}

static bool add_common_names(struct arena *a, struct bytes subject, struct csr_names *out)
{
    struct dn_attribute attribute;
    struct dn at;

    if (!dn_open(subject, &at))
        return false;
    while (dn_next(&at, &attribute)) {
        const char *name;
        if (!bytes_equal(attribute.oid, DN_COMMON_NAME))
            continue;
        name = dn_text(a, &attribute);
        if (!name)
            return false;
        add(a, out, name);
    }
    return true;
}

/* A NUL inside would cut the name short for whoever reads it as text. */
static bool add_dns_name(struct arena *a, struct bytes value, struct csr_names *out)
{
    if (value.size == 0 || memchr(value.data, 0, value.size) ||
        !utf8_valid((const char *)value.data, value.size))
        return false;
    add(a, out, arena_strndup(a, (const char *)value.data, value.size));
    return true;
}

/* GeneralNames (RFC 5280 4.2.1.6); dNSName is [2] */
static bool add_alternative_names(struct arena *a, struct bytes extension, struct csr_names *out)
{
    struct der all = der_open(extension), list;
    struct bytes value;
    unsigned tag;

    if (!der_enter(&all, DER_SEQUENCE, &list) || !der_done(&all) || der_done(&list))
        return false;
    while (!der_done(&list)) {
        if (!der_next(&list, &tag, &value, NULL))
            return false;
        if (tag != DER_CONTEXT(2))
            out->others = true;
        else if (!add_dns_name(a, value, out))
            return false;
    }
    return true;
}

/* Extensions ::= SEQUENCE OF SEQUENCE { OID, critical BOOLEAN DEFAULT FALSE, OCTET STRING } */
static bool read_extensions(struct arena *a, struct der values, struct csr_names *out)
{
    struct der extensions, extension;
    struct bytes oid, content;

    if (!der_enter(&values, DER_SEQUENCE, &extensions) || !der_done(&values))
        return false;
    while (!der_done(&extensions)) {
        if (!der_enter(&extensions, DER_SEQUENCE, &extension) ||
            !der_take(&extension, DER_OID, &oid) ||
            (der_at(&extension, DER_BOOLEAN) && !der_take(&extension, DER_BOOLEAN, NULL)) ||
            !der_take(&extension, DER_OCTET_STRING, &content) || !der_done(&extension))
            return false;
        if (bytes_equal(oid, OID_SUBJECT_ALT_NAME) && !add_alternative_names(a, content, out))
            return false;
    }
    return true;
}

bool csr_names(struct arena *a, const struct csr *csr, struct csr_names *out, struct fault *f)
{
    struct der all = der_open(csr->attributes), attribute, values;
    struct bytes oid;

    *out = (struct csr_names){ 0 };
    if (!add_common_names(a, csr->subject, out))
        return fault_set(f, FAULT_CSR, field, "has a malformed subject");
    while (der_enter(&all, DER_SEQUENCE, &attribute)) {
        if (!der_take(&attribute, DER_OID, &oid) || !der_enter(&attribute, DER_SET, &values))
            return fault_set(f, FAULT_CSR, field, "has malformed attributes");
        if (bytes_equal(oid, OID_EXTENSION_REQUEST) && !read_extensions(a, values, out))
            return fault_set(f, FAULT_CSR, field, "has malformed extensions");
    }
    return true;
}
