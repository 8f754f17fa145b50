-- What the scheduler counts for /metrics, each by an index and up to a bound, and the trace of a job
-- that was given up.
CREATE INDEX job_dead_lane ON job_dead (lane);
CREATE INDEX certificate_expiry ON certificate (not_after);
CREATE INDEX webhook_failing ON webhook (id) WHERE failing_since IS NOT NULL AND status = 'active';
GRANT SELECT (not_after) ON certificate TO chancery_scheduler;
GRANT SELECT (id, status, failing_since) ON webhook TO chancery_scheduler;

ALTER TABLE job_dead ADD COLUMN traceparent text;

-- As in 0020, with the trace of the call that asked for it. Programs before this one use the other.
CREATE FUNCTION dcv_job_restart(of_order bigint, at timestamptz, trace text) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO public.job AS j (lane, subject, run_at, idem_key, traceparent)
    VALUES ('dcv', of_order, at + interval '2 seconds', 'dcv/' || of_order, trace)
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE
       SET run_at = excluded.run_at, attempt = 0, lease_epoch = nextval('public.lease_epoch'),
           lease_owner = NULL, lease_until = NULL, -- lease_until
           traceparent = excluded.traceparent
    RETURNING j.id
$$;
REVOKE EXECUTE ON FUNCTION dcv_job_restart(bigint, timestamptz, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dcv_job_restart(bigint, timestamptz, text) TO chancery_gateway;
