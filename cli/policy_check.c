/* What products and profiles must be before a policy may be loaded. */
#include <string.h>

#include "rule_check.h"

/* ---- products */

static bool is_among(char **list, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], what) == 0)
            return true;
    return false;
}

static const Product *product_of(const struct policy_source *p, const char *name_id)
{
    for (size_t i = 0; i < p->product_count; i++)
        if (strcmp(p->products[i]->name_id, name_id) == 0)
            return p->products[i];
    return NULL;
}

static const Profile *profile_of(const struct policy_source *p, const Product *product)
{
    for (size_t i = 0; product->profile && i < p->profile_count; i++)
        if (strcmp(p->profiles[i]->name, product->profile) == 0)
            return p->profiles[i];
    return NULL;
}

static bool scope_has_rules(const struct policy_source *p, const char *scope)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i]->scope, scope) == 0)
            return true;
    return false;
}

static bool is_proved(const Product *product)
{
    return product->n_dcv_methods > 0 || product->default_dcv_method;
}

static bool profile_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const Profile *profile = profile_of(p, product);
    const char *id = product->name_id;
    if (!profile)
        return fault_set(f, FAULT_INVALID, id, "names profile %s, which is not in profiles/",
                         product->profile ? product->profile : "none");
    return strcmp(profile->rule_scope, product->rule_scope) == 0 ||
           fault_set(f, FAULT_INVALID, id, "has scope %s, its profile %s", product->rule_scope,
                     profile->rule_scope);
}

/* A certificate without a purpose is one for every purpose, and only a root's may be (TLS BR 7.1.2.1.2). */
static bool purposes_check(const Profile *profile, struct fault *f)
{
    bool root = profile->certificate && strcmp(profile->certificate, "root") == 0;
    return root || profile->n_ext_key_usage > 0 ||
           fault_set(f, FAULT_INVALID, profile->name,
                     "has no ext_key_usage: what are its certificates for?");
}

static bool checks_check(const Profile *profile, struct fault *f)
{
    for (size_t i = 0; i < profile->n_checks; i++)
        if (!check_find(profile->checks[i]))
            return fault_set(f, FAULT_INVALID, profile->name,
                             "names check %s, which no issuer knows", profile->checks[i]);
    return true;
}

/* The number stands in certificates and in rows of smallint. */
static bool shards_check(const Profile *profile, struct fault *f)
{
    enum { SHARDS_MAX = 32767 };
    bool marked = profile->crl_url && strstr(profile->crl_url, "{shard}");
    if (profile->has_crl_shards && (profile->crl_shards < 1 || profile->crl_shards > SHARDS_MAX))
        return fault_set(f, FAULT_INVALID, profile->name, "has crl_shards %u: 1 to %d are possible",
                         profile->crl_shards, SHARDS_MAX);
    return marked == profile->has_crl_shards ||
           fault_set(f, FAULT_INVALID, profile->name,
                     "has %s: crl_shards and {shard} in crl_url go together",
                     marked ? "{shard} alone" : "crl_shards alone");
}

/* Names need no proof below an authority that is not public, and such a one signs for one scope. */
static bool methods_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const char *id = product->name_id, *usual = product->default_dcv_method;
    for (size_t i = 0; i < p->product_count; i++)
        if (!p->products[i]->refused && is_proved(p->products[i]) != is_proved(product) &&
            strcmp(p->products[i]->rule_scope, product->rule_scope) == 0)
            return fault_set(f, FAULT_INVALID, id,
                             "has %s, unlike %s: all products of scope %s have, or none",
                             is_proved(product) ? "dcv_methods" : "no dcv_methods",
                             p->products[i]->name_id, product->rule_scope);
    return !is_proved(product) ||
           (usual && is_among(product->dcv_methods, product->n_dcv_methods, usual)) ||
           fault_set(f, FAULT_INVALID, id, "has default_dcv_method %s, not among dcv_methods",
                     usual ? usual : "none");
}

static bool authority_check(const Product *product, struct fault *f)
{
    const char *id = product->name_id, *usual = product->default_authority;
    if (!usual || !is_among(product->authorities, product->n_authorities, usual))
        return fault_set(f, FAULT_INVALID, id, "has default_authority %s, not among authorities",
                         usual ? usual : "none");
    return true;
}

/* What is proved, or needs no proof, for one hierarchy must not be signed by another. */
static bool authorities_apart(const struct policy_source *p, const Product *product,
                              struct fault *f)
{
    for (size_t i = 0; i < p->product_count; i++)
        for (size_t j = 0; j < product->n_authorities; j++)
            if (strcmp(p->products[i]->rule_scope, product->rule_scope) != 0 &&
                is_among(p->products[i]->authorities, p->products[i]->n_authorities,
                         product->authorities[j]))
                return fault_set(f, FAULT_INVALID, product->name_id,
                                 "shares authority %s with %s: one authority signs for one scope",
                                 product->authorities[j], p->products[i]->name_id);
    return true;
}

/* An order for a product with a shim is one for its successor, at once. */
static bool shim_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const Product *next = product->shim ? product_of(p, product->shim) : NULL;
    return !product->shim || (next && !next->shim) ||
           fault_set(f, FAULT_INVALID, product->name_id,
                     "has shim %s, which is no product or has one itself", product->shim);
}

static bool scope_gives(const struct policy_source *p, const char *scope, const char *parameter)
{
    for (size_t i = 0; i < p->rule_count; i++)
        if (strcmp(p->rules[i]->scope, scope) == 0 &&
            strcmp(p->rules[i]->parameter, parameter) == 0)
            return true;
    return false;
}

/* Names that need no proof are nobody else's business, and without a rule no number of logs is enough. */
static bool transparency_check(const struct policy_source *p, const Product *product,
                               struct fault *f)
{
    static const char *const needed[] = { "ct.scts.le180", "ct.scts.gt180" };
    const char *id = product->name_id, *scope = product->rule_scope;
    if (!product->transparency)
        return true;
    if (!product->refused && !is_proved(product))
        return fault_set(f, FAULT_INVALID, id,
                         "has transparency, but no dcv_methods: names of private certificates are "
                         "not given to logs");
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!scope_gives(p, scope, needed[i]))
            return fault_set(f, FAULT_INVALID, id,
                             "has transparency, but no rule of scope %s gives %s", scope,
                             needed[i]);
    return true;
}

static bool product_check(const struct policy_source *p, const Product *product, struct fault *f)
{
    const char *id = product->name_id;
    if (product->max_names == 0)
        return fault_set(f, FAULT_INVALID, id, "allows no name at all");
    if (product->n_allowed_hashes == 0)
        return fault_set(f, FAULT_INVALID, id, "allows no hash at all");
    if (!shim_check(p, product, f) ||
        !(product->refused || (profile_check(p, product, f) && authority_check(product, f) &&
                               methods_check(p, product, f))))
        return false;
    if (!scope_has_rules(p, product->rule_scope))
        return fault_set(f, FAULT_INVALID, id, "has scope %s, for which there is no rule",
                         product->rule_scope);
    return transparency_check(p, product, f);
}

/* What is checked on all days, a rule with the same check and no number changes on none: always, or by all
 * profiles of the scope. */
static bool check_is_everywhere(const struct policy_source *p, const Rule *r)
{
    size_t of_scope = 0, named = 0;
    for (size_t i = 0; i < p->profile_count; i++) {
        const Profile *profile = p->profiles[i];
        if (strcmp(profile->rule_scope, r->scope) != 0)
            continue;
        of_scope++;
        named += is_among(profile->checks, profile->n_checks, r->check);
    }
    return check_find(r->check)->when == ALWAYS || (of_scope > 0 && named == of_scope);
}

static bool rules_do_something(const struct policy_source *p, struct fault *f)
{
    for (size_t i = 0; i < p->rule_count; i++) {
        const Rule *r = p->rules[i];
        if (r->check && !check_find(r->check)->unit && check_is_everywhere(p, r))
            return fault_set(
                f, FAULT_INVALID, r->id,
                "(%s) does nothing: %s is checked on all days, on each certificate of scope %s",
                p->rule_files[i], r->check, r->scope);
    }
    return true;
}

bool policy_source_check(const struct policy_source *p, struct fault *f)
{
    if (!rules_check(p, f))
        return false;
    for (size_t i = 0; i < p->profile_count; i++)
        if (!purposes_check(p->profiles[i], f) || !shards_check(p->profiles[i], f) ||
            !checks_check(p->profiles[i], f))
            return false;
    if (!rules_do_something(p, f))
        return false;
    for (size_t i = 0; i < p->product_count; i++)
        if (!product_check(p, p->products[i], f))
            return false;
    for (size_t i = 0; i < p->product_count; i++)
        if (!authorities_apart(p, p->products[i], f))
            return false;
    return true;
}
