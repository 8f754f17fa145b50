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
    detail     jsonb
);
CREATE INDEX audit_chain ON audit (xid, id);
COMMENT ON TABLE audit IS 'Append-only: no role may update or delete.';
COMMENT ON COLUMN audit.xid IS 'The inserting transaction: below the oldest running one, no row can appear any more.';

CREATE TABLE audit_seal (
    id           bigint PRIMARY KEY,
    from_horizon xid8 NOT NULL,
    horizon      xid8 NOT NULL UNIQUE CHECK (horizon > from_horizon),
    count        bigint NOT NULL,
    previous     bytea NOT NULL CHECK (length(previous) = 32),
    hash         bytea NOT NULL CHECK (length(hash) = 32),
    sealed_at    timestamptz NOT NULL
);
COMMENT ON TABLE audit_seal IS 'The chain: seal n covers the rows with from_horizon <= xid < horizon and the hash of seal n-1.';

-- The canonical text of a row, from which sealer and verifier compute.
CREATE FUNCTION audit_line(a audit) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT json_build_array(a.id, a.xid::text, (extract(epoch FROM a.at) * 1000000)::bigint, a.account_id, a.user_id,
                            a.api_key_id, a.source, a.ip, a.activity, a.subject, a.detail)::text
$$;

-- Nobody chooses a row's transaction or number.
GRANT INSERT (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail) ON audit
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT SELECT ON audit TO chancery_scheduler, chancery_cli;
GRANT SELECT, INSERT ON audit_seal TO chancery_scheduler;
GRANT SELECT ON audit_seal TO chancery_cli;
