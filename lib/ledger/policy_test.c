#include "ledger/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/script.h"
#include "store/store.h"
#include "testing/database.h"

static struct database *database;

/* What the release after this one may load: a product without members that this one needs. */
static const char policy[] =
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_document (version, kind, name, document, sha256)"
    " SELECT v.id, d.kind, d.name, d.document::jsonb, sha256('x')"
    "   FROM policy_version v, (VALUES"
    "        ('product', 'later', '{\"name_id\":\"later\"}'),"
    "        ('profile', 'later', '{}'),"
    "        ('profile', 'tls', '{\"name\":\"tls\",\"include_common_name\":true,"
    "\"include_subject_key_identifier\":false,\"basic_constraints\":true,\"rule_scope\":\"TLS\","
    "\"backdate_seconds\":3600}')) AS d (kind, name, document);"
    "INSERT INTO policy_active SELECT true, id FROM policy_version";

static int open_database(void **state)
{
    (void)state;
    struct fault f = { 0 };
    database = database_new("db/migrations");
    struct script *admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    assert_true(script_run(admin, policy, &f));
    script_close(admin);
    return 0;
}

static int close_database(void **state)
{
    (void)state;
    database_free(database);
    return 0;
}

static void what_a_later_release_brings_is_left_out(void **state)
{
    (void)state;
    struct fault f = { 0 };
    const struct policy *p = NULL;
    struct store_options options = { .url = { database_url(database, "issuer") },
                                     .prepare = true,
                                     .timeout = seconds(5),
                                     .application = "policy_test" };
    struct store *store = store_new(&options);
    store_set_mine(store);
    assert_true(policy_now(&p, &f));
    assert_int_equal(p->product_count, 0);
    assert_null(policy_product(p, "later"));
    assert_int_equal(p->profile_count, 1);
    assert_non_null(policy_profile_find(p, "tls"));
    assert_null(policy_profile_find(p, "later"));
    store_set_mine(NULL);
    store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_later_release_brings_is_left_out),
    };
    return cmocka_run_group_tests(tests, open_database, close_database);
}
