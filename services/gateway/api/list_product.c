#include "api/list_product.h"

#include <string.h>

#include "ledger/policy.h"

/* The name by which the order is kept, too. */
bool list_product_name(struct list_input *r, const char *value)
{
    const struct policy *policy;
    if (!list_name(r, value) || !policy_now(&policy, &r->call->fault))
        return false;
    const Product *p = policy_product(policy, value);
    return !p || !p->shim || list_set(r, "", p->shim);
}

bool list_product_type(struct list_input *r, const char *value)
{
    const struct policy *policy;
    bool some = false;
    if (!policy_now(&policy, &r->call->fault))
        return false;
    for (size_t i = 0; i < policy->product_count; i++) {
        if (strcmp(policy->products[i]->type, value) != 0)
            continue;
        some = true;
        if (!list_set(r, "", policy->products[i]->name_id))
            return false;
    }
    return some || list_set(r, "", value);
}
