-- key_session_find: SessionKey -> Session?
SELECT k.account_id, k.user_id, k.id AS api_key_id, u.role_id,
       k.restricted_to_role_id AS key_role_id
  FROM api_key k
  JOIN user_account u ON u.id = k.user_id AND u.account_id = k.account_id
  JOIN account a ON a.id = k.account_id
 WHERE k.key_hash = :key_hash
   AND k.status = 'active' AND u.status = 'active' AND a.status = 'active';
