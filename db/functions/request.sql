-- What stands in the way of a request itself, whatever its names need: a part of request_need.
CREATE OR REPLACE FUNCTION request_own_need(request_ids bigint[], at timestamptz)
RETURNS TABLE (request_id bigint, kind text, dns_name text, domain text, since timestamptz, next_check timestamptz,
               deadline timestamptz, valid_until timestamptz, validation_id bigint, exempt boolean)
LANGUAGE sql STABLE AS $$
    SELECT r.id, 'approval', NULL::text, NULL::text, r.created_at, NULL::timestamptz, NULL::timestamptz,
           NULL::timestamptz, NULL::bigint, false
      FROM request r
     WHERE r.id = ANY (request_ids) AND (r.status = 'pending') IS TRUE
    UNION ALL
    SELECT q.request_id, 'quarantine', NULL, NULL, q.found_at, NULL, NULL, NULL, NULL, false
      FROM quarantine q
     WHERE q.request_id = ANY (request_ids) AND q.settled_at IS NULL
    UNION ALL
    SELECT r.id, 'blocked_key', NULL, NULL, b.since, NULL, NULL, NULL, NULL, false
      FROM request r
      JOIN blocked_key b ON b.spki_sha256 = r.spki_sha256
     WHERE r.id = ANY (request_ids)
    UNION ALL
    SELECT d.subject, 'held_up', NULL, NULL, d.buried_at, NULL, NULL, NULL, NULL, false
      FROM job_dead d
     WHERE d.lane IN ('issue', 'caa', 'ct') AND d.subject = ANY (request_ids)
    UNION ALL
    SELECT r.id, 'held_up', NULL, NULL, d.buried_at, NULL, NULL, NULL, NULL, false
      FROM request r
      JOIN job_dead d ON d.lane = 'dcv' AND d.subject = (SELECT c.id FROM challenge c WHERE c.asked_by = 'request' AND c.subject = r.id)
     WHERE r.id = ANY (request_ids)
    UNION ALL
    SELECT p.request_id, 'transparency', NULL, NULL, p.signed_at, NULL, NULL, NULL, NULL, false
      FROM precertificate p
     WHERE p.request_id = ANY (request_ids) AND p.logged_at IS NULL
       AND EXISTS (SELECT FROM issuance x WHERE x.id = p.id AND x.state = 'precert_signed')
$$;

-- What a request needs: the one function that decides. What is there counts until valid_until; what is
-- still to be done has none, and task_kind says who must do it. The API shows it, the next step is taken
-- from it, and the issuer signs only where nothing is open: it takes both from here at once, so that
-- evidence is sought once for each name. Each kind is a SELECT of its own. IS TRUE, and a SELECT in the place
-- of a join: a plan that was made while nothing waited would else walk all that wait.
--
-- Names below an authority that is not public are not proved. Nothing else excuses them: one that is
-- not known counts as public, and as no demonstration. Nor are their CAA records looked at. Where such records permit some
-- methods of validation alone (RFC 8657), only evidence by one of these counts, if the request is proved by one of them;
-- else it is the records that are in the way. What names needed has been judged once and for all when there is a
-- precertificate, which binds as the certificate does. validation_id is the fact: a validation, or of kind caa a caa_check.
CREATE OR REPLACE FUNCTION request_need(request_ids bigint[], at timestamptz)
RETURNS TABLE (request_id bigint, kind text, dns_name text, domain text, since timestamptz, next_check timestamptz,
               deadline timestamptz, valid_until timestamptz, validation_id bigint, exempt boolean)
LANGUAGE sql STABLE AS $$
    SELECT o.request_id, o.kind, o.dns_name, o.domain, o.since, o.next_check, o.deadline, o.valid_until, o.validation_id, o.exempt
      FROM request_own_need(request_ids, at) o
    UNION ALL
    SELECT n.request_id, t.kind, n.name, t.domain, t.since, t.next_check, t.deadline, t.valid_until, t.fact_id, t.exempt
      FROM request r
      LEFT JOIN authority a ON a.id = r.ca_id
      LEFT JOIN LATERAL (SELECT c.method, c.poll_from, c.next_at,
                                c.random_value_at + (SELECT rule_interval(p.value, p.unit)
                                                       FROM policy_at(at, r.rule_scope, 'random.life') p) AS deadline
                           FROM challenge c
                          WHERE c.asked_by = 'request' AND c.subject = r.id
                          LIMIT 1) h ON true
      JOIN request_name n ON n.request_id = r.id
      LEFT JOIN LATERAL caa_standing(r.account_id, n.name, r.rule_scope, at, a.demonstration IS TRUE) k
             ON n.kind = 'dns' AND a.public IS NOT FALSE
      LEFT JOIN LATERAL (SELECT d.validation_id, d.valid_until, section_label(d.br_method) AS label
                           FROM dcv_evidence(r.account_id, n.name, n.domain, r.rule_scope, r.csr_sha256, at, a.demonstration IS TRUE) d
                          WHERE k.methods IS NULL
                             OR section_label(d.br_method) = ANY (k.methods)
                             OR method_label(coalesce(h.method, r.dcv_method)) <> ALL (k.methods)
                          LIMIT 1) e ON a.public IS NOT FALSE
      CROSS JOIN LATERAL
           (SELECT 'dcv' AS kind,
                   CASE WHEN method_exact(coalesce(h.method, r.dcv_method)) THEN n.name ELSE n.domain END AS domain,
                   coalesce(h.poll_from, r.created_at) AS since, h.next_at AS next_check, h.deadline,
                   CASE WHEN a.public IS FALSE THEN 'infinity' ELSE e.valid_until END AS valid_until,
                   e.validation_id AS fact_id, a.public IS FALSE AS exempt
            UNION ALL
            SELECT 'caa', NULL, r.created_at, NULL, NULL,
                   CASE WHEN k.methods IS NULL OR coalesce(e.label, method_label(coalesce(h.method, r.dcv_method))) = ANY (k.methods)
                        THEN k.valid_until END,
                   k.check_id, false
             WHERE k.asked) t
     WHERE r.id = ANY (request_ids)
       AND NOT EXISTS (SELECT FROM issuance x WHERE x.request_id = r.id AND x.state IN ('precert_signed', 'final_reserved'))
$$;

-- The same, for the next step. Of requests that have precertificates nothing is asked for names, and that is most of the
-- work: it is not even begun.
CREATE OR REPLACE FUNCTION request_step_need(request_ids bigint[], at timestamptz)
RETURNS TABLE (request_id bigint, kind text, dns_name text, domain text, since timestamptz, next_check timestamptz,
               deadline timestamptz, valid_until timestamptz, validation_id bigint, exempt boolean)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (SELECT FROM unnest(request_ids) k
                WHERE NOT EXISTS (SELECT FROM issuance x WHERE x.request_id = k AND x.state IN ('precert_signed', 'final_reserved'))) THEN
        RETURN QUERY SELECT * FROM request_need(request_ids, at);
    ELSE
        RETURN QUERY SELECT * FROM request_own_need(request_ids, at);
    END IF;
END $$;

-- What of it is left to do, and who is to move next. Of most kinds that is always the same (task_kind); else what the last
-- look saw decides. A name whose proof was found, and only not confirmed for want of other points of view, waits for us. CAA
-- records are ours to look at until they were found to be in the way: then they are the customer's to change, unless
-- other points of view were missing. check_id is the check that is in the way: what is the same is stored once a day, by
-- looks that are an hour apart at the most. The deadline is that of the random value, and each mail has one of its own.
DROP FUNCTION IF EXISTS request_open_task(bigint[], timestamptz); -- of before 0028: it had no check_id
CREATE FUNCTION request_open_task(request_ids bigint[], at timestamptz)
RETURNS TABLE (request_id bigint, kind text, owner text, dns_name text, domain text,
               since timestamptz, next_check timestamptz, deadline timestamptz, check_id bigint)
LANGUAGE sql STABLE AS $$
    SELECT n.request_id, n.kind,
           CASE WHEN w.ours THEN 'ca'
                WHEN w.id IS NOT NULL THEN 'customer'
                WHEN n.domain = ANY (h.ours) THEN 'ca'
                ELSE k.owner END,
           n.dns_name, n.domain, n.since, n.next_check, CASE WHEN h.method IS DISTINCT FROM 'email' THEN n.deadline END, w.id
      FROM request_need(request_ids, at) n
      LEFT JOIN task_kind k ON k.kind = n.kind
      LEFT JOIN LATERAL (SELECT c.method, CASE WHEN c.checked_at >= c.poll_from THEN c.ours END AS ours
                           FROM challenge c
                          WHERE n.kind = 'dcv' AND c.asked_by = 'request' AND c.subject = n.request_id
                          LIMIT 1) h ON true
      LEFT JOIN LATERAL
           (SELECT c.id, c.ours
              FROM request r
             CROSS JOIN LATERAL (SELECT q.id, q.result, q.ours
                                   FROM caa_check q
                                  WHERE q.account_id = r.account_id AND q.name = n.dns_name
                                    AND q.checked_at > at - interval '26 hours' AND q.checked_at <= at + interval '1 minute'
                                  ORDER BY q.checked_at DESC
                                  LIMIT 1) c
             WHERE n.kind = 'caa' AND r.id = n.request_id
               AND CASE c.result WHEN 'permitted' THEN c.id = n.validation_id -- by other methods
                                 WHEN 'unheard' THEN NOT EXISTS (SELECT FROM policy_at(at, r.rule_scope, 'caa.unheard'))
                                 ELSE true END) w ON true
     WHERE n.valid_until IS NULL
$$;

-- Is a certificate for the request under way? To be asked while its order is locked. VOLATILE, so that it
-- sees what was committed while its caller waited for the lock.
CREATE OR REPLACE FUNCTION request_frozen(asked bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.issuance x
                    WHERE x.request_id = asked AND x.state IN ('reserved', 'precert_signed', 'final_reserved'))
$$;

-- The next step of requests whose orders wait, from what they need now: nothing is left, the issuer; else
-- the lane of each open kind that has one. One job of a lane for each request (or its challenge), however
-- often and by whom it is asked for: one that is there is due sooner, and its holder is left alone. A
-- domain that was looked at just now is not looked at again for a minute: evidence that does not count
-- would be sought again and again. Gives each step, with the job where it may be told of at once. plpgsql, so that its plans are kept.
CREATE OR REPLACE FUNCTION request_advance(request_ids bigint[], at timestamptz, trace text)
RETURNS TABLE (request_id bigint, job_id bigint, lane text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM challenge_hold(request_ids);
    RETURN QUERY
    WITH open AS MATERIALIZED (
        SELECT DISTINCT r.id, r.account_id, r.rule_scope, r.dcv_method, n.kind, k.lane
          FROM request r
         CROSS JOIN LATERAL (SELECT -- one by its number, whatever a plan takes for the number of those that wait
                               FROM orders o
                              WHERE o.id = r.order_id AND o.request_id = r.id AND o.status IN ('pending', 'needs_approval')
                              LIMIT 1) o
          LEFT JOIN request_step_need(request_ids, at) n ON n.request_id = r.id AND n.valid_until IS NULL
          LEFT JOIN task_kind k ON k.kind = n.kind
         WHERE r.id = ANY (request_ids)
    ), step AS MATERIALIZED (
        SELECT o.id, 'issue' AS lane, o.id AS subject, '-infinity'::timestamptz AS rested
          FROM open o
         WHERE o.kind IS NULL
        UNION ALL
        SELECT o.id, o.lane, c.id, coalesce(c.checked_at + interval '1 minute', '-infinity')
          FROM (SELECT * FROM open ORDER BY id) o
          CROSS JOIN LATERAL challenge_await(challenge_begin(o.id, o.account_id, o.rule_scope, o.dcv_method, at),
                                             ARRAY(SELECT n.domain FROM request_name n WHERE n.request_id = o.id)) c
         WHERE o.lane = 'dcv' AND o.dcv_method IS NOT NULL
           AND NOT EXISTS (SELECT FROM open x WHERE x.id = o.id AND x.kind IN ('approval', 'held_up', 'quarantine', 'blocked_key'))
        UNION ALL
        SELECT o.id, o.lane, o.id,
               coalesce((SELECT max(p.refused_at) FROM precertificate p WHERE p.request_id = o.id AND p.logged_at IS NULL) + interval '1 minute',
                        '-infinity')
          FROM open o
         WHERE o.lane = 'ct'
           AND NOT EXISTS (SELECT FROM open x WHERE x.id = o.id AND x.kind IN ('held_up', 'quarantine', 'blocked_key'))
        UNION ALL
        SELECT o.id, o.lane, o.id, coalesce(caa_rest(o.id, at), '-infinity')
          FROM open o
         WHERE o.lane = 'caa'
           AND NOT EXISTS (SELECT FROM open x WHERE x.id = o.id AND x.kind IN ('approval', 'held_up', 'quarantine', 'blocked_key'))
    ), put AS (
        INSERT INTO job AS j (lane, subject, run_at, idem_key, traceparent)
        SELECT s.lane, s.subject, greatest(at + interval '2 seconds', s.rested), s.lane || '/' || s.subject, trace
          FROM (SELECT * FROM step ORDER BY lane, subject) s -- in the order of all who lock several
        ON CONFLICT (idem_key) WHERE idem_key IS NOT NULL DO UPDATE SET run_at = least(j.run_at, excluded.run_at)
        RETURNING j.id, j.lane, j.subject, j.run_at
    )
    SELECT s.id, CASE WHEN p.run_at <= at + interval '2 seconds' THEN p.id END, p.lane FROM step s JOIN put p ON p.lane = s.lane AND p.subject = s.subject;
END $$;

GRANT EXECUTE ON FUNCTION request_need, request_own_need TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION request_open_task TO chancery_gateway, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION request_advance
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
