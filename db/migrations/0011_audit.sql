-- Rows are inserted unchained: no request waits for a chain head. One sealer chains them.
CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL,
    account_id bigint,
    user_id    bigint,
    api_key_id bigint,
    source     text NOT NULL CHECK (source IN ('api', 'acme', 'console', 'system', 'cli')),
    ip         text,
    activity   text NOT NULL,
    subject    text,
    detail     jsonb,
    by_role    name NOT NULL DEFAULT session_user,
    operator   text DEFAULT CASE WHEN session_user IN ('chancery_cli', 'chancery_ceremony')
                                 THEN nullif(current_setting('chancery.operator', true), '') END,
    CHECK (source = ANY (CASE by_role WHEN 'chancery_gateway' THEN '{api,acme,console,system}'::text[]
                                      WHEN 'chancery_cli' THEN '{cli}'
                                      WHEN 'chancery_ceremony' THEN '{cli}'
                                      WHEN 'chancery_validation' THEN '{system}'
                                      WHEN 'chancery_issuer' THEN '{system}'
                                      WHEN 'chancery_notifier' THEN '{system}'
                                      WHEN 'chancery_scheduler' THEN '{system}'
                                      ELSE ARRAY[source] END))
);
CREATE INDEX audit_chain ON audit (xid, id);
CREATE INDEX audit_policy ON audit (subject) WHERE activity = 'policy loaded'; -- a few rows a year
COMMENT ON TABLE audit IS 'Append-only: no role may update or delete.';
COMMENT ON COLUMN audit.xid IS 'The inserting transaction: below the oldest running one, no row can appear any more.';
COMMENT ON COLUMN audit.by_role IS 'Whose session wrote it, whatever the row says; granted to nobody.';
COMMENT ON COLUMN audit.operator IS 'The person at the chancery command or the ceremony, as his session says; any session can say so, so others have none.';

CREATE TABLE audit_seal (
    id           bigint PRIMARY KEY,
    from_horizon xid8 NOT NULL,
    horizon      xid8 NOT NULL UNIQUE CHECK (horizon > from_horizon),
    count        bigint NOT NULL,
    previous     bytea NOT NULL CHECK (length(previous) = 32),
    hash         bytea NOT NULL CHECK (length(hash) = 32),
    sealed_at    timestamptz NOT NULL
);
COMMENT ON TABLE audit_seal IS 'The chain: seal n covers the rows with from_horizon <= xid < horizon, its own columns and the hash of seal n-1.';

-- That the copy of the heads may begin anew, since it is lost: an operator's word, good for one file.
CREATE TABLE heads_begin (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seal_id    bigint NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON COLUMN heads_begin.seal_id IS 'The newest at that moment: up to there the new copy is worth what the database was.';

-- Nobody chooses a row's transaction or number.
GRANT INSERT (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail) ON audit
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli, chancery_ceremony;
GRANT SELECT ON audit TO chancery_scheduler, chancery_cli;
GRANT SELECT, INSERT ON audit_seal TO chancery_scheduler;
GRANT SELECT ON audit_seal TO chancery_cli;
GRANT SELECT, INSERT (seal_id, created_at) ON heads_begin TO chancery_cli;
GRANT SELECT, UPDATE (used_at) ON heads_begin TO chancery_scheduler;
