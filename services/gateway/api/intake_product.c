/* Which product is asked for. */
#include "api/examining.h"

#include <string.h>

/* order/certificate/ssl finds its product by the hint; several that fit are no product. */
static const Product *product_by_hint(const struct policy *p, const char *hint, bool *several)
{
    const Product *found = NULL;
    for (size_t i = 0; i < p->product_count; i++) {
        if (!examine_listed(p->products[i]->type_hints, p->products[i]->n_type_hints, hint))
            continue;
        *several = found != NULL;
        found = p->products[i];
    }
    return found;
}

static bool product_named(struct examining *e, const Product **out)
{
    *out = policy_product(e->policy, e->in->name_id);
    return *out || examine_refuse(e, FAULT_NO_PRODUCT, "name_id", "there is no such product");
}

static bool product_hinted(struct examining *e, const Product **out)
{
    bool several = false;
    if (!e->in->product || !e->in->product->type_hint)
        return examine_refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                              "is needed to choose a product");
    *out = product_by_hint(e->policy, e->in->product->type_hint, &several);
    return (*out && !several) || examine_refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                                                "does not choose one product");
}

bool intake_product(struct examining *e)
{
    const Product *p = NULL;
    bool by_hint = strcmp(e->in->name_id, "ssl") == 0;
    if (!(by_hint ? product_hinted(e, &p) : product_named(e, &p)))
        return false;
    if (p->shim) /* B1: the order is one for its successor, which is there: policy was checked */
        p = policy_product(e->policy, p->shim);
    if (p->refused)
        return examine_refuse(e, FAULT_PRODUCT_NOT_AVAILABLE,
                              by_hint ? "product.type_hint" : "name_id", p->refused);
    e->out->product = p;
    return true;
}
