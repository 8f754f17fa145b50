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

bool intake_product(struct examining *e)
{
    struct intake *out = e->out;
    if (strcmp(e->in->name_id, "ssl") != 0) {
        out->product = policy_product(e->policy, e->in->name_id);
        return out->product ||
               examine_refuse(e, FAULT_NO_PRODUCT, "name_id", "there is no such product");
    }
    bool several = false;
    if (!e->in->product || !e->in->product->type_hint)
        return examine_refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                              "is needed to choose a product");
    out->product = product_by_hint(e->policy, e->in->product->type_hint, &several);
    if (several || !out->product)
        return examine_refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                              "does not choose one product");
    return true;
}
