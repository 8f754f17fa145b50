#include "api/download.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/zip.h"
#include "ledger/authority.h"
#include "pki/pem.h"
#include "pki/pkcs7.h"

enum { LINKS_MAX = 8, STEM_MAX = 100 };

struct link {
    const char *common_name;
    struct bytes der;
};

/* What goes into a file: links of the chain that the format asks for, in its order. */
struct parts {
    const struct download *of;
    const struct format *format;
    struct link links[LINKS_MAX];
    size_t count;
};

struct format {
    const char *name, *type;
    const char *extension; /* of the file */
    const char *inner;     /* of the files in it */
    bool leaf, intermediates, root, root_first;
    void (*write)(const struct parts *p, struct text *out);
};

static void write_pem(const struct parts *p, struct text *out);
static void write_pkcs7(const struct parts *p, struct text *out);
static void write_zip(const struct parts *p, struct text *out);

#define ZIP   "application/zip"
#define PEM   "application/x-pem-file"
#define PKCS7 "application/x-pkcs7-certificates"

// clang-format off
static const struct format formats[] = {
    /*                                              leaf  inter. root   root first */
    { "default",            ZIP,   "zip", "crt",    true, true,  true,  true,  write_zip },
    { "default_cer",        ZIP,   "zip", "cer",    true, true,  true,  true,  write_zip },
    { "default_pem",        ZIP,   "zip", "crt",    true, true,  true,  true,  write_zip },
    { "apache",             ZIP,   "zip", "crt",    true, true,  false, true,  write_zip },
    { "cer",                PKCS7, "cer", NULL,     true, true,  true,  false, write_pkcs7 },
    { "p7b",                PKCS7, "p7b", NULL,     true, true,  true,  false, write_pkcs7 },
    { "pem_all",            PEM,   "pem", NULL,     true, true,  true,  false, write_pem },
    { "pem_noroot",         PEM,   "pem", NULL,     true, true,  false, false, write_pem },
    { "pem_nointermediate", PEM,   "pem", NULL,     true, false, true,  false, write_pem },
    { "pem",                PEM,   "pem", NULL,     true, false, false, false, write_pem },
    { "crt",                PEM,   "crt", NULL,     true, false, false, false, write_pem },
};
// clang-format on

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

char *format_names(struct arena *a)
{
    struct text t;
    text_init(&t, a);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        text_format(&t, i ? ", %s" : "%s", formats[i].name);
    return t.data;
}

/* ---- names of files */

/* Nothing that a shell, a header or a file system takes for something else. */
char *file_stem(struct arena *a, const char *common_name)
{
    struct text t;
    text_init(&t, a);
    if (*common_name == '*') {
        text_add(&t, "star");
        common_name++;
    }
    for (; *common_name && t.length < STEM_MAX; common_name++) {
        bool plain = isalnum((unsigned char)*common_name) || *common_name == '-';
        if (plain || (t.length && t.data[t.length - 1] != '_'))
            text_add(&t, plain ? (char[]){ *common_name, '\0' } : "_");
    }
    return t.length && *t.data != '-' ? t.data : arena_format(a, "certificate%s", t.data);
}

static bool name_taken(const struct zip *z, const char *name)
{
    for (unsigned i = 0; i < z->count; i++)
        if (strcasecmp(z->entries[i].name, name) == 0)
            return true;
    return false;
}

/* Two authorities may have names that become the same. */
static const char *entry_name(const struct zip *z, const struct link *link, const char *extension)
{
    struct arena *a = z->out->arena;
    const char *stem = file_stem(a, link->common_name);
    const char *name = arena_format(a, "%s.%s", stem, extension);
    for (int n = 2; name_taken(z, name); n++)
        name = arena_format(a, "%s_%d.%s", stem, n, extension);
    return name;
}

/* ---- forms */

static const char *pem_of(struct arena *a, struct bytes der)
{
    struct text t;
    text_init(&t, a);
    pem_write(&t, "CERTIFICATE", der, "\n");
    return t.data;
}

static void write_pem(const struct parts *p, struct text *out)
{
    for (size_t i = 0; i < p->count; i++)
        text_add(out, pem_of(out->arena, p->links[i].der));
}

static void write_pkcs7(const struct parts *p, struct text *out)
{
    struct text bundle;
    struct bytes ders[LINKS_MAX];
    for (size_t i = 0; i < p->count; i++)
        ders[i] = p->links[i].der;
    text_init(&bundle, out->arena);
    pkcs7_bundle(&bundle, ders, p->count);
    pem_write(out, "PKCS7", (struct bytes){ (const uint8_t *)bundle.data, bundle.length }, "\n");
}

static void write_zip(const struct parts *p, struct text *out)
{
    struct zip z;
    zip_begin(&z, out, p->of->issued_at);
    for (size_t i = 0; i < p->count; i++) {
        const char *pem = pem_of(out->arena, p->links[i].der);
        zip_add(&z, entry_name(&z, &p->links[i], p->format->inner), BYTES_OF(pem));
    }
    zip_end(&z);
}

/* ---- which links */

static void part_add(struct parts *p, const char *common_name, struct bytes der)
{
    struct link link = { common_name, der };
    size_t at = p->format->root_first ? 0 : p->count;
    memmove(p->links + at + 1, p->links + at, (p->count - at) * sizeof *p->links);
    p->links[at] = link;
    p->count++;
}

/* Leaf first up to the root, or the other way round. */
static bool parts_fill(struct parts *p, struct fault *f)
{
    const struct download *d = p->of;
    if (p->format->leaf)
        part_add(p, d->common_name, d->leaf);
    for (const char *id = d->ca_id; id;) {
        const Authority *ca = authority_find(id);
        if (!ca || p->count == LINKS_MAX)
            return fault_set(f, FAULT_INTERNAL, "ca_id", "the chain breaks at %s", id);
        if (ca->parent_id ? p->format->intermediates : p->format->root)
            part_add(p, ca->name, (struct bytes){ ca->der.data, ca->der.len });
        id = ca->parent_id;
    }
    return true;
}

bool download_make(struct call *call, const struct download *d, const struct format *format,
                   CertificateDownload *out)
{
    struct text content;
    struct arena *a = &call->arena;
    struct parts p = { .of = d, .format = format };
    if (!parts_fill(&p, &call->fault))
        return false;
    text_init(&content, a);
    format->write(&p, &content);
    out->name = arena_format(a, "%s.%s", file_stem(a, d->common_name), format->extension);
    out->type = arena_strdup(a, format->type);
    out->content = (ProtobufCBinaryData){ content.length, (uint8_t *)content.data };
    return true;
}
