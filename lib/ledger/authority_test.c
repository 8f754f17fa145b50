#include "ledger/authority.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

#define ROOT  "00000000000000AA"
#define BELOW "00000000000000AB"
#define LATER "00000000000000AC"

static struct database *database;
static struct script *admin;
static struct arena arena;

static void execute(const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static void authority_add(const char *id, const char *label, const char *parent)
{
    execute(
        arena_format(&arena,
                     "INSERT INTO authority VALUES ('%s', 'CA %s', '%s', 'p256', %s, '\\x3000', "
                     "true, true, now())",
                     id, label, label, parent ? arena_format(&arena, "'%s'", parent) : "NULL"));
}

static int open_database(void **state)
{
    struct fault f = { 0 };
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    authority_add(ROOT, "root", NULL);
    authority_add(BELOW, "below", ROOT);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

/* A thread that may ask the database, as workers may. */
struct asker {
    pthread_t thread;
    const char *id;
    const Authority *found;
    atomic_bool done;
};

static void *ask(void *context)
{
    struct asker *a = context;
    struct store *store = store_new(&(struct store_options){
        .url = { database_url(database, "gateway") }, .prepare = true, .timeout = patience() });
    store_set_mine(store);
    a->found = authority_find(a->id);
    store_set_mine(NULL);
    store_free(store);
    atomic_store(&a->done, true);
    return NULL;
}

static void ask_begin(struct asker *a, const char *id)
{
    *a = (struct asker){ .id = id };
    assert_int_equal(pthread_create(&a->thread, NULL, ask, a), 0);
}

static const Authority *ask_end(struct asker *a)
{
    pthread_join(a->thread, NULL);
    return a->found;
}

static void who_may_not_ask_finds_what_others_have_read(void **state)
{
    struct asker a;
    (void)state;
    assert_null(authority_find(BELOW));
    ask_begin(&a, BELOW);
    const Authority *found = ask_end(&a);
    assert_non_null(found);
    assert_string_equal(found->key_label, "below");
    assert_ptr_equal(authority_find(BELOW), found);
    assert_ptr_equal(authority_find_label("below"), found);
    assert_string_equal(authority_find(ROOT)->name, "CA root");
}

/* The database is asked once a second at the most: whoever came too early comes again. */
static void ask_until_waiting(struct asker *a, const char *id)
{
    struct fault f = { 0 };
    const char *count = "0";
    ask_begin(a, id);
    while (strcmp(count, "0") == 0) {
        if (atomic_load(&a->done)) {
            ask_end(a);
            ask_begin(a, id);
        }
        assert_true(script_ask(admin, &arena,
                               "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = "
                               "(SELECT oid FROM pg_database WHERE datname = current_database())",
                               NULL, 0, &count, &f));
    }
}

/* Somebody asks for one that is not there, and the database does not answer: the bus thread makes
 * its chains all the same. */
static void a_reload_that_hangs_holds_up_nobody(void **state)
{
    struct asker a;
    ChainLink **links;
    size_t count;
    struct fault f = { 0 };
    (void)state;
    execute("BEGIN; LOCK TABLE authority IN ACCESS EXCLUSIVE MODE");
    ask_until_waiting(&a, "00000000000000FF");
    assert_non_null(authority_find(BELOW));
    assert_null(authority_find(LATER));
    assert_true(authority_chain(&arena, "a.example", BYTES_OF("leaf"), BELOW, &links, &count, &f));
    assert_int_equal(count, 3);
    assert_string_equal(links[1]->subject_common_name, "CA below");
    assert_string_equal(links[2]->subject_common_name, "CA root");
    assert_false(atomic_load(&a.done));
    authority_add(LATER, "later", ROOT);
    execute("COMMIT");
    assert_null(ask_end(&a));
    assert_string_equal(authority_find(LATER)->key_label, "later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_not_ask_finds_what_others_have_read),
        cmocka_unit_test(a_reload_that_hangs_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
