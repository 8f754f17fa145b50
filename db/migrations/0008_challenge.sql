-- Proof under way, whoever asked for it. A challenge leads to validations; its rounds know where to look
-- and not what for.
CREATE TABLE challenge (
    id              bigint GENERATED ALWAYS AS IDENTITY (START 30001) PRIMARY KEY,
    account_id      bigint NOT NULL,
    asked_by        text NOT NULL CHECK (asked_by IN ('request', 'domain')),
    subject         bigint NOT NULL,
    identifier      text CHECK ((asked_by = 'request') = (identifier IS NULL)),
    rule_scope      text NOT NULL,
    method          text NOT NULL,
    random_value    text NOT NULL,
    random_value_at timestamptz NOT NULL,
    poll_from       timestamptz NOT NULL,
    checked_at      timestamptz,
    next_at         timestamptz,
    seen            jsonb,
    UNIQUE (asked_by, subject)
);
COMMENT ON COLUMN challenge.subject IS 'The request whose open names are to be proved; or the number of whoever asks for one domain.';
COMMENT ON COLUMN challenge.identifier IS 'What is to be proved, where no request says it.';
COMMENT ON COLUMN challenge.random_value IS 'Made by challenge_begin() and challenge_change() alone: whoever could choose it would choose what stands there already.';
COMMENT ON COLUMN challenge.poll_from IS 'Where the polling cadence counts from: the beginning, or the last change of method.';
COMMENT ON COLUMN challenge.checked_at IS 'The last round; next_at is when the next one is due, none: polling has ended.';
COMMENT ON COLUMN challenge.seen IS 'For people: by domain, why it is still open.';

CREATE TABLE validation (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id   bigint NOT NULL,
    kind         text NOT NULL DEFAULT 'dns' CHECK (kind IN ('dns', 'ip', 'email')),
    identifier   text NOT NULL,
    method       text NOT NULL,
    br_method    text NOT NULL,
    completed_at timestamptz NOT NULL,
    evidence     jsonb NOT NULL,
    csr_sha256   bytea,
    challenge_id bigint
);
CREATE INDEX validation_found ON validation (account_id, identifier, completed_at DESC) WHERE csr_sha256 IS NULL;
CREATE INDEX validation_token ON validation (csr_sha256, account_id, identifier, completed_at DESC) WHERE csr_sha256 IS NOT NULL;
COMMENT ON TABLE validation IS 'Facts, never changed and never deleted (BR 5.4.3). Until when one counts is computed by policy for a scope and an instant.';
COMMENT ON COLUMN validation.identifier IS 'What has been validated: for names the authorization domain name (BR 3.2.2.4).';
COMMENT ON COLUMN validation.br_method IS 'The whole section, as the rules name it: 3.2.2.4.7, 3.2.2.5.4.';
COMMENT ON COLUMN validation.csr_sha256 IS 'A request token counts only for the request that it was made for.';

-- Whom a mail that asks for approval may go to (TLS BR 3.2.2.4.4).
CREATE TABLE email_local_part (part text PRIMARY KEY);
INSERT INTO email_local_part VALUES ('admin'), ('administrator'), ('hostmaster'), ('postmaster'), ('webmaster');

CREATE TABLE email_invitation (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    challenge_id  bigint NOT NULL,
    account_id    bigint NOT NULL,
    domain        text NOT NULL CHECK (length(domain) <= 253),
    local_part    text NOT NULL REFERENCES email_local_part,
    address       text NOT NULL GENERATED ALWAYS AS (local_part || '@' || domain) STORED,
    locale        text CHECK (length(locale) <= 35),
    poll_from     timestamptz,
    state         text NOT NULL CHECK (state IN ('chosen', 'waiting', 'sent', 'refused', 'failed', 'approved')),
    response_code int,
    reason        text,
    created_at    timestamptz NOT NULL,
    tried_at      timestamptz,
    next_at       timestamptz,
    UNIQUE (challenge_id, domain, local_part)
);
COMMENT ON TABLE email_invitation IS 'Who is asked by mail to approve a challenge''s names below one authorization domain name.';
COMMENT ON COLUMN email_invitation.poll_from IS 'Of the challenge, when the mail was last asked for: a change of the method asks again. NULL: chosen with the order, not asked for yet.';
COMMENT ON COLUMN email_invitation.reason IS 'What the mail server said; for operators.';

CREATE TABLE email_token (
    token_sha256  bytea PRIMARY KEY CHECK (length(token_sha256) = 32),
    invitation_id bigint NOT NULL,
    challenge_id  bigint NOT NULL,
    account_id    bigint NOT NULL,
    domain        text NOT NULL,
    address       text NOT NULL,
    poll_from     timestamptz NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    unsent        boolean NOT NULL DEFAULT false
);
CREATE INDEX email_token_address ON email_token (address, created_at) WHERE NOT unsent;
CREATE INDEX email_token_account ON email_token (account_id, created_at) WHERE NOT unsent;
COMMENT ON TABLE email_token IS 'One row for each mail that was handed to the mail server: the hash of the random value in it, which is stored nowhere.';
COMMENT ON COLUMN email_token.unsent IS 'The mail server has not taken it: where mails are limited it does not count.';
COMMENT ON COLUMN email_token.poll_from IS 'Of the challenge at that moment. One whose method has changed since takes no approval by it.';

GRANT SELECT ON challenge TO chancery_gateway, chancery_validation;
GRANT SELECT (id, account_id, asked_by, subject, identifier, rule_scope, method, random_value_at, poll_from, checked_at, next_at)
    ON challenge TO chancery_issuer, chancery_scheduler;
GRANT SELECT (id, account_id, asked_by, subject, identifier, rule_scope, method, poll_from) ON challenge TO chancery_notifier;
GRANT SELECT (id, asked_by, subject, method, random_value_at, poll_from, checked_at, next_at, seen) ON challenge TO chancery_cli;
GRANT UPDATE (checked_at, next_at, seen) ON challenge TO chancery_validation;
GRANT SELECT, INSERT ON validation TO chancery_validation;
GRANT SELECT ON validation TO chancery_gateway, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT SELECT ON email_local_part TO chancery_gateway, chancery_validation;
GRANT SELECT (id, challenge_id, account_id, domain, local_part, address, locale, poll_from, state, response_code, tried_at, next_at), INSERT,
      UPDATE (locale, poll_from, state, response_code, next_at) ON email_invitation TO chancery_gateway;
GRANT SELECT (id, challenge_id, account_id, domain, local_part, address, poll_from, state, tried_at), INSERT, UPDATE (poll_from, state)
    ON email_invitation TO chancery_validation;
GRANT SELECT (id, challenge_id, account_id, domain, address, locale, state, response_code, next_at),
      UPDATE (state, response_code, reason, tried_at, next_at) ON email_invitation TO chancery_notifier;
GRANT SELECT (token_sha256, challenge_id, account_id, domain, address, poll_from, created_at, expires_at, used_at),
      UPDATE (used_at) ON email_token TO chancery_validation;
GRANT SELECT (token_sha256), UPDATE (unsent) ON email_token TO chancery_notifier;
