#include "x509/leaf.h"

#include <stdlib.h>
#include <string.h>

#include "pki/digest.h"
#include "x509/extension.h"
#include "x509/oid.h"
#include "x509/url.h"

struct leaf_template {
    struct arena arena;
    const struct ca *ca;
    const struct sign_algorithm *algorithm;
    bool common_name, subject_key_id;
    struct bytes algorithm_and_issuer;
    struct bytes extensions[2]; /* those that do not differ among leaves; by enum key_type */
    const char *crl_url;        /* but for {shard}; NULL: no CRL */
    unsigned crl_shards;
};

static bool option_takes(const ProfileOption *option, enum key_type type)
{
    for (size_t i = 0; i < option->n_key_types; i++)
        if (strcmp(option->key_types[i], key_type_name(type)) == 0)
            return true;
    return false;
}

/* What the key may be used for; an option adds to it. */
static bool usage_of(const Profile *p, const ProfileOption *option, enum key_type type,
                     unsigned *usage, struct fault *f)
{
    unsigned more = 0;
    bool rsa = type == KEY_RSA;

    if (!key_usage_read(rsa ? p->key_usage_rsa : p->key_usage_ec,
                        rsa ? p->n_key_usage_rsa : p->n_key_usage_ec, usage, f))
        return false;
    if (option && option_takes(option, type) &&
        !key_usage_read(option->key_usage, option->n_key_usage, &more, f))
        return false;
    *usage |= more;
    return true;
}

/* Everything from one profile that depends on the subscriber's key by its type only. */
static bool add_fixed(struct text *t, const Profile *p, const ProfileOption *option,
                      const struct ca *ca, const char *status, enum key_type type, struct fault *f)
{
    unsigned usage;

    if (!usage_of(p, option, type, &usage, f))
        return false;
    if (usage)
        extension_key_usage(t, usage);
    if (!extension_ext_key_usage(t, p->ext_key_usage, p->n_ext_key_usage, f))
        return false;
    if (p->basic_constraints)
        extension_basic_constraints(t, false, -1);
    if (!extension_policies(t, p->policy_oids, p->n_policy_oids, f))
        return false;
    extension_authority_key_id(t, ca->key_id);
    extension_authority_info(t, url_fill(t->arena, p->ocsp_url, status, ca->name),
                             url_fill(t->arena, p->ca_issuers_url, status, ca->name));
    return true;
}

static bool fill(struct leaf_template *out, const Profile *p, const ProfileOption *option,
                 const char *hash_name, const char *status, struct fault *f)
{
    const struct ca *ca = out->ca;
    struct text t;

    if (!ca->key)
        return fault_set(f, FAULT_INVALID, "authority", "the token has no key of %s", ca->name);
    out->algorithm = sign_algorithm_find(token_key_kind(ca->key), hash_name);
    if (!out->algorithm)
        return fault_set(f, FAULT_INVALID, "signature_hash", "%s cannot sign with %s", ca->name,
                         hash_name);
    out->common_name = p->include_common_name;
    out->subject_key_id = p->include_subject_key_identifier;
    out->crl_url = url_fill(&out->arena, p->crl_url, status, ca->name);
    out->crl_shards = p->crl_shards;
    text_init(&t, &out->arena);
    der_add_raw(&t, out->algorithm->der);
    der_add_raw(&t, ca->subject);
    out->algorithm_and_issuer = der_written(&t);
    for (enum key_type type = KEY_RSA; type <= KEY_EC; type++) {
        text_init(&t, &out->arena);
        if (!add_fixed(&t, p, option, ca, status, type, f))
            return false;
        out->extensions[type] = der_written(&t);
    }
    return true;
}

struct leaf_template *leaf_template_new(const Profile *profile, const ProfileOption *option,
                                        const struct ca *ca, const char *hash_name,
                                        const char *status, struct fault *f)
{
    struct leaf_template *out = calloc(1, sizeof *out);
    arena_init(&out->arena);
    out->ca = ca;
    if (fill(out, profile, option, hash_name, status, f))
        return out;
    leaf_template_free(out);
    return NULL;
}

void leaf_template_free(struct leaf_template *template)
{
    if (!template)
        return;
    arena_free(&template->arena);
    free(template);
}

const struct sign_algorithm *leaf_template_algorithm(const struct leaf_template *template)
{
    return template->algorithm;
}

const struct ca *leaf_template_ca(const struct leaf_template *template)
{
    return template->ca;
}

static bool acceptable(const struct leaf_request *r, struct fault *f)
{
    if (r->name_count == 0)
        return fault_set(f, FAULT_INTERNAL, NULL, "a certificate without a name");
    if (r->serial.size == 0 || r->serial.size > 20 || (r->serial.data[0] & 0x80))
        return fault_set(f, FAULT_INTERNAL, NULL, "a serial number of the wrong size");
    return instant_before(r->not_before, r->not_after) ||
           fault_set(f, FAULT_INTERNAL, NULL, "a certificate that ends before it begins");
}

/* A common name that does not fit is left out: the names that count are in subjectAltName. */
static bool is_wanted(const struct leaf_template *t, const struct subject_attribute *attribute)
{
    return attribute->type != SUBJECT_COMMON_NAME || (t->common_name && subject_fits(attribute));
}

static struct subject_attribute *subject_of(const struct leaf_template *t,
                                            const struct leaf_request *r, struct arena *a,
                                            size_t *count)
{
    struct subject_attribute *out = arena_array(a, struct subject_attribute, r->subject_count);

    *count = 0;
    for (size_t i = 0; i < r->subject_count; i++)
        if (is_wanted(t, &r->subject[i]))
            out[(*count)++] = r->subject[i];
    return out;
}

static void add_validity(struct text *t, const struct leaf_request *r)
{
    size_t list = der_begin(t, DER_SEQUENCE);

    der_add_time(t, r->not_before);
    der_add_time(t, r->not_after);
    der_end(t, list);
}

static bool add_extensions(struct text *t, const struct leaf_template *template,
                           const struct leaf_request *r, bool subject_empty, struct fault *f)
{
    size_t explicit = der_begin(t, DER_CONTEXT_OF(3)), list = der_begin(t, DER_SEQUENCE);

    der_add_raw(t, template->extensions[r->key->type]);
    if (template->subject_key_id) {
        uint8_t id[SHA1_SIZE]; /* RFC 5280 4.2.1.2 (1) */
        digest_sha1(r->key->public_key, id);
        extension_subject_key_id(t, (struct bytes){ id, sizeof id });
    }
    if (template->crl_url)
        extension_crl_distribution(t,
                                   url_fill_shard(t->arena, template->crl_url,
                                                  serial_shard(r->serial, template->crl_shards)));
    /* TLS BR 7.1.2.7.12: critical if and only if the subject is empty */
    if (!extension_names(t, r->names, r->name_count, subject_empty, f))
        return false;
    der_end(t, list);
    der_end(t, explicit);
    return true;
}

bool leaf_build(const struct leaf_template *template, const struct leaf_request *request,
                struct arena *a, struct bytes *tbs, struct fault *f)
{
    size_t subject_count;
    struct subject_attribute *subject = subject_of(template, request, a, &subject_count);
    struct text t;

    if (!acceptable(request, f))
        return false;
    text_init(&t, a);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, DER_BYTES("\xa0\x03\x02\x01\x02")); /* [0] version v3 */
    der_add_unsigned(&t, DER_INTEGER, request->serial);
    der_add_raw(&t, template->algorithm_and_issuer);
    add_validity(&t, request);
    if (!subject_add(&t, subject, subject_count, f))
        return false;
    der_add_raw(&t, request->key->spki);
    if (!add_extensions(&t, template, request, subject_count == 0, f))
        return false;
    der_end(&t, list);
    *tbs = der_written(&t);
    return true;
}
