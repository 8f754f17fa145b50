CREATE TABLE authority (
    id         text PRIMARY KEY CHECK (id ~ '^[0-9A-F]{16}$'),
    name       text NOT NULL,
    key_label  text NOT NULL UNIQUE,
    key_type   text NOT NULL,
    parent_id  text REFERENCES authority,
    der        bytea NOT NULL,
    public     boolean NOT NULL,
    may_sign   boolean NOT NULL,
    created_at timestamptz NOT NULL,
    stopped_at timestamptz,
    changed_at timestamptz
);
COMMENT ON COLUMN authority.id IS 'First 8 bytes of the SHA-256 of its certificate.';
COMMENT ON COLUMN authority.public IS 'Whoever trusts it trusts that names were proved: no rule and no row can excuse them. Set by the ceremony, for a whole hierarchy.';
COMMENT ON COLUMN authority.may_sign IS 'The right of its key to sign leaf certificates; a key in the token alone gives none.';
COMMENT ON COLUMN authority.stopped_at IS 'Since when an operator keeps it from signing.';
COMMENT ON COLUMN authority.changed_at IS 'When it was stopped or started, for the audit log.';

GRANT SELECT ON authority TO chancery_gateway, chancery_issuer, chancery_notifier, chancery_cli, chancery_ceremony;
GRANT SELECT (id, public) ON authority TO chancery_validation, chancery_scheduler;
GRANT INSERT ON authority TO chancery_ceremony;
GRANT UPDATE (may_sign, stopped_at, changed_at) ON authority TO chancery_cli;

-- Keys that are known to be compromised (BR 4.9.1.1, 6.1.1.3): no certificate is issued for them.
CREATE TABLE blocked_key (
    spki_sha256 bytea PRIMARY KEY CHECK (length(spki_sha256) = 32),
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 1024),
    since       timestamptz NOT NULL
);
COMMENT ON COLUMN blocked_key.spki_sha256 IS 'Of the DER SubjectPublicKeyInfo.';

GRANT SELECT ON blocked_key TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT INSERT ON blocked_key TO chancery_cli;
