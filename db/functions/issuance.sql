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

-- Is the key of that request known to others?
CREATE OR REPLACE FUNCTION key_is_blocked(asked bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM request r JOIN blocked_key b ON b.spki_sha256 = r.spki_sha256 WHERE r.id = asked)
$$;

-- Precertificates that never become certificates, since the time in which they could has passed or an operator has
-- found that one did which the database has lost, or its key is known to others. A precertificate binds, and is public
-- perhaps: its serial is revoked (BR 7.1.2.9), and says why where that is the key (BR 4.9.1.1). One whose certificate is
-- signed is none of them.
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
        RETURNING x.id, x.request_id, x.account_id, x.ca_id, x.serial, x.shard, x.not_after,
                  CASE WHEN key_is_blocked(x.request_id) THEN 1 ELSE 0 END AS reason -- keyCompromise (RFC 5280 5.3.1)
    ), revoked AS (
        INSERT INTO revocation (ca_id, serial, shard, reason, issuance_id, request_id, revoked_at, not_after)
        SELECT g.ca_id, g.serial, g.shard, g.reason, g.id, g.request_id, at, g.not_after FROM gone g
        ON CONFLICT (ca_id, serial) DO NOTHING
    ), unlogged AS ( -- raised again, it would find nothing to do, and the order would wait for nobody
        DELETE FROM job_dead d USING gone g WHERE d.lane = 'ct' AND d.subject = g.request_id
    ), audited AS (
        INSERT INTO audit (at, account_id, source, activity, subject, detail)
        SELECT at, g.account_id, CASE session_user WHEN 'chancery_cli' THEN 'cli' ELSE 'system' END, 'precertificate given up',
               'request/' || g.request_id, jsonb_build_object('ca_id', g.ca_id, 'serial', encode(g.serial, 'hex'), 'reason', g.reason)
          FROM gone g
    )
    SELECT g.id, g.request_id, g.ca_id, g.serial FROM gone g;
END $$;

-- Those of which no certificate may be made any more: they have waited too long for logs, or their key is known to
-- others by now. Logs may be away, and of a blocked key nobody has a job, so that the calendar looks for them; their
-- requests go on. As with ghost_lost: jobs before anything else but challenges, those that nobody holds, and a new epoch
-- for the issuer's, of whom the worker may only have been late. The logs' job has nothing to do any more.
CREATE OR REPLACE FUNCTION precertificate_hopeless(room bigint, at timestamptz)
RETURNS TABLE (issuance_id bigint, request_id bigint, ca_id text, serial bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found_ids bigint[];
    requests bigint[];
    held bigint[];
    free_ids bigint[];
BEGIN
    SELECT array_agg(f.id), array_agg(f.request_id)
      INTO found_ids, requests
      FROM (SELECT x.id, x.request_id
              FROM issuance x
              JOIN precertificate p ON p.id = x.id
             WHERE x.state IN ('precert_signed', 'final_reserved')
               AND (p.complete_before <= at OR key_is_blocked(x.request_id))
               AND NOT EXISTS (SELECT FROM to_sign t WHERE t.issuance_id = x.id AND t.kind = 'final' AND t.signature IS NOT NULL)
             ORDER BY x.id
             LIMIT room) f;
    IF found_ids IS NULL THEN
        RETURN;
    END IF;
    PERFORM challenge_hold(requests);
    WITH free AS MATERIALIZED ( -- in the order of all who lock several
        SELECT j.id, j.lane
          FROM job j
         WHERE j.idem_key IN (SELECT l.lane || '/' || r.id FROM unnest(requests) r (id), (VALUES ('issue'), ('ct')) l (lane))
           AND (j.lease_until IS NULL OR j.lease_until < now()) -- lease_until
         ORDER BY j.lane, j.subject
           FOR UPDATE OF j SKIP LOCKED
    ), taken AS (
        UPDATE job j SET lease_epoch = nextval('lease_epoch') FROM free f WHERE j.id = f.id AND f.lane = 'issue'
    ), ended AS (
        DELETE FROM job j USING free f WHERE j.id = f.id AND f.lane = 'ct'
    )
    SELECT array_agg(f.id) INTO held FROM free f;
    SELECT array_agg(a.id)
      INTO free_ids
      FROM unnest(found_ids, requests) a (id, request_id)
     WHERE NOT EXISTS (SELECT FROM job j
                        WHERE j.idem_key IN ('issue/' || a.request_id, 'ct/' || a.request_id) AND (j.id = ANY (held)) IS NOT TRUE);
    RETURN QUERY SELECT * FROM precertificate_give_up(free_ids, at);
    PERFORM request_advance(ARRAY(SELECT x.request_id FROM issuance x WHERE x.id = ANY (free_ids) AND x.state = 'ghost' ORDER BY x.request_id), at, NULL);
END $$;

GRANT EXECUTE ON FUNCTION precertificate_hopeless TO chancery_scheduler;
GRANT EXECUTE ON FUNCTION precertificate_give_up TO chancery_issuer, chancery_cli;
GRANT EXECUTE ON FUNCTION ghost_mark TO chancery_issuer, chancery_scheduler;
GRANT EXECUTE ON FUNCTION ghost_lost TO chancery_scheduler;
