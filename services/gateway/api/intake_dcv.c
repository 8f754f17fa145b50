/* How control over the names will be proved. */
#include "api/dcv_advice.h"
#include "api/email_choice.h"
#include "api/examination.h"

#include "message/field.h"

static const char *wildcard_in(const OrderIntake *row)
{
    for (size_t i = 0; i < row->n_names; i++)
        if (row->names[i]->fqdn[0] == '*')
            return row->names[i]->fqdn;
    return NULL;
}

bool intake_dcv(struct examination *e)
{
    const Product *p = e->out->product;
    const ProtobufCEnumDescriptor *type = &dcv_method__value__descriptor;
    int method = 0;
    if (p->n_dcv_methods == 0) /* nothing to prove: what is asked for it means nothing */
        return true;
    if (e->in->has_dcv_method)
        method = (int)e->in->dcv_method;
    else if (e->in->n_dcv_emails) /* who says whom to ask wants them to be asked */
        method = DCV_METHOD__VALUE__EMAIL;
    else if (!enum_read(type, p->default_dcv_method, &method))
        return examination_refuse(e, FAULT_INTERNAL, "default_dcv_method",
                                  "the product names an unknown method");
    if (!dcv_advice_offered(e->call, p, (DcvMethod__Value)method) ||
        !dcv_advice_permitted(e->call, e->policy, p, (DcvMethod__Value)method, e->now) ||
        !dcv_advice_takes(e->call, (DcvMethod__Value)method, wildcard_in(e->row)))
        return false;
    e->row->has_dcv_method = true;
    e->row->dcv_method = (DcvMethod__Value)method;
    e->out->auth_key = p->auth_key_only || (e->in->has_use_auth_key && e->in->use_auth_key);
    return method != DCV_METHOD__VALUE__EMAIL ||
           email_choices_take(e->call, e->in, p->rule_scope, e->row);
}
