/* What a method says of itself and what the rules say of it must be about one section. */
#include "method.h"

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

static bool is_ruled(const char *what, const char *section)
{
    char row[96];
    snprintf(row, sizeof row, "\"parameter\": \"dcv.%s.%s\"", what, section);
    return strstr(rules, row) != NULL;
}

/* What speaks for names below is said twice, here and by the absence of a rule. */
static void each_method_has_rules(void **state)
{
    const ProtobufCEnumDescriptor *all = &dcv_method__value__descriptor;
    int known = 0;
    (void)state;
    for (unsigned i = 0; i < all->n_values; i++) {
        const struct method *m = method_find((DcvMethod__Value)all->values[i].value);
        if (!m)
            continue;
        known++;
        assert_string_equal(m->kind, "dns");
        if (!is_ruled("method", m->section))
            fail_msg("%s: no rule dcv.method.%s", all->values[i].name, m->section);
        if (is_ruled("exact", m->section) == m->sub_domains)
            fail_msg("%s: rule dcv.exact.%s contradicts it", all->values[i].name, m->section);
    }
    assert_true(known >= 3);
}

/* By mail, which nothing is looked for by. */
static void so_has_the_mail(void **state)
{
    (void)state;
    assert_true(is_ruled("method", "3.2.2.4.4"));
    assert_false(is_ruled("exact", "3.2.2.4.4"));
    assert_false(is_ruled("method", "4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_method_has_rules),
        cmocka_unit_test(so_has_the_mail),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
