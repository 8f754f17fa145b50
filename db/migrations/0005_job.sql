-- Job ids and lease epochs come from sequences that only grow.
CREATE SEQUENCE job_id;
CREATE SEQUENCE lease_epoch;

CREATE TABLE job (
    id          bigint NOT NULL DEFAULT nextval('job_id') PRIMARY KEY,
    lane        text NOT NULL,
    subject     bigint NOT NULL,
    run_at      timestamptz NOT NULL,
    attempt     int NOT NULL DEFAULT 0,
    deaths      int NOT NULL DEFAULT 0,
    alone       boolean NOT NULL DEFAULT false,
    lease_owner text,
    lease_epoch bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    idem_key    text,
    traceparent text,
    CHECK (idem_key = lane || '/' || subject OR starts_with(idem_key, lane || '/' || subject || '/'))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX job_due ON job (lane, run_at);
CREATE UNIQUE INDEX job_idem ON job (idem_key) WHERE idem_key IS NOT NULL;
COMMENT ON COLUMN job.subject IS 'The id of what it is about: a request (issue), a challenge (dcv), a delivery, an invitation (mail).';
COMMENT ON COLUMN job.run_at IS 'Business time: compared with the caller''s clock, never with the database''s.';
COMMENT ON COLUMN job.attempt IS 'How often it has failed by itself.';
COMMENT ON COLUMN job.deaths IS 'How often its worker died while it had this job alone.';
COMMENT ON COLUMN job.alone IS 'A worker died with it: it is tried alone from now on, so that only its own deaths count.';
COMMENT ON COLUMN job.lease_until IS 'Database time: compared with now() only. Still there after its end: whoever held it has died or lost it.';
COMMENT ON COLUMN job.idem_key IS 'Protects while the job lives; every effect has its own unique key. Begins with lane and subject: else a job of one lane would keep out those of another.';

CREATE TABLE job_dead (
    id          bigint PRIMARY KEY,
    lane        text NOT NULL,
    subject     bigint NOT NULL,
    run_at      timestamptz NOT NULL,
    attempt     int NOT NULL,
    deaths      int NOT NULL,
    idem_key    text,
    traceparent text,
    story       text NOT NULL,
    buried_at   timestamptz NOT NULL,
    reported    boolean NOT NULL DEFAULT false
);
CREATE INDEX job_dead_subject ON job_dead (lane, subject);
COMMENT ON TABLE job_dead IS 'Jobs that were given up: each is a task for an operator, and what they were about is held up until then.';

CREATE TABLE write_probe (filler text NOT NULL);
COMMENT ON TABLE write_probe IS 'Always empty: what a service writes and rolls back to see whether the disk has room again.';
GRANT INSERT ON write_probe TO chancery_gateway, chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;

GRANT USAGE ON SEQUENCE job_id TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler;
GRANT USAGE ON SEQUENCE lease_epoch TO chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;
GRANT SELECT, INSERT ON job TO chancery_gateway;
GRANT SELECT ON job TO chancery_cli;
GRANT SELECT, UPDATE, DELETE ON job TO chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;
GRANT INSERT ON job TO chancery_validation, chancery_issuer, chancery_scheduler;
GRANT INSERT ON job_dead TO chancery_validation, chancery_issuer, chancery_notifier, chancery_scheduler;
GRANT SELECT ON job_dead TO chancery_gateway, chancery_validation, chancery_issuer, chancery_cli, chancery_scheduler;
GRANT UPDATE (reported) ON job_dead TO chancery_scheduler;

-- Each service has its own lanes (lib/ledger/lanes.def) and puts work into those that follow from it;
-- nobody takes or touches another's. What goes on with a request is put by functions of the owner.
ALTER TABLE job ENABLE ROW LEVEL SECURITY;
-- IS TRUE: no condition for an index. A job is found by its number, and not among all of its lane.
CREATE POLICY gateway_read ON job FOR SELECT TO chancery_gateway USING (true);
CREATE POLICY gateway_put ON job FOR INSERT TO chancery_gateway WITH CHECK (lane IN ('issue', 'dcv', 'mail', 'deliver'));
CREATE POLICY validation_own ON job FOR UPDATE TO chancery_validation USING ((lane = 'dcv') IS TRUE);
CREATE POLICY validation_end ON job FOR DELETE TO chancery_validation USING ((lane = 'dcv') IS TRUE);
CREATE POLICY validation_put ON job FOR INSERT TO chancery_validation WITH CHECK (lane = 'mail');
CREATE POLICY validation_read ON job FOR SELECT TO chancery_validation USING (true);
CREATE POLICY issuer_own ON job FOR UPDATE TO chancery_issuer USING ((lane = 'issue') IS TRUE);
CREATE POLICY issuer_end ON job FOR DELETE TO chancery_issuer USING ((lane = 'issue') IS TRUE);
CREATE POLICY issuer_read ON job FOR SELECT TO chancery_issuer USING (true);
CREATE POLICY issuer_put ON job FOR INSERT TO chancery_issuer WITH CHECK (lane = 'deliver');
CREATE POLICY notifier_own ON job TO chancery_notifier USING ((lane IN ('deliver', 'mail')) IS TRUE)
    WITH CHECK (lane IN ('deliver', 'mail'));
CREATE POLICY scheduler_own ON job TO chancery_scheduler USING (lane NOT IN ('issue', 'dcv', 'deliver', 'mail'))
    WITH CHECK (lane NOT IN ('issue', 'dcv', 'deliver', 'mail'));
CREATE POLICY scheduler_read ON job FOR SELECT TO chancery_scheduler USING (true);
CREATE POLICY cli_read ON job FOR SELECT TO chancery_cli USING (true);

-- Nor does anybody bury for another: what is given up holds up whatever it was about.
ALTER TABLE job_dead ENABLE ROW LEVEL SECURITY;
CREATE POLICY dead_read ON job_dead FOR SELECT USING (true);
CREATE POLICY dead_told ON job_dead FOR UPDATE TO chancery_scheduler USING (true);
CREATE POLICY validation_bury ON job_dead FOR INSERT TO chancery_validation WITH CHECK (lane = 'dcv');
CREATE POLICY issuer_bury ON job_dead FOR INSERT TO chancery_issuer WITH CHECK (lane = 'issue');
CREATE POLICY notifier_bury ON job_dead FOR INSERT TO chancery_notifier WITH CHECK (lane IN ('deliver', 'mail'));
CREATE POLICY scheduler_bury ON job_dead FOR INSERT TO chancery_scheduler WITH CHECK (lane NOT IN ('issue', 'dcv', 'deliver', 'mail'));
