-- Jobs that were given up run again, now and as if for the first time. One that has been put since then
-- stays as it is.
CREATE OR REPLACE FUNCTION job_raise(job_ids bigint[], at timestamptz) RETURNS TABLE (id bigint, lane text, subject bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH risen AS (
        DELETE FROM job_dead d WHERE d.id = ANY (job_ids) RETURNING d.id, d.lane, d.subject, d.idem_key, d.traceparent
    ), put AS (
        INSERT INTO job (id, lane, subject, run_at, idem_key, traceparent)
        SELECT r.id, r.lane, r.subject, at, r.idem_key, r.traceparent FROM risen r
        ON CONFLICT DO NOTHING
    )
    SELECT r.id, r.lane, r.subject FROM risen r;
END $$;

GRANT EXECUTE ON FUNCTION job_raise TO chancery_cli, chancery_scheduler;
