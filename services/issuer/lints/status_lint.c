#include "lints/status_lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "lints/status_case.h"

const struct status_lint *const status_tables[] = { status_crl_lints,
                                                    status_extension_lints,
                                                    status_entry_lints,
                                                    status_ocsp_lints,
                                                    status_single_lints,
                                                    status_signer_lints,
                                                    NULL };

bool status_miss(struct status_case *c, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(c->why, sizeof c->why, fmt, args);
    va_end(args);
    return false;
}

const struct status_lint *status_lint_find(const char *name)
{
    for (size_t t = 0; status_tables[t]; t++)
        for (const struct status_lint *l = status_tables[t]; l->name; l++)
            if (strcmp(l->name, name) == 0)
                return l;
    return NULL;
}

/* ---- which are run */

/* `asked` with '.' at its end is a beginning. */
static bool gives(const char *parameter, const char *asked)
{
    size_t length = strlen(asked);

    if (asked[length - 1] == '.')
        return strncmp(parameter, asked, length) == 0;
    return strcmp(parameter, asked) == 0;
}

bool status_rule_brings(const char *parameter, const struct status_lint *lint)
{
    return lint->parameter && gives(parameter, lint->parameter);
}

static const struct status_rule *rule_for(const struct status_input *in, const char *parameter)
{
    for (size_t i = 0; i < in->rule_count; i++)
        if (gives(in->rules[i].parameter, parameter))
            return &in->rules[i];
    return NULL;
}

bool status_forbids(const struct status_case *c, const char *beginning, unsigned key)
{
    char parameter[64];

    snprintf(parameter, sizeof parameter, "%s%u", beginning, key);
    const struct status_rule *rule = rule_for(c->in, parameter);
    return rule && rule->level == 'X';
}

/* Without an answer there is nothing to say of it; that there is one, is ocsp_one_answer's. */
static bool is_asked(struct status_case *c, const struct status_lint *table,
                     const struct status_lint *l)
{
    if (table == status_single_lints && c->ocsp.count == 0)
        return false;
    c->rule = l->parameter ? rule_for(c->in, l->parameter) : NULL;
    return (l->kinds & (unsigned)c->in->kind) && (!l->parameter || c->rule);
}

/* ---- reading, once for all */

static void read_signer(struct status_case *c)
{
    struct fault f = { 0 };

    c->signer.formed = c->in->signer.size > 0 &&
                       certificate_read(c->in->signer, &c->signer.certificate, &f, "signer") &&
                       key_read(c->signer.certificate.spki, &c->signer.key, &f, "signer");
}

static bool read_case(struct status_case *c, struct fault *f)
{
    if (c->in->kind & STATUS_CRL)
        return crl_read(c->in->der, &c->crl, f);
    read_signer(c);
    return ocsp_read(c->in->der, &c->ocsp, f) &&
           (c->in->crl.size == 0 || crl_read(c->in->crl, &c->crl, f));
}

bool status_each(const struct status_input *in,
                 void (*tell)(void *data, const struct status_lint *lint, bool advice,
                              const char *why),
                 void *data, struct fault *f)
{
    struct status_case c = { .in = in };

    if (!read_case(&c, f))
        return false;
    for (size_t t = 0; status_tables[t]; t++)
        for (const struct status_lint *l = status_tables[t]; l->name; l++) {
            if (!is_asked(&c, status_tables[t], l))
                continue;
            c.why[0] = '\0';
            bool holds = l->holds(&c);
            tell(data, l, c.rule && c.rule->level == 'S', holds ? NULL : c.why);
        }
    return true;
}

/* ---- before a signature */

static void tell_first(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    struct fault *first = data, is = { 0 };

    if (!why)
        return;
    fault_set(&is, FAULT_INTERNAL, lint->name, "%s: %s", lint->source, why);
    if (advice)
        log_warn("a CRL or OCSP response is not as it is recommended", LOG_FAULT(&is));
    else if (!first->field[0])
        *first = is;
}

static bool run(const struct status_input *in, struct fault *f)
{
    struct fault first = { 0 };

    if (!status_each(in, tell_first, &first, f))
        return false;
    if (!first.field[0])
        return true;
    *f = first;
    return false;
}

bool lint_crl(const struct status_input *in, struct fault *f)
{
    return (in->kind & STATUS_CRL) ? run(in, f)
                                   : fault_set(f, FAULT_INTERNAL, NULL, "is no kind of CRL");
}

bool lint_ocsp(const struct status_input *in, struct fault *f)
{
    return (in->kind & STATUS_OCSP)
               ? run(in, f)
               : fault_set(f, FAULT_INTERNAL, NULL, "is no kind of OCSP response");
}

/* ---- what several checks ask */

bool status_algorithm_fits(struct bytes algorithm, const struct key *key)
{
#define BYTES(literal)                                                                             \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
    static const struct {
        enum key_type type;
        int bits; /* 0: any */
        struct bytes der;
    } rows[] = {
        // clang-format off
        { KEY_EC, 256, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02") },
        { KEY_EC, 384, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03") },
        { KEY_EC, 521, BYTES("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04") },
        { KEY_RSA, 0,  BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00") },
        { KEY_RSA, 0,  BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00") },
        { KEY_RSA, 0,  BYTES("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00") },
        // clang-format on
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == key->type && (!rows[i].bits || rows[i].bits == key->bits) &&
            bytes_equal(rows[i].der, algorithm))
            return true;
    return false;
}

bool status_reason_formed(struct status_case *c, struct bytes content)
{
    enum { UNSPECIFIED = 0, UNUSED = 7, REMOVE_FROM_CRL = 8, LAST = 10 };

    if (content.size != 1)
        return status_miss(c, "a reasonCode has %zu octets", content.size);
    unsigned code = content.data[0];
    if (code == UNSPECIFIED)
        return status_miss(c, "reasonCode 0 is to be left out");
    return (code != UNUSED && code != REMOVE_FROM_CRL && code <= LAST) ||
           status_miss(c, "there is no reasonCode %u for it", code);
}

bool status_serial_formed(struct status_case *c, struct bytes serial, const char *what)
{
    enum { OCTETS_MAX = 20 };

    if (serial.data[0] & 0x80 || (serial.size == 1 && serial.data[0] == 0))
        return status_miss(c, "%s has a serial number that is not positive", what);
    return serial.size <= OCTETS_MAX ||
           status_miss(c, "%s has a serial number of %zu octets", what, serial.size);
}

bool status_time_fits(const struct status_time *at)
{
    static const struct instant first_of_2050 = { INT64_C(2524608000) * 1000000 };

    return at->tag == (instant_before(at->at, first_of_2050) ? DER_UTC_TIME : DER_GENERALIZED_TIME);
}
