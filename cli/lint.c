/* chancery lint: what the checks of the issuer say of a CRL or an OCSP response, of ours or of others. */
#include "files.h"

#include <string.h>

#include "commands.h"
#include "lint_rules.h"
#include "listing.h"
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki/signature.h"
#include "services/issuer/lints/status_lint.h"

/* What is asked for, and the table that is made of it. */
struct inquiry {
    struct command_run *run;
    struct table table;
    struct status_issuer issuer;
    struct status_input in;
};

/* ---- files, in PEM or in DER */

static bool pem_any(struct arena *a, const char *text, const char *path, struct bytes *der,
                    struct fault *f)
{
    static const char *const labels[] = { "X509 CRL", "OCSP RESPONSE", "CERTIFICATE" };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strstr(text, arena_format(a, "-----BEGIN %s-----", labels[i])))
            return pem_read(a, text, labels[i], der, f, path);
    return fault_set(f, FAULT_INVALID, path, "has no certificate, CRL or OCSP response in PEM");
}

static bool object_read(struct arena *a, const char *path, struct bytes *der, struct fault *f)
{
    struct bytes all;
    *der = (struct bytes){ NULL, 0 };
    if (!file_read_bytes(a, path, &all, f))
        return false;
    const char *text = arena_strndup(a, (const char *)all.data, all.size);
    if (all.size > 0 && all.data[0] != DER_SEQUENCE)
        return pem_any(a, text, path, der, f);
    *der = all;
    return true;
}

static bool is_ocsp(struct bytes der)
{
    struct der all = der_open(der), inside;
    return der_enter(&all, DER_SEQUENCE, &inside) && der_at(&inside, DER_ENUMERATED);
}

/* ---- the table */

static void row_add(struct inquiry *q, const char *name, const char *source, bool advice,
                    const char *why)
{
    struct arena *a = &q->run->arena;
    TABLE_ROW(&q->table, name, source,
              !why     ? "holds"
              : advice ? "advice"
                       : "fails",
              why ? arena_strdup(a, why) : NULL);
    if (why && !advice)
        q->run->status = 1;
}

static void tell(void *data, const struct status_lint *lint, bool advice, const char *why)
{
    row_add(data, lint->name, lint->source, advice, why);
}

static void signature_tell(struct inquiry *q, const char *name, const char *source,
                           const struct key *key, struct bytes algorithm, struct bytes message,
                           struct bytes signature)
{
    struct fault f = { 0 };
    bool good = signature_check(key, algorithm, message, signature, &f, name);
    row_add(q, name, source, false, good ? NULL : f.detail);
}

/* ---- what it is */

static bool crl_show(struct inquiry *q, struct bytes der, struct fault *f)
{
    struct crl_parts crl;
    if (!crl_split(der, &crl, f))
        return false;
    q->in.der = crl.tbs;
    q->in.algorithm = crl.algorithm;
    q->in.url = command_option(q->run, "url");
    signature_tell(q, "crl_signature", "RFC 5280 5.1.1.3", &q->issuer.key, crl.algorithm, crl.tbs,
                   crl.signature);
    return status_each(&q->in, tell, q, f);
}

/* By whom: the certificate that comes along, whose signature is the authority's; or the authority. */
static void ocsp_signatures(struct inquiry *q, const struct ocsp_parts *ocsp)
{
    struct certificate signer;
    struct key key = q->issuer.key;
    struct fault f = { 0 };
    if (ocsp->certificates > 0 && certificate_read(ocsp->certificate, &signer, &f, "signer") &&
        key_read(signer.spki, &key, &f, "signer"))
        signature_tell(q, "ocsp_signer_signature", "RFC 6960 4.2.2.2", &q->issuer.key,
                       signer.algorithm, signer.tbs, signer.signature);
    signature_tell(q, "ocsp_signature", "RFC 6960 3.2", &key, ocsp->algorithm, ocsp->data,
                   ocsp->signature);
}

static bool ocsp_crl(struct inquiry *q, struct fault *f)
{
    const char *path = command_option(q->run, "crl");
    struct crl_parts crl;
    struct bytes der;
    if (!path)
        return true;
    if (!object_read(&q->run->arena, path, &der, f) || !crl_split(der, &crl, f))
        return false;
    q->in.crl = crl.tbs;
    return true;
}

static bool ocsp_show(struct inquiry *q, struct bytes der, struct fault *f)
{
    struct ocsp_parts ocsp;
    if (!ocsp_split(der, &ocsp, f) || !ocsp_crl(q, f))
        return false;
    q->in.der = ocsp.data;
    q->in.algorithm = ocsp.algorithm;
    q->in.signer = ocsp.certificate;
    q->in.certificates = ocsp.certificates;
    q->in.issued = !command_option(q->run, "unassigned");
    ocsp_signatures(q, &ocsp);
    return status_each(&q->in, tell, q, f);
}

/* ---- beside the file */

static bool issuer_read(struct inquiry *q, struct fault *f)
{
    const char *path = command_option(q->run, "issuer");
    struct bytes der;
    if (!path)
        return fault_set(f, FAULT_REQUIRED, "--issuer",
                         "must name a file with the certificate of the authority");
    q->in.issuer = &q->issuer;
    return object_read(&q->run->arena, path, &der, f) && status_issuer_read(der, &q->issuer, f);
}

static enum status_kind kind_of(bool ocsp, const char *scope)
{
    bool ca = strcmp(scope, "CA") == 0;
    if (ocsp)
        return ca ? STATUS_OCSP_CA : STATUS_OCSP_LEAF;
    return ca ? STATUS_CRL_CA : STATUS_CRL_LEAF;
}

static bool inquiry_read(struct inquiry *q, bool ocsp, struct fault *f)
{
    const char *scope = command_option(q->run, "scope"), *at = command_option(q->run, "at");
    q->in.now = clock_now();
    if (at && !instant_read(at, &q->in.now))
        return fault_set(f, FAULT_INVALID, "--at",
                         "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
    scope = scope ? scope : "TLS";
    q->in.kind = kind_of(ocsp, scope);
    return issuer_read(q, f) && lint_rules(q->run, scope, q->in.now, &q->in, f);
}

/* What is no such thing is the file's fault. */
static bool unread(const struct command_run *r, struct fault *f)
{
    struct fault why = *f;
    return fault_set(f, FAULT_INVALID, why.field[0] ? why.field : r->words[0], "%s%s",
                     why.code == FAULT_INTERNAL ? "has a " : "", why.detail);
}

bool lint_command(struct command_run *r, struct fault *f)
{
    struct inquiry q = { .run = r };
    struct bytes der;
    if (!object_read(&r->arena, r->words[0], &der, f))
        return false;
    bool ocsp = is_ocsp(der);
    if (!inquiry_read(&q, ocsp, f))
        return false;
    table_init(&q.table, &r->arena, 4);
    TABLE_ROW(&q.table, "CHECK", "SOURCE", "RESULT", "WHY");
    if (!(ocsp ? ocsp_show(&q, der, f) : crl_show(&q, der, f)))
        return unread(r, f);
    listing_print(r, &q.table, "", 0);
    return true;
}
