-- dead_unreported: DeadQuery -> JobRow*
SELECT id, lane, subject, run_at, attempt, story FROM job_dead WHERE NOT reported ORDER BY id LIMIT :room;

-- dead_report: DeadReport -> Nothing
WITH told AS (
    UPDATE job_dead SET reported = true WHERE id = ANY (:ids) AND NOT reported
    RETURNING id, lane, subject, story
)
INSERT INTO audit (at, source, activity, subject, detail)
SELECT :now, 'system', 'job given up', 'job/' || id, jsonb_build_object('lane', lane, 'subject', subject, 'story', story)
  FROM told;

-- dead_raise: DeadQuery -> JobRow*
-- What holds up an order comes back by itself: after an hour, in which whoever was told may have mended
-- what it failed for; after six where it ended the process that had it. Not while a quarantine is open.
WITH rested AS MATERIALIZED (
    SELECT d.id, d.run_at, d.attempt, d.story
      FROM job_dead d
      LEFT JOIN challenge c ON d.lane = 'dcv' AND c.id = d.subject AND c.asked_by = 'request'
     WHERE d.lane IN ('issue', 'dcv', 'caa', 'ct') AND d.reported
       AND d.buried_at <= :now::timestamptz - CASE WHEN d.deaths > 0 THEN interval '6 hours' ELSE interval '1 hour' END
       AND NOT EXISTS (SELECT FROM quarantine q
                        WHERE q.request_id = CASE d.lane WHEN 'dcv' THEN c.subject ELSE d.subject END
                          AND q.settled_at IS NULL)
     ORDER BY d.id
     LIMIT :room
), risen AS MATERIALIZED (
    SELECT r.id, r.lane, r.subject FROM job_raise(ARRAY(SELECT d.id FROM rested d), :now) r
), audited AS (
    INSERT INTO audit (at, source, activity, subject, detail)
    SELECT :now, 'system', 'job tried again', 'job/' || id, jsonb_build_object('lane', lane, 'subject', subject) FROM risen
)
SELECT r.id, r.lane, r.subject, d.run_at, d.attempt, d.story FROM risen r JOIN rested d ON d.id = r.id ORDER BY r.id;
