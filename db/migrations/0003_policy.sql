CREATE TABLE policy_version (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256    bytea NOT NULL CHECK (length(sha256) = 32),
    signature bytea CHECK (length(signature) = 64),
    loaded_at timestamptz NOT NULL,
    xid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (sha256, signature)
);
COMMENT ON TABLE policy_version IS 'Each load of policy/ is one immutable version.';
COMMENT ON COLUMN policy_version.sha256 IS 'Of its canonical text: a line for each rule by id, product and profile by name.';
COMMENT ON COLUMN policy_version.signature IS 'Ed25519 over sha256, by the policy key, whose public half is a file of the issuer.';
COMMENT ON COLUMN policy_version.xid IS 'The transaction that loaded it: rules and documents come with it or never.';

CREATE TABLE policy_rule (
    version    bigint NOT NULL REFERENCES policy_version,
    id         text NOT NULL,
    scope      text NOT NULL,
    parameter  text NOT NULL,
    value      text,
    unit       text,
    level      text NOT NULL CHECK (level IN ('M', 'S', 'X')),
    valid_from timestamptz NOT NULL,
    valid_till timestamptz NOT NULL CHECK (valid_till > valid_from),
    statement  text NOT NULL,
    source     text NOT NULL,
    check_name text,
    PRIMARY KEY (version, id)
);
CREATE INDEX policy_rule_asked ON policy_rule (version, scope, parameter);
CREATE INDEX policy_rule_check ON policy_rule (version, scope) WHERE check_name IS NOT NULL;
COMMENT ON COLUMN policy_rule.level IS 'M mandatory, S recommended, X prohibited.';
COMMENT ON COLUMN policy_rule.valid_till IS 'Exclusive; infinity when open.';
COMMENT ON COLUMN policy_rule.check_name IS 'The lint of the issuer that the rule gives its value to.';

CREATE TABLE policy_document (
    version  bigint NOT NULL REFERENCES policy_version,
    kind     text NOT NULL CHECK (kind IN ('product', 'profile')),
    name     text NOT NULL,
    document json NOT NULL,
    sha256   bytea NOT NULL CHECK (sha256 = sha256(convert_to(document::text, 'UTF8'))),
    PRIMARY KEY (version, kind, name)
);

CREATE TABLE policy_active (
    one          boolean PRIMARY KEY CHECK (one),
    version      bigint NOT NULL REFERENCES policy_version,
    activated_at timestamptz NOT NULL
);
COMMENT ON COLUMN policy_document.document IS 'As it was written: its very text is signed.';
COMMENT ON TABLE policy_active IS 'One row names the version that is in force.';

GRANT SELECT ON policy_version, policy_rule, policy_document, policy_active
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT INSERT (sha256, signature, loaded_at) ON policy_version TO chancery_cli;
GRANT INSERT ON policy_rule, policy_document, policy_active TO chancery_cli;
GRANT UPDATE ON policy_active TO chancery_cli;
