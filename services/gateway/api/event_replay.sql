-- delivery_replay: ReplayOne -> ReplayedOne?
-- None: the log has no such entry. A delivery that waits already has its job.
WITH asked AS (
    SELECT a.id, d.id AS delivery_id
      FROM delivery_attempt a
      LEFT JOIN delivery d ON d.id = a.delivery_id AND d.account_id = a.account_id AND d.webhook_id = a.webhook_id
     WHERE a.id = :entry_id AND a.account_id = :caller.account_id AND a.webhook_id = :webhook_id
), again AS (
    UPDATE delivery d
       SET state = 'waiting', failed_at = NULL, tries = 0
      FROM asked k
     WHERE d.id = k.delivery_id AND d.account_id = :caller.account_id AND d.state <> 'waiting'
    RETURNING d.id
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'deliver', id, :caller.now::timestamptz + interval '2 seconds', :caller.traceparent FROM again
    RETURNING id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'delivery replayed', 'webhook/' || :webhook_id::bigint,
           jsonb_build_object('delivery_id', id)
      FROM again
)
SELECT k.delivery_id, (SELECT id FROM queued) AS job_id FROM asked k;

-- deliveries_replay: ReplayStep -> Replayed
-- One step of a call, oldest failure first, a few each second: one endpoint is not flooded, and
-- others are not held up. What is put back is not found again, so a call that breaks off is
-- simply repeated.
WITH failed AS (
    SELECT d.id, row_number() OVER (ORDER BY d.failed_at, d.id) AS place
      FROM (SELECT d.id, d.failed_at
              FROM delivery d
             WHERE d.webhook_id = :webhook_id AND d.account_id = :caller.account_id AND d.failed_at >= :failed_since
               AND EXISTS (SELECT FROM webhook w WHERE w.id = d.webhook_id AND w.account_id = :caller.account_id AND w.status = 'active')
             ORDER BY d.failed_at, d.id
             LIMIT :room
               FOR UPDATE SKIP LOCKED) d
), again AS (
    UPDATE delivery d
       SET state = 'waiting', failed_at = NULL, tries = 0
      FROM failed f
     WHERE d.id = f.id
    RETURNING d.id, f.place
), queued AS (
    INSERT INTO job (lane, subject, run_at, traceparent)
    SELECT 'deliver', id, :caller.now::timestamptz + interval '2 seconds' + (:before + place) * interval '40 milliseconds',
           :caller.traceparent
      FROM again
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'deliveries replayed', 'webhook/' || :webhook_id::bigint,
           jsonb_build_object('failed_since', :failed_since::timestamptz, 'count', count(*))
      FROM again
    HAVING count(*) > 0
)
SELECT count(*) AS replayed FROM again;
