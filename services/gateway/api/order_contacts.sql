-- order_contact_set: OrderContactChange -> OrderContactSet?
WITH done AS (
    UPDATE orders o
       SET options = coalesce(o.options, '{}') || jsonb_build_object('technical_contact', :contact::jsonb)
     WHERE o.id = :order_id AND o.account_id = :caller.account_id
    RETURNING o.id
), audited AS (
    INSERT INTO audit (at, account_id, user_id, api_key_id, source, ip, activity, subject, detail)
    SELECT :caller.now, :caller.account_id, :caller.user_id, :caller.api_key_id, :caller.source, :caller.ip,
           'order contact changed', 'order/' || id,
           jsonb_build_object('contact_type', 'technical_contact')
      FROM done
)
SELECT id AS order_id FROM done;
