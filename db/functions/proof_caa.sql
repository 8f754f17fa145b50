-- What is known of a name's CAA records at an instant: a row where rules of that day want them looked at
-- (caa.check), and in it the account's newest check, if it lets us issue and counts still: for the longer of its TTL
-- and rule caa.window (BR 4.2.2.1), and no longer than that rule itself. A look-up that failed in a zone that is
-- proven not to be signed counts where caa.unheard is in force. What too few other points of view have confirmed does
-- not count, by the rules of the day on which it was looked at, whatever its result is (BR 3.2.2.9); `alone`, for a
-- demonstration: it does. One SELECT that the planner takes apart, so it calls nothing that it cannot.
DROP FUNCTION IF EXISTS caa_standing(bigint, text, text, timestamptz); -- of before 0025; its callers need no more
CREATE OR REPLACE FUNCTION caa_standing(of_account bigint, of_name text, of_scope text, at timestamptz,
                                        alone boolean DEFAULT false)
RETURNS TABLE (asked boolean, check_id bigint, valid_until timestamptz, methods text[])
LANGUAGE sql STABLE AS $$
    SELECT true, f.id, f.valid_until, f.methods
      FROM policy_day_at(at, of_scope) p
      LEFT JOIN LATERAL
           (SELECT c.id, c.methods,
                   least(c.checked_at + greatest(c.ttl * interval '1 second', p.caa_window), p.caa_till) AS valid_until
              FROM (SELECT k.id, k.methods, k.checked_at, k.ttl, k.result, k.remotes, k.agreed, k.regions
                      FROM caa_check k
                     WHERE k.account_id = of_account AND k.name = of_name
                       AND k.checked_at <= at + interval '1 minute'
                     ORDER BY k.checked_at DESC
                     LIMIT 1) c
             WHERE p.caa_till IS NOT NULL
               AND c.checked_at + greatest(c.ttl * interval '1 second', p.caa_window) > at
               AND (c.result = 'permitted' OR (c.result = 'unheard' AND p.caa_unheard))
               AND (alone OR NOT day_quorum_missed(p, width_bucket(c.checked_at, p.quorum_days), '4.2.2.1', c.remotes, c.agreed,
                                                   c.regions))) f ON true
     WHERE p.caa_check
$$;

-- What the rules of a day say of looks at CAA records, as the message CaaRules.
CREATE OR REPLACE FUNCTION caa_rules(of_scope text, at timestamptz) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('identities', (SELECT r.value FROM policy_at(at, of_scope, 'caa.identities') r),
                             'cadence', (SELECT r.value FROM policy_at(at, of_scope, 'caa.poll') r),
                             'parameters', EXISTS (SELECT FROM policy_at(at, of_scope, 'caa.parameters')),
                             'unheard', EXISTS (SELECT FROM policy_at(at, of_scope, 'caa.unheard')))
$$;

-- The names of a request that are to be looked at still, while its order waits. VOLATILE: who has just stored checks
-- in the same statement asks what that leaves.
CREATE OR REPLACE FUNCTION caa_left(of_request bigint, at timestamptz) RETURNS TABLE (dns_name text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT n.dns_name
      FROM request r
      JOIN orders o ON o.id = r.order_id AND o.request_id = r.id AND o.status = 'pending'
      CROSS JOIN LATERAL request_need(ARRAY[r.id], at) n
     WHERE r.id = of_request AND n.kind = 'caa' AND n.valid_until IS NULL
     ORDER BY n.dns_name;
END $$;

-- When a check of the request's names that has just been made rests until. NULL: none was.
CREATE OR REPLACE FUNCTION caa_rest(of_request bigint, at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT max(k.checked_at) + interval '1 minute'
              FROM request_name n
              JOIN caa_check k ON k.account_id = n.account_id AND k.name = n.name AND k.checked_at > at - interval '1 minute'
             WHERE n.request_id = of_request);
END $$;

-- Whoever stores a check: those whom the records ask to tell of what they forbid are told (rule caa.report, of TLS),
-- once a day for a domain. Whoever sets such records may name a stranger's address, so addresses and accounts have the
-- limits of mails; what is beyond them is not told at all.
CREATE OR REPLACE FUNCTION caa_reported() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH made AS (
        INSERT INTO caa_report (check_id, account_id, domain, url, day, state, created_at)
        SELECT DISTINCT ON (f.domain, u.url) f.id, f.account_id, f.domain, u.url, (f.checked_at AT TIME ZONE 'UTC')::date,
               'waiting', f.checked_at
          FROM fresh f
          CROSS JOIN LATERAL policy_at(f.checked_at, 'TLS', 'caa.report') p
          CROSS JOIN LATERAL unnest(f.iodef) AS u (url)
         WHERE f.result = 'forbidden'
           AND NOT EXISTS (SELECT
                             FROM policy_at(f.checked_at, 'TLS', 'email.per_address') l
                             CROSS JOIN LATERAL rule_rates(l.value) r
                            WHERE (SELECT count(*) FROM caa_report q
                                    WHERE q.url = u.url AND q.created_at > f.checked_at - r.during) >= r.most)
           AND NOT EXISTS (SELECT
                             FROM policy_at(f.checked_at, 'TLS', 'email.per_account') l
                             CROSS JOIN LATERAL rule_rates(l.value) r
                            WHERE (SELECT count(*) FROM caa_report q
                                    WHERE q.account_id = f.account_id AND q.created_at > f.checked_at - r.during) >= r.most)
         ORDER BY f.domain, u.url, f.id
        ON CONFLICT (domain, url, day) DO NOTHING
        RETURNING id, created_at
    )
    INSERT INTO job (lane, subject, run_at, idem_key)
    SELECT 'report', m.id, m.created_at, 'report/' || m.id FROM made m ORDER BY m.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER caa_reported AFTER INSERT ON caa_check
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION caa_reported();

GRANT EXECUTE ON FUNCTION caa_standing TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION caa_left, caa_rules TO chancery_validation;
