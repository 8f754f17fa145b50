/* What texts of clients are refused for, and by which name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/text_rules.h"
#include "base/text.h"
#include "order.pb-c.h"

static struct call call;

static int start(void **state)
{
    (void)state;
    arena_init(&call.arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&call.arena);
    return 0;
}

static char *times(const char *piece, size_t count)
{
    struct text t;
    text_init(&t, &call.arena);
    while (count-- > 0)
        text_add(&t, piece);
    return t.data;
}

/* NULL: taken; else the field that the fault names. */
static void expect(const ProtobufCMessage *m, const struct text_rule *rules, const char *field)
{
    call.fault = (struct fault){ 0 };
    bool good = texts_good(&call, m, rules, "in.");
    if (good != !field)
        fail_msg("%s: %s %s", field ? field : "good", call.fault.field, call.fault.detail);
    if (field) {
        assert_string_equal(call.fault.field, field);
        assert_int_equal(call.fault.code, FAULT_INVALID);
    }
}

static void contacts(void **state)
{
    (void)state;
    const struct {
        char *first_name, *telephone, *email;
        const char *field;
    } cases[] = {
        { NULL, NULL, NULL, NULL },
        { "", "", "", NULL },
        { "Ann", "+47 1", "ann@example.net", NULL },
        { times("\xc3\xa4", 128), NULL, NULL, NULL },
        { times("\xc3\xa4", 129), NULL, NULL, "in.first_name" },
        { "Ann\n", NULL, NULL, "in.first_name" },
        { "Ann\x7f", NULL, NULL, "in.first_name" },
        { "Ann\xc2\x85", NULL, NULL, "in.first_name" },
        { "Ann\xc2\xa0Lee", NULL, NULL, NULL },
        { NULL, times("1", 33), NULL, "in.telephone" },
        { NULL, NULL, "ann", "in.email" },
        { NULL, NULL, "ann@example.net\r\nBcc: b@example.net", "in.email" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Contact c = CONTACT__INIT;
        c.first_name = cases[i].first_name;
        c.telephone = cases[i].telephone;
        c.email = cases[i].email;
        expect(&c.base, contact_text_rules, cases[i].field);
    }
}

static void lists(void **state)
{
    static const struct text_rule rules[] = {
        { "additional_emails", TEXT_EMAIL, 255, .items_max = 3 },
        { "comments", TEXT_LINES, 10 },
        { 0 },
    };
    char good[] = "a@example.net", bad[] = "a@example", none[] = "";
    char lines[] = "a\r\n\tb\n", bell[] = "a\ab";
    char *items[] = { good, good, good, good };
    OrderRequest in = ORDER_REQUEST__INIT;
    (void)state;
    in.additional_emails = items;
    in.n_additional_emails = 3;
    in.comments = lines;
    expect(&in.base, rules, NULL);
    in.n_additional_emails = 4;
    expect(&in.base, rules, "in.additional_emails");
    in.n_additional_emails = 2;
    items[1] = bad;
    expect(&in.base, rules, "in.additional_emails[1]");
    items[1] = none;
    expect(&in.base, rules, "in.additional_emails[1]");
    items[1] = good;
    in.comments = bell;
    expect(&in.base, rules, "in.comments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contacts),
        cmocka_unit_test(lists),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
