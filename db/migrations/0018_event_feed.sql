-- Events are also pulled: in an order that every reader sees alike, though ids commit out of order.
-- Constant for the rows that are there, so that the table is not written anew.
ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX event_feed ON event (account_id, xid, id);
COMMENT ON COLUMN event.xid IS 'The inserting transaction: below the oldest running one, no row can appear any more.';

-- What failed can be sent again. NULL again then; an update that does not touch it stays within its page.
ALTER TABLE delivery ADD COLUMN failed_at timestamptz;
UPDATE delivery d
   SET failed_at = a.last
  FROM (SELECT delivery_id, max(sent_at) AS last FROM delivery_attempt WHERE delivery_id IS NOT NULL GROUP BY delivery_id) a
 WHERE d.id = a.delivery_id AND d.state = 'failed';
CREATE INDEX delivery_failed ON delivery (webhook_id, failed_at, id) WHERE failed_at IS NOT NULL;
COMMENT ON COLUMN delivery.failed_at IS 'When it was given up; NULL while it waits or after it was taken.';

-- Is it an entry that a reader of the log asks for? What is NULL or empty asks nothing. One text for
-- the pages in both orders and for the count; it is inlined.
CREATE FUNCTION attempt_fits(a delivery_attempt, webhook bigint, names text[], good boolean, codes bigint[],
                             since timestamptz, before timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (webhook IS NULL OR a.webhook_id = webhook)
       AND (coalesce(cardinality(names), 0) = 0 OR a.event_name = ANY (names))
       AND (good IS NULL OR a.ok = good)
       AND (coalesce(cardinality(codes), 0) = 0 OR a.response_code = ANY (codes))
       AND (since IS NULL OR a.sent_at >= since)
       AND (before IS NULL OR a.sent_at < before)
$$;

-- The gateway reads the feed and the log, and puts deliveries back. A new webhook gets its number
-- first: its secret is sealed for that.
GRANT SELECT (name, certificate_id, xid) ON event TO chancery_gateway;
GRANT SELECT (account_id, state, failed_at), UPDATE (state, failed_at) ON delivery TO chancery_gateway;
GRANT USAGE ON SEQUENCE webhook_id_seq TO chancery_gateway;

GRANT UPDATE (failed_at) ON delivery TO chancery_notifier;

-- For messages that people read.
GRANT SELECT (product_name_id, account_id) ON orders TO chancery_notifier;
GRANT SELECT (not_before, not_after) ON certificate TO chancery_notifier;

-- What nobody asks for any more is swept.
GRANT SELECT (id, at), DELETE ON event TO chancery_scheduler;
GRANT SELECT (id, event_id), DELETE ON delivery TO chancery_scheduler;
GRANT SELECT (id, sent_at), DELETE ON delivery_attempt TO chancery_scheduler;
GRANT SELECT (job_id) ON issuance TO chancery_scheduler;
