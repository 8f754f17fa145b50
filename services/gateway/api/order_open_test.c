/* Lists of orders that are open: read from what is set apart, and still what is so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/order_list.sql.h"
#include "message/convert.h"
#include "order_list.pb-c.h"
#include "store/pick.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

enum { ACCOUNT = 900 };

static struct arena arena;
static struct database *database;
static struct script *admin;
static struct store_options options;
static struct store *store;

static char *ask(const char *sql)
{
    const char *first = NULL;
    struct fault f = { 0 };
    if (!script_ask(admin, &arena, sql, NULL, 0, &first, &f))
        fail_msg("%s: %s", sql, f.detail);
    return arena_strdup(&arena, first ? first : "");
}

/* Order n is placed in the n-th second of the year. */
static void order_put(int n, const char *status)
{
    const char *approved = strcmp(status, "needs_approval") == 0 ? "pending" : "approved";
    ask(arena_format(&arena,
                     "INSERT INTO orders (id, account_id, user_id, product_name_id, status, "
                     "request_id, certificate_id, valid_till, created_at, answer_by, status_at) "
                     "VALUES (%d, %d, 1, 'p', '%s', %d, %d, '2027-01-01', "
                     "timestamptz '2026-01-01' + %d * interval '1 s', '2026-01-01', '2026-01-01')",
                     n, ACCOUNT, status, 100 + n, n, n));
    ask(arena_format(&arena,
                     "INSERT INTO request (id, order_id, account_id, sequence, type, status, "
                     "rule_scope, signature_hash, ca_id, dcv_scope, requester_id, created_at) "
                     "VALUES (%d, %d, %d, 1, 'new_request', '%s', 'TLS', 'sha256', 'ca', 'fqdn', "
                     "1, '2026-01-01')",
                     100 + n, n, ACCOUNT, approved));
    ask(arena_format(&arena,
                     "INSERT INTO request_name (request_id, position, account_id, kind, name, "
                     "domain) VALUES (%d, 0, %d, 'dns', 'n%d.example.com', 'example.com')",
                     100 + n, ACCOUNT, n));
}

/* The orders 1 to 5 are counted, and those set apart that are not issued; 6 and more came since. */
static int begin(void **state)
{
    static const char *const statuses[] = { "pending",        "needs_approval", "issued",
                                            "canceled",       "pending",        "issued",
                                            "needs_approval", "pending" };
    struct fault f = { 0 };
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    options = (struct store_options){ .url = { database_url(database, "gateway") },
                                      .prepare = true,
                                      .timeout = patience(),
                                      .application = "order_open_test" };
    store = store_new(&options);
    if (!admin)
        return -1;
    ask("INSERT INTO account (id, name, status, dcv_scope, created_at) OVERRIDING SYSTEM VALUE "
        "VALUES (900, 'A', 'active', 'fqdn', '2026-01-01')");
    for (int i = 0; i < (int)(sizeof statuses / sizeof *statuses); i++)
        order_put(i + 1, statuses[i]);
    ask("INSERT INTO order_apart SELECT id, account_id, order_state(status), created_at "
        "FROM orders WHERE id <= 5 AND status <> 'issued'");
    ask("INSERT INTO order_tally SELECT account_id, created_at, id, 5 FROM orders WHERE id = 5");
    return 0;
}

static int end(void **state)
{
    (void)state;
    store_free(store);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

static OrderQuery query_of(char **statuses, size_t count)
{
    static char seen[] = "1:1:";
    OrderQuery q = ORDER_QUERY__INIT;
    q.has_limit = q.has_offset = true;
    q.status = statuses;
    q.n_status = count;
    q.settled = instant_message(&arena, instant_from_unix(1800000000));
    q.seen = seen;
    q.limit = 100;
    return q;
}

/* "1 5 (2)": the orders and how many are said to be. */
static const char *listed(OrderQuery *q, bool after)
{
    struct pick parts = { 0 };
    struct rows rows = { 0 };
    struct fault f = { 0 };
    struct text out;
    ListTotal total = LIST_TOTAL__INIT;
    Caller caller = CALLER__INIT;
    caller.account_id = ACCOUNT;
    caller.source = (char[]){ "api" };
    caller.now = instant_message(&arena, instant_from_unix(1800000000));
    pick_add(&parts, "status");
    if (!store_one_by(store, &arena, pick_sql(&arena, &sql_order_total_open, &parts), &caller,
                      &q->base, &total.base, &f))
        fail_msg("%s", f.detail);
    if (after)
        pick_add(&parts, "after");
    if (!store_all_by(store, &arena, pick_sql(&arena, &sql_order_list_open, &parts), &caller,
                      &q->base, &rows, &f))
        fail_msg("%s", f.detail);
    text_init(&out, &arena);
    for (size_t i = 0; i < rows.count; i++)
        text_format(&out, "%lld ", (long long)((const ListedOrder *)rows.items[i])->id);
    text_format(&out, "(%lld)", (long long)total.total);
    return out.data;
}

static const char *listed_all(const char *statuses)
{
    char *of[2], *rest = arena_strdup(&arena, statuses);
    size_t count = 0;
    for (char *word; (word = strsep(&rest, " "));)
        of[count++] = word;
    OrderQuery q = query_of(of, count);
    return listed(&q, false);
}

static void open_orders_are_those(void **state)
{
    (void)state;
    assert_string_equal(listed_all("pending"), "1 5 8 (3)");
    assert_string_equal(listed_all("needs_approval"), "2 7 (2)");
    assert_string_equal(listed_all("pending needs_approval"), "1 2 5 7 8 (5)");
    assert_string_equal(listed_all("processing"), "(0)");
}

static void pages_follow(void **state)
{
    char *pending[] = { (char[]){ "pending" } };
    OrderQuery q = query_of(pending, 1);
    struct instant first;
    (void)state;
    q.limit = 1;
    assert_string_equal(listed(&q, false), "1 (3)");
    q.offset = 1;
    assert_string_equal(listed(&q, false), "5 (3)");
    q.offset = 0;
    q.limit = 100;
    assert_true(instant_read("2026-01-01T00:00:01Z", &first));
    q.after_at = instant_message(&arena, first);
    q.has_after_id = true;
    q.after_id = 1;
    assert_string_equal(listed(&q, true), "5 8 (3)");
}

/* Nobody has to look again before it is counted right. */
static void late_changes_are_set_apart(void **state)
{
    (void)state;
    ask("UPDATE orders SET status = 'issued', status_at = created_at + interval '15 min' "
        "WHERE id = 1");
    ask("UPDATE orders SET status = 'pending', status_at = created_at + interval '15 min' "
        "WHERE id = 2");
    ask("UPDATE request SET status = 'approved' WHERE id = 102");
    ask("UPDATE orders SET status = 'issued', status_at = created_at + interval '1 min' "
        "WHERE id = 8");
    assert_string_equal(ask("SELECT string_agg(order_id || state, ' ' ORDER BY order_id) "
                            "FROM order_apart"),
                        "1issued 2open 4ended 5open");
    assert_string_equal(listed_all("pending"), "2 5 (2)");
    assert_string_equal(listed_all("needs_approval"), "7 (1)");
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(open_orders_are_those),
        FRESH(pages_follow),
        FRESH(late_changes_are_set_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
