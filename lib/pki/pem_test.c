#include "pki/pem.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Bytes whose base64 has both characters that base64url spells otherwise: "+/+/AAE=". */
static const uint8_t object[] = { 0xfb, 0xff, 0xbf, 0x00, 0x01 };

#define B "-----BEGIN CERTIFICATE REQUEST-----"
#define E "-----END CERTIFICATE REQUEST-----"

// clang-format off
static const char *const accepted[] = {
    B "\n+/+/AAE=\n" E "\n",
    B "\r\n+/+/AAE=\r\n" E "\r\n",
    B "\n+/+/\nAAE=\n" E,
    B "+/+/AAE=" E,                  /* line breaks removed */
    B " +/+/ AAE= " E,               /* line breaks became spaces */
    "\n\t " B "\n+/+/AAE=\n" E " \n\n",
    "-----BEGIN NEW CERTIFICATE REQUEST-----\n+/+/AAE=\n-----END NEW CERTIFICATE REQUEST-----\n",
    "+/+/AAE=",
    "+/+/AAE",
    "-_-_AAE",
    "-_-_AAE=",
    " +/+/\r\nAAE=\r\n",
    /* text around the armour: RFC 7468 section 2 and 5.2 */
    "hello\n" B "\n+/+/AAE=\n" E,
    B "\n+/+/AAE=\n" E "\nx",
    "Certificate Request:\n    Data:\n        Version: 1 (0x0)\n" B "\n+/+/AAE=\n" E "\n",
    "{\"csr\": \"" B "\\n+/+/AAE=\\n" E "\\n\"}",
    /* other objects beside it, which some tools write into one file */
    "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" B "\n+/+/AAE=\n" E,
    B "\n+/+/AAE=\n" E "\n-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    "-----BEGIN CERTIFICATE-----\ncut off " B "\n+/+/AAE=\n" E,
    /* marks that nobody sees */
    "\xef\xbb\xbf" B "\n+/+/AAE=\n" E "\n",
    "\xef\xbb\xbf+/+/AAE=",
    "+/+/\xe2\x80\x8b" "AAE=\xef\xbb\xbf",
    B "\n+/+/\xc2\xa0\n\xe3\x80\x80" "AAE=\n" E,
    "-----BEGIN\xc2\xa0" "CERTIFICATE REQUEST-----\n+/+/AAE=\n" E,
    B "\xe2\x80\xa8+/+/AAE=\xe2\x80\xa9" E,
    B "\f+/+/\vAAE=\f" E,
    B "   \n+/+/AAE=  \t \n" E "   \n", /* blanks at line ends */
    B "\r+/+/\rAAE=\r" E "\r",         /* old line ends */
    /* quoted once too often, or twice */
    B "\\n+/+/AAE=\\n" E "\\n",
    B "\\r\\n+/+/AAE=\\r\\n" E "\\r\\n",
    B "\\\\n+/+/AAE=\\\\n" E,
    B "\\n+\\/+\\/AAE=\\n" E,
    "+/+/\\nAAE=\\n",
};

static const struct { const char *text, *detail; } refused[] = {
    { "",                                     "is empty" },
    { " \n",                                  "is empty" },
    { B E,                                    "is empty" },
    { B "\n\n" E,                             "is empty" },
    { B "\n+/+/AAE=\n",                       "is truncated: its last line is missing" },
    { B,                                      "is truncated: its last line is missing" },
    { "-----BEGIN CERTIFICATE REQ",           "has an incomplete first line" },
    { B "+/+/AAE=-----END CERTIFICATE-----",  "has a last line that does not match the first" },
    { B "+/+/AAE=-----END NEW CERTIFICATE REQUEST-----", "has a last line that does not match the first" },
    { B "\n+/+/AAE=\n" E "\n" B "\n+/+/AAE=\n" E "\n", "has more than one object" },
    { B "\n+/+/AAE=\n" B "\n+/+/AAE=\n" E,    "is truncated: its last line is missing" },
    { B "\n+/+/AAE=\n" E " and " B "\n+/+/",   "has more than one object" },
    { "-----BEGIN CERTIFICATE-----\n+/+/AAE=\n-----END CERTIFICATE-----", "is no \"CERTIFICATE REQUEST\" by its first line" },
    { "-----BEGIN EC PRIVATE KEY-----\n+/+/AAE=\n-----END EC PRIVATE KEY-----", "contains a private key, which is thereby disclosed: make a new one" },
    { "-----BEGIN A-----\n-----END A-----\n-----BEGIN B-----\n-----END B-----", "has no \"CERTIFICATE REQUEST\" by its first line" },
    { B "\nProc-Type: 4,ENCRYPTED\n\n+/+/AAE=\n" E, "has headers inside its armour, which RFC 7468 does not permit" },
    { B "\n+/+/\n> AAE=\n" E,                 "has \">\" in line 2 of its base64" },
    { B "+/+/\nA...AE=\n" E,                   "has \".\" in line 2 of its base64" },
    { B "\n+/+/\nA\xe2\x80\xa6" "AE=\n" E,     "has a character that is not ASCII in line 2 of its base64" },
    { B "\n+/+/A\n" E,                        "is no valid base64: something is missing, or too much" },
    { B "\n+/+/AAE==\n" E,                    "is no valid base64: something is missing, or too much" },
    { "+/+/AAE=\n" E,                          "has no BEGIN line" },
    { "----BEGIN CERTIFICATE REQUEST----\n+/+/AAE=\n----END CERTIFICATE REQUEST----", "has a damaged first line: five hyphens must stand before BEGIN" },
    { "\xe2\x80\x94\xe2\x80\x94-BEGIN CERTIFICATE REQUEST-----\n+/+/AAE=\n\xe2\x80\x94\xe2\x80\x94-", "has a damaged first line: five hyphens must stand before BEGIN" },
    { "\xe2\x80\x94 BEGIN CERTIFICATE REQUEST \xe2\x80\x94\n+/+/AAE=\n", "has a damaged first line: five hyphens must stand before BEGIN" },
    { "+/+/AAE==",                            "is neither PEM nor base64" },
    { "+/+/A",                                "is neither PEM nor base64" },
    { "not a request!",                       "is neither PEM nor base64" },
};

static const struct { size_t size; const char *eol, *lines; } written[] = {
    { 0,  "\n",   "-----BEGIN X-----\n-----END X-----\n" },
    { 3,  "\n",   "-----BEGIN X-----\nAAAA\n-----END X-----\n" },
    { 48, "\r\n", "-----BEGIN X-----\r\n"
                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
                  "-----END X-----\r\n" },
    { 49, "\n",   "-----BEGIN X-----\n"
                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                  "AA==\n"
                  "-----END X-----\n" },
};

/* A private key is the reason wherever it stands, and whatever else is wrong. */
static const char *const disclosed[] = {
    "-----BEGIN PRIVATE KEY-----\n+/+/AAE=\n-----END PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n+/+/AAE=\n-----END RSA PRIVATE KEY-----\n",
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n+/+/AAE=\n-----END ENCRYPTED PRIVATE KEY-----\n" B "\n+/+/AAE=\n" E,
    B "\n+/+/AAE=\n" E "\n-----BEGIN EC PRIVATE KEY-----\n+/+/",
    "\xef\xbb\xbf-----BEGIN\xc2\xa0PRIVATE\xc2\xa0KEY-----\\n+/+/AAE=\\n-----END PRIVATE KEY-----\\n",
    "+/+/AAE=\n-----END RSA PRIVATE KEY-----\n" B "\n+/+/AAE=\n" E,
    B "\n-----BEGIN OPENSSH PRIVATE KEY-----\n+/+/AAE=\n" E,
    "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n+/+/AAE=\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
    "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n" B "\n+/+/AAE=\n" E,
    "\xe2\x80\x94" "BEGIN PRIVATE KEY\xe2\x80\x94\n+/+/AAE=\n",
};
// clang-format on

static void requests_are_read_as_clients_send_them(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(accepted); i++) {
        struct bytes der;
        struct fault f = { 0 };
        if (!pem_read_csr(&a, accepted[i], &der, &f))
            fail_msg("%s: %s", accepted[i], f.detail);
        assert_true(bytes_equal(der, (struct bytes){ object, sizeof object }));
    }
    arena_free(&a);
}

static void the_rest_is_refused_with_a_reason(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct bytes der;
        struct fault f = { 0 };
        assert_false(pem_read_csr(&a, refused[i].text, &der, &f));
        assert_int_equal(f.code, FAULT_CSR);
        assert_string_equal(f.field, "certificate.csr");
        assert_string_equal(f.detail, refused[i].detail);
    }
    arena_free(&a);
}

static void a_private_key_is_the_reason_wherever_it_stands(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(disclosed); i++) {
        struct bytes der;
        struct fault f = { 0 };
        assert_false(pem_read_csr(&a, disclosed[i], &der, &f));
        assert_string_equal(f.detail,
                            "contains a private key, which is thereby disclosed: make a new one");
    }
    arena_free(&a);
}

static void a_long_text_is_refused_without_reading_it(void **state)
{
    struct arena a;
    struct bytes der;
    struct fault f = { 0 };
    char *text;

    (void)state;
    arena_init(&a);
    text = arena_alloc(&a, PEM_SIZE_MAX + 2);
    memset(text, 'A', PEM_SIZE_MAX);
    assert_true(pem_read_csr(&a, text, &der, &f));
    assert_int_equal(der.size, PEM_SIZE_MAX / 4 * 3);
    text[PEM_SIZE_MAX] = 'A';
    assert_false(pem_read_csr(&a, text, &der, &f));
    assert_string_equal(f.detail, "is larger than 192 KB");
    arena_free(&a);
}

static void other_objects_need_their_label(void **state)
{
    struct arena a;
    struct bytes der;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    assert_true(pem_read(&a, "-----BEGIN X-----\n+/+/AAE=\n-----END X-----\n", "X", &der, &f, "x"));
    assert_int_equal(der.size, sizeof object);
    assert_false(pem_read(&a, "+/+/AAE=", "X", &der, &f, "x"));
    assert_string_equal(f.detail, "has no BEGIN line");
    assert_string_equal(f.field, "x");
    assert_true(pem_read(&a, disclosed[0], "PRIVATE KEY", &der, &f, "x"));
    assert_int_equal(der.size, sizeof object);
    assert_false(pem_read(&a, disclosed[0], "PUBLIC KEY", &der, &f, "x"));
    arena_free(&a);
}

static void lines_have_64_columns(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(written); i++) {
        struct bytes der = { arena_alloc(&a, written[i].size), written[i].size };
        struct text t;
        text_init(&t, &a);
        pem_write(&t, "X", der, written[i].eol);
        assert_string_equal(t.data, written[i].lines);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_as_clients_send_them),
        cmocka_unit_test(the_rest_is_refused_with_a_reason),
        cmocka_unit_test(a_private_key_is_the_reason_wherever_it_stands),
        cmocka_unit_test(a_long_text_is_refused_without_reading_it),
        cmocka_unit_test(other_objects_need_their_label),
        cmocka_unit_test(lines_have_64_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
