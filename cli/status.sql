-- status_policy: Nothing -> StatusPolicy?
SELECT a.version, a.activated_at, v.loaded_at, encode(v.sha256, 'hex') AS sha256
  FROM policy_active a
  JOIN policy_version v ON v.id = a.version;

-- status_relay: Nothing -> StatusRelay?
-- None: no notifier has said it yet.
SELECT CASE WHEN is_there THEN 'there' ELSE 'none' END AS relay FROM mail_relay;

-- status_authorities: Nothing -> StatusAuthority*
SELECT id, name, key_type, may_sign, stopped_at, der FROM authority ORDER BY created_at, id;
