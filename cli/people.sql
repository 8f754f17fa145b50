-- account_rows: PeopleFilter -> AccountListed*
SELECT a.id, a.name, a.type, a.status, a.created_at,
       (SELECT count(*) FROM user_account u WHERE u.account_id = a.id AND u.status <> 'deleted') AS users,
       (SELECT count(*) FROM api_key k WHERE k.account_id = a.id AND k.status = 'active') AS keys
  FROM account a
 WHERE :account_id::bigint IS NULL OR a.id = :account_id
 ORDER BY a.id
 LIMIT :limit;

-- user_rows: PeopleFilter -> UserListed*
-- Who is deleted, too: orders and the audit log name him.
SELECT u.id, u.account_id, u.username, concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, '')) AS name, u.email,
       u.role_id, u.status, u.is_api_only, u.created_at
  FROM user_account u
 WHERE :account_id::bigint IS NULL OR u.account_id = :account_id
 ORDER BY u.id
 LIMIT :limit;

-- key_rows: PeopleFilter -> KeyListed*
SELECT k.id, k.account_id, k.user_id, u.username, k.name, k.restricted_to_role_id, k.status, k.created_at, k.last_used_at
  FROM api_key k
  JOIN user_account u ON u.id = k.user_id
 WHERE (:account_id::bigint IS NULL OR k.account_id = :account_id) AND (:user_id::bigint IS NULL OR k.user_id = :user_id)
 ORDER BY k.id
 LIMIT :limit;

-- key_revoke: KeyRevoke -> KeyListed?
-- None when there is no such key that is active. A key does not change without its audit row (audit_key_change).
WITH revoked AS (
    UPDATE api_key SET status = 'revoked' WHERE id = :id AND status = 'active'
    RETURNING id, account_id, user_id, name, restricted_to_role_id, status, created_at, last_used_at
), audited AS (
    INSERT INTO audit (at, account_id, source, activity, subject, detail)
    SELECT :now, account_id, 'cli', 'API key changed', 'key/' || id, jsonb_build_object('status', status, 'user_id', user_id)
      FROM revoked
)
SELECT k.id, k.account_id, k.user_id, u.username, k.name, k.restricted_to_role_id, k.status, k.created_at, k.last_used_at
  FROM revoked k
  JOIN user_account u ON u.id = k.user_id;
