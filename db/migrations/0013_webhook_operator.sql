-- An operator sees why an endpoint does not take what it is sent, and no secret.
GRANT SELECT (id, account_id, endpoint, events, status, instant, verified, failing_since, warnings, created_at) ON webhook TO chancery_cli;
GRANT SELECT (id, webhook_id, state, tries, failed_at) ON delivery TO chancery_cli;
GRANT SELECT (id, webhook_id, account_id, event_name, data, ok, response_code, reason, sent_at, received_at)
    ON delivery_attempt TO chancery_cli;
