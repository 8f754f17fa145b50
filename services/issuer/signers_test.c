/* Which authorities can sign, as far as the loader has seen, against a real database and token. */
#include "signers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "issuer.h"
#include "store/script.h"
#include "testdata/house.h"
#include "testing/database.h"
#include "testing/patience.h"

static struct house house;
static struct database *database;
static struct script *admin;
static struct service_run running;
static struct arena memory;

static void execute(const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static const char *file_read(const char *path)
{
    char *out = arena_alloc(&memory, 64 * 1024);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_true(fread(out, 1, 64 * 1024 - 1, f) > 0);
    fclose(f);
    return out;
}

static const char *document(const char *kind, const char *name, const char *text)
{
    const char *literal = script_literal(&memory, text);
    return arena_format(&memory,
                        "INSERT INTO policy_document SELECT max(id), '%s', '%s', %s, "
                        "sha256(convert_to(%s, 'UTF8')) FROM policy_version;",
                        kind, name, literal, literal);
}

/* `text` with one of its pieces replaced. */
static const char *edited(const char *text, const char *from, const char *to)
{
    const char *at = *from ? strstr(text, from) : text;
    assert_non_null(at);
    return arena_format(&memory, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* A new version in force, with the product and profile of the files, one of them edited, and more. */
static void policy_with(const char *product_from, const char *product_to, const char *profile_from,
                        const char *profile_to, const char *more)
{
    const char *product = file_read("policy/products/ssl_dv_geotrust_flex.json"),
               *profile = file_read("policy/profiles/tls-dv.json");
    execute(arena_format(
        &memory,
        "BEGIN; INSERT INTO policy_version (sha256, loaded_at) SELECT "
        "sha256(count(*)::text::bytea), '2026-01-01' FROM policy_version; %s %s %s INSERT INTO "
        "policy_active SELECT true, max(id), '2026-01-01' FROM policy_version ON CONFLICT (one) DO "
        "UPDATE SET version = EXCLUDED.version; COMMIT",
        document("product", "ssl_dv_geotrust_flex", edited(product, product_from, product_to)),
        document("profile", "tls-dv", edited(profile, profile_from, profile_to)), more));
}

static void policy_new(void)
{
    policy_with("", "", "", "", "");
}

static void authority_add(const Authority *a, const char *id, const char *label, bool may_sign)
{
    const char *der = hex_lower(&memory, (struct bytes){ a->der.data, a->der.len });
    execute(arena_format(&memory,
                         "INSERT INTO authority VALUES ('%s', %s, '%s', '%s', NULL, '\\x%s', true, "
                         "%s, now())",
                         id, script_literal(&memory, a->name), label, a->key_type, der,
                         may_sign ? "true" : "false"));
}

/* Rounds until one says this; the policy in force is asked for once a second only. */
static void await(bool ready, const char *why)
{
    struct tick limit = tick_after(seconds(60));
    struct fault f = { 0 };
    do {
        signers_refresh();
        if (signers_ready(&f) == ready && (ready || strstr(f.detail, why)))
            return;
    } while (tick_left(limit).us > 0);
    fail_msg("wanted %s: %s", ready ? "ready" : why, f.detail);
}

static void what_is_not_loaded_is_unavailable_at_once(void **state)
{
    (void)state;
    const struct ca *ca = NULL;
    struct fault f = { 0 };
    assert_false(signer_authority(house.rows[HOUSE_P256]->id, &ca, &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    signers_open(&running.store);
    assert_false(signers_ready(&f)); /* no authority has been entered */
    assert_non_null(strstr(f.detail, "no key is loaded for authority"));
    for (int i = 0; i < HOUSE_CAS; i++)
        authority_add(house.rows[i], house.rows[i]->id, house.rows[i]->key_label,
                      house.rows[i]->may_sign);
    await(true, NULL);
    assert_true(signer_authority(house.rows[HOUSE_P256]->id, &ca, &f));
    assert_ptr_equal(ca->key, house.ca[HOUSE_P256]->key);
    assert_false(signer_authority(house.rows[HOUSE_ROOT]->id, &ca, &f)); /* signs no leaf */
}

/* An order that failed meanwhile. */
static void put_off(void)
{
    execute("DELETE FROM job; INSERT INTO job (lane, subject, run_at, attempt)"
            " VALUES ('issue', 1, now() + interval '5 minutes', 2)");
}

static void is_put_off(bool expected)
{
    execute(arena_format(&memory,
                         "DO $$ BEGIN IF (SELECT run_at > now() + interval '1 minute' FROM job) <> "
                         "%s THEN RAISE 'put off: %%', (SELECT run_at FROM job); END IF; END $$",
                         expected ? "true" : "false"));
}

static void missing_key_is_named(void **state)
{
    (void)state;
    authority_add(house.rows[HOUSE_RSA], "00000000000000FF", "later", true);
    await(false, "authority later");
    put_off();
    signers_refresh();
    is_put_off(true);
    execute(
        "UPDATE authority SET may_sign = false, changed_at = now() WHERE id = '00000000000000FF'");
    await(true, NULL);
    is_put_off(false);
}

static void orders_go_on_when_the_token_is_back(void **state)
{
    (void)state;
    put_off();
    signers_refresh();
    is_put_off(true);
    signers_token_is_back();
    signers_refresh();
    is_put_off(false);
}

static void profile_with_an_unknown_check_is_named(void **state)
{
    (void)state;
    policy_with("", "", "\"validity_max\"", "\"newer\"", "");
    await(false, "profile tls-dv names check newer");
    policy_with("", "", "\"server_auth\"", "\"telepathy\"", "");
    await(false, "telepathy is no purpose");
    policy_with("\"tls-dv\"", "\"tls-ev\"", "", "", "");
    await(false, "names profile tls-ev");
    policy_new();
    await(true, NULL);
}

#define RULES                                                                                      \
    "INSERT INTO policy_rule (version, id, scope, parameter, value, level, valid_from, "           \
    "valid_till, statement, source, check_name) SELECT max(v.id), i.id, 'TLS', i.id, '1', 'M', "   \
    "i.since::timestamptz, i.till::timestamptz, '', '', i.name FROM policy_version v, (VALUES "

static void rule_with_an_unknown_check_is_named_while_in_force(void **state)
{
    (void)state;
    policy_with("", "", "", "",
                RULES "('is', '-infinity', 'infinity', 'newest'), ('was', '-infinity', "
                      "'2000-01-01', 'oldest')) i (id, since, till, name) GROUP BY i.id, i.since, "
                      "i.till, i.name;");
    await(false, "rule is: this program does not know check newest");
    policy_with("", "", "", "",
                RULES "('is', '2999-01-01', 'infinity', 'newest')) i (id, since, till, name) "
                      "GROUP BY i.id, i.since, i.till, i.name;");
    await(true, NULL);
}

static int open_all(void **state)
{
    (void)state;
    struct fault f = { 0 };
    arena_init(&memory);
    house_open(&house, clock_now());
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    assert_non_null(admin);
    policy_new();
    running.store = (struct store_options){ .url = { database_url(database, "issuer") },
                                            .prepare = true,
                                            .timeout = patience() };
    issuer.run = &running;
    issuer.token = house.token;
    issuer.status_host = HOUSE_STATUS;
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    signers_close();
    script_close(admin);
    database_free(database);
    house_close(&house);
    arena_free(&memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_loaded_is_unavailable_at_once),
        cmocka_unit_test(missing_key_is_named),
        cmocka_unit_test(orders_go_on_when_the_token_is_back),
        cmocka_unit_test(profile_with_an_unknown_check_is_named),
        cmocka_unit_test(rule_with_an_unknown_check_is_named_while_in_force),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
