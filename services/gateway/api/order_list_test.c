/* Every filter and its parts: a part that a statement does not have would be asserted only when a
 * client asks for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/order_list.sql.h"
#include "list.h"
#include "order_list.pb-c.h"

static struct arena arena;

/* Members that are no filter but the page's own. */
static bool is_own(const char *name)
{
    static const char *const own[] = {
        "settled", "seen", "after_at", "offset", "limit", "after_id"
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    return false;
}

static void every_member_is_a_part(void **state)
{
    const ProtobufCMessageDescriptor *query = &order_query__descriptor;
    (void)state;
    for (unsigned i = 0; i < query->n_fields; i++) {
        struct pick one = { 0 };
        if (is_own(query->fields[i].name))
            continue;
        pick_add(&one, query->fields[i].name);
        assert_non_null(strstr(pick_sql(&arena, &sql_order_list, &one)->text, "--? "));
        assert_non_null(strstr(pick_sql(&arena, &sql_order_count, &one)->text, "--? "));
    }
}

/* The full text of a list has every part; without any it asks no more than the account. */
static void nothing_asked_nothing_filtered(void **state)
{
    struct pick none = { 0 };
    (void)state;
    assert_null(strstr(pick_sql(&arena, &sql_order_list, &none)->text, "--"));
    assert_string_equal(pick_sql(&arena, &sql_order_count, &none)->text,
                        "SELECT count(*) AS total, pg_current_snapshot()::text AS seen\n"
                        "  FROM orders o\n"
                        " WHERE o.account_id = $1\n"
                        ";\n");
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_is_a_part),
        cmocka_unit_test(nothing_asked_nothing_filtered),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
