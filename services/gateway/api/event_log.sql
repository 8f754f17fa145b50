-- event_log_list: EventLogQuery -> EventLogEntry*
-- Entries are numbered as they are sent. Lines with a mark at their end are there only if they are asked
-- for (store/pick.h).
SELECT a.id, nullif(a.webhook_id, 0) AS webhook_id, a.event_name, a.data AS event_info,
       CASE WHEN a.ok THEN 'success' ELSE 'failed' END AS request_status,
       a.sent_at AS request_sent_time, a.received_at AS response_received_time, a.response_code, a.cause AS reason
  FROM delivery_attempt a
 WHERE a.account_id = :caller.account_id
   AND attempt_fits(a, :webhook_id, :event_name, :ok, :response_code, :since, :before)
 ORDER BY
       a.id,  --> by_request_sent_time
       a.id DESC,  --> by_request_sent_time_desc
       a.id,  --> by_id
       a.id DESC,  --> by_id_desc
       a.id DESC
OFFSET :offset LIMIT :limit;

-- event_log_count: EventLogQuery -> EventLogCount
-- No further than the limit.
SELECT count(*) AS total
  FROM (SELECT a.id
          FROM delivery_attempt a
         WHERE a.account_id = :caller.account_id
           AND attempt_fits(a, :webhook_id, :event_name, :ok, :response_code, :since, :before)
         LIMIT :limit) counted;
