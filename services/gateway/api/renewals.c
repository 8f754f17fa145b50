#include "api/renewals.h"

#include <string.h>

#include "api/examination.h"
#include "api/renewals.sql.h"
#include "message/convert.h"
#include "renewal.pb-c.h"
#include "statement.h"

static const char field[] = "renewal_of_order_id";

static bool state_read(struct call *call, const OrderIntake *row, RenewalState *out, bool *found)
{
    RenewalAsked in = RENEWAL_ASKED__INIT;
    in.renewed_order_id = row->renewal_of_order_id;
    in.idem_key = row->idem_key;
    return statement_maybe(call, &sql_renewal_state, &in.base, &out->base, found);
}

static bool in_window(const RenewalState *o, struct instant now)
{
    return o->window_from && o->window_till &&
           !instant_before(now, instant_value(o->window_from)) &&
           instant_before(now, instant_value(o->window_till));
}

static bool may_be_renewed(struct call *call, const RenewalState *o, struct instant now, bool found)
{
    char from[INSTANT_TEXT_SIZE] = "no day", till[INSTANT_TEXT_SIZE] = "no day";
    struct fault *f = &call->fault;
    if (!found)
        return fault_set(f, FAULT_RENEWAL, field, "names no order of this account");
    if (!o->issued)
        return fault_set(f, FAULT_RENEWAL, field, "names an order without a certificate in force");
    if (o->renewed)
        return fault_set(f, FAULT_RENEWED, field, "names an order that has been renewed");
    if (in_window(o, now))
        return true;
    if (o->window_from)
        instant_text(instant_value(o->window_from), from);
    if (o->window_till)
        instant_text(instant_value(o->window_till), till);
    return fault_set(f, FAULT_RENEWAL, field,
                     "names an order that may be renewed from %.10s until %.10s", from, till);
}

/* The days of the calendar that are left; the old order's end is the first instant that it has no more. */
static void time_left_add(struct arena *a, const OrderRequest *in, const RenewalState *old,
                          struct instant now, OrderIntake *row)
{
    const char *ignored;
    struct instant end = instant_value(old->valid_till);
    if (intake_validity_asked(a, in, &ignored).custom_expiration_date || !instant_before(now, end))
        return;
    struct instant last = instant_day((struct instant){ end.us - 1 });
    row->valid_till = instant_message(
        a, instant_add(instant_value(row->valid_till), instant_since(last, instant_day(now))));
}

bool renewal_accept(struct call *call, const OrderRequest *in, struct instant now, OrderIntake *row)
{
    RenewalState old = RENEWAL_STATE__INIT;
    bool found = false;
    if (!row->has_renewal_of_order_id)
        return true;
    if (!state_read(call, row, &old, &found) || !may_be_renewed(call, &old, now, found))
        return false;
    time_left_add(&call->arena, in, &old, now, row);
    return true;
}

void renewal_explain(struct fault *f)
{
    if (f->code == FAULT_CONFLICT && strcmp(f->field, "order_renewal_one") == 0)
        fault_set(f, FAULT_RENEWED, field, "names an order that has been renewed at this moment");
}
