/* What may not stand in the certificate of an authority that the public is to trust. */
#include "fixture_test.h"

#include "pki/der.h"
#include "pki/dn.h"

#define COUNTRY DER_BYTES("\x55\x04\x06")

static void attribute_add(struct text *t, struct bytes oid, const char *value)
{
    size_t set = der_begin(t, DER_SET), list = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, oid);
    der_add_text(t, DER_UTF8_STRING, value);
    der_end(t, list);
    der_end(t, set);
}

static void name_add(struct text *t, const char *country, const char *organization)
{
    size_t list = der_begin(t, DER_SEQUENCE);
    attribute_add(t, COUNTRY, country);
    attribute_add(t, DN_ORGANIZATION, organization);
    der_end(t, list);
}

static void algorithm_add(struct text *t)
{
    size_t list = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, DER_BYTES("\x2b\x65\x70")); /* Ed25519 */
    der_end(t, list);
}

static void key_add(struct text *t)
{
    static const uint8_t key[32];
    size_t list = der_begin(t, DER_SEQUENCE);
    algorithm_add(t);
    der_add_bits(t, (struct bytes){ key, sizeof key });
    der_end(t, list);
}

/* AuthorityInfoAccessSyntax (RFC 5280 4.2.2.1) with one caIssuers. */
static void access_add(struct text *t, const char *url)
{
    size_t outside = der_begin(t, DER_CONTEXT_OF(3)), all = der_begin(t, DER_SEQUENCE),
           one = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, DER_BYTES("\x2b\x06\x01\x05\x05\x07\x01\x01"));
    size_t value = der_begin(t, DER_OCTET_STRING), list = der_begin(t, DER_SEQUENCE),
           access = der_begin(t, DER_SEQUENCE);
    der_add(t, DER_OID, DER_BYTES("\x2b\x06\x01\x05\x05\x07\x30\x02"));
    der_add_text(t, DER_CONTEXT(6), url);
    der_end(t, access);
    der_end(t, list);
    der_end(t, value);
    der_end(t, one);
    der_end(t, all);
    der_end(t, outside);
}

static void tbs_add(struct text *t, const char *country, const char *organization, const char *url)
{
    size_t list = der_begin(t, DER_SEQUENCE), version = der_begin(t, DER_CONTEXT_OF(0));
    der_add_small(t, 2);
    der_end(t, version);
    der_add_small(t, 1);
    algorithm_add(t);
    name_add(t, country, organization);
    size_t validity = der_begin(t, DER_SEQUENCE);
    der_add_time(t, (struct instant){ 0 });
    der_add_time(t, clock_now());
    der_end(t, validity);
    name_add(t, country, organization);
    key_add(t);
    access_add(t, url);
    der_end(t, list);
}

static const char *certificate_of(const char *country, const char *organization, const char *url)
{
    struct text t;
    text_init(&t, &arena);
    size_t list = der_begin(&t, DER_SEQUENCE);
    tbs_add(&t, country, organization, url);
    algorithm_add(&t);
    der_add_bits(&t, BYTES_OF("a signature"));
    der_end(&t, list);
    return hex_lower(&arena, der_written(&t));
}

static void enter(const char *id, const char *public_, const char *der)
{
    execute(arena_format(&arena,
                         "INSERT INTO authority VALUES ('%s', 'CA', '%s', 'p384', NULL, "
                         "decode('%s', 'hex'), %s, false, '2026-01-01')",
                         id, id, der, public_));
}

static void nothing_is_found_of_what_is_good(void **state)
{
    (void)state;
    must(run_with(authority_check_command, NULL, NULL));
    must_say("no authority: hold the ceremony");
    enter("00000000000000A1", "true",
          certificate_of("DE", "Acme Trust GmbH", "http://pki.acme-trust.de/ca/root.crt"));
    enter("00000000000000A2", "false", /* a house of its own may have any name */
          certificate_of("XX", "Inner (do not trust)", "http://status.example/ca/root.crt"));
    must(run_with(authority_check_command, NULL, NULL));
    assert_string_equal(output, "nothing found\n");
    assert_int_equal(status, 0);
}

static void each_mistake_is_found(void **state)
{
    (void)state;
    enter("00000000000000A1", "true",
          certificate_of("DE", "Acme Trust GmbH", "http://status.ca.example.com/ca/root.crt"));
    enter("00000000000000A2", "true",
          certificate_of("XX", "Show (Do Not Trust)", "http://pki.acme-trust.de/ca/root.crt"));
    enter("00000000000000A3", "true", "3003");
    must(run_with(authority_check_command, NULL, WORDS("json", "")));
    must_say("\"00000000000000A1\",\"name\":\"CA\",\"found\":\"http://status.ca.example.com/ca/"
             "root.crt: "
             "the host is one for examples");
    must_say("\"00000000000000A2\",\"name\":\"CA\",\"found\":\"is a demonstration: \\\"Show (Do "
             "Not Trust)\\\"");
    must_say("\"00000000000000A2\",\"name\":\"CA\",\"found\":\"its country is XX");
    must_say("\"00000000000000A3\",\"name\":\"CA\",\"found\":\"its certificate cannot be read\"");
    assert_int_equal(status, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(nothing_is_found_of_what_is_good),
        FRESH(each_mistake_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
