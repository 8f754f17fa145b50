#include "api/placement.h"

#include "base/log.h"
#include "ledger/authority.h"
#include "message/convert.h"
#include "service/metrics.h"

void placement_note(const struct placement *p)
{
    const OrderIntake *row = p->row;
    metric_add(METRIC_ORDERS_PLACED, 1);
    log_context(p->call->traceparent, row->order_id);
    log_info("order placed", LOG_INT("account_id", p->call->actor.account_id),
             LOG_TEXT("product", row->product_name_id), LOG_TEXT("status", row->status),
             LOG_TEXT("lane", p->placed->lane));
    log_context("", 0);
}

static bool chain_add(struct placement *p, OrderAnswer *out, int64_t certificate_id,
                      const char *ca_id, ProtobufCBinaryData der, const char *common_name)
{
    out->has_certificate_id = true;
    out->certificate_id = certificate_id;
    return authority_chain(&p->call->arena, common_name, bytes_value(der), ca_id,
                           &out->certificate_chain, &out->n_certificate_chain, &p->call->fault);
}

static void answer(struct placement *p, OrderAnswer *out, int64_t request_id,
                   const char *request_status)
{
    RequestState request = REQUEST_STATE__INIT;
    RequestState *requests[] = { &request };
    request.id = request_id;
    request.status = arena_strdup(&p->call->arena, request_status);
    out->requests = requests;
    out->n_requests = 1;
    call_answer(&out->base, p->call);
}

/* The order waits, for approval or for domain control. */
void placement_answer_pending(struct placement *p)
{
    OrderAnswer out = ORDER_ANSWER__INIT;
    out.id = p->row->order_id;
    if (!p->intake.auth_key && p->row->dcv_method != DCV_METHOD__VALUE__EMAIL)
        out.dcv_random_value = p->placed->random_value;
    answer(p, &out, p->row->request_id, p->row->request_status);
}

void placement_answer_issued(struct placement *p, const IssuedCertificate *c)
{
    OrderAnswer out = ORDER_ANSWER__INIT;
    out.id = p->row->order_id;
    if (!chain_add(p, &out, c->id, c->ca_id, c->der, p->row->names[0]->fqdn))
        call_fail(p->call);
    else
        answer(p, &out, p->row->request_id, p->row->request_status);
}

void placement_answer_state(struct placement *p, const OrderState *o)
{
    OrderAnswer out = ORDER_ANSWER__INIT;
    out.id = o->order_id;
    out.dcv_random_value = o->random_value;
    if (o->has_certificate_id &&
        !chain_add(p, &out, o->certificate_id, o->ca_id, o->der, o->common_name))
        call_fail(p->call);
    else
        answer(p, &out, o->request_id, o->request_status);
}
