-- One element of DER (X.690 8.1): where its value begins, and what follows it. NULL: there is none.
CREATE OR REPLACE FUNCTION der_element(der bytea, at int, OUT tag int, OUT value int, OUT next int)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    size int;
    more int := 0;
BEGIN
    IF at + 1 >= length(der) THEN
        RETURN;
    END IF;
    size := get_byte(der, at + 1);
    IF size >= 128 THEN
        more := size - 128;
        IF more > 3 OR at + 1 + more >= length(der) THEN
            RETURN;
        END IF;
        size := 0;
        FOR i IN 1 .. more LOOP
            size := size * 256 + get_byte(der, at + 1 + i);
        END LOOP;
    END IF;
    IF at + 2 + more + size <= length(der) THEN
        tag := get_byte(der, at);
        value := at + 2 + more;
        next := value + size;
    END IF;
END $$;

-- Does the subject of a certificate name an organization (2.5.4.10) that says "do not trust"? What cannot be read
-- does not. The ceremony asks the same of the organization before there is a certificate
-- (services/issuer/ceremony_names.c), and services/issuer/ceremony_command_test.c holds one against the other.
CREATE OR REPLACE FUNCTION certificate_is_demonstration(der bytea) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    part record;
    sets record;
    oid record;
    rest int;
BEGIN
    part := der_element(der, (der_element(der, 0)).value); -- tbsCertificate
    rest := (der_element(der, part.value)).tag;
    part := der_element(der, CASE rest WHEN 160 THEN (der_element(der, part.value)).next ELSE part.value END); -- serialNumber
    FOR i IN 1 .. 4 LOOP -- signature, issuer, validity, subject
        part := der_element(der, part.next);
    END LOOP;
    rest := part.value;
    WHILE rest < part.next LOOP -- RDNs, each a SET of pairs
        sets := der_element(der, rest);
        rest := sets.value;
        WHILE rest < sets.next LOOP
            oid := der_element(der, (der_element(der, rest)).value);
            IF substr(der, oid.value + 1, oid.next - oid.value) = '\x55040a'
               AND position('do not trust' IN lower(encode(substr(der, oid.next + 1, (der_element(der, rest)).next - oid.next),
                                                           'escape'))) > 0 THEN
                RETURN true;
            END IF;
            rest := (der_element(der, rest)).next;
        END LOOP;
        rest := sets.next;
    END LOOP;
    RETURN false;
END $$;

-- Nobody says it: whatever is written, it is what the certificate's bytes say.
CREATE OR REPLACE FUNCTION authority_demonstration() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.demonstration := certificate_is_demonstration(NEW.der);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER authority_demonstration BEFORE INSERT OR UPDATE OF der, demonstration ON authority
    FOR EACH ROW EXECUTE FUNCTION authority_demonstration();

-- Those that were entered before, where a column of before 0028 says otherwise. The audit row needs a time.
UPDATE authority SET demonstration = certificate_is_demonstration(der), changed_at = coalesce(changed_at, created_at)
 WHERE demonstration <> certificate_is_demonstration(der);
