-- Serials that are given up. Those that may have been signed are revoked at once, listed and never used
-- again; those that were never handed to the token (`handed` false) are only never used again. For issuer
-- and scheduler, who each know when.
CREATE OR REPLACE FUNCTION ghost_mark(issuance_ids bigint[], handed boolean, at timestamptz)
RETURNS TABLE (issuance_id bigint, request_id bigint, ca_id text, serial bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH held AS MATERIALIZED ( -- in the order of all who lock several
        SELECT x.id
          FROM issuance x
         WHERE x.id = ANY (issuance_ids) AND x.state = 'reserved'
           AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.signature IS NOT NULL)
         ORDER BY x.id
           FOR NO KEY UPDATE OF x
    ), gone AS (
        UPDATE issuance x
           SET state = CASE WHEN handed THEN 'ghost' ELSE 'abandoned' END
          FROM held h
         WHERE x.id = h.id
        RETURNING x.id, x.request_id, x.account_id, x.ca_id, x.serial, x.shard, x.not_after
    ), revoked AS (
        INSERT INTO revocation (ca_id, serial, shard, reason, issuance_id, request_id, revoked_at, not_after)
        SELECT g.ca_id, g.serial, g.shard, 0, g.id, g.request_id, at, g.not_after FROM gone g WHERE handed
        ON CONFLICT (ca_id, serial) DO NOTHING
    ), audited AS (
        INSERT INTO audit (at, account_id, source, activity, subject, detail)
        SELECT at, g.account_id, 'system', 'serial abandoned', 'request/' || g.request_id,
               jsonb_build_object('ca_id', g.ca_id, 'serial', encode(g.serial, 'hex'), 'handed_to_token', handed)
          FROM gone g
    )
    SELECT g.id, g.request_id, g.ca_id, g.serial FROM gone g;
END $$;

-- Attempts whose worker has died, or has given its job back: the lease is over, and whoever claims the job next
-- gives them up. While the token is away nobody claims, and their orders would be held for as long as that
-- lasts; so the calendar does it. Nobody knows whether the token has signed, so it counts as handed. The job
-- lives, and gets a new epoch: the worker may only have been late, and would otherwise end the job of an
-- attempt that is a ghost by now, and the order would wait for nobody. That its lease has run out stays in the
-- row, for the next claim to see that a worker died. Jobs are locked before anything else, by subject as by
-- everybody; who holds one is about to claim or to end it. What is signed is no ghost, whatever became of its lease.
CREATE OR REPLACE FUNCTION ghost_lost(room bigint, at timestamptz)
RETURNS TABLE (issuance_id bigint, request_id bigint, ca_id text, serial bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    lost bigint[];
BEGIN
    WITH left_over AS MATERIALIZED (
        SELECT j.id AS job_id, x.id
          FROM issuance x
          JOIN job j ON j.id = x.job_id AND j.lane = 'issue'
         WHERE x.state = 'reserved'
           AND (j.lease_until IS NULL OR j.lease_until < now()) -- lease_until
           AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.signature IS NOT NULL)
         ORDER BY j.subject
         LIMIT room
           FOR UPDATE OF j SKIP LOCKED
    ), taken AS (
        UPDATE job j SET lease_epoch = nextval('lease_epoch') FROM left_over l WHERE j.id = l.job_id RETURNING l.id
    )
    SELECT array_agg(t.id) INTO lost FROM taken t;
    RETURN QUERY SELECT * FROM ghost_mark(lost, true, at);
END $$;

-- Precertificates that never become certificates, since the time in which they could has passed or an operator has
-- found that one did which the database has lost. A precertificate binds, and is public perhaps: its serial is revoked
-- (BR 7.1.2.9). One whose certificate is signed is none of them.
CREATE OR REPLACE FUNCTION precertificate_give_up(issuance_ids bigint[], at timestamptz)
RETURNS TABLE (issuance_id bigint, request_id bigint, ca_id text, serial bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH held AS MATERIALIZED ( -- in the order of all who lock several
        SELECT x.id
          FROM issuance x
         WHERE x.id = ANY (issuance_ids) AND x.state IN ('precert_signed', 'final_reserved')
           AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.kind = 'final' AND t.signature IS NOT NULL)
         ORDER BY x.id
           FOR NO KEY UPDATE OF x
    ), gone AS (
        UPDATE issuance x
           SET state = 'ghost'
          FROM held h
         WHERE x.id = h.id
        RETURNING x.id, x.request_id, x.account_id, x.ca_id, x.serial, x.shard, x.not_after
    ), revoked AS (
        INSERT INTO revocation (ca_id, serial, shard, reason, issuance_id, request_id, revoked_at, not_after)
        SELECT g.ca_id, g.serial, g.shard, 0, g.id, g.request_id, at, g.not_after FROM gone g
        ON CONFLICT (ca_id, serial) DO NOTHING
    ), audited AS (
        INSERT INTO audit (at, account_id, source, activity, subject, detail)
        SELECT at, g.account_id, CASE session_user WHEN 'chancery_cli' THEN 'cli' ELSE 'system' END, 'precertificate given up',
               'request/' || g.request_id, jsonb_build_object('ca_id', g.ca_id, 'serial', encode(g.serial, 'hex'))
          FROM gone g
    )
    SELECT g.id, g.request_id, g.ca_id, g.serial FROM gone g;
END $$;

GRANT EXECUTE ON FUNCTION precertificate_give_up TO chancery_issuer, chancery_cli;
GRANT EXECUTE ON FUNCTION ghost_mark TO chancery_issuer, chancery_scheduler;
GRANT EXECUTE ON FUNCTION ghost_lost TO chancery_scheduler;
