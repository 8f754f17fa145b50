-- roles: ceremony

-- authority_add: Authority -> AuthorityRef?
INSERT INTO authority (id, name, key_label, key_type, parent_id, der, public, may_sign, created_at)
SELECT :id, :name, :key_label, :key_type, :parent_id, :der, :public, :may_sign, :created_at
ON CONFLICT (key_label) DO NOTHING
RETURNING id;
