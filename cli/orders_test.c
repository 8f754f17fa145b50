/* Orders, as an operator finds them. */
#include "shop_test.h"

static void an_order_is_found_by_number_and_serial(void **state)
{
    (void)state;
    shop_make();
    must(run(order_show_command, "7"));
    must_say("ID              7\nSTATUS          issued\n");
    must_say("ACCOUNT NAME    Example Ltd\nUSER            ann\nPRODUCT         ssl_dv\n");
    must_say("AUTHORITY       CA 1\nCERTIFICATE     5007\nSERIAL          " SERIAL "07\n");
    const char *first = arena_strdup(&arena, output);
    must(run(order_show_command, SERIAL "07"));
    assert_string_equal(output, first);
    must(run(order_show_command, "0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:19:07"));
    assert_string_equal(output, first);
    must(run_with(order_show_command, WORDS("8"), WORDS("json", "")));
    assert_int_equal(strncmp(output, "{\"id\":8,\"status\":\"pending\",", 27), 0);
    must_say("\"names\":\"n8.example\",\"proved_by\":\"dns-txt-token\"");
    must_say("\"certificate\":null,\"serial\":null,\"issued\":null,\"not_after\":null,\"lint_"
             "warnings\":null}\n");
    must_fail(run(order_show_command, "6"), "6 no order has that number");
    must_fail(run(order_show_command, SERIAL "06"), "no order has that number");
    must_fail(run(order_show_command, "seven"), "seven must be the number of an order or");
}

static void orders_are_listed(void **state)
{
    (void)state;
    shop_make();
    must(run_with(order_list_command, NO_WORDS, NULL));
    assert_string_equal(output, "ID  ACCOUNT  STATUS    PLACED                     NOT AFTER       "
                                "           PRODUCT  NAMES\n"
                                "9   900      canceled  2022-01-03T00:00:00+00:00  -               "
                                "           ssl_dv   n9.example\n"
                                "8   900      pending   2022-01-02T00:00:00+00:00  -               "
                                "           ssl_dv   n8.example\n"
                                "7   900      issued    2022-01-01T00:00:00+00:00  "
                                "2023-01-02T00:00:00+00:00  ssl_dv   n7.example\n");
    static const char *const each[][2] = { { "issued", "[\n{\"id\":7," },
                                           { "pending", "[\n{\"id\":8," },
                                           { "canceled", "[\n{\"id\":9," },
                                           { "needs_approval", "[\n]\n" } };
    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        must(run_with(order_list_command, NO_WORDS, WORDS("status", each[i][0], "json", "")));
        assert_int_equal(strncmp(output, each[i][1], strlen(each[i][1])), 0);
        assert_null(strstr(output, "},"));
    }
    must(run_with(order_list_command, NO_WORDS, WORDS("account", "901")));
    assert_string_equal(output, "no such order\n");
    must(run_with(order_list_command, NO_WORDS, WORDS("account", "900", "limit", "1")));
    must_say("n9.example\n(the first 1; --limit shows more)\n");
    must_fail(run_with(order_list_command, NO_WORDS, WORDS("status", "isued")),
              "--status is one of pending, needs_approval, issued,");
    must_fail(run_with(order_list_command, NO_WORDS, WORDS("account", "x")), "--account must be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(an_order_is_found_by_number_and_serial),
        FRESH(orders_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
