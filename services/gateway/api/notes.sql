-- note_add: NoteRequest -> NoteAdded?
-- An order shows its notes each time it is read, so they are bounded.
WITH asked AS MATERIALIZED (
    SELECT o.id, o.account_id, (SELECT count(*) FROM order_note n WHERE n.order_id = o.id) AS before
      FROM orders o
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
), added AS (
    INSERT INTO order_note (order_id, account_id, user_id, text, created_at)
    SELECT id, account_id, :caller.user_id, :text, :caller.now
      FROM asked
     WHERE before < 250
    RETURNING id, order_id, user_id, text, created_at
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'note added', 'order/' || order_id,
           jsonb_build_object('note_id', id)
      FROM added
)
SELECT k.before, a.id AS "note.id", a.created_at AS "note.date_created", a.text AS "note.text",
       u.id AS "note.user.id", u.first_name AS "note.user.first_name", u.last_name AS "note.user.last_name",
       u.email AS "note.user.email"
  FROM asked k
  LEFT JOIN added a ON a.order_id = k.id
  LEFT JOIN user_account u ON u.id = a.user_id AND u.account_id = :caller.account_id;
