-- note_add: NoteRequest -> Note?
WITH added AS (
    INSERT INTO order_note (order_id, account_id, user_id, text, created_at)
    SELECT o.id, o.account_id, :user_id, :text, :now
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :account_id
    RETURNING id, order_id, user_id, text, created_at
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :now, :account_id, :user_id, :api_key_id, :source, :ip, 'note added', 'order/' || order_id,
           jsonb_build_object('note_id', id)
      FROM added
)
SELECT a.id, a.created_at AS date_created, a.text,
       u.id AS "user.id", u.first_name AS "user.first_name", u.last_name AS "user.last_name", u.email AS "user.email"
  FROM added a
  LEFT JOIN user_account u ON u.id = a.user_id AND u.account_id = :account_id;
