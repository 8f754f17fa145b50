-- relay_say: RelaySaid -> Nothing
INSERT INTO mail_relay (is_there, said_at) VALUES (:is_there, :now)
ON CONFLICT (one) DO UPDATE SET is_there = excluded.is_there, said_at = excluded.said_at;
