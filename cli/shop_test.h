/* shop_test - an account with an order that is issued, one that is pending, and one that is canceled. */
#ifndef CLI_SHOP_TEST_H
#define CLI_SHOP_TEST_H

#include "fixture_test.h"

#define DAY      "2022-01-01"
#define SERIAL   "0A0B0C0D0E0F10111213141516171819"
#define CA_ID    "0011223344556677"
#define NO_WORDS NULL

/* Order N of request 10 N, with a name of its own. */
SHARED void order_new(int n, const char *state, const char *placed)
{
    execute(arena_format(
        &arena,
        "INSERT INTO certificate SELECT %d + 5000, %d, %d, 900, '" CA_ID "', "
        "decode('" SERIAL "', 'hex') || '\\x%02x', decode(repeat('00', 20), 'hex'), '2022-01-02', "
        "'2023-01-02', '2022-01-02', '' WHERE '%s' = 'issued';"
        "INSERT INTO orders (id, account_id, user_id, product_name_id, status, request_id, "
        "certificate_id, valid_till, created_at, answer_by, status_at) VALUES (%d, 900, 3001, "
        "'ssl_dv', '%s', %d, CASE WHEN '%s' = 'issued' THEN %d END, '2023-01-01', '%s', '" DAY
        "', '%s');"
        "INSERT INTO request (id, order_id, account_id, sequence, type, status, rule_scope, "
        "signature_hash, ca_id, dcv_scope, dcv_method, requester_id, created_at) VALUES (%d, %d, "
        "900, 1, 'new_request', 'approved', 'TLS', 'sha256', '" CA_ID "', 'fqdn', 'dns-txt-token',"
        " 3001, '%s');"
        "INSERT INTO request_name VALUES (%d, 0, 900, 'dns', 'n%d.example', 'n%d.example');"
        "INSERT INTO issuance SELECT %d + 5000, %d, 900, '" CA_ID "', decode('" SERIAL
        "', 'hex') || '\\x%02x', 0, 'issued', 1, 1, 1, '', '{}', '2022-01-02', '2023-01-02', "
        "'2022-01-02' WHERE '%s' = 'issued'",
        n, n, 10 * n, n, state, n, state, 10 * n, state, n + 5000, placed, placed, 10 * n, n,
        placed, 10 * n, n, n, n, 10 * n, n, state));
}

SHARED void shop_make(void)
{
    must(run_with(account_create_command, WORDS("Example Ltd"),
                  WORDS("username", "ann", "email", "ann@example.com")));
    execute("INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, "
            "created_at) VALUES ('" CA_ID "', 'CA 1', 'ca', 'p256', '', true, true, '" DAY "')");
    order_new(7, "issued", "2022-01-01");
    order_new(8, "pending", "2022-01-02");
    order_new(9, "canceled", "2022-01-03");
}

#endif
