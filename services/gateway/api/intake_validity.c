/* How long the order and its first certificate are to last. */
#include "api/examination.h"

#include "message/convert.h"

enum { DAYS_MAX = 3 * 365, YEARS_MAX = 3, DATE_LENGTH = sizeof "2026-10-15" - 1 };

/* A certificate that ends sooner would be over before anybody has installed it. */
#define SHORTEST seconds(60 * 60)

static bool given(const char *text)
{
    return text && *text;
}

/* The day that a date names, also with a time of that day behind it, in whatever zone: nobody who
 * writes a day means another. */
static bool day_read(struct arena *a, const char *text, struct instant *day)
{
    struct instant at;
    return instant_read(text, &at) && instant_read(arena_strndup(a, text, DATE_LENGTH), day);
}

/* A date is shown as a day. */
static char *day_text(struct arena *a, char *date)
{
    struct instant day;
    return day_read(a, date, &day) ? arena_strndup(a, date, DATE_LENGTH) : date;
}

Validity intake_validity_form(struct arena *a, const Validity *in)
{
    Validity v = VALIDITY__INIT;
    if (given(in->custom_expiration_date)) {
        v.custom_expiration_date = day_text(a, in->custom_expiration_date);
    } else if (in->has_days) {
        v.has_days = true;
        v.days = in->days;
    } else if (in->has_years) {
        v.has_years = true;
        v.years = in->years;
    }
    return v;
}

/* The deprecated forms at the root mean the same. */
static Validity old_form(struct arena *a, const OrderRequest *in, const char **field)
{
    Validity v = VALIDITY__INIT;
    v.custom_expiration_date = in->custom_expiration_date;
    v.has_days = in->has_validity_days;
    v.days = in->validity_days;
    v.has_years = in->has_validity_years;
    v.years = in->validity_years;
    v = intake_validity_form(a, &v);
    *field = v.custom_expiration_date ? "custom_expiration_date"
             : v.has_days             ? "validity_days"
             : v.has_years            ? "validity_years"
                                      : "order_validity";
    return v;
}

Validity intake_validity_asked(struct arena *a, const OrderRequest *in, const char **field)
{
    if (!in->order_validity)
        return old_form(a, in, field);
    *field = "order_validity";
    return intake_validity_form(a, in->order_validity);
}

/* Whatever is asked for, its last day is part of it. */
static struct instant day_end(struct instant at)
{
    return instant_add(instant_day(at), days(1));
}

static bool date_end(struct examination *e, const char *text, const char *field,
                     struct instant *till)
{
    struct instant day;
    if (!day_read(&e->call->arena, text, &day))
        return examination_refuse(e, FAULT_VALIDITY, field, "is not a date such as 2026-10-15");
    *till = day_end(day);
    if (instant_before(*till, e->now))
        return examination_refuse(e, FAULT_VALIDITY, field, "lies in the past");
    return !instant_before(instant_add_years(e->now, YEARS_MAX), day) ||
           examination_refuse(e, FAULT_VALIDITY, field, "lies more than three years ahead");
}

static bool days_end(struct examination *e, uint32_t count, const char *field, struct instant *till)
{
    *till = day_end(instant_add(e->now, days(count)));
    return (count >= 1 && count <= DAYS_MAX) ||
           fault_set(&e->call->fault, FAULT_VALIDITY, field, "days must be from 1 to %d", DAYS_MAX);
}

static bool years_end(struct examination *e, uint32_t count, const char *field,
                      struct instant *till)
{
    const Product *p = e->out->product;
    struct text offered;
    text_init(&offered, &e->call->arena);
    for (size_t i = 0; i < p->n_allowed_order_validity_years; i++) {
        if (p->allowed_order_validity_years[i] == count) {
            *till = day_end(instant_add_years(e->now, (int)count));
            return true;
        }
        text_format(&offered, i ? ", %u" : "%u", p->allowed_order_validity_years[i]);
    }
    return fault_set(&e->call->fault, FAULT_VALIDITY, field,
                     "%u years are not offered for this product: it has %s", count, offered.data);
}

/* `till` is its end, exclusive. */
static bool validity_end(struct examination *e, const Validity *v, const char *field,
                         struct instant *till)
{
    bool read = v->custom_expiration_date ? date_end(e, v->custom_expiration_date, field, till)
                : v->has_days             ? days_end(e, v->days, field, till)
                : v->has_years            ? years_end(e, v->years, field, till)
                               : examination_refuse(e, FAULT_REQUIRED, field, "is required");
    if (!read)
        return false;
    return !instant_before(*till, instant_add(e->now, SHORTEST)) ||
           examination_refuse(e, FAULT_VALIDITY, field, "ends within an hour: choose a later day");
}

bool intake_validity(struct examination *e)
{
    const char *field;
    struct instant till = { 0 };
    struct arena *a = &e->call->arena;
    Validity v = intake_validity_asked(a, e->in, &field);
    if (!validity_end(e, &v, field, &till))
        return false;
    e->row->valid_till = instant_message(a, till);
    if (!e->in->certificate->cert_validity)
        return true;
    v = intake_validity_form(a, e->in->certificate->cert_validity);
    if (!validity_end(e, &v, "certificate.cert_validity", &till))
        return false;
    e->row->cert_not_after = instant_message(a, till);
    return true;
}
