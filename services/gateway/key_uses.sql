-- key_uses_write: KeyUse* -> Nothing
-- In the order of their ids, so that gateways wait for each other and never in a circle.
WITH used AS MATERIALIZED (
    SELECT k.id, u.last_used_at
      FROM unnest(:api_key_id, :account_id, :last_used_at) AS u (api_key_id, account_id, last_used_at)
      JOIN api_key k ON k.id = u.api_key_id AND k.account_id = u.account_id
     ORDER BY k.id
       FOR NO KEY UPDATE OF k
)
UPDATE api_key k
   SET last_used_at = greatest(k.last_used_at, u.last_used_at)
  FROM used u
 WHERE k.id = u.id;
