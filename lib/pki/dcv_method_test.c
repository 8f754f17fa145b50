/* What a method says of itself and what the rules say of it must be about one section. */
#include "pki/dcv_method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char rules[64 * 1024];

static int set_up(void **state)
{
    FILE *file = fopen("policy/rules/domain-control.json", "re");
    (void)state;
    if (!file)
        return 1;
    rules[fread(rules, 1, sizeof rules - 1, file)] = '\0';
    return fclose(file);
}

static bool is_ruled(const char *section)
{
    char row[96];
    snprintf(row, sizeof row, "\"parameter\": \"dcv.exact.%s\"", section);
    return strstr(rules, row) != NULL;
}

/* What speaks for names below is said twice, here and by the absence of a rule. */
static void each_method_is_as_exact_as_its_rule(void **state)
{
    const ProtobufCEnumDescriptor *all = &dcv_method__value__descriptor;

    (void)state;
    for (unsigned i = 0; i < all->n_values; i++) {
        const struct dcv_method *m = dcv_method((DcvMethod__Value)all->values[i].value);

        assert_non_null(m);
        assert_int_equal(m->id, all->values[i].value);
        assert_string_equal(m->kind, "dns");
        if (is_ruled(m->section) != m->exact)
            fail_msg("%s: rule dcv.exact.%s contradicts it", all->values[i].name, m->section);
    }
    assert_false(is_ruled("3.2.2.4.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_is_as_exact_as_its_rule),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
