#include "api/certificates.h"

#include "api/authority_files.h"
#include "api/certificates.sql.h"
#include "api/download.h"
#include "api/platforms.h"
#include "base/text.h"
#include "common.pb-c.h"
#include "http.h"
#include "ledger/authority.h"
#include "ledger/authority.sql.h"
#include "list.h"
#include "pki/pem.h"
#include "statement.h"
#include "store/store.h"

static struct bytes der_of(const CertificateBytes *c)
{
    return (struct bytes){ c->der.data, c->der.len };
}

static const char no_certificate[] = "there is no such certificate";
static const char no_certificate_yet[] =
    "there is no such order, or it has no certificate: see status and blockers of the order";

/* Finds the row, or the fault that there is none. */
static bool find(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                 const char *none, CertificateBytes *out)
{
    bool found = false;
    return statement_maybe(call, sql, in, &out->base, &found) &&
           (found || fault_set(&call->fault, FAULT_NO_CERTIFICATE, NULL, "%s", none));
}

/* The format that is named, in either spelling; else the one that the platform takes. */
static bool format_choose(struct call *call, const char *name, const char *old_name,
                          int64_t platform_id, const struct format **out)
{
    const char *asked = name ? name : old_name;
    *out = format_find(asked ? asked : platform_find(platform_id)->format);
    return *out || fault_set(&call->fault, FAULT_INVALID, name ? "format" : "formatType",
                             "must be one of %s", format_names(&call->arena));
}

static bool download(struct call *call, const CertificateBytes *c, const struct format *format,
                     CertificateDownload *out)
{
    const struct download d = { .common_name = c->common_name,
                                .leaf = der_of(c),
                                .ca_id = c->ca_id,
                                .issued_at = { c->issued_at->us } };
    return download_make(call, &d, format, out);
}

static int64_t platform_of(const CertificateBytes *c)
{
    return c->has_platform_id ? c->platform_id : PLATFORM_OTHER;
}

static void certificates_download(Certificates_Service *self, const CertificateRef *in,
                                  CertificateDownload_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    const struct format *format;
    CertificateBytes c = CERTIFICATE_BYTES__INIT;
    CertificateDownload out = CERTIFICATE_DOWNLOAD__INIT;
    if (find(call, &sql_certificate_get, &in->base, no_certificate, &c) &&
        format_choose(call, in->format, in->formattype,
                      in->has_platform_id ? in->platform_id : platform_of(&c), &format) &&
        download(call, &c, format, &out))
        answer(&out, call);
    else
        call_fail(call);
}

static void certificates_download_of_order(Certificates_Service *self,
                                           const OrderCertificateRef *in,
                                           CertificateDownload_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    const struct format *format;
    CertificateBytes c = CERTIFICATE_BYTES__INIT;
    CertificateDownload out = CERTIFICATE_DOWNLOAD__INIT;
    if (find(call, &sql_certificate_of_order, &in->base, no_certificate_yet, &c) &&
        format_choose(call, in->format, in->formattype, platform_of(&c), &format) &&
        download(call, &c, format, &out))
        answer(&out, call);
    else
        call_fail(call);
}

static void certificates_chain(Certificates_Service *self, const CertificateRef *in,
                               CertificateChain_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    CertificateBytes c = CERTIFICATE_BYTES__INIT;
    CertificateChain out = CERTIFICATE_CHAIN__INIT;
    if (find(call, &sql_certificate_get, &in->base, no_certificate, &c) &&
        authority_chain(&call->arena, c.common_name, der_of(&c), c.ca_id, &out.intermediates,
                        &out.n_intermediates, &call->fault))
        answer(&out, call);
    else
        call_fail(call);
}

static Intermediate *intermediate(struct arena *a, const Authority *ca)
{
    struct text pem;
    Intermediate *out = arena_new(a, Intermediate);
    const Authority *issuer = authority_find(ca->parent_id);
    text_init(&pem, a);
    pem_write(&pem, "CERTIFICATE", (struct bytes){ ca->der.data, ca->der.len }, "\r\n");
    intermediate__init(out);
    out->subject_common_name = ca->name;
    out->issuer_common_name = issuer ? issuer->name : NULL;
    out->pem = pem.data;
    out->certificate_path = authority_file_path(a, ca->id);
    out->issuer_certificate_path = authority_file_path(a, ca->parent_id);
    return out;
}

static void certificates_intermediates(Certificates_Service *self, const IntermediateFilter *in,
                                       IntermediateList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct rows rows = { 0 };
    Nothing nothing = NOTHING__INIT;
    IntermediateList out = INTERMEDIATE_LIST__INIT;
    if (!statement_all(call, &sql_authority_all, &nothing.base, &rows)) {
        call_fail(call);
        return;
    }
    out.intermediates = arena_array(&call->arena, Intermediate *, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const Authority *ca = (const Authority *)rows.items[i];
        if (ca->parent_id)
            out.intermediates[out.n_intermediates++] = intermediate(&call->arena, ca);
    }
    if (list_sort_items(call, &intermediate__descriptor, in->sort,
                        (ProtobufCMessage **)(void *)out.intermediates, out.n_intermediates))
        answer(&out, call);
    else
        call_fail(call);
}

/* The file itself instead of JSON around it. */
static bool as_file(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const CertificateDownload *d = (const CertificateDownload *)answer;
    http_header(call, "Content-Disposition",
                arena_format(&call->arena, "attachment; filename=\"%s\"", d->name));
    out->type = d->type;
    out->body = (struct bytes){ d->content.data, d->content.len };
    return true;
}

Certificates_Service certificates_service = CERTIFICATES__INIT(certificates_);

// clang-format off
const struct route certificate_routes[] = {
    { GET, "/certificate/{certificate_id}/download/format/{format}",    WORKER, RPC(certificates_service, "Download"),        "certificate:read", 200,
      "Download a certificate in a format", .shape = as_file },
    { GET, "/certificate/{certificate_id}/download/platform",           WORKER, RPC(certificates_service, "Download"),        "certificate:read", 200,
      "Download a certificate in the format of the order's server platform", .shape = as_file },
    { GET, "/certificate/{certificate_id}/download/platform/{platform_id}", WORKER, RPC(certificates_service, "Download"),    "certificate:read", 200,
      "Download a certificate in the format of a server platform", .shape = as_file },
    { GET, "/certificate/download/order/{order_id}",                    WORKER, RPC(certificates_service, "DownloadOfOrder"), "certificate:read", 200,
      "Download the active certificate of an order in the format of its server platform", .shape = as_file },
    { GET, "/certificate/download/order/{order_id}/format/{format}",    WORKER, RPC(certificates_service, "DownloadOfOrder"), "certificate:read", 200,
      "Download the active certificate of an order in a format", .shape = as_file },
    { GET, "/certificate/{certificate_id}/chain",                       WORKER, RPC(certificates_service, "Chain"),           "certificate:read", 200,
      "Show a certificate with its issuers and the root" },
    { GET, "/certificate/intermediates",                                WORKER, RPC(certificates_service, "Intermediates"),   "certificate:read", 200,
      "List the issuing authorities with their certificates" },
    { 0 },
};
// clang-format on
