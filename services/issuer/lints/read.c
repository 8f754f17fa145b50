/* The parts of a certificate outside extensions; those are in read_extensions.c. */
#include "lints/read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lints/read_dns.h"
#include "lints/read_extensions.h"
#include "pki/ip.h"

bool lint_miss(struct lint_case *c, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(c->why, sizeof c->why, fmt, args);
    va_end(args);
    return false;
}

static bool name_add(struct der *set, struct lint_name *out)
{
    struct dn_attribute *a = &out->attribute[out->count];
    struct der pair;

    if (!der_enter(set, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &a->oid) ||
        !der_next(&pair, &a->tag, &a->value, NULL) || !der_done(&pair))
        return false;
    out->count++;
    return true;
}

/* RDNSequence: SEQUENCE OF SET SIZE (1..MAX) OF SEQUENCE { type, value } (RFC 5280 4.1.2.4) */
static bool name_read(struct bytes name, struct lint_name *out)
{
    struct der all = der_open(name), sets, set;

    if (!der_enter(&all, DER_SEQUENCE, &sets))
        return false;
    while (!der_done(&sets)) {
        if (!der_enter(&sets, DER_SET, &set) || der_done(&set))
            return false;
        for (size_t in_set = 0; !der_done(&set); in_set++) {
            out->crowded = out->count == LINT_ATTRIBUTES_MAX;
            if (out->crowded || !name_add(&set, out))
                return out->crowded;
            out->multiple |= in_set > 0;
        }
    }
    return true;
}

static void names_read(struct lint_case *c)
{
    c->subject.formed = name_read(c->tbs.subject, &c->subject);
    c->issuer.formed = name_read(c->tbs.issuer, &c->issuer);
    if (!c->subject.formed)
        c->subject.count = 0;
    if (!c->issuer.formed)
        c->issuer.count = 0;
}

/* Who signs, or the certificate itself. */
static void signer_read(struct lint_case *c)
{
    const struct ca *ca = c->in->ca;

    c->signer = ca ? &ca->public : &c->key;
    c->issuer_name = ca ? ca->subject : c->tbs.subject;
    c->issuer_key_id = ca ? ca->key_id : c->subject_key_id;
}

bool lint_read(struct lint_case *c, struct fault *f)
{
    struct fault why = { 0 };

    if (!tbs_read(c->in->tbs, &c->tbs, &why))
        return fault_set(f, FAULT_LINT, "tbs", "the certificate breaks RFC 5280 4.1: %s",
                         why.detail);
    c->key_formed = key_read(c->tbs.spki, &c->key, &why, "key");
    names_read(c);
    read_extensions(c);
    read_dns(c);
    signer_read(c);
    return true;
}

/* ---- names */

static const struct {
    unsigned tag;
    enum identifier_kind kind;
} kinds[] = { { NAME_EMAIL, IDENTIFIER_EMAIL },
              { NAME_DNS, IDENTIFIER_DNS },
              { NAME_IP, IDENTIFIER_IP } };

bool lint_name_kind(unsigned tag, enum identifier_kind *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].tag == tag) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}

bool lint_name_is(unsigned tag, struct bytes name, const struct identifier *wanted)
{
    enum identifier_kind kind;
    struct ip ip;

    if (!lint_name_kind(tag, &kind) || kind != wanted->kind)
        return false;
    if (kind == IDENTIFIER_IP)
        return ip_read(wanted->value, &ip) &&
               bytes_equal(name, (struct bytes){ ip.octets, ip.size });
    return bytes_equal(name, BYTES_OF(wanted->value));
}
