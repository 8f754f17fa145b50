-- A new method of domain control begins with a round of its own. The round of the old one may be under
-- way, and may be about to delete its job or to put it back by the old cadence: the job is taken away
-- from whoever holds it, by a new epoch, so that his end finds no row. It waits for a deletion that
-- is not committed yet. Of the owner's rights, so that the gateway may do this to no other job.
CREATE FUNCTION dcv_job_restart(of_order bigint, at timestamptz) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO public.job AS j (lane, subject, run_at, idem_key)
    VALUES ('dcv', of_order, at + interval '2 seconds', 'dcv/' || of_order)
    ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE
       SET run_at = excluded.run_at, attempt = 0, lease_epoch = nextval('public.lease_epoch'),
           lease_owner = NULL, lease_until = NULL -- lease_until
    RETURNING j.id
$$;
REVOKE EXECUTE ON FUNCTION dcv_job_restart FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dcv_job_restart TO chancery_gateway;
