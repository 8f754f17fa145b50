-- Orders that are adrift: they wait, no job would go on with them, and nobody is named who must do something.
-- Who waits has an open task with an owner, or a job: at every moment, whatever happened. A look that is promised
-- (next_check) is ours to take, whoever owns the task, as is one at CAA records, a question to logs, and one for what only
-- we can confirm, so it needs a job; and who waits for an approval has been asked for it. :now is business time.
SELECT o.id, o.status
  FROM orders o
  CROSS JOIN LATERAL
       (SELECT count(*) FILTER (WHERE t.owner IS NOT NULL AND t.next_check IS NULL AND t.kind NOT IN ('caa', 'transparency')
                                  AND NOT (t.kind = 'dcv' AND t.owner = 'ca')) AS named,
               count(*) FILTER (WHERE t.kind = 'approval') AS approvals
          FROM request_open_task(ARRAY[o.request_id], :now) t) task
 WHERE o.status IN ('pending', 'needs_approval')
   AND (task.named = 0 OR (o.status = 'needs_approval' AND task.approvals = 0))
   AND NOT EXISTS (SELECT FROM job j WHERE j.idem_key IN ('issue/' || o.request_id, 'caa/' || o.request_id, 'ct/' || o.request_id))
   AND NOT EXISTS (SELECT FROM challenge c JOIN job j ON j.idem_key = 'dcv/' || c.id
                    WHERE c.asked_by = 'request' AND c.subject = o.request_id)
   AND NOT EXISTS (SELECT FROM job j
                     CROSS JOIN LATERAL challenge_peer(j.subject) p
                     JOIN challenge c ON c.id = p.challenge_id
                    WHERE j.lane = 'reuse' AND c.asked_by = 'request' AND c.subject = o.request_id)
 ORDER BY o.id
 LIMIT 20
