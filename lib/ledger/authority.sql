-- roles: gateway issuer notifier cli ceremony

-- authority_all: Nothing -> Authority*
SELECT id, name, key_label, key_type, parent_id, der, public, demonstration, may_sign, created_at FROM authority ORDER BY created_at, id;
