/* fixture_test - what the tests of the store share: a scratch database with two tables, a store. */
#ifndef STORE_FIXTURE_TEST_H
#define STORE_FIXTURE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/text.h"
#include "sample.pb-c.h"
#include "store/script.h"
#include "store/store.h"
#include "testing/database.h"
#include "testing/patience.h"

#define SHARED static __attribute__((unused))

static struct database *database;
static struct store *store;
static struct arena arena;
static struct fault f;

#define STATEMENT(label, in_type, out_type, is_set, how_many, sql_text, ...)                       \
    static const struct sql label = { .name = #label,                                              \
                                      .file = __FILE__,                                            \
                                      .text = (sql_text),                                          \
                                      .in = &in_type##__descriptor,                                \
                                      .out = &out_type##__descriptor,                              \
                                      .set = (is_set),                                             \
                                      .rows = (how_many),                                          \
                                      .params = { __VA_ARGS__ } }

SHARED struct store *store_of(bool prepare, const char *more)
{
    const char *url = arena_format(&arena, "%s %s", database_url(database, NULL), more);

    return store_new(&(struct store_options){
        .url = { url }, .prepare = prepare, .timeout = patience(), .application = "store_test" });
}

SHARED void script(const char *text)
{
    struct script *s = script_open((struct secret){ database_url(database, NULL) }, &f);

    if (!s || !script_run(s, text, &f))
        fail_msg("%s: %s", text, f.detail);
    script_close(s);
}

SHARED int start(void **state)
{
    (void)state;
    arena_init(&arena);
    database = database_new(NULL);
    script("CREATE TABLE sample (id bigint PRIMARY KEY, text text);"
           "CREATE TABLE part (sample_id bigint, name text)");
    return 0;
}

SHARED int stop(void **state)
{
    (void)state;
    database_free(database);
    arena_free(&arena);
    return 0;
}

SHARED int open_store(void **state)
{
    (void)state;
    f = (struct fault){ 0 };
    script("TRUNCATE sample, part");
    store = store_of(true, "");
    return 0;
}

SHARED int close_store(void **state)
{
    (void)state;
    store_free(store);
    return 0;
}

SHARED void must(bool ok)
{
    if (!ok)
        fail_msg("%s %s: %s", fault_name(f.code), f.field, f.detail);
}

SHARED void must_fail(bool ok, enum fault_code code)
{
    assert_false(ok);
    if (f.code != code)
        fail_msg("%s %s: %s", fault_name(f.code), f.field, f.detail);
}

/* ---- statements over the table "sample" */

STATEMENT(insert, row, row, false, SQL_NONE, "INSERT INTO sample (id, text) VALUES ($1, $2)", "id",
          "text", NULL);
STATEMENT(update_all, row, row, false, SQL_NONE, "UPDATE sample SET text = $1", "text", NULL);
STATEMENT(all_rows, row, row, false, SQL_MANY, "SELECT id, text FROM sample ORDER BY id", NULL);

SHARED Row row_of(int64_t id, const char *text)
{
    Row row = ROW__INIT;

    row.id = id;
    row.text = arena_strdup(&arena, text);
    return row;
}

/* "1=a 2=b", from `sql`. */
SHARED const char *list(const struct sql *sql)
{
    Row in = row_of(0, NULL);
    struct text t;
    struct rows rows;

    text_init(&t, &arena);
    must(store_all(store, &arena, sql, &in.base, &rows, &f));
    for (size_t i = 0; i < rows.count; i++) {
        const Row *row = (const Row *)rows.items[i];

        text_format(&t, "%s%d=%s", i ? " " : "", (int)row->id, row->text ? row->text : "-");
    }
    return t.data;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)

#endif
