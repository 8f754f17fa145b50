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
