#include "tests/peers/log/chain.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>

enum { ROOTS_MAX = 32 };

/* More may come under the lock; those that are there stay. */
static struct {
    pthread_mutex_t lock;
    const char *file;
    X509 *all[ROOTS_MAX];
    size_t count;
} roots = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void roots_read(void)
{
    FILE *file = fopen(roots.file, "r");

    while (file && roots.count < ROOTS_MAX &&
           (roots.all[roots.count] = PEM_read_X509(file, NULL, NULL, NULL)))
        roots.count++;
    if (file)
        fclose(file);
}

size_t roots_list(X509 *const **out)
{
    size_t count;

    pthread_mutex_lock(&roots.lock);
    if (roots.count == 0)
        roots_read();
    count = roots.count;
    pthread_mutex_unlock(&roots.lock);
    *out = roots.all;
    return count;
}

void roots_are_in(const char *file)
{
    roots.file = file;
}

static bool signed_by(X509 *subject, X509 *issuer)
{
    return X509_NAME_cmp(X509_get_issuer_name(subject), X509_get_subject_name(issuer)) == 0 &&
           X509_verify(subject, X509_get0_pubkey(issuer)) == 1;
}

/* Under the lock. */
static X509 *root_of(X509 *last)
{
    if (roots.count == 0)
        roots_read();
    for (size_t i = 0; i < roots.count; i++)
        if (X509_cmp(last, roots.all[i]) == 0 || signed_by(last, roots.all[i]))
            return roots.all[i];
    return NULL;
}

bool chain_leads_to_a_root(struct chain *c)
{
    for (size_t i = 0; i + 1 < c->count; i++)
        if (!signed_by(c->all[i], c->all[i + 1]))
            return false;
    pthread_mutex_lock(&roots.lock);
    c->root = root_of(c->all[c->count - 1]);
    pthread_mutex_unlock(&roots.lock);
    return c->root != NULL;
}

static bool certificate_add(struct arena *a, const char *text, size_t length, struct chain *out)
{
    struct bytes der;
    const uint8_t *at;
    X509 *x;

    if (out->count == CHAIN_MAX || !base64_read(a, text, length, &der))
        return false;
    at = der.data;
    x = d2i_X509(NULL, &at, (long)der.size);
    if (!x || at != der.data + der.size) {
        X509_free(x);
        return false;
    }
    out->all[out->count++] = x;
    return true;
}

/* {"chain":["...", "..."]}, and nothing that needs escapes. */
bool chain_read(struct arena *a, const char *json, struct chain *out)
{
    const char *at = strstr(json, "\"chain\"");

    at = at ? strchr(at, '[') : NULL;
    while (at && (at = strpbrk(at, "\"]")) && *at == '"') {
        size_t length = strcspn(at + 1, "\"");

        if (!certificate_add(a, at + 1, length, out))
            return false;
        at += length + 2;
    }
    return at && out->count > 0;
}

void chain_free(struct chain *c)
{
    for (size_t i = 0; i < c->count; i++)
        X509_free(c->all[i]);
}

struct bytes der_of(struct arena *a, X509 *x)
{
    uint8_t *der = NULL;
    int size = i2d_X509(x, &der);
    struct bytes out = { arena_copy(a, der, (size_t)size), (size_t)size };

    OPENSSL_free(der);
    return out;
}

/* ---- what is logged of them */

/* Critical, and its value a NULL (RFC 6962 3.1). */
bool chain_is_poisoned(const struct chain *c)
{
    static const uint8_t null[] = { 5, 0 };
    X509 *x = c->all[0];
    int at = X509_get_ext_by_NID(x, NID_ct_precert_poison, -1);
    X509_EXTENSION *e = at < 0 ? NULL : X509_get_ext(x, at);
    const ASN1_OCTET_STRING *value = e ? X509_EXTENSION_get_data(e) : NULL;

    return e && X509_EXTENSION_get_critical(e) && ASN1_STRING_length(value) == sizeof null &&
           memcmp(ASN1_STRING_get0_data(value), null, sizeof null) == 0;
}

/* What is signed of it: without the poison. */
static struct bytes tbs_of(struct arena *a, X509 *poisoned)
{
    X509 *x = X509_dup(poisoned);
    uint8_t *der = NULL;
    struct bytes out;
    int size;

    X509_EXTENSION_free(X509_delete_ext(x, X509_get_ext_by_NID(x, NID_ct_precert_poison, -1)));
    size = i2d_re_X509_tbs(x, &der);
    out = (struct bytes){ arena_copy(a, der, (size_t)size), (size_t)size };
    OPENSSL_free(der);
    X509_free(x);
    return out;
}

/* Its type, and what is logged of it (RFC 6962 3.2, 3.4). */
struct bytes chain_logged(struct arena *a, const struct chain *c, int type)
{
    struct text t;
    uint8_t *spki = NULL;
    int size;
    struct hash issuer;

    text_init(&t, a);
    add_number(&t, (uint64_t)type, 2);
    if (type == PLAIN) {
        add_opaque(&t, der_of(a, c->all[0]), 3);
        return bytes_of(&t);
    }
    size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(c->count > 1 ? c->all[1] : c->root), &spki);
    issuer = hash_of((struct bytes){ spki, (size_t)size });
    OPENSSL_free(spki);
    text_add_bytes(&t, issuer.bytes, sizeof issuer.bytes);
    add_opaque(&t, tbs_of(a, c->all[0]), 3);
    return bytes_of(&t);
}

/* PrecertChainEntry, or the chain alone (RFC 6962 4.6). */
struct bytes chain_extra(struct arena *a, const struct chain *c, int type)
{
    struct text rest, t;

    text_init(&rest, a);
    text_init(&t, a);
    text_add(&rest, "");
    for (size_t i = 1; i < c->count; i++)
        add_opaque(&rest, der_of(a, c->all[i]), 3);
    if (type == PRECERTIFICATE)
        add_opaque(&t, der_of(a, c->all[0]), 3);
    add_opaque(&t, bytes_of(&rest), 3);
    return bytes_of(&t);
}
