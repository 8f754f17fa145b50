/* What each name of an order is, and where it is proved. */
#include "api/examination.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

// clang-format off
static const struct {
    const char *text, *name, *kind;
} names[] = {
    { "host.corp",         "host.corp",         "dns" },
    { "intranet",          "intranet",          "dns" },
    { "*.example.com",     "*.example.com",     "dns" },
    { "10.example.com",    "10.example.com",    "dns" },
    { "10.0.0.1",          "10.0.0.1",          "ip" },
    { "2001:DB8:0:0::1",   "2001:db8::1",       "ip" },
    { "[2001:db8::2]",     "2001:db8::2",       "ip" },
};
// clang-format on

static void each_name_has_its_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct call call = { 0 };
        Product product = PRODUCT__INIT;
        CertificateRequest certificate = CERTIFICATE_REQUEST__INIT;
        OrderRequest in = ORDER_REQUEST__INIT;
        OrderIntake row = ORDER_INTAKE__INIT;
        struct intake out = { .row = &row, .product = &product };
        struct examination e = { .call = &call, .in = &in, .out = &out, .row = &row };
        arena_init(&call.arena);
        product.private_names = true;
        product.max_names = 1;
        product.wildcard_allowed = true;
        certificate.common_name = arena_strdup(&call.arena, names[i].text);
        in.certificate = &certificate;
        assert_true(intake_names(&e));
        assert_int_equal(row.n_names, 1);
        assert_string_equal(row.names[0]->fqdn, names[i].name);
        assert_string_equal(row.names[0]->kind, names[i].kind);
        arena_free(&call.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_name_has_its_kind) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
