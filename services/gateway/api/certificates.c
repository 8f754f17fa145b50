#include "api/certificates.h"

#include <string.h>

#include "api/certificates.sql.h"
#include "base/text.h"
#include "http.h"
#include "ledger/authority.h"
#include "store/store.h"

/* A format is which links of the chain, leaf first, are in the file (services API, glossary). */
struct format {
    const char *name, *type;
    bool leaf, intermediates, root;
};

// clang-format off
static const struct format formats[] = {
    { "pem_all",            "application/x-pem-file", true, true,  true },
    { "pem_noroot",         "application/x-pem-file", true, true,  false },
    { "pem_nointermediate", "application/x-pem-file", true, false, true },
    { "pem",                "application/x-pem-file", true, false, false },
    { "crt",                "application/x-pem-file", true, false, false },
};
// clang-format on

static const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static bool in_format(const struct format *f, size_t index, size_t count)
{
    return index == 0 ? f->leaf : index + 1 == count ? f->root : f->intermediates;
}

/* Files have LF line ends and nothing behind the last one. */
static void add_pem(struct text *out, const char *crlf)
{
    for (const char *c = crlf; *c; c++)
        if (*c != '\r')
            text_add_char(out, *c);
}

static struct bytes der_of(const CertificateBytes *c)
{
    return (struct bytes){ c->der.data, c->der.len };
}

static bool download(struct call *call, const CertificateBytes *c, const char *format,
                     CertificateDownload *out)
{
    ChainLink **links;
    size_t count;
    struct text pem;
    const struct format *form = format_find(format ? format : "pem_all");
    if (!form)
        return fault_set(&call->fault, FAULT_INVALID, "format",
                         "is no format that is offered: pem_all, pem_noroot, "
                         "pem_nointermediate, pem, crt");
    if (!authority_chain(&call->arena, c->common_name, der_of(c), c->ca_id, &links, &count,
                         &call->fault))
        return false;
    text_init(&pem, &call->arena);
    for (size_t i = 0; i < count; i++)
        if (in_format(form, i, count))
            add_pem(&pem, links[i]->pem);
    out->format = arena_strdup(&call->arena, form->name);
    out->pem = pem.data;
    return true;
}

/* Finds the row, or the fault that there is none. */
static bool find(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                 CertificateBytes *out)
{
    bool found = false;
    return store_maybe(store_mine(), &call->arena, sql, in, &out->base, &found, &call->fault) &&
           (found ||
            fault_set(&call->fault, FAULT_NO_CERTIFICATE, NULL, "there is no such certificate"));
}

static void send(struct call *call, const struct sql *sql, const ProtobufCMessage *in,
                 const char *format, CertificateDownload_Closure answer)
{
    CertificateBytes c = CERTIFICATE_BYTES__INIT;
    CertificateDownload out = CERTIFICATE_DOWNLOAD__INIT;
    if (find(call, sql, in, &c) && download(call, &c, format, &out))
        answer(&out, call);
    else
        call_fail(call);
}

static void certificates_download(Certificates_Service *self, const CertificateRef *in,
                                  CertificateDownload_Closure answer, void *data)
{
    (void)self;
    send(data, &sql_certificate_get, &in->base, in->format, answer);
}

static void certificates_download_of_order(Certificates_Service *self,
                                           const OrderCertificateRef *in,
                                           CertificateDownload_Closure answer, void *data)
{
    (void)self;
    send(data, &sql_certificate_of_order, &in->base, in->format, answer);
}

static void certificates_chain(Certificates_Service *self, const CertificateRef *in,
                               CertificateChain_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    CertificateBytes c = CERTIFICATE_BYTES__INIT;
    CertificateChain out = CERTIFICATE_CHAIN__INIT;
    if (find(call, &sql_certificate_get, &in->base, &c) &&
        authority_chain(&call->arena, c.common_name, der_of(&c), c.ca_id, &out.intermediates,
                        &out.n_intermediates, &call->fault))
        answer(&out, call);
    else
        call_fail(call);
}

/* The file itself instead of JSON around it. */
static bool as_file(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const CertificateDownload *d = (const CertificateDownload *)answer;
    const struct format *form = format_find(d->format);
    http_header(call, "Content-Disposition",
                arena_format(&call->arena, "attachment; filename=\"certificate.%s\"",
                             strcmp(d->format, "crt") == 0 ? "crt" : "pem"));
    out->type = form->type;
    out->body = BYTES_OF(d->pem);
    return true;
}

Certificates_Service certificates_service = CERTIFICATES__INIT(certificates_);

// clang-format off
const struct route certificate_routes[] = {
    { GET, "/certificate/{certificate_id}/download/format/{format}",    WORKER, RPC(certificates_service, "Download"),        "certificate:read", 200,
      "Download a certificate in a format", .shape = as_file },
    { GET, "/certificate/download/order/{order_id}",                    WORKER, RPC(certificates_service, "DownloadOfOrder"), "certificate:read", 200,
      "Download the active certificate of an order with its chain", .shape = as_file },
    { GET, "/certificate/download/order/{order_id}/format/{format}",    WORKER, RPC(certificates_service, "DownloadOfOrder"), "certificate:read", 200,
      "Download the active certificate of an order in a format", .shape = as_file },
    { GET, "/certificate/{certificate_id}/chain",                       WORKER, RPC(certificates_service, "Chain"),           "certificate:read", 200,
      "Show a certificate with its issuers and the root" },
    { 0 },
};
// clang-format on
