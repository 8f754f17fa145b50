#include "signers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "issuer.h"
#include "ledger/authority.h"

struct kept_ca {
    const char *id;
    struct ca *ca;
    struct kept_ca *next;
};

struct kept_template {
    int64_t version;
    const char *profile, *hash;
    const struct ca *ca;
    struct leaf_template *template;
    struct kept_template *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept_ca *authorities;
static struct kept_template *templates;

static void *kept_new(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        abort();
    return p;
}

static const struct ca *ca_known(const char *id)
{
    for (const struct kept_ca *k = authorities; k; k = k->next)
        if (strcmp(k->id, id) == 0)
            return k->ca;
    return NULL;
}

static struct ca *ca_load(const Authority *a, struct fault *f)
{
    const struct token_key *key = NULL;
    if (!token_find_key(issuer.token, a->key_label, tick_after(seconds(5)), &key, f))
        return NULL;
    return ca_new(a->id, (struct bytes){ a->der.data, a->der.len }, key, f);
}

bool signer_authority(const char *ca_id, const struct ca **out, struct fault *f)
{
    const Authority *a = authority_find(ca_id);
    if (!a)
        return fault_set(f, FAULT_INTERNAL, "ca_id", "authority %s is unknown", ca_id);
    pthread_mutex_lock(&lock);
    *out = ca_known(a->id);
    if (!*out) {
        struct kept_ca *k = kept_new(sizeof *k);
        *k = (struct kept_ca){ a->id, ca_load(a, f), authorities };
        *out = k->ca;
        if (k->ca)
            authorities = k;
        else
            free(k);
    }
    pthread_mutex_unlock(&lock);
    return *out != NULL;
}

static const struct leaf_template *template_known(const struct kept_template *want)
{
    for (const struct kept_template *k = templates; k; k = k->next)
        if (k->version == want->version && k->ca == want->ca &&
            strcmp(k->profile, want->profile) == 0 && strcmp(k->hash, want->hash) == 0)
            return k->template;
    return NULL;
}

static const struct leaf_template *template_get(const struct kept_template *want,
                                                const Profile *profile, struct fault *f)
{
    pthread_mutex_lock(&lock);
    const struct leaf_template *template = template_known(want);
    if (!template) {
        struct kept_template *k = kept_new(sizeof *k);
        *k = *want;
        char *hash = strdup(want->hash);
        k->hash = hash;
        k->template = leaf_template_new(profile, want->ca, want->hash, issuer.status_host, f);
        template = k->template;
        k->next = templates;
        if (template && k->hash) {
            templates = k;
        } else {
            free(hash);
            free(k);
        }
    }
    pthread_mutex_unlock(&lock);
    return template;
}

bool signer_find(const struct policy *policy, const Product *product, const char *ca_id,
                 const char *hash, struct signer *out, struct fault *f)
{
    out->profile = policy_profile_find(policy, product->profile);
    if (!out->profile)
        return fault_set(f, FAULT_INTERNAL, "profile", "product %s names an unknown profile",
                         product->name_id);
    if (!signer_authority(ca_id, &out->ca, f))
        return false;
    struct kept_template want = {
        policy->version, out->profile->profile->name, hash, out->ca, NULL, NULL
    };
    out->template = template_get(&want, out->profile->profile, f);
    return out->template != NULL;
}
