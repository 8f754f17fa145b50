/* deliveries_rig - rows of deliveries as the gateway and the issuer write them, and what is asked of
 * them. Included by tests only. */
#ifndef NOTIFIER_DELIVERIES_RIG_H
#define NOTIFIER_DELIVERIES_RIG_H

#include "channels/webhook.h"
#include "notifier_rig.h"

enum { ORDER = 700032, REQUEST = 555009, CERTIFICATE = 990016 };

SHARED long long webhook_add(const char *path)
{
    return number(ask("INSERT INTO webhook (account_id, endpoint, events, status, instant, chain, "
                      "instant_chain, frequency, created_at) VALUES (%d, '%s%s', "
                      "'{certificate_issued}', 'active', true, false, false, '{}', '2026-01-01') "
                      "RETURNING id",
                      ACCOUNT, sink.url, path));
}

/* The id of the job; it is not due, so that only who names it runs it. */
SHARED long long event_add(long long webhook_id, bool instant)
{
    return number(
        ask("WITH e AS (INSERT INTO event (account_id, name, order_id, certificate_id, instant, at)"
            " VALUES (%d, 'certificate_issued', %d, %d, %s, '2026-01-01') RETURNING id), "
            "d AS (INSERT INTO delivery (event_id, webhook_id, account_id, state) "
            "SELECT id, %lld, %d, 'waiting' FROM e RETURNING id) "
            "INSERT INTO job (lane, subject, run_at) SELECT 'deliver', id, '2100-01-01' FROM d "
            "RETURNING id",
            ACCOUNT, ORDER, CERTIFICATE, instant ? "true" : "false", webhook_id, ACCOUNT));
}

SHARED void assert_state(const char *state)
{
    assert_string_equal(ask("SELECT state FROM delivery"), state);
}

SHARED void assert_attempts(int count)
{
    assert_int_equal(number(ask("SELECT count(*) FROM delivery_attempt")), count);
}

SHARED void assert_jobs(int count)
{
    assert_int_equal(number(ask("SELECT count(*) FROM job")), count);
}

/* The job is free again, and the delivery has so many tries behind it. */
SHARED void assert_put_back(int tries)
{
    assert_string_equal(ask("SELECT d.tries || ' ' || (lease_owner IS NULL AND lease_until IS NULL)"
                            " FROM job j JOIN delivery d ON d.id = j.subject"),
                        arena_format(&arena, "%d true", tries));
}

#endif
