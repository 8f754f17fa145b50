#include "signers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "issuer.h"
#include "ledger/authority.h"
#include "status_host.h"

struct kept_ca {
    struct ca *ca; /* its name is the authority's id */
    struct kept_ca *next;
};

struct kept_template {
    int64_t version;
    const char *profile, *hash;
    const ProfileOption *option; /* of that version */
    const struct ca *ca;
    struct leaf_template *template;
    struct kept_template *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept_ca *authorities;
static struct kept_template *templates;

static const struct ca *ca_known(const char *id)
{
    for (const struct kept_ca *k = authorities; k; k = k->next)
        if (strcmp(k->ca->name, id) == 0)
            return k->ca;
    return NULL;
}

static const struct ca *ca_loaded(const char *id)
{
    pthread_mutex_lock(&lock);
    const struct ca *ca = ca_known(id);
    pthread_mutex_unlock(&lock);
    return ca;
}

static void ca_keep(struct ca *ca)
{
    struct kept_ca *k = calloc(1, sizeof *k);
    *k = (struct kept_ca){ ca, NULL };
    pthread_mutex_lock(&lock);
    k->next = authorities;
    authorities = k;
    pthread_mutex_unlock(&lock);
}

/* Another host may be meant; by mistake nobody would see it before a client does. */
static void host_compare(const Authority *a)
{
    if (!status_host_fits(issuer.status_host, (struct bytes){ a->der.data, a->der.len }))
        log_warn("leaves get another host in their addresses than their authority has: is "
                 "CHANCERY_STATUS_HOST as it was at the ceremony?",
                 LOG_TEXT("authority", a->key_label), LOG_TEXT("status_host", issuer.status_host));
}

bool signer_load(const Authority *a, struct fault *f)
{
    const struct token_key *key = NULL;
    if (ca_loaded(a->id))
        return true;
    if (!token_find_key(issuer.token, a->key_label, tick_after(seconds(5)), &key, f))
        return false;
    struct ca *ca = ca_new(a->id, (struct bytes){ a->der.data, a->der.len }, key, f);
    if (!ca)
        return false;
    ca_keep(ca);
    host_compare(a);
    return true;
}

bool signer_authority(const char *ca_id, const struct ca **out, struct fault *f)
{
    *out = ca_loaded(ca_id);
    if (*out)
        return true;
    signers_wake();
    return fault_set(f, FAULT_UNAVAILABLE, "ca_id", "the key of authority %s is not loaded", ca_id);
}

static const struct leaf_template *template_known(const struct kept_template *want)
{
    for (const struct kept_template *k = templates; k; k = k->next)
        if (k->version == want->version && k->ca == want->ca && k->option == want->option &&
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
        struct kept_template *k = calloc(1, sizeof *k);
        *k = *want;
        char *hash = strdup(want->hash);
        k->hash = hash;
        k->template =
            leaf_template_new(profile, want->option, want->ca, want->hash, issuer.status_host, f);
        template = k->template;
        k->next = templates;
        if (template) {
            templates = k;
        } else {
            free(hash);
            free(k);
        }
    }
    pthread_mutex_unlock(&lock);
    return template;
}

/* ---- does the order agree with the policy? */

static const Product *product_of(const struct policy *policy, const struct signer_wanted *w,
                                 struct fault *f)
{
    const Product *p = policy_product(policy, w->product);
    if (!p)
        fault_set(f, FAULT_UNAVAILABLE, "product", "%s is not in policy version %lld", w->product,
                  (long long)policy->version);
    else if (strcmp(p->rule_scope, w->rule_scope) != 0)
        fault_set(f, FAULT_INTERNAL, "rule_scope", "the order is of scope %s, its product %s of %s",
                  w->rule_scope, w->product, p->rule_scope);
    else
        return p;
    return NULL;
}

static bool lists(const Product *p, const char *key_label)
{
    for (size_t i = 0; i < p->n_authorities; i++)
        if (strcmp(p->authorities[i], key_label) == 0)
            return true;
    return false;
}

/* Some product of the scope has it: it need not be the order's, whose choice may have changed since. */
static bool authority_serves(const struct policy *policy, const struct signer_wanted *w,
                             struct fault *f)
{
    const Authority *a = authority_find(w->ca_id);
    for (size_t i = 0; a && i < policy->product_count; i++)
        if (strcmp(policy->products[i]->rule_scope, w->rule_scope) == 0 &&
            lists(policy->products[i], a->key_label))
            return true;
    return fault_set(f, FAULT_INTERNAL, "ca_id", "authority %s is none of scope %s", w->ca_id,
                     w->rule_scope);
}

static bool option_find(const Profile *profile, const char *name, const ProfileOption **out,
                        struct fault *f)
{
    *out = NULL;
    for (size_t i = 0; name && i < profile->n_options; i++)
        if (strcmp(profile->options[i]->name, name) == 0)
            *out = profile->options[i];
    return !name || *out ||
           fault_set(f, FAULT_UNAVAILABLE, "profile_option", "profile %s has no option %s",
                     profile->name, name);
}

static bool profile_unknown(const Product *product, struct fault *f)
{
    return fault_set(f, FAULT_UNAVAILABLE, "profile",
                     "product %s names profile %s, which this program does not have",
                     product->name_id, product->profile ? product->profile : "none");
}

bool signer_find(const struct policy *policy, const struct signer_wanted *wanted,
                 struct signer *out, struct fault *f)
{
    const Product *product = product_of(policy, wanted, f);
    if (!product || !authority_serves(policy, wanted, f))
        return false;
    out->profile = product->profile ? policy_profile_find(policy, product->profile) : NULL;
    if (!out->profile)
        return profile_unknown(product, f);
    const Profile *profile = out->profile->profile;
    struct kept_template want = { .version = policy->version,
                                  .profile = profile->name,
                                  .hash = wanted->hash };
    if (!option_find(profile, wanted->option, &want.option, f) ||
        !signer_authority(wanted->ca_id, &out->ca, f))
        return false;
    want.ca = out->ca;
    out->template = template_get(&want, profile, f);
    return out->template != NULL;
}

/* ---- what could be asked for */

static bool option_try(const struct policy *policy, const Product *product, const Profile *profile,
                       const ProfileOption *option, const struct ca *ca, struct fault *f)
{
    for (size_t i = 0; i < product->n_allowed_hashes; i++) {
        struct kept_template want = { .version = policy->version,
                                      .profile = profile->name,
                                      .option = option,
                                      .hash = product->allowed_hashes[i],
                                      .ca = ca };
        if (!template_get(&want, profile, f))
            return false;
    }
    return true;
}

bool signer_try(const struct policy *policy, const Product *product, const char *key_label,
                struct fault *f)
{
    const Authority *a = authority_find_label(key_label);
    const struct policy_profile *kept =
        product->profile ? policy_profile_find(policy, product->profile) : NULL;
    const struct ca *ca = a ? ca_loaded(a->id) : NULL;
    if (!kept)
        return profile_unknown(product, f);
    if (a && !ca && !a->may_sign)
        return true; /* stopped, or a root: orders for it are refused by that */
    if (!ca)
        return fault_set(f, FAULT_UNAVAILABLE, "authority",
                         "no key is loaded for authority %s of product %s", key_label,
                         product->name_id);
    const Profile *profile = kept->profile;
    bool good = option_try(policy, product, profile, NULL, ca, f);
    for (size_t i = 0; good && i < profile->n_options; i++)
        good = option_try(policy, product, profile, profile->options[i], ca, f);
    return good;
}
