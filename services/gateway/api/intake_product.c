/* Which product is asked for. */
#include "api/examination.h"

#include <string.h>

/* order/certificate/ssl finds its product by the hint; several that fit are no product. */
static const Product *product_by_hint(const struct policy *p, const char *hint, bool *several)
{
    const Product *found = NULL;
    for (size_t i = 0; i < p->product_count; i++) {
        if (!examination_listed(p->products[i]->type_hints, p->products[i]->n_type_hints, hint))
            continue;
        *several = found != NULL;
        found = p->products[i];
    }
    return found;
}

static const Product *product_named(struct examination *e)
{
    const Product *found = policy_product(e->policy, e->in->name_id);
    if (!found)
        examination_refuse(e, FAULT_NO_PRODUCT, "name_id",
                           "there is no such product: GET product lists them");
    return found;
}

static const Product *product_hinted(struct examination *e)
{
    const ProductHint *hint = e->in->product;
    bool several = false;
    const Product *found =
        hint && hint->type_hint ? product_by_hint(e->policy, hint->type_hint, &several) : NULL;
    if (found && !several)
        return found;
    examination_refuse(e, FAULT_AMBIGUOUS_PRODUCT, "product.type_hint",
                       hint && hint->type_hint ? "does not choose one product"
                                               : "is needed to choose a product");
    return NULL;
}

bool intake_product(struct examination *e)
{
    bool by_hint = strcmp(e->in->name_id, "ssl") == 0;
    const Product *p = by_hint ? product_hinted(e) : product_named(e);
    if (p && p->shim) { /* B1: the order is one for its successor */
        p = policy_product(e->policy, p->shim);
        if (!p)
            return examination_refuse(e, FAULT_NO_PRODUCT, "name_id", "there is no such product");
    }
    if (p && p->refused)
        return examination_refuse(e, FAULT_PRODUCT_NOT_AVAILABLE,
                                  by_hint ? "product.type_hint" : "name_id", p->refused);
    e->out->product = p;
    return p != NULL;
}
