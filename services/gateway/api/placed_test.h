/* placed - a database with an account, in which tests place orders as C1 does. */
#ifndef API_PLACED_TEST_H
#define API_PLACED_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/orders.sql.h"
#include "base/cleanup.h"
#include "gateway.h"
#include "message/convert.h"
#include "order.pb-c.h"
#include "pki/digest.h"
#include "store/script.h"
#include "testing/database.h"

#define SHARED static __attribute__((unused))

enum { ACCOUNT = 900, USER = 3001 };
#define PUBLIC_CA  "AAAAAAAAAAAAAAAA"
#define PRIVATE_CA "BBBBBBBBBBBBBBBB"

static struct arena arena;
static struct database *database;
static struct script *admin;
static int64_t last_order = 800000, last_request = 600000;

static const char world[] =
    "INSERT INTO account (name, status, dcv_scope, created_at)"
    " VALUES ('Test', 'active', 'base_domain', '2020-01-01');"
    "INSERT INTO user_account (account_id, username, first_name, last_name, email, role_id, "
    "status, created_at)"
    " VALUES (900, 'test', 'A', 'B', 'a@example.com', 1, 'active', '2020-01-01');"
    "INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2020-01-01');"
    "INSERT INTO policy_active (one, version, activated_at) SELECT true, max(id), '2020-01-01' "
    "FROM policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
    "valid_till,"
    " statement, source)"
    " SELECT version, p, 'TLS', p, v, 'd', 'M', '2020-01-01', 'infinity', '', ''"
    "   FROM policy_active, (VALUES ('reuse.dcv', '100'), ('random.life', '30')) AS r (p, v);"
    "INSERT INTO policy_document (version, kind, name, document, sha256)"
    " SELECT version, 'product', 'ssl_dv', d::json, sha256(d::bytea) FROM policy_active,"
    " (VALUES ('{\"name_id\": \"ssl_dv\", \"name\": \"DV\", \"group_name\": \"g\","
    " \"type\": \"t\", \"validation_type\": \"dv\", \"rule_scope\": \"TLS\", \"max_names\": 9,"
    " \"wildcard_allowed\": true, \"wildcard_required\": false, \"auth_key_only\": false,"
    " \"dcv_methods\": [\"dns-txt-token\", \"http-token\", \"email\"]}')) AS v (d);"
    "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
    " VALUES ('" PUBLIC_CA "', 'P', 'p', 'ec', '', true, true, '2020-01-01'),"
    " ('" PRIVATE_CA "', 'Q', 'q', 'ec', '', false, true, '2020-01-01');"
    "INSERT INTO validation (account_id, identifier, method, br_method, completed_at, evidence)"
    " VALUES (900, 'proved.example', 'dns-txt-token', '3.2.2.4.7', now() - interval '1 day', '{}')";

/* What the last statement of one column gives; "none" for no row. */
SHARED const char *ask(const char *format, ...) __attribute__((format(printf, 1, 2)));
SHARED const char *ask(const char *format, ...)
{
    char sql[2048];
    const char *out = NULL;
    struct fault f;
    va_list list;
    va_start(list, format);
    vsnprintf(sql, sizeof sql, format, list);
    va_end(list);
    if (!script_ask(admin, &arena, sql, NULL, 0, &out, &f))
        fail_msg("%s: %s", sql, f.detail);
    return out ? out : "none";
}

SHARED void run_sql(const char *sql)
{
    struct fault f;
    if (!script_run(admin, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

SHARED int world_start(void **state)
{
    static struct service_run run;
    struct fault f;
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return -1;
    run_sql(world);
    store_set_mine(store_new(&(struct store_options){ .url = { database_url(database, "gateway") },
                                                      .prepare = true,
                                                      .timeout = seconds(30),
                                                      .application = "placed_test" }));
    gateway.run = &run;
    return 0;
}

SHARED int world_stop(void **state)
{
    (void)state;
    struct store *mine = store_mine();
    store_set_mine(NULL);
    store_free(mine);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

/* Who asks, at that time. */
SHARED const Caller *caller_at(struct instant now)
{
    static char source[] = "api";
    Caller *out = arena_new(&arena, Caller);
    caller__init(out);
    out->account_id = ACCOUNT;
    out->has_user_id = true;
    out->user_id = USER;
    out->source = source;
    out->now = instant_message(&arena, now);
    return out;
}

SHARED const Caller *caller_now(void)
{
    return caller_at(clock_now());
}

/* ---- orders */

struct wish {
    const char *name, *domain; /* "": no order has it but this one */
    const char *key;           /* of idempotency; NULL: none but this one has it */
    const char *ca;
    bool unapproved, unproved_product;
    const char *spki;
    DcvMethod__Value method; /* 0: dns-txt-token */
};

SHARED ProtobufCBinaryData hash(const char *text)
{
    uint8_t *out = arena_alloc(&arena, SHA256_SIZE);
    digest_sha256(BYTES_OF(text), out);
    return (ProtobufCBinaryData){ SHA256_SIZE, out };
}

SHARED OrderName *name_of(const OrderIntake *row, const struct wish *w)
{
    OrderName *n = arena_new(&arena, OrderName);
    order_name__init(n);
    n->order_id = row->order_id;
    n->kind = "dns";
    n->fqdn = w->name ? arena_strdup(&arena, w->name)
                      : arena_format(&arena, "n%lld.example", (long long)row->order_id);
    n->domain = w->domain ? arena_strdup(&arena, w->domain) : n->fqdn;
    return n;
}

SHARED OrderIntake *intake_row(const struct wish *w)
{
    struct instant now = clock_now();
    OrderIntake *row = arena_new(&arena, OrderIntake);
    order_intake__init(row);
    row->order_id = last_order++;
    row->request_id = last_request++;
    const char *own = arena_format(&arena, "%lld", (long long)row->order_id);
    row->product_name_id = "ssl_dv";
    row->rule_scope = "TLS";
    row->status = w->unapproved ? "needs_approval" : "pending";
    row->request_status = w->unapproved ? "pending" : "approved";
    row->csr = (ProtobufCBinaryData){ strlen(own), (uint8_t *)arena_strdup(&arena, own) };
    row->csr_sha256 = hash(own);
    row->spki_sha256 = hash(w->spki ? w->spki : own);
    row->key_type = "ec";
    row->key_size = 256;
    row->signature_hash = "sha256";
    row->ca_id = arena_strdup(&arena, w->ca ? w->ca : PUBLIC_CA);
    row->has_dcv_method = !w->unproved_product;
    row->dcv_method = w->method ? w->method : DCV_METHOD__VALUE__DNS_TXT_TOKEN;
    row->dcv_scope = DCV_SCOPE__VALUE__FQDN;
    row->valid_till = instant_message(&arena, instant_add(now, days(365)));
    row->answer_by = instant_message(&arena, instant_add(now, seconds(30)));
    row->idem_until = instant_message(&arena, instant_add(now, days(1)));
    row->idem_key = hash(w->key ? w->key : own);
    row->body_sha256 = hash("body");
    row->options = "{}";
    row->names = arena_array(&arena, OrderName *, 1);
    row->names[row->n_names++] = name_of(row, w);
    return row;
}

SHARED struct rows place_all(OrderIntake *const *rows, size_t count)
{
    struct rows out = { 0 };
    struct fault f;
    const Caller **callers = arena_array(&arena, const Caller *, count);
    for (size_t i = 0; i < count; i++)
        callers[i] = caller_now();
    if (!store_set_by(store_mine(), &arena, &sql_order_place, callers,
                      (const ProtobufCMessage *const *)rows, count, &out, &f))
        fail_msg("order_place: %s", f.detail);
    return out;
}

SHARED const OrderPlaced *place(OrderIntake *row)
{
    struct rows rows = place_all(&row, 1);
    return rows.count ? (const OrderPlaced *)rows.items[0] : NULL;
}

SHARED int64_t order_new(const struct wish *w)
{
    const OrderPlaced *p = place(intake_row(w));
    assert_non_null(p);
    return p->order_id;
}

/* As C3 leaves it; the certificate's number is the order's. */
SHARED void order_issue(int64_t id)
{
    run_sql(arena_format(
        &arena,
        "INSERT INTO certificate (id, order_id, request_id, account_id, ca_id, serial, thumbprint, "
        "not_before,"
        " not_after, issued_at, der) SELECT id, id, request_id, account_id, '" PUBLIC_CA
        "', '\\x4001020304050607',"
        " substr(sha256(id::text::bytea), 1, 20), now(), now() + interval '90 days', now(), 'der'"
        " FROM orders WHERE id = %lld;"
        "UPDATE orders SET status = 'issued', status_at = now(), certificate_id = id WHERE id = "
        "%lld;"
        "DELETE FROM job j USING orders o WHERE o.id = %lld AND j.idem_key = 'issue/' || "
        "o.request_id",
        (long long)id, (long long)id, (long long)id));
}

/* As somebody else cancels it. */
SHARED void order_end(int64_t id)
{
    run_sql(arena_format(&arena, "SELECT order_cancel(%d, %lld, %d, NULL, now())", ACCOUNT,
                         (long long)id, USER));
}

/* "issue dcv": the lanes of the order's jobs. */
SHARED const char *lanes_of(int64_t id)
{
    return ask("SELECT coalesce(string_agg(j.lane, ' ' ORDER BY j.lane DESC), '')"
               "  FROM orders o JOIN job j ON j.idem_key = 'issue/' || o.request_id OR j.idem_key ="
               "       (SELECT 'dcv/' || c.id FROM challenge c WHERE c.asked_by = 'request' AND "
               "c.subject = o.request_id)"
               " WHERE o.id = %lld",
               (long long)id);
}

SHARED const char *status_of_order(int64_t id)
{
    return ask(
        "SELECT o.status || ' ' || r.status FROM orders o JOIN request r ON r.id = o.request_id"
        " WHERE o.id = %lld",
        (long long)id);
}

#endif
