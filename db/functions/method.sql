-- What SQL must know of the methods of domain control. lib/pki/dcv_methods.def says the same to C, and
-- tests/methods_test.c holds one against the other. Each is one expression that uses its argument once, so
-- that the planner leaves no call of it.

-- Is a name proved at the very name only, and not at its authorization domain name? An unknown one: no.
CREATE OR REPLACE FUNCTION method_exact(of_method text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE of_method WHEN 'http-token'         THEN true
                          WHEN 'http-token-dynamic' THEN true
                                                    ELSE false END
$$;

-- Whom the proof is asked of: dns, web or mail.
CREATE OR REPLACE FUNCTION method_transport(of_method text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE of_method WHEN 'email'              THEN 'mail'
                          WHEN 'dns-txt-token'      THEN 'dns'
                          WHEN 'dns-cname-token'    THEN 'dns'
                          WHEN 'http-token'         THEN 'web'
                          WHEN 'http-token-dynamic' THEN 'web' END
$$;

-- What RFC 8657 calls a method in validationmethods, where it has no name of IANA's: by its section of BR 3.2.2.4.
CREATE OR REPLACE FUNCTION section_label(of_br_method text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT 'ca-tbr-' || split_part(of_br_method, '3.2.2.4.', 2)
$$;

CREATE OR REPLACE FUNCTION method_label(of_method text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE of_method WHEN 'email'              THEN 'ca-tbr-4'
                          WHEN 'dns-txt-token'      THEN 'ca-tbr-7'
                          WHEN 'dns-cname-token'    THEN 'ca-tbr-7'
                          WHEN 'http-token'         THEN 'ca-tbr-18'
                          WHEN 'http-token-dynamic' THEN 'ca-tbr-18' END
$$;

GRANT EXECUTE ON FUNCTION section_label, method_label
    TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION method_exact TO chancery_gateway, chancery_validation, chancery_issuer, chancery_scheduler, chancery_cli;
GRANT EXECUTE ON FUNCTION method_transport TO chancery_validation;
