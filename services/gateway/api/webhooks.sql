-- webhook_list: WebhookListFilter -> WebhookRow*
SELECT id, endpoint, secret_sealed, events, status, instant, chain, instant_chain, frequency
  FROM webhook
 WHERE account_id = :caller.account_id
 ORDER BY id;

-- webhook_get: WebhookId -> WebhookRow?
SELECT id, endpoint, secret_sealed, events, status, instant, chain, instant_chain, frequency, challenge_sha256, challenge_until, verified
  FROM webhook
 WHERE id = :webhook_id AND account_id = :caller.account_id;

-- webhook_number: Nothing -> WebhookCreated
SELECT nextval('webhook_id_seq') AS webhook_id;

-- webhook_add: WebhookChange -> WebhookCreated?
-- None when the account has as many as it may: each certificate fans out to all of them.
WITH added AS (
    INSERT INTO webhook (id, account_id, endpoint, secret_sealed, events, status, instant, chain, instant_chain, frequency, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT :webhook_id, :caller.account_id, :endpoint, :secret_sealed, :events, 'pending', coalesce(:instant, false), coalesce(:chain, false),
            coalesce(:instant_chain, false), coalesce(:frequency, '{}'), :caller.now
     WHERE (SELECT count(*) FROM webhook w WHERE w.account_id = :caller.account_id) < 10
    RETURNING id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'webhook created', 'webhook/' || id,
           jsonb_build_object('endpoint', :endpoint::text)
      FROM added
)
SELECT id AS webhook_id FROM added;

-- webhook_change: WebhookChange -> WebhookRow?
-- What is absent stays. A changed endpoint must be verified and activated again, and is neither by
-- what was read of the one before: no row then. It does not get the secret of the one before from who may
-- not see it: that would show it to him. A changed secret signs beside the new one for a day.
WITH changed AS (
    UPDATE webhook w
       SET endpoint = coalesce(:endpoint, w.endpoint),
           secret_sealed = CASE WHEN :set_secret::boolean THEN :secret_sealed
                                WHEN :endpoint <> w.endpoint AND :keeps_secret::boolean IS NOT TRUE THEN NULL
                                ELSE w.secret_sealed END,
           secret_before_sealed = CASE WHEN :endpoint <> w.endpoint THEN NULL
                                       WHEN :set_secret THEN CASE WHEN :secret_sealed IS NOT NULL THEN w.secret_sealed END
                                       ELSE w.secret_before_sealed END,
           secret_before_until = CASE WHEN :set_secret THEN :caller.now + interval '1 day' ELSE w.secret_before_until END,
           events = CASE WHEN :set_events::boolean THEN :events ELSE w.events END,
           frequency = CASE WHEN :set_frequency::boolean THEN :frequency ELSE w.frequency END,
           instant = coalesce(:instant, w.instant),
           chain = coalesce(:chain, w.chain),
           instant_chain = coalesce(:instant_chain, w.instant_chain),
           status = CASE WHEN :endpoint <> w.endpoint THEN 'pending' ELSE coalesce(:status, w.status) END,
           failing_since = CASE WHEN :status = 'active' OR :endpoint <> w.endpoint THEN NULL ELSE w.failing_since END,
           challenge_sha256 = CASE WHEN :endpoint <> w.endpoint OR :verified THEN NULL ELSE coalesce(:challenge_sha256, w.challenge_sha256) END,
           challenge_until = coalesce(:challenge_until, w.challenge_until),
           verified = CASE WHEN :endpoint <> w.endpoint THEN false ELSE coalesce(:verified, w.verified) END
     WHERE w.id = :webhook_id AND w.account_id = :caller.account_id
       AND (:verified IS NOT TRUE OR w.challenge_sha256 = :challenge_sha256)
       AND (:status IS DISTINCT FROM 'active' OR w.verified)
    RETURNING w.id, w.endpoint, w.events, w.status, w.instant, w.chain, w.instant_chain, w.frequency
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'webhook changed', 'webhook/' || id,
           jsonb_build_object('endpoint', endpoint, 'status', status, 'events', events)
      FROM changed
)
SELECT id, endpoint, events, status, instant, chain, instant_chain, frequency FROM changed;

-- webhook_remove: WebhookChange -> WebhookCreated?
WITH removed AS (
    DELETE FROM webhook WHERE id = :webhook_id AND account_id = :caller.account_id RETURNING id, endpoint
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'webhook deleted', 'webhook/' || id,
           jsonb_build_object('endpoint', endpoint)
      FROM removed
)
SELECT id AS webhook_id FROM removed;
