-- Job ids and lease epochs come from sequences that only grow.
CREATE SEQUENCE job_id;
CREATE SEQUENCE lease_epoch;

CREATE TABLE job (
    id          bigint NOT NULL DEFAULT nextval('job_id') PRIMARY KEY,
    lane        text NOT NULL,
    subject     bigint NOT NULL,
    payload     jsonb,
    run_at      timestamptz NOT NULL,
    attempt     int NOT NULL DEFAULT 0,
    lease_owner text,
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    idem_key    text,
    traceparent text
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX job_due ON job (lane, run_at);
CREATE UNIQUE INDEX job_idem ON job (idem_key) WHERE idem_key IS NOT NULL;
COMMENT ON COLUMN job.run_at IS 'Business time: compared with the caller''s clock, never with the database''s.';
COMMENT ON COLUMN job.lease_until IS 'Database time: compared with now() only.';
COMMENT ON COLUMN job.idem_key IS 'Protects while the job lives; every effect has its own unique key.';

CREATE TABLE job_dead (
    id        bigint PRIMARY KEY,
    lane      text NOT NULL,
    subject   bigint NOT NULL,
    payload   jsonb,
    run_at    timestamptz NOT NULL,
    attempt   int NOT NULL,
    story     text NOT NULL,
    buried_at timestamptz NOT NULL,
    reported  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE job_dead IS 'Jobs that were given up: each is a task for an operator.';

GRANT USAGE ON SEQUENCE job_id, lease_epoch
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler, chancery_cli;
GRANT SELECT, INSERT ON job TO chancery_gateway, chancery_cli;
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;
GRANT INSERT ON job_dead TO chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;
GRANT SELECT ON job_dead TO chancery_cli, chancery_scheduler;
GRANT UPDATE (reported) ON job_dead TO chancery_scheduler;
GRANT DELETE ON job_dead TO chancery_cli;
