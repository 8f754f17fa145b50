CREATE TABLE policy_version (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256    bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
    loaded_at timestamptz NOT NULL
);
COMMENT ON TABLE policy_version IS 'Each load of policy/ is one immutable version.';

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
COMMENT ON COLUMN policy_rule.level IS 'M mandatory, S recommended, X prohibited.';
COMMENT ON COLUMN policy_rule.valid_till IS 'Exclusive; infinity when open.';

CREATE TABLE policy_document (
    version  bigint NOT NULL REFERENCES policy_version,
    kind     text NOT NULL CHECK (kind IN ('product', 'profile')),
    name     text NOT NULL,
    document jsonb NOT NULL,
    sha256   bytea NOT NULL,
    PRIMARY KEY (version, kind, name)
);

CREATE TABLE policy_active (
    one     boolean PRIMARY KEY CHECK (one),
    version bigint NOT NULL REFERENCES policy_version
);
COMMENT ON TABLE policy_active IS 'One row names the version that is in force.';

-- The only way to ask what holds: the row of one rule on an instant.
CREATE FUNCTION policy_at(at timestamptz, asked_scope text, asked_parameter text)
RETURNS SETOF policy_rule
LANGUAGE sql STABLE AS $$
    SELECT r.*
      FROM policy_active a
      JOIN policy_rule r ON r.version = a.version
     WHERE a.one AND r.scope = asked_scope AND r.parameter = asked_parameter
       AND r.valid_from <= at AND at < r.valid_till
$$;

-- A length of time that a rule gives. Units: d (of 24 hours), h, min, s.
CREATE FUNCTION rule_interval(value text, unit text) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT value::int * CASE unit WHEN 'd' THEN interval '24 hours'
                                  WHEN 'h' THEN interval '1 hour'
                                  WHEN 'min' THEN interval '1 minute'
                                  WHEN 's' THEN interval '1 second' END
$$;

GRANT SELECT ON policy_version, policy_rule, policy_document, policy_active
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT INSERT ON policy_version, policy_rule, policy_document, policy_active TO chancery_cli;
GRANT UPDATE ON policy_active TO chancery_cli;
