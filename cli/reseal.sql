-- reseal_auth_keys: SealedWanted -> SealedRow*
SELECT account_id AS id, auth_key_sealed AS sealed
  FROM auth_key
 WHERE account_id > :after AND substr(auth_key_sealed, 1, 5) <> :prefix
 ORDER BY account_id
 LIMIT :limit;

-- reseal_auth_keys_put: SealedAnew* -> SealedId*
UPDATE auth_key k
   SET auth_key_sealed = i.anew
  FROM unnest(:id, :sealed, :anew) AS i (id, sealed, anew)
 WHERE k.account_id = i.id AND k.auth_key_sealed = i.sealed
RETURNING k.account_id AS id;

-- reseal_webhooks: SealedWanted -> SealedRow*
SELECT id, secret_sealed AS sealed
  FROM webhook
 WHERE id > :after AND substr(secret_sealed, 1, 5) <> :prefix
 ORDER BY id
 LIMIT :limit;

-- reseal_webhooks_put: SealedAnew* -> SealedId*
UPDATE webhook w
   SET secret_sealed = i.anew
  FROM unnest(:id, :sealed, :anew) AS i (id, sealed, anew)
 WHERE w.id = i.id AND w.secret_sealed = i.sealed
RETURNING w.id;

-- reseal_webhooks_before: SealedWanted -> SealedRow*
SELECT id, secret_before_sealed AS sealed
  FROM webhook
 WHERE id > :after AND substr(secret_before_sealed, 1, 5) <> :prefix
 ORDER BY id
 LIMIT :limit;

-- reseal_webhooks_before_put: SealedAnew* -> SealedId*
UPDATE webhook w
   SET secret_before_sealed = i.anew
  FROM unnest(:id, :sealed, :anew) AS i (id, sealed, anew)
 WHERE w.id = i.id AND w.secret_before_sealed = i.sealed
RETURNING w.id;

-- reseal_begun: ResealNote -> Nothing
INSERT INTO audit (at, source, activity, subject, detail)
VALUES (:now, 'cli', 'secrets are sealed anew', 'seal-key/' || :key, jsonb_build_object('count', :count::bigint));

-- reseal_ended: ResealNote -> Nothing
INSERT INTO audit (at, source, activity, subject, detail)
VALUES (:now, 'cli', 'secrets sealed anew', 'seal-key/' || :key, jsonb_build_object('count', :count::bigint));

-- sealed_counts: Nothing -> SealedCount*
SELECT s.prefix, count(*) FILTER (WHERE s.what = 'auth_key') AS auth_keys,
       count(*) FILTER (WHERE s.what = 'webhook') AS webhook_secrets
  FROM (SELECT 'auth_key' AS what, substr(auth_key_sealed, 1, 5) AS prefix FROM auth_key
        UNION ALL
        SELECT 'webhook', substr(secret_sealed, 1, 5) FROM webhook WHERE secret_sealed IS NOT NULL
        UNION ALL
        SELECT 'webhook', substr(secret_before_sealed, 1, 5) FROM webhook WHERE secret_before_sealed IS NOT NULL) s
 GROUP BY s.prefix
 ORDER BY s.prefix;
