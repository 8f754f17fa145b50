#include "api/products.h"

#include <ctype.h>
#include <string.h>

#include "api/containers.h"
#include "api/platforms.h"
#include "base/text.h"
#include "ledger/authority.h"
#include "ledger/policy.h"
#include "list.h"
#include "pki/certificate.h"
#include "pki/signature.h"

static HashTypes *hashes(struct arena *a, const Product *p)
{
    HashTypes *out = arena_new(a, HashTypes);
    hash_types__init(out);
    out->allowed_hash_types = arena_array(a, HashType *, p->n_allowed_hashes);
    for (size_t i = 0; i < p->n_allowed_hashes; i++) {
        HashType *h = arena_new(a, HashType);
        hash_type__init(h);
        h->id = p->allowed_hashes[i];
        h->name = arena_format(a, "SHA-%s", p->allowed_hashes[i] + strlen("sha"));
        out->allowed_hash_types[out->n_allowed_hash_types++] = h;
    }
    out->default_hash_type_id = p->allowed_hashes[0];
    return out;
}

/* What a certificate is signed with, as customers read it: "SHA2-256". */
static const char *hash_text(struct arena *a, const Authority *ca)
{
    struct fault ignored = { 0 };
    struct certificate c;
    struct signature_algorithm algorithm;
    if (!certificate_read((struct bytes){ ca->der.data, ca->der.len }, &c, &ignored, "der") ||
        !signature_algorithm_read(c.algorithm, &algorithm, &ignored, "der"))
        return "unknown";
    return arena_format(a, "SHA2%s", signature_hash_name(&algorithm) + strlen("SHA"));
}

/* "Issuing CA (SHA2-256) > Root (SHA2-256)" */
static char *chain_text(struct arena *a, const Authority *ca)
{
    struct text t;
    text_init(&t, a);
    for (int depth = 0; ca && depth < 6; depth++) {
        text_add(&t, depth ? " > " : "");
        text_format(&t, "%s (%s)", ca->name, hash_text(a, ca));
        ca = ca->parent_id ? authority_find(ca->parent_id) : NULL;
    }
    return t.data;
}

static void authorities(struct arena *a, const Product *p, ProductInfo *out)
{
    out->allowed_ca_certs = arena_array(a, AllowedAuthority *, p->n_authorities);
    for (size_t i = 0; i < p->n_authorities; i++) {
        const Authority *ca = authority_find_label(p->authorities[i]);
        if (!ca)
            continue;
        AllowedAuthority *row = arena_new(a, AllowedAuthority);
        allowed_authority__init(row);
        row->id = ca->id;
        row->name = ca->name;
        row->chain_info = chain_text(a, ca);
        out->allowed_ca_certs[out->n_allowed_ca_certs++] = row;
    }
}

static char *upper(struct arena *a, const char *text)
{
    char *out = arena_strdup(a, text);
    for (char *c = out; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return out;
}

#define SET(message, member, value) (message)->has_##member = true, (message)->member = (value)

static ProductInfo *product_info(struct arena *a, const Product *p, const struct container_ids *ids)
{
    ProductInfo *out = arena_new(a, ProductInfo);
    product_info__init(out);
    out->group_name = p->group_name;
    out->name_id = p->name_id;
    out->name = p->name;
    out->type = p->type;
    out->validation_type = upper(a, p->validation_type);
    out->n_allowed_validity_years = p->n_allowed_validity_years;
    out->allowed_validity_years = p->allowed_validity_years;
    out->n_allowed_order_validity_years = p->n_allowed_order_validity_years;
    out->allowed_order_validity_years = p->allowed_order_validity_years;
    for (size_t i = 0; i < p->n_allowed_order_validity_years; i++)
        SET(out, max_multi_year_order_validity_years, p->allowed_order_validity_years[i]);
    out->signature_hash_types = hashes(a, p);
    authorities(a, p, out);
    SET(out, additional_dns_names_allowed, p->max_names > 1);
    SET(out, csr_required, !p->has_csr_required || p->csr_required);
    SET(out, custom_expiration_date_allowed, true);
    SET(out, allow_auto_renew, true);
    SET(out, duplicates_allowed, true);
    SET(out, increased_compatibility_allowed, false);
    out->license_agreement = arena_strdup(a, p->license_agreement ? p->license_agreement : "");
    out->n_allowed_container_ids = ids->count;
    out->allowed_container_ids = ids->items;
    out->server_platforms = platform_list(a, &out->n_server_platforms);
    return out;
}

static bool ready(struct call *call, const struct policy **policy, struct container_ids *containers)
{
    return policy_now(policy, &call->fault) && containers_active(call, containers);
}

static void products_info(Products_Service *self, const ProductRef *in, ProductInfo_Closure answer,
                          void *data)
{
    (void)self;
    struct call *call = data;
    const struct policy *policy;
    struct container_ids containers;
    if (!ready(call, &policy, &containers)) {
        call_fail(call);
        return;
    }
    const Product *p = policy_product(policy, in->name_id);
    if (!p) {
        fault_set(&call->fault, FAULT_NO_PRODUCT, "name_id",
                  "there is no such product: GET product lists them");
        call_fail(call);
        return;
    }
    answer(product_info(&call->arena, p, &containers), call);
}

static void products_list(Products_Service *self, const ProductFilter *in,
                          ProductList_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    const struct policy *policy;
    struct container_ids containers;
    ProductList out = PRODUCT_LIST__INIT;
    if (!ready(call, &policy, &containers)) {
        call_fail(call);
        return;
    }
    out.products = arena_array(&call->arena, ProductInfo *, policy->product_count);
    for (size_t i = 0; i < policy->product_count; i++)
        out.products[out.n_products++] =
            product_info(&call->arena, policy->products[i], &containers);
    if (list_sort_items(call, &product_info__descriptor, in->sort,
                        (ProtobufCMessage **)(void *)out.products, out.n_products))
        answer(&out, call);
    else
        call_fail(call);
}

Products_Service products_service = PRODUCTS__INIT(products_);

// clang-format off
const struct route product_routes[] = {
    { GET, "/product",           WORKER, RPC(products_service, "List"), "product:read", 200, "List the products of the account" },
    { GET, "/product/{name_id}", WORKER, RPC(products_service, "Info"), "product:read", 200, "Show one product" },
    { 0 },
};
// clang-format on
