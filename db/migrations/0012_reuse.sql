-- What one request has proved may be all that another of the account waits for. Who waits for a domain is
-- found here by those who have proved it, in lane reuse.
CREATE TABLE challenge_domain (
    challenge_id bigint NOT NULL,
    account_id   bigint NOT NULL,
    domain       text NOT NULL,
    PRIMARY KEY (challenge_id, domain)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
CREATE INDEX challenge_domain_waiting ON challenge_domain (account_id, domain);
COMMENT ON TABLE challenge_domain IS 'The authorization domain names of requests that are not proved yet: gone when the last name is, or the order has ended. A row too many costs a look, and one too few, as of an order that a gateway of before has placed, a wait until the calendar finds it: so it decides nothing.';

-- Those that wait already.
INSERT INTO challenge_domain (challenge_id, account_id, domain)
SELECT DISTINCT c.id, c.account_id, n.domain
  FROM orders o
  JOIN challenge c ON c.asked_by = 'request' AND c.subject = o.request_id
  JOIN request_name n ON n.request_id = o.request_id
 WHERE o.status IN ('pending', 'needs_approval');

-- Last, since it waits for whoever uses the queue, and nobody uses it until this ends.
COMMENT ON COLUMN job.subject IS 'The id of what it is about: a request (issue), a challenge (dcv, reuse), a delivery, an invitation (mail).';
ALTER POLICY validation_own ON job USING ((lane IN ('dcv', 'reuse')) IS TRUE);
ALTER POLICY validation_end ON job USING ((lane IN ('dcv', 'reuse')) IS TRUE);
ALTER POLICY validation_bury ON job_dead WITH CHECK (lane IN ('dcv', 'reuse'));
ALTER POLICY scheduler_own ON job USING (lane NOT IN ('issue', 'dcv', 'reuse', 'deliver', 'mail'))
    WITH CHECK (lane NOT IN ('issue', 'dcv', 'reuse', 'deliver', 'mail'));
ALTER POLICY scheduler_bury ON job_dead WITH CHECK (lane NOT IN ('issue', 'dcv', 'reuse', 'deliver', 'mail'));
