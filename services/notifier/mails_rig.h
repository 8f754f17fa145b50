/* mails_rig - an order, whom it asks, and the statements of the lane `mail`. Included by tests only. */
#ifndef NOTIFIER_MAILS_RIG_H
#define NOTIFIER_MAILS_RIG_H

#include "email.pb-c.h"
#include "mails.sql.h"
#include "message/convert.h"
#include "notifier_rig.h"
#include "pki/digest.h"

enum { ORDER = 700101, REQUEST = 555009, EPOCH = 5 };

static struct store *mine;
static struct instant wait_until; /* of the last token_store() */

SHARED void policy_put(void)
{
    ask("TRUNCATE policy_rule, policy_active, policy_version CASCADE");
    ask("BEGIN"); /* rules come with their version */
    ask("INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('\\x00'), '2020-01-01')");
    ask("INSERT INTO policy_active SELECT true, id, loaded_at FROM policy_version");
    ask("INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
        "valid_till, statement, source) SELECT id, 'r', 'TLS', 'random.life', '30', 'd', 'M', "
        "'-infinity', 'infinity', 's', 's' FROM policy_version");
    ask("COMMIT");
}

SHARED void order_put(const char *method)
{
    ask("INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "valid_till, created_at, answer_by, status_at) VALUES (%d, %d, 1, 'ssl_dv_geotrust', "
        "'pending', %d, '2027-01-01', '2026-01-01', '2026-01-01', '2026-01-01')",
        ORDER, ACCOUNT, REQUEST);
    ask("INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
        "signature_hash, ca_id, dcv_method, dcv_scope, requester_id, created_at) VALUES (%d, %d, "
        "%d, 1, 'new_request', 'approved', 'TLS', 'sha256', 'ca', '%s', 'base_domain', 1, "
        "'2026-01-01')",
        REQUEST, ORDER, ACCOUNT, method);
    ask("INSERT INTO request_name (request_id, position, account_id, kind, name, domain) VALUES "
        "(%d, 0, %d, 'dns', 'www.example.com', 'example.com')",
        REQUEST, ACCOUNT);
    ask("INSERT INTO challenge (account_id, asked_by, subject, rule_scope, method, random_value, "
        "random_value_at, poll_from) VALUES (%d, 'request', %d, 'TLS', '%s', 'v', '2026-01-01', "
        "'2026-01-01')",
        ACCOUNT, REQUEST, method);
}

/* The id of the invitation. */
SHARED long long invitation_put(const char *local_part)
{
    return number(
        ask("INSERT INTO email_invitation (challenge_id, account_id, domain, local_part, "
            "poll_from, state, created_at) SELECT id, account_id, 'example.com', '%s', poll_from, "
            "'waiting', '2026-01-01' FROM challenge RETURNING id",
            local_part));
}

/* An order, an invitation and its job, which is leased. */
SHARED long long job_put(const char *method)
{
    ask("TRUNCATE orders, email_invitation, email_token, request, request_name, challenge, job");
    policy_put();
    order_put(method);
    return number(ask("INSERT INTO job (lane, subject, run_at, lease_owner, lease_epoch, "
                      "lease_until) VALUES ('mail', %lld, '2026-01-01', 'me', %d, "
                      "now() + interval '1 hour') RETURNING id",
                      invitation_put("admin"), EPOCH));
}

SHARED ProtobufCBinaryData hash_of(const char *text)
{
    uint8_t *hash = arena_alloc(&arena, SHA256_SIZE);
    digest_sha256(BYTES_OF(text), hash);
    return (ProtobufCBinaryData){ SHA256_SIZE, hash };
}

SHARED bool token_store(long long job_id, int64_t epoch, struct instant *expires)
{
    MailToken in = MAIL_TOKEN__INIT;
    MailTerms out = MAIL_TERMS__INIT;
    struct fault f = { 0 };
    bool found = false;
    in.job_id = job_id;
    in.job_epoch = epoch;
    in.token_sha256 = hash_of("secret");
    in.now = instant_message(&arena, instant_from_unix(1767225600));
    if (!store_maybe(mine, &arena, &sql_mail_token, &in.base, &out.base, &found, &f))
        fail_msg("%s", f.detail);
    if (found)
        *expires = instant_value(out.expires_at);
    wait_until = found ? instant_value(out.wait_until) : (struct instant){ 0 };
    return found;
}

/* Rows that took effect. */
SHARED size_t attempted(long long job_id, int64_t epoch, const char *what, int64_t code,
                        struct instant next, const char *poll_from)
{
    MailAttempt in = MAIL_ATTEMPT__INIT;
    const ProtobufCMessage *all[] = { &in.base };
    struct rows rows = { 0 };
    struct instant from;
    struct fault f = { 0 };
    assert_true(instant_read(poll_from, &from));
    in.invitation_id = number(ask("SELECT subject FROM job WHERE id = %lld", job_id));
    in.job_id = job_id;
    in.job_epoch = epoch;
    in.state = arena_strdup(&arena, what);
    in.has_response_code = true;
    in.response_code = code;
    in.now = instant_message(&arena, instant_from_unix(1767225600));
    in.next_at = next.us ? instant_message(&arena, next) : NULL;
    in.poll_from = instant_message(&arena, from);
    in.has_token_sha256 = true;
    in.token_sha256 = hash_of("secret");
    if (!store_set(mine, &arena, &sql_mail_attempted, all, 1, &rows, &f))
        fail_msg("%s", f.detail);
    return rows.count;
}

SHARED int open_all(void **state)
{
    if (rig_open(state) != 0)
        return -1;
    mine = store_new(&store);
    return 0;
}

SHARED int close_all(void **state)
{
    store_free(mine);
    return rig_close(state);
}

#define MAIL_CASE(name) cmocka_unit_test_setup_teardown(name, open_all, close_all)

#endif
