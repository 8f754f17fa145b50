-- status_policy: Nothing -> StatusPolicy?
-- Logs of certificates that its list names (policy/logs.json), whatever their state.
SELECT a.version, a.activated_at, v.loaded_at, encode(v.sha256, 'hex') AS sha256,
       (SELECT count(*)
          FROM policy_document d
          CROSS JOIN LATERAL json_array_elements(d.document -> 'operators') o
          CROSS JOIN LATERAL (SELECT json_array_elements(o -> 'logs') UNION ALL SELECT json_array_elements(o -> 'tiled_logs')) l
         WHERE d.version = a.version AND d.kind = 'logs') AS logs,
       EXISTS (SELECT FROM policy_document d
                WHERE d.version = a.version AND d.kind = 'product' AND (d.document ->> 'transparency')::boolean) AS transparency
  FROM policy_active a
  JOIN policy_version v ON v.id = a.version;

-- status_relay: Nothing -> StatusRelay?
-- None: no notifier has said it yet.
SELECT CASE WHEN is_there THEN 'there' ELSE 'none' END AS relay FROM mail_relay;

-- status_lints: FiguresAsked -> StatusLint*
-- What lints have refused to have signed, from the stories of the jobs: LINT name why.
SELECT DISTINCT ON (s.lint) s.lint, count(*) OVER w AS requests, s.buried_at AS since, s.why
  FROM (SELECT split_part(d.story, ' ', 2) AS lint, substr(d.story, length('LINT ') + length(split_part(d.story, ' ', 2)) + 2) AS why,
               d.buried_at, d.id
          FROM (SELECT j.story, j.buried_at, j.id FROM job_dead j WHERE j.lane = 'issue' ORDER BY j.lane, j.subject LIMIT :room) d
         WHERE starts_with(d.story, 'LINT ')) s
WINDOW w AS (PARTITION BY s.lint)
 ORDER BY s.lint, s.buried_at, s.id;

-- status_logs: FiguresAsked -> StatusLog*
-- Logs that have not promised what precertificates asked of them that wait.
SELECT concat(l.look ->> 'log', ' of ' || (l.look ->> 'operator')) AS log, count(*) AS requests, max(l.at) AS at,
       (array_agg(l.look ->> 'detail' ORDER BY l.at DESC))[1] AS said
  FROM (SELECT p.looked FROM precertificate p WHERE p.logged_at IS NULL ORDER BY p.request_id LIMIT :room) p
  CROSS JOIN LATERAL (SELECT e.look, (e.look ->> 'at')::timestamptz AS at FROM jsonb_array_elements(p.looked) AS e (look)) l
 GROUP BY 1
 ORDER BY requests DESC, log;

-- status_precertificates: Nothing -> StatusPrecertificates
-- Each has a job, or one that was given up; attempts are too many to be looked through.
SELECT count(*) AS open
  FROM (SELECT j.subject FROM job j WHERE j.lane IN ('issue', 'ct')
         UNION
        SELECT d.subject FROM job_dead d WHERE d.lane IN ('issue', 'ct')
         UNION
        SELECT p.request_id FROM precertificate p WHERE p.logged_at IS NULL) w
  JOIN issuance x ON x.request_id = w.subject AND x.state NOT IN ('ghost', 'abandoned')
 WHERE x.state IN ('precert_signed', 'final_reserved');

-- status_authorities: Nothing -> StatusAuthority*
SELECT id, name, key_type, may_sign, stopped_at, der FROM authority ORDER BY created_at, id;

-- status_perspectives: Nothing -> PerspectiveStanding*
-- Of the newest thousand proofs, checks of CAA records, and challenges: names that too few have confirmed are in the
-- last two alone. A challenge has of each place what the primary has seen first, then whoever does not agree.
WITH said AS (
    SELECT v.completed_at AS at, p.seen ->> 'perspective' AS perspective, p.seen ->> 'region' AS region,
           p.seen -> 'agreed' = 'true' AS agreed, p.seen ->> 'reason' AS reason
      FROM (SELECT completed_at, corroboration FROM validation ORDER BY id DESC LIMIT 1000) v
     CROSS JOIN LATERAL jsonb_path_query(v.corroboration, '$.perspectives[*]') AS p (seen)
     UNION ALL
    SELECT c.checked_at, p.seen ->> 'perspective', p.seen ->> 'region', p.seen -> 'agreed' = 'true', p.seen ->> 'reason'
      FROM (SELECT checked_at, corroboration FROM caa_check ORDER BY id DESC LIMIT 1000) c
     CROSS JOIN LATERAL jsonb_path_query(c.corroboration, '$.perspectives[*]') AS p (seen)
     UNION ALL
    SELECT (p.seen ->> 'at')::timestamptz, p.seen ->> 'perspective', NULL, false, p.seen ->> 'reason'
      FROM (SELECT looked FROM challenge ORDER BY id DESC LIMIT 1000) h
     CROSS JOIN LATERAL jsonb_each(h.looked) AS n (name, looks)
     CROSS JOIN LATERAL jsonb_array_elements(n.looks) AS p (seen)
     WHERE p.seen ->> 'perspective' <> n.looks -> 0 ->> 'perspective'
)
SELECT perspective, min(region) AS region, count(*) AS asked, count(*) FILTER (WHERE agreed) AS agreed,
       max(at) FILTER (WHERE agreed) AS agreed_at, max(at) AS asked_at,
       (array_agg(CASE WHEN agreed THEN 'agreed' ELSE coalesce(reason, 'has not found it') END ORDER BY at DESC, agreed))[1] AS said
  FROM said
 GROUP BY perspective
 ORDER BY perspective;
