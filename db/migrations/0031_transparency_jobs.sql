-- Who may do what with jobs of lane ct. Apart from the orders: whoever claims locks a job and then its order, so that one
-- transaction that waits for both tables and a claim would wait for each other.
COMMENT ON COLUMN job.subject IS 'The id of what it is about: a request (issue, caa, ct), a challenge (dcv, reuse), a delivery, an invitation (mail), a caa_report (report).';
ALTER POLICY validation_own ON job USING ((lane IN ('dcv', 'caa', 'ct', 'reuse')) IS TRUE);
ALTER POLICY validation_end ON job USING ((lane IN ('dcv', 'caa', 'ct', 'reuse')) IS TRUE);
ALTER POLICY validation_bury ON job_dead WITH CHECK (lane IN ('dcv', 'caa', 'ct', 'reuse'));
ALTER POLICY scheduler_own ON job USING (lane NOT IN ('issue', 'dcv', 'caa', 'ct', 'reuse', 'deliver', 'mail', 'report'))
    WITH CHECK (lane NOT IN ('issue', 'dcv', 'caa', 'ct', 'reuse', 'deliver', 'mail', 'report'));
ALTER POLICY scheduler_bury ON job_dead WITH CHECK (lane NOT IN ('issue', 'dcv', 'caa', 'ct', 'reuse', 'deliver', 'mail', 'report'));
