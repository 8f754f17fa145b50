/* Nobody's name is made up: what must be set before a CA is made, and what it may not be. */
#include "ceremony_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "message/json.h"

static struct arena arena;

static const struct ceremony_names acme = { "Acme", "Acme Trust GmbH", "DE", "pki.acme-trust.de" };
static const struct ceremony_names demonstration = { "Demo (do not trust)", "Demo (DO NOT TRUST)",
                                                     "XX", "status.demo.example" };

#define SCRIPT(public_)                                                                            \
    "{\"country\":\"{country}\",\"organization\":\"{organization}\","                              \
    "\"ocsp_url\":\"http://{status}/ocsp/{ca}\",\"ca_issuers_url\":\"http://{status}/ca\","        \
    "\"crl_url\":\"http://{status}/crl\",\"authorities\":[{\"name\":\"root\",\"key\":\"p384\","    \
    "\"common_name\":\"{name} Root\",\"validity_days\":10,\"public\":" public_ "}]}"

static Ceremony *script_of(const char *text)
{
    struct fault f = { 0 };
    Ceremony *out =
        (Ceremony *)message_from_json(&arena, &ceremony__descriptor, text, strlen(text), &f);
    if (!out)
        fail_msg("%s %s", f.field, f.detail);
    return out;
}

static void marks_stand_for_settings(void **state)
{
    (void)state;
    struct fault f = { 0 };
    Ceremony *script = script_of(SCRIPT("true"));
    assert_true(ceremony_name(script, &acme, &arena, &f));
    assert_string_equal(script->country, "DE");
    assert_string_equal(script->organization, "Acme Trust GmbH");
    assert_string_equal(script->authorities[0]->common_name, "Acme Root");
    assert_string_equal(script->ocsp_url, "http://{status}/ocsp/{ca}"); /* each has its own {ca} */
}

// clang-format off
static const struct {
    struct ceremony_names names;
    const char *public_, *field, *detail; /* field NULL: accepted */
} cases[] = {
    { { "", "Acme Trust GmbH", "DE", "pki.acme-trust.de" }, "true", "CHANCERY_CA_NAME", "must be set" },
    { { "Acme", NULL, "DE", "pki.acme-trust.de" }, "true", "CHANCERY_CA_ORGANIZATION", "must be set" },
    { { "Acme", "Acme Trust GmbH", "", "pki.acme-trust.de" }, "true", "CHANCERY_CA_COUNTRY", "must be set" },
    { { "Acme", "Acme Trust GmbH", "DE", "" }, "true", "CHANCERY_STATUS_HOST", "must be set" },
    { { "Acme", "Acme Trust GmbH", "", "pki.acme-trust.de" }, "false", "CHANCERY_CA_COUNTRY", "must be set" },
    { { "Acme", "Acme Trust GmbH", "de", "pki.acme-trust.de" }, "true", "CHANCERY_CA_COUNTRY", "capital letters" },
    { { "Acme", "Acme Trust GmbH", "DEU", "pki.acme-trust.de" }, "false", "CHANCERY_CA_COUNTRY", "capital letters" },
    { { "Acme", "Acme Trust GmbH", "XX", "pki.acme-trust.de" }, "true", "CHANCERY_CA_COUNTRY", "XX is no country" },
    { { "Acme", "Acme Trust GmbH", "DE", "status.ca.example.com" }, "true", "CHANCERY_STATUS_HOST", "RFC 2606" },
    { { "Acme", "Acme Trust GmbH", "DE", "localhost:8080" }, "true", "CHANCERY_STATUS_HOST", "RFC 2606" },
    { { "Acme", "Acme Trust GmbH", "XX", "status.ca.example.com" }, "false", NULL, NULL },
    { { "1234567890123456789012345678901234567890123456789012345678901", "A", "DE", "pki.acme-trust.de" }, "true",
      "common_name", "longer than 64" },
};
// clang-format on

static void who_is_not_named_is_not_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        bool private = strcmp(cases[i].public_, "false") == 0;
        Ceremony *script = script_of(private ? SCRIPT("false") : SCRIPT("true"));
        bool named = ceremony_name(script, &cases[i].names, &arena, &f);
        if (named != !cases[i].field || (!named && (strcmp(f.field, cases[i].field) != 0 ||
                                                    !strstr(f.detail, cases[i].detail))))
            fail_msg("case %zu: %s %s", i, f.field, f.detail);
    }
}

static void a_demonstration_says_so_itself(void **state)
{
    (void)state;
    struct fault f = { 0 };
    assert_true(ceremony_name(script_of(SCRIPT("true")), &demonstration, &arena, &f));
}

/* Names and hosts that a script has itself need no setting, and are held to the same. */
static void a_script_may_have_its_own(void **state)
{
    (void)state;
    struct fault f = { 0 };
    struct ceremony_names none = { .name = "", .organization = "", .country = "", .status = "" };
    static const char text[] =
        "{\"country\":\"DE\",\"organization\":\"Acme\",\"crl_url\":\"http://crl.%s/{ca}\","
        "\"authorities\":[{\"name\":\"root\",\"key\":\"p384\",\"common_name\":\"Acme Root\","
        "\"validity_days\":10}]}";
    Ceremony *good = script_of(arena_format(&arena, text, "acme-trust.de"));
    assert_true(ceremony_name(good, &none, &arena, &f));
    assert_string_equal(good->authorities[0]->common_name, "Acme Root");
    Ceremony *bad = script_of(arena_format(&arena, text, "example.org"));
    assert_false(ceremony_name(bad, &none, &arena, &f));
    assert_string_equal(f.field, "url");
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_stand_for_settings),
        cmocka_unit_test(who_is_not_named_is_not_made),
        cmocka_unit_test(a_demonstration_says_so_itself),
        cmocka_unit_test(a_script_may_have_its_own),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
