/* How long the order and its first certificate are to last. */
#include "api/examining.h"

#include "message/convert.h"

enum { DAYS_MAX = 3 * 365 };

/* The deprecated form that came, by its own name: exactly one of them, else the name of today. */
static const char *old_form(const OrderRequest *in)
{
    bool date = in->custom_expiration_date && *in->custom_expiration_date;
    if (in->has_validity_years + in->has_validity_days + date != 1)
        return "order_validity";
    if (in->has_validity_years)
        return "validity_years";
    return in->has_validity_days ? "validity_days" : "custom_expiration_date";
}

/* The deprecated forms at the root mean the same; an empty date is no date. */
Validity intake_validity_asked(const OrderRequest *in, const char **field)
{
    Validity v = VALIDITY__INIT;
    *field = in->order_validity ? "order_validity" : old_form(in);
    if (in->order_validity)
        v = *in->order_validity;
    else {
        v.has_years = in->has_validity_years;
        v.years = in->validity_years;
        v.has_days = in->has_validity_days;
        v.days = in->validity_days;
        v.custom_expiration_date = in->custom_expiration_date;
    }
    if (v.custom_expiration_date && !*v.custom_expiration_date)
        v.custom_expiration_date = NULL;
    return v;
}

static bool date_read(struct examining *e, const char *text, const char *field, struct instant *out)
{
    if (!instant_read(text, out))
        return examine_refuse(e, FAULT_VALIDITY, field, "is not a date such as 2026-10-15");
    return instant_before(e->now, *out) ||
           examine_refuse(e, FAULT_VALIDITY, field, "lies in the past");
}

static bool years_allowed(struct examining *e, const char *field, uint32_t years)
{
    const Product *p = e->out->product;
    struct text offered;
    text_init(&offered, &e->call->arena);
    for (size_t i = 0; i < p->n_allowed_order_validity_years; i++) {
        if (p->allowed_order_validity_years[i] == years)
            return true;
        text_format(&offered, i ? ", %u" : "%u", p->allowed_order_validity_years[i]);
    }
    return fault_set(&e->call->fault, FAULT_VALIDITY, field,
                     "%u years are not offered for this product: it has %s", years, offered.data);
}

/* Exactly one of years, days and date; `till` is its end. */
static bool validity_end(struct examining *e, const Validity *v, const char *field,
                         struct instant *till)
{
    if (v->has_years + v->has_days + (v->custom_expiration_date != NULL) != 1)
        return examine_refuse(e, FAULT_VALIDITY, field,
                              "takes exactly one of years, days and custom_expiration_date");
    if (v->has_years && !years_allowed(e, field, v->years))
        return false;
    if (v->has_days && (v->days < 1 || v->days > DAYS_MAX))
        return fault_set(&e->call->fault, FAULT_VALIDITY, field, "days must be from 1 to %d",
                         DAYS_MAX);
    if (v->custom_expiration_date) {
        if (!date_read(e, v->custom_expiration_date, field, till))
            return false;
        return instant_before(*till, instant_add(e->now, days(DAYS_MAX + 1))) ||
               examine_refuse(e, FAULT_VALIDITY, field, "lies more than three years ahead");
    }
    *till = instant_add(e->now, days(v->has_years ? (int64_t)v->years * 365 : v->days));
    return true;
}

bool intake_validity(struct examining *e)
{
    const char *field;
    struct instant till = { 0 };
    Validity v = intake_validity_asked(e->in, &field);
    if (!v.has_years && !v.has_days && !v.custom_expiration_date)
        return examine_refuse(e, FAULT_REQUIRED, field, "is required");
    if (!validity_end(e, &v, field, &till))
        return false;
    e->row->valid_till = instant_message(&e->call->arena, till);
    const Validity *first = e->in->certificate->cert_validity;
    if (!first)
        return true;
    if (!validity_end(e, first, "certificate.cert_validity", &till))
        return false;
    e->row->cert_not_after = instant_message(&e->call->arena, till);
    return true;
}
