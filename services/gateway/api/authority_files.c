#include "api/authority_files.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "http.h"
#include "ledger/authority.h"
#include "ledger/authority.sql.h"
#include "message/convert.h"
#include "pki/certificate.h"
#include "pki/pem.h"
#include "statement.h"
#include "store/store.h"

/* An authority has one certificate for ever; a copy serves as long as a list of them may be old. */
#define FRESH_FOR "public, max-age=86400"

static struct bytes der_of(const Authority *y)
{
    return (struct bytes){ y->der.data, y->der.len };
}

/* ---- one, as a file */

static struct bytes as_der(struct arena *a, const Authority *y)
{
    (void)a;
    return der_of(y);
}

static struct bytes as_pem(struct arena *a, const Authority *y)
{
    struct text pem;
    text_init(&pem, a);
    pem_write(&pem, "CERTIFICATE", der_of(y), "\n");
    return (struct bytes){ (const uint8_t *)pem.data, pem.length };
}

static const struct form {
    const char *ending, *type;
    struct bytes (*content)(struct arena *a, const Authority *y);
} forms[] = {
    { ".crt", "application/pkix-cert", as_der }, /* RFC 5280 4.2.2.1, RFC 2585 4.1 */
    { ".pem", "application/x-pem-file", as_pem },
};

static const struct form *form_of(const char *ending)
{
    for (size_t i = 0; ending && i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].ending, ending) == 0)
            return &forms[i];
    return NULL;
}

/* By its id, which stands in certificates, or by the label of its key, which people know. */
bool authority_file_make(struct arena *a, const char *file, CertificateDownload *out)
{
    const char *ending = strrchr(file, '.');
    const struct form *form = form_of(ending);
    if (!form)
        return false;
    const char *name = arena_strndup(a, file, (size_t)(ending - file));
    const Authority *y = authority_find(name);
    if (!y && !(y = authority_find_label(name)))
        return false;
    out->name = arena_format(a, "%s%s", y->key_label, form->ending);
    out->type = arena_strdup(a, form->type);
    out->content = bytes_message(a, form->content(a, y));
    return true;
}

static void authority_files_get(AuthorityFiles_Service *self, const AuthorityFile *in,
                                CertificateDownload_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    CertificateDownload out = CERTIFICATE_DOWNLOAD__INIT;
    if (authority_file_make(&call->arena, in->file, &out)) {
        answer(&out, call);
    } else {
        fault_set(&call->fault, FAULT_NO_CERTIFICATE, "file", "names no authority: /ca lists them");
        call_fail(call);
    }
}

static bool as_file(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    const CertificateDownload *d = (const CertificateDownload *)answer;
    http_header(call, "Cache-Control", FRESH_FOR);
    out->type = d->type;
    out->body = (struct bytes){ d->content.data, d->content.len };
    return true;
}

/* ---- all of them */

char *authority_file_path(struct arena *a, const char *id)
{
    return arena_format(a, "/ca/%s.crt", id);
}

static char *fingerprint(struct arena *a, struct bytes der)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(der, hash);
    return hex_upper(a, (struct bytes){ hash, sizeof hash });
}

static bool published(struct arena *a, const Authority *y, AuthorityPublished *out, struct fault *f)
{
    struct certificate c;
    authority_published__init(out);
    if (!certificate_read(der_of(y), &c, f, "der"))
        return false;
    out->id = y->id;
    out->name = y->name;
    out->issuer_id = y->parent_id;
    out->public_ = y->public_;
    out->sha256 = fingerprint(a, der_of(y));
    out->not_before = instant_message(a, c.not_before);
    out->not_after = instant_message(a, c.not_after);
    out->der = authority_file_path(a, y->id);
    out->pem = arena_format(a, "/ca/%s.pem", y->id);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const AuthorityPublished *x = *(AuthorityPublished *const *)a;
    const AuthorityPublished *y = *(AuthorityPublished *const *)b;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->id, y->id);
}

/* One whose certificate cannot be read is nothing that anybody could trust. */
static void authority_files_list(AuthorityFiles_Service *self, const Nothing *in,
                                 AuthoritiesPublished_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    struct arena *a = &call->arena;
    struct rows rows = { 0 };
    AuthoritiesPublished out = AUTHORITIES_PUBLISHED__INIT;
    if (!statement_all(call, &sql_authority_all, &in->base, &rows)) {
        call_fail(call);
        return;
    }
    out.authorities = arena_array(a, AuthorityPublished *, rows.count);
    for (size_t i = 0; i < rows.count; i++) {
        const Authority *authority = (const Authority *)rows.items[i];
        AuthorityPublished *one = arena_new(a, AuthorityPublished);
        struct fault f = { 0 };
        if (published(a, authority, one, &f))
            out.authorities[out.n_authorities++] = one;
        else
            log_warn("the certificate of an authority cannot be read",
                     LOG_TEXT("id", authority->id), LOG_FAULT(&f));
    }
    qsort(out.authorities, out.n_authorities, sizeof *out.authorities, by_name);
    answer(&out, call);
}

/* ---- who comes in, and where */

bool authority_files_admit(struct call *call, const struct route *route, void *limits)
{
    (void)route;
    return limit_by_address(limits, call);
}

AuthorityFiles_Service authority_files_service = AUTHORITY_FILES__INIT(authority_files_);

// clang-format off
static const struct route routes[] = {
    { GET, "",        WORKER, RPC(authority_files_service, "List"), NULL, 200, "List the authorities, with fingerprints" },
    { GET, "/{file}", WORKER, RPC(authority_files_service, "Get"),  NULL, 200, "Download the certificate of an authority",
      .shape = as_file },
    { 0 },
};
// clang-format on

const struct route *const authority_file_tables[] = { routes, NULL };
