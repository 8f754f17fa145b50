/* Until when an order lasts, in every form that clients write it. */
#include "api/examination.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "message/convert.h"

struct form {
    int years, days; /* 0: not there; -1: 0 */
    const char *date;
};

#define NOON "2026-03-01T12:00:00Z"

// clang-format off
static const struct {
    const char *now;
    struct form order; /* nothing in it: no order_validity */
    struct form root;
    const char *till;  /* the day that is none of it, from its beginning; or the member that a fault names */
} cases[] = {
    /* years are years of the calendar, and end with their last day */
    { NOON, { .years = 1 }, { 0 }, "2027-03-02" },
    { NOON, { .years = 3 }, { 0 }, "2029-03-02" },
    { "2028-02-29T12:00:00Z", { .years = 1 }, { 0 }, "2029-03-02" },
    { "2028-02-29T12:00:00Z", { .years = 3 }, { 0 }, "2031-03-02" },
    { "2026-12-31T23:59:59.999Z", { .years = 1 }, { 0 }, "2028-01-01" },
    { "2026-03-01T00:00:00Z", { .years = 1 }, { 0 }, "2027-03-02" },
    { NOON, { .years = 4 }, { 0 }, "order_validity" },
    /* days: so many, whatever time it is */
    { NOON, { .days = 30 }, { 0 }, "2026-04-01" },
    { "2026-03-01T00:00:00Z", { .days = 30 }, { 0 }, "2026-04-01" },
    { "2026-03-01T00:00:00.5Z", { .days = 30 }, { 0 }, "2026-04-01" },
    { "2026-03-01T23:59:59Z", { .days = 30 }, { 0 }, "2026-04-01" },
    { "2028-02-28T12:00:00Z", { .days = 1 }, { 0 }, "2028-03-01" },
    { "2026-03-01T23:59:59Z", { .days = 1 }, { 0 }, "2026-03-03" },
    { NOON, { .days = 1095 }, { 0 }, "2029-03-01" },
    { NOON, { .days = -1 },   { 0 }, "order_validity" },
    { NOON, { .days = 1096 }, { 0 }, "order_validity" },
    /* a date is the last day, whatever time of it, in whatever zone, stands behind it */
    { NOON, { .date = "2027-03-15" },                { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-03-15T00:00:00+00:00" }, { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-03-15T18:30:00Z" },      { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-03-15T00:00:00+14:00" }, { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-03-15T23:59:59-08:00" }, { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-03-15 12:00:00" },       { 0 }, "2027-03-16" },
    { NOON, { .date = "2027-12-31" },                { 0 }, "2028-01-01" },
    { NOON, { .date = "2029-03-01" },                { 0 }, "2029-03-02" },
    { NOON, { .date = "2029-03-02" },                { 0 }, "order_validity" },
    { NOON, { .date = "2026-02-28" },                { 0 }, "order_validity" },
    { NOON, { .date = "15.03.2027" },                { 0 }, "order_validity" },
    /* an end that can be kept */
    { NOON,                   { .date = "2026-03-01" }, { 0 }, "2026-03-02" },
    { "2026-03-01T23:00:00Z", { .date = "2026-03-01" }, { 0 }, "2026-03-02" },
    { "2026-03-01T23:00:01Z", { .date = "2026-03-01" }, { 0 }, "order_validity" },
    /* the date before the days, the days before the years; what does not count is not looked at */
    { NOON, { .years = 1, .days = 30 },                       { 0 }, "2026-04-01" },
    { NOON, { .years = 9, .days = 30 },                       { 0 }, "2026-04-01" },
    { NOON, { .years = 1, .date = "2027-03-15" },             { 0 }, "2027-03-16" },
    { NOON, { .years = 1, .days = 9999, .date = "2027-03-15" }, { 0 }, "2027-03-16" },
    { NOON, { .years = 1, .date = "" },                       { 0 }, "2027-03-02" },
    { NOON, { .years = 1, .date = "2020-01-01" },             { 0 }, "order_validity" },
    /* the same at the root, behind the object */
    { NOON, { 0 }, { .years = 1 },                                   "2027-03-02" },
    { NOON, { 0 }, { .years = 1, .date = "" },                       "2027-03-02" },
    { NOON, { 0 }, { .years = 1, .days = 30 },                       "2026-04-01" },
    { NOON, { 0 }, { .years = 9, .days = 30 },                       "2026-04-01" },
    { NOON, { 0 }, { .years = 1, .date = "2026-04-15" },             "2026-04-16" },
    { NOON, { 0 }, { .days = 30, .date = "2026-04-15" },             "2026-04-16" },
    { NOON, { 0 }, { .years = 1, .days = 30, .date = "2026-04-15" }, "2026-04-16" },
    { NOON, { .years = 1 }, { .date = "2026-04-15" },                "2027-03-02" },
    { NOON, { 0 }, { 0 },                                            "order_validity" },
    { NOON, { 0 }, { .years = 9 },                                   "validity_years" },
    { NOON, { 0 }, { .years = 1, .days = -1 },                       "validity_days" },
    { NOON, { 0 }, { .years = 1, .date = "2020-01-01" },             "custom_expiration_date" },
};
// clang-format on

static Validity validity(struct arena *a, const struct form *f)
{
    Validity v = VALIDITY__INIT;
    v.has_years = f->years != 0;
    v.years = f->years > 0 ? (uint32_t)f->years : 0;
    v.has_days = f->days != 0;
    v.days = f->days > 0 ? (uint32_t)f->days : 0;
    v.custom_expiration_date = f->date ? arena_strdup(a, f->date) : NULL;
    return v;
}

/* What the order's end is, or the member that the fault names. `first`: asked of the certificate. */
static const char *end_of(struct call *call, const char *now, const struct form *order,
                          const struct form *root, const struct form *first)
{
    uint32_t years[] = { 1, 2, 3 };
    Product product = PRODUCT__INIT;
    CertificateRequest certificate = CERTIFICATE_REQUEST__INIT;
    OrderRequest in = ORDER_REQUEST__INIT;
    OrderIntake row = ORDER_INTAKE__INIT;
    struct intake out = { .row = &row, .product = &product };
    struct examination e = { .call = call, .in = &in, .out = &out, .row = &row };
    Validity asked = validity(&call->arena, order), old = validity(&call->arena, root), cert;
    product.allowed_order_validity_years = years;
    product.n_allowed_order_validity_years = 3;
    in.certificate = &certificate;
    if (asked.has_years || asked.has_days || asked.custom_expiration_date)
        in.order_validity = &asked;
    in.has_validity_years = old.has_years, in.validity_years = old.years;
    in.has_validity_days = old.has_days, in.validity_days = old.days;
    in.custom_expiration_date = old.custom_expiration_date;
    if (first) {
        cert = validity(&call->arena, first);
        certificate.cert_validity = &cert;
    }
    assert_true(instant_read(now, &e.now));
    if (!intake_validity(&e))
        return call->fault.field;
    char *text = arena_alloc(&call->arena, INSTANT_TEXT_SIZE);
    struct instant till = instant_value(first ? row.cert_not_after : row.valid_till);
    assert_int_equal(till.us, instant_day(till).us);
    return instant_date(till, text);
}

static void every_form_has_one_meaning(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call call = { 0 };
        arena_init(&call.arena);
        const char *got = end_of(&call, cases[i].now, &cases[i].order, &cases[i].root, NULL);
        if (strcmp(got, cases[i].till) != 0)
            fail_msg("case %zu: %s, not %s (%s)", i, got, cases[i].till, call.fault.detail);
        arena_free(&call.arena);
    }
}

static void first_certificate_is_read_alike(void **state)
{
    static const char now[] = NOON, member[] = "certificate.cert_validity";
    static const struct form year = { .years = 1 }, none = { 0 };
    static const struct {
        struct form form;
        const char *till;
    } forms[] = {
        { { .date = "2026-04-15" }, "2026-04-16" },
        { { .date = "2026-04-15T23:00:00-05:00" }, "2026-04-16" },
        { { .days = 30, .date = "" }, "2026-04-01" },
        { { .days = 1, .years = 1 }, "2026-03-03" },
        { { .date = "2026-02-01" }, member },
        { { .days = 9999 }, member },
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct call call = { 0 };
        arena_init(&call.arena);
        assert_string_equal(end_of(&call, now, &year, &none, &forms[i].form), forms[i].till);
        arena_free(&call.arena);
    }
}

/* As an order shows it. */
static void one_form_is_kept(void **state)
{
    static const struct {
        struct form in;
        const char *date;
        int days, years;
    } forms[] = {
        { { .years = 1, .days = 30, .date = "2027-03-01T10:20:30+02:00" }, "2027-03-01", 0, 0 },
        { { .date = "2027-03-01" }, "2027-03-01", 0, 0 },
        { { .date = "tomorrow" }, "tomorrow", 0, 0 },
        { { .years = 1, .days = 30, .date = "" }, NULL, 30, 0 },
        { { .years = 2 }, NULL, 0, 2 },
        { { 0 }, NULL, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct arena a;
        arena_init(&a);
        Validity in = validity(&a, &forms[i].in), out = intake_validity_form(&a, &in);
        assert_int_equal(out.has_days, forms[i].days > 0);
        assert_int_equal(out.days, forms[i].days);
        assert_int_equal(out.has_years, forms[i].years > 0);
        assert_int_equal(out.years, forms[i].years);
        if (forms[i].date)
            assert_string_equal(out.custom_expiration_date, forms[i].date);
        else
            assert_null(out.custom_expiration_date);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form_is_kept),
        cmocka_unit_test(every_form_has_one_meaning),
        cmocka_unit_test(first_certificate_is_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
