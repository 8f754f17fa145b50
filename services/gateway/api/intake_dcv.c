/* How control over the names will be proved. */
#include "api/examining.h"
#include "api/orders.h"

#include "base/text.h"
#include "message/field.h"

bool intake_dcv(struct examining *e)
{
    const Product *p = e->out->product;
    const ProtobufCEnumDescriptor *type = &dcv_method__value__descriptor;
    int method = 0;
    if (e->in->has_dcv_method)
        method = (int)e->in->dcv_method;
    else if (!enum_read(type, p->default_dcv_method, &method))
        return examine_refuse(e, FAULT_INTERNAL, "default_dcv_method",
                              "the product names an unknown method");
    const char *text = enum_text(&e->call->arena, type, method);
    if (!examine_listed(p->dcv_methods, p->n_dcv_methods, text))
        return examine_refuse(e, FAULT_DCV_METHOD, "dcv_method", "is not offered for this product");
    char *value = arena_alloc(&e->call->arena, RANDOM_VALUE_LENGTH + 1);
    random_text(value, RANDOM_VALUE_LENGTH);
    e->row->dcv_method = (DcvMethod__Value)method;
    e->row->random_value = value;
    e->out->auth_key = p->auth_key_only || (e->in->has_use_auth_key && e->in->use_auth_key);
    return true;
}
