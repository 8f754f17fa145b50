-- Domain control by mail to constructed addresses (TLS BR 3.2.2.4.4).
CREATE FUNCTION email_local_parts() RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster']
$$;

CREATE TABLE email_invitation (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id      bigint NOT NULL,
    account_id    bigint NOT NULL,
    domain        text NOT NULL CHECK (length(domain) <= 253),
    address       text NOT NULL,
    locale        text CHECK (length(locale) <= 35),
    poll_from     timestamptz,
    state         text NOT NULL CHECK (state IN ('chosen', 'waiting', 'sent', 'refused', 'failed', 'approved')),
    response_code int,
    reason        text,
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    next_at       timestamptz,
    UNIQUE (order_id, domain, address),
    CHECK (address = split_part(address, '@', 1) || '@' || domain AND split_part(address, '@', 1) = ANY (email_local_parts()))
);
COMMENT ON TABLE email_invitation IS 'Who is asked by mail to approve an order''s names below one authorization domain name.';
COMMENT ON COLUMN email_invitation.poll_from IS 'Of the order, when the mail was last asked for: a change of the method asks again. NULL: chosen with the order, not asked for yet.';
COMMENT ON COLUMN email_invitation.reason IS 'What the mail server said; for operators.';

CREATE TABLE email_token (
    token_sha256  bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    invitation_id bigint NOT NULL,
    order_id      bigint NOT NULL,
    account_id    bigint NOT NULL,
    domain        text NOT NULL,
    address       text NOT NULL,
    poll_from     timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz
);
COMMENT ON TABLE email_token IS 'One row for each mail that was handed to the mail server: the hash of the random value in it, which is stored nowhere.';
COMMENT ON COLUMN email_token.poll_from IS 'Of the order at that moment. An order whose method has changed since takes no approval by it.';

-- Both as they stand in order_name: A-labels, lower case.
CREATE FUNCTION name_within(name text, ancestor text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT name = ancestor OR right(name, length(ancestor) + 1) = '.' || ancestor
$$;

-- Whether mail may prove control on that day. One SELECT, so that no call is left.
CREATE FUNCTION email_prohibited(of_scope text, at timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM policy_at(at, of_scope, 'dcv.method.4') r WHERE r.level = 'X')
$$;

GRANT SELECT (id, order_id, account_id, domain, address, locale, poll_from, state, response_code), INSERT,
      UPDATE (locale, poll_from, state, response_code, next_at) ON email_invitation TO chancery_gateway;
GRANT SELECT (id, order_id, account_id, domain, address, poll_from, state), INSERT, UPDATE (poll_from, state)
    ON email_invitation TO chancery_validation;
GRANT SELECT (id, order_id, account_id, domain, address, locale, state),
      UPDATE (state, response_code, reason, tried_at, next_at) ON email_invitation TO chancery_notifier;
GRANT INSERT ON email_token TO chancery_notifier;
GRANT SELECT (token_sha256, order_id, account_id, domain, address, poll_from, created_at, expires_at, used_at),
      UPDATE (used_at) ON email_token TO chancery_validation;
GRANT SELECT (product_name_id) ON orders TO chancery_validation;
GRANT SELECT (account_id, status, dcv_method, poll_from, product_name_id) ON orders TO chancery_notifier;
GRANT SELECT ON order_name TO chancery_notifier;
