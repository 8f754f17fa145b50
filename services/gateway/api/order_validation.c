#include "api/order_validation.h"

#include <string.h>

#include "api/order_validation.sql.h"
#include "ledger/policy.h"
#include "pki/name.h"
#include "statement.h"
#include "store/store.h"

/* One label more than the public suffix. The list may have changed since the order was placed; then
 * it is the domain where the name is proved. */
static void base_domain(struct call *call, NameValidation *v)
{
    struct name name;
    struct fault ignored = { 0 };
    if (v->n_dns_names &&
        name_read(&call->arena, v->dns_names[0], NAMES_PUBLIC, &name, &ignored, "dns_names"))
        v->base_domain = arena_strdup(&call->arena, name.base_domain);
}

/* Of the order; not there when it is one of a newer release. */
static void method_fill(const OrderValidation *order, NameValidation *v)
{
    v->has_method = order->has_order_dcv_method;
    v->method = order->order_dcv_method;
}

/* DV orders always show their risk, others when they are asked (services API 3.10). */
static bool risk_shown(struct call *call, const OrderValidationRow *row,
                       const OrderValidationRef *in, bool *shown)
{
    const struct policy *policy;
    if (!policy_now(&policy, &call->fault))
        return false;
    const Product *p = policy_product(policy, row->product_name_id);
    *shown = in->include_risk_check || (p && strcmp(p->validation_type, "dv") == 0);
    return true;
}

static void order_validations_show(OrderValidations_Service *self, const OrderValidationRef *in,
                                   OrderValidation_Closure answer, void *data)
{
    (void)self;
    struct call *call = data;
    OrderValidationRow row = ORDER_VALIDATION_ROW__INIT;
    bool found = false, risk = false;
    if (!statement_maybe(call, &sql_order_validation, &in->base, &row.base, &found) ||
        (!found &&
         !fault_set(&call->fault, FAULT_NO_ORDER, "order_id", "there is no such order")) ||
        !risk_shown(call, &row, in, &risk)) {
        call_fail(call);
        return;
    }
    OrderValidation *out = row.shown;
    for (size_t i = 0; i < out->n_dns_name_validations; i++) {
        method_fill(out, out->dns_name_validations[i]);
        base_domain(call, out->dns_name_validations[i]);
    }
    if (!risk)
        out->risk_status = NULL;
    answer(out, call);
}

OrderValidations_Service order_validations_service = ORDER_VALIDATIONS__INIT(order_validations_);

// clang-format off
const struct route order_validation_routes[] = {
    { GET, "/order/certificate/{order_id}/validation", WORKER, RPC(order_validations_service, "Show"), "order:read", 200,
      "Show what has been validated for an order, name by name" },
    { 0 },
};
// clang-format on
