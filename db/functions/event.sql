-- Is it an entry that a reader of the log asks for? What is NULL or empty asks nothing. One text for
-- the pages in both orders and for the count; it is inlined.
CREATE OR REPLACE FUNCTION attempt_fits(a delivery_attempt, webhook bigint, names text[], good boolean, codes bigint[],
                                        since timestamptz, before timestamptz) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT (webhook IS NULL OR a.webhook_id = webhook)
       AND (coalesce(cardinality(names), 0) = 0 OR a.event_name = ANY (names))
       AND (good IS NULL OR a.ok = good)
       AND (coalesce(cardinality(codes), 0) = 0 OR a.response_code = ANY (codes))
       AND (since IS NULL OR a.sent_at >= since)
       AND (before IS NULL OR a.sent_at < before)
$$;

GRANT EXECUTE ON FUNCTION attempt_fits TO chancery_gateway;
