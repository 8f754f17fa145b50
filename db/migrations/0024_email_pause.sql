-- How long an address is left alone after a mail of an order, however often the customer asks for
-- another or changes the method to and fro: whoever reads it has not asked for any.
CREATE FUNCTION email_pause() RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT interval '1 minute'
$$;

GRANT SELECT (tried_at) ON email_invitation TO chancery_gateway, chancery_validation;
