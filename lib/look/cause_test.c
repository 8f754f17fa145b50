/* The words of the house, and nothing of any library's. */
#include "look/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <errno.h>
#include <unbound.h>

#define FAILURE(what) "validation failure <www.example.org. TXT IN>: " what

// clang-format off
static const struct {
    const char *text, *words;
} dnssec[] = {
    { NULL, "the answer cannot be right" },
    { FAILURE("something quite new from 192.0.2.53"), "the answer cannot be right" },
    { FAILURE("signature expired from 192.0.2.53"), "a signature has expired" },
    { FAILURE("signature before inception date from 192.0.2.53"), "a signature is not valid yet" },
    { FAILURE("no keys have a DS with algorithm ECDSAP256SHA256 from 192.0.2.53 for key example.org. while building chain of trust"),
      "the parent zone's DS is of none of the zone's keys (zone example.org)" },
    { FAILURE("no signatures from 2001:db8::53 for key . while building chain of trust"),
      "the zone is signed, and the answer is not (zone .)" },
    { FAILURE("No DNSKEY record from 192.0.2.53 for key example.org. while building chain of trust"),
      "the zone's keys (DNSKEY) are not there (zone example.org)" },
};

static const struct {
    int code;
    const char *text, *words;
} transfers[] = {
    { CURLE_OPERATION_TIMEDOUT, "Operation timed out after 5001 milliseconds with 0 bytes received", "did not answer in time" },
    { CURLE_SSL_CONNECT_ERROR, "OpenSSL/3.0.17: error:0A00010B:SSL routines::wrong version number", "the TLS handshake failed: the answer is not TLS" },
    { CURLE_SSL_CONNECT_ERROR, "OpenSSL/3.0.17: error:0A00042E:SSL routines::tlsv1 alert protocol version",
      "the TLS handshake failed: no version of TLS in common, 1.2 or later" },
    { CURLE_SSL_CONNECT_ERROR, "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to x", "the TLS handshake failed" },
    { CURLE_SSL_CONNECT_ERROR, "", "the TLS handshake failed" },
    { CURLE_RECV_ERROR, "OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading", "broke off its answer" },
    { CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9 when not allowed", "gave an answer that is not HTTP" },
};
// clang-format on

static void what_is_known_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dnssec / sizeof *dnssec; i++)
        assert_string_equal(cause_dnssec(dnssec[i].text), dnssec[i].words);
    for (size_t i = 0; i < sizeof transfers / sizeof *transfers; i++)
        assert_string_equal(cause_transfer(transfers[i].code, transfers[i].text),
                            transfers[i].words);
    assert_string_equal(cause_lookup(UB_SYNTAX), "not a name that DNS allows");
    assert_string_equal(cause_connect(ECONNREFUSED), "refused");
    assert_string_equal(cause_connect(0), "");
}

/* Whatever it is, there are words for it, and they are not theirs. */
static void nothing_is_told_in_others_words(void **state)
{
    static const char theirs[] = "Xq9: their own words, version 7.88.1";
    (void)state;
    for (int code = 1; code < CURL_LAST; code++) {
        const char *words = cause_transfer(code, theirs);
        assert_true(strlen(words) > 0);
        assert_null(strstr(words, "7.88"));
        assert_string_not_equal(words, curl_easy_strerror((CURLcode)code));
    }
    for (int error = -30; error < 0; error++) {
        assert_true(strlen(cause_lookup(error)) > 0);
        assert_string_not_equal(cause_lookup(error), ub_strerror(error));
    }
    for (int error = 1; error < 140; error++)
        assert_string_not_equal(cause_connect(error), strerror(error));
    assert_null(strstr(cause_dnssec(FAILURE("new words")), "new"));
}

/* A name is the customer's; it decides nothing. */
static void a_name_is_no_cause(void **state)
{
    (void)state;
    assert_string_equal(
        cause_dnssec("validation failure <signature-expired.nsec.example. TXT IN>: new"),
        "the answer cannot be right");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_told),
        cmocka_unit_test(nothing_is_told_in_others_words),
        cmocka_unit_test(a_name_is_no_cause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
