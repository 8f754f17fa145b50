/* chancery lint: what the checks of the issuer say of a certificate, a CRL or an OCSP response, of ours or of
 * others. */
#include "lint.h"

#include <string.h>

#include "commands.h"
#include "files.h"
#include "lint_rules.h"
#include "listing.h"
#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki/signature.h"
#include "pki/weak_keys.h"
#include "share.h"

/* ---- files */

static bool pem_any(struct arena *a, const char *text, const char *path, struct bytes *der,
                    struct fault *f)
{
    static const char *const labels[] = { "X509 CRL", "OCSP RESPONSE", "CERTIFICATE" };
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strstr(text, arena_format(a, "-----BEGIN %s-----", labels[i])))
            return pem_read(a, text, labels[i], der, f, path);
    return fault_set(f, FAULT_INVALID, path, "has no certificate, CRL or OCSP response in PEM");
}

bool lint_file(struct arena *a, const char *path, struct bytes *der, struct fault *f)
{
    struct bytes all;
    *der = (struct bytes){ NULL, 0 };
    if (!file_read_bytes(a, path, &all, f))
        return false;
    if (all.size > 0 && all.data[0] != DER_SEQUENCE)
        return pem_any(a, arena_strndup(a, (const char *)all.data, all.size), path, der, f);
    *der = all;
    return true;
}

/* ---- the table */

static void failed(struct inquiry *q, const char *name, bool advice, const char *why)
{
    *(advice ? &q->warnings : &q->errors) += 1;
    if (advice)
        return;
    q->run->status = 1;
    if (!q->first)
        q->first = arena_format(&q->run->arena, "%s: %s", name, why);
}

void lint_row(struct inquiry *q, const char *name, const char *source, bool advice, const char *why)
{
    struct arena *a = &q->run->arena;
    TABLE_ROW(&q->table, name, source,
              !why     ? "holds"
              : advice ? "advice"
                       : "fails",
              why ? arena_strdup(a, why) : NULL);
    if (why)
        failed(q, name, advice, why);
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Last, where the eye is after a long table. */
static void summary_print(const struct inquiry *q)
{
    fprintf(q->run->out, "\n%zu checked: %zu error%s, %zu warning%s%s%s\n", table_rows(&q->table),
            q->errors, plural(q->errors), q->warnings, plural(q->warnings),
            q->first ? "; first error: " : "", q->first ? q->first : "");
}

void lint_signature(struct inquiry *q, const char *name, const char *source, const struct key *key,
                    struct bytes algorithm, struct bytes message, struct bytes signature)
{
    struct fault f = { 0 };
    bool good = signature_check(key, algorithm, message, signature, &f, name);
    lint_row(q, name, source, false, good ? NULL : f.detail);
}

/* ---- beside the file */

bool lint_issuer(const struct inquiry *q, struct fault *f)
{
    return q->has_issuer || fault_set(f, FAULT_REQUIRED, "--issuer",
                                      "must name a file with the certificate of the authority");
}

static bool issuer_read(struct inquiry *q, struct fault *f)
{
    const char *path = command_option(q->run, "issuer");
    struct bytes der;
    q->has_issuer = path != NULL;
    return !path ||
           (lint_file(&q->run->arena, path, &der, f) && status_issuer_read(der, &q->issuer, f));
}

static bool inquiry_read(struct inquiry *q, struct fault *f)
{
    const char *at = command_option(q->run, "at");
    q->at = clock_now();
    if (at && !instant_read(at, &q->at))
        return fault_set(f, FAULT_INVALID, "--at",
                         "is no date: write 2027-03-15 or 2027-03-15T00:00:00Z");
    return lint_file(&q->run->arena, q->run->words[0], &q->der, f) && issuer_read(q, f) &&
           lint_policy(q->run, &q->policy, f);
}

/* ---- what it is */

static bool is_ocsp(struct bytes der)
{
    struct der all = der_open(der), inside;
    return der_enter(&all, DER_SEQUENCE, &inside) && der_at(&inside, DER_ENUMERATED);
}

static bool is_certificate(struct bytes der)
{
    struct certificate c;
    struct fault f = { 0 };
    return certificate_read(der, &c, &f, "file");
}

static bool show(struct inquiry *q, struct fault *f)
{
    if (is_ocsp(q->der))
        return lint_show_ocsp(q, f);
    return is_certificate(q->der) ? lint_show_certificate(q, f) : lint_show_crl(q, f);
}

/* What is no such thing is the file's fault. */
static bool unread(const struct command_run *r, struct fault *f)
{
    struct fault why = *f;
    return fault_set(f, why.code == FAULT_INTERNAL ? FAULT_INVALID : why.code,
                     why.field[0] ? why.field : r->words[0], "%s%s",
                     why.code == FAULT_INTERNAL ? "has a " : "", why.detail);
}

bool lint_command(struct command_run *r, struct fault *f)
{
    struct inquiry q = { .run = r };
    weak_keys_folder(share_folder(&r->arena, "policy/weak-keys", "policy/weak-keys"));
    if (!inquiry_read(&q, f))
        return false;
    table_init(&q.table, &r->arena, 4);
    TABLE_ROW(&q.table, "CHECK", "SOURCE", "RESULT", "WHY");
    if (!show(&q, f))
        return unread(r, f);
    listing_print(r, &q.table, "", 0);
    if (!command_option(r, "json"))
        summary_print(&q);
    return true;
}
