CREATE TABLE authority (
    id        text PRIMARY KEY CHECK (id ~ '^[0-9A-F]{16}$'),
    name      text NOT NULL,
    key_label text NOT NULL UNIQUE,
    key_type  text NOT NULL,
    parent_id text REFERENCES authority,
    der       bytea NOT NULL,
    may_sign  boolean NOT NULL,
    created_at timestamptz NOT NULL
);
COMMENT ON COLUMN authority.id IS 'First 8 bytes of the SHA-256 of its certificate.';
COMMENT ON COLUMN authority.may_sign IS 'The right of its key to sign leaf certificates; a key in the token alone gives none.';

GRANT SELECT ON authority TO chancery_gateway, chancery_issuer, chancery_notifier, chancery_cli;
GRANT INSERT ON authority TO chancery_issuer;
