-- key_list: KeyFilter -> KeyRow*
-- One of them with :only_id. Lines with a mark at their end are there only if they are asked for
-- (store/pick.h).
SELECT k.id AS "key.id", u.id AS "key.user.id", u.first_name AS "key.user.first_name",
       u.last_name AS "key.user.last_name", k.status AS "key.status", k.created_at AS "key.create_date",
       k.last_used_at AS "key.last_used_date", k.name AS "key.name", false AS "key.is_legacy",
       k.restricted_to_role_id AS "key.restricted_to_role_id", u.role_id,
       u.restricted_to_role_id AS user_restricted_to_role_id, count(*) OVER () AS total
  FROM api_key k
  JOIN user_account u ON u.id = k.user_id AND u.account_id = k.account_id
 WHERE k.account_id = :caller.account_id
   AND k.id BETWEEN coalesce(:only_id, 0) AND coalesce(:only_id, 9223372036854775807)
   AND (:user_id IS NULL OR k.user_id = :user_id)
 ORDER BY
       k.id,  --> by_id
       k.id DESC,  --> by_id_desc
       k.name,  --> by_name
       k.name DESC,  --> by_name_desc
       k.status,  --> by_status
       k.status DESC,  --> by_status_desc
       k.created_at,  --> by_create_date
       k.created_at DESC,  --> by_create_date_desc
       k.last_used_at,  --> by_last_used_date
       k.last_used_at DESC NULLS LAST,  --> by_last_used_date_desc
       k.user_id,  --> by_user_id
       k.user_id DESC,  --> by_user_id_desc
       k.restricted_to_role_id,  --> by_restricted_to_role_id
       k.restricted_to_role_id DESC,  --> by_restricted_to_role_id_desc
       k.id
OFFSET :offset LIMIT :limit;

-- key_add: KeyChange -> KeyMade?
-- None when the user was deleted meanwhile.
WITH added AS (
    INSERT INTO api_key (account_id, user_id, name, key_hash, restricted_to_role_id, status, created_at)
    SELECT u.account_id, u.id, :name, :key_hash, :restricted_to_role_id, 'active', :caller.now
      FROM user_account u
     WHERE u.id = :of_user_id AND u.account_id = :caller.account_id AND u.status = 'active'
    RETURNING id, user_id, name, restricted_to_role_id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'API key created', 'key/' || id,
           jsonb_build_object('user_id', user_id, 'name', name, 'role_id', restricted_to_role_id)
      FROM added
)
SELECT id FROM added;

-- key_change: KeyChange -> PersonChanged?
-- What is absent stays. A key whose user is not active does not become active.
WITH before AS MATERIALIZED (
    SELECT k.id, u.status AS user_status
      FROM api_key k
      JOIN user_account u ON u.id = k.user_id AND u.account_id = k.account_id
     WHERE k.id = :key_id AND k.account_id = :caller.account_id
), changed AS (
    UPDATE api_key k
       SET name = coalesce(:name, k.name),
           restricted_to_role_id = coalesce(:restricted_to_role_id, k.restricted_to_role_id),
           status = coalesce(:status, k.status)
      FROM before b
     WHERE k.id = b.id AND k.account_id = :caller.account_id
       AND (:status IS DISTINCT FROM 'active' OR b.user_status = 'active')
    RETURNING k.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'API key changed', 'key/' || id,
           jsonb_strip_nulls(jsonb_build_object('name', :name::text, 'role_id', :restricted_to_role_id::int,
                                                'status', :status::text))
      FROM changed
)
SELECT b.id, EXISTS (SELECT FROM changed) AS changed FROM before b;
