/* chancery lint: what it says of files that openssl has made on 2026-11-30, on several days. */
#include "fixture_test.h"

#include "pki/certificate.h"
#include "pki/der.h"
#include "pki/pem.h"
#include "pki/precertificate.h"
#include "pki/sct.h"

// clang-format off
static const char authority[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBazCCARKgAwIBAgIUBSaHfAHieZl61K9WUlK9jD6mzRkwCgYIKoZIzj0EAwIw\n"
    "FDESMBAGA1UEAwwJQXV0aG9yaXR5MB4XDTI2MTEzMDAzMjQzM1oXDTM2MTEyNzAz\n"
    "MjQzM1owFDESMBAGA1UEAwwJQXV0aG9yaXR5MFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
    "AQcDQgAEuv0Li1FqpFn7H1EcOLoQh2gPeOh7eRtp0XWdVU+5P9C/wLnwhSb3g1aF\n"
    "GrqZjs1XEASSyU7hwgGar597QoP7/6NCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNV\n"
    "HQ4EFgQUfO9NljWiTRbGxWHSaOonmoJULp4wDgYDVR0PAQH/BAQDAgEGMAoGCCqG\n"
    "SM49BAMCA0cAMEQCICyggFzcOl8BAChD0ujJdUSflHHYiMSk3WJUz0upR9KEAiBa\n"
    "9m81fhiEChrh2G5SCwPZtmoybCc5Czu/p2LR3NFxuw==\n"
    "-----END CERTIFICATE-----\n";
/* openssl ca -gencrl: one entry, key compromise, for 7 days */
static const char crl[] =
    "-----BEGIN X509 CRL-----\n"
    "MIIBKTCB0AIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlBdXRob3JpdHkXDTI2\n"
    "MTEzMDAzMjQzM1oXDTI2MTIwNzAzMjQzM1owIjAgAgEQFw0yNjExMzAwMzI0MzNa\n"
    "MAwwCgYDVR0VBAMKAQGgZzBlMB8GA1UdIwQYMBaAFHzvTZY1ok0WxsVh0mjqJ5qC\n"
    "VC6eMDYGA1UdHAEB/wQsMCqgJaAjhiFodHRwOi8vc3RhdHVzLmV4YW1wbGUvY3Js\n"
    "LzEvNy5jcmyBAf8wCgYDVR0UBAMCAQUwCgYIKoZIzj0EAwIDSAAwRQIgUxPkbkEs\n"
    "9E9gaYldF2dak4AiJHUVAMvgbDJtHDMZn/wCIQDgXg42hw+/0qU8ZGf/ShkgaBsY\n"
    "kbhQSexOqmkbLgAY7w==\n"
    "-----END X509 CRL-----\n";
/* openssl ocsp: the same certificate is revoked; signed by a delegate, for 7 days */
static const char revoked[] =
    "-----BEGIN OCSP RESPONSE-----\n"
    "MIIClgoBAKCCAo8wggKLBgkrBgEFBQcwAQEEggJ8MIICeDCBpaIWBBRlDddQuKjg\n"
    "3tff6y3gdMEUwAvkMRgPMjAyNjExMzAwMzI0MzNaMHoweDA6MAkGBSsOAwIaBQAE\n"
    "FL14R9GAMRmdvBwAdXtd/+jQohxrBBR8702WNaJNFsbFYdJo6ieaglQungIBEKEW\n"
    "GA8yMDI2MTEzMDAzMjQzM1qgAwoBARgPMjAyNjExMzAwMzI0MzNaoBEYDzIwMjYx\n"
    "MjA3MDMyNDMzWjAKBggqhkjOPQQDAgNIADBFAiA20S6c4tN5hA92jrYzTTCpnwHd\n"
    "GuptZkp5sX2iAYNZnwIhAKZ7Cc4iRoaMBhPksOCqyypIg9sfW4Dni1npjbWCFZkn\n"
    "oIIBdjCCAXIwggFuMIIBE6ADAgECAgESMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMM\n"
    "CUF1dGhvcml0eTAeFw0yNjExMzAwMzI0MzNaFw0yNzAyMjgwMzI0MzNaMBExDzAN\n"
    "BgNVBAMMBnN0YXR1czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJm6qlPBK58j\n"
    "neyfOKKTgt9J8cZb5/gAreCi8+n+KDj30oQr5tb8U7ov/9BgfMEYEjw25puV1Wl7\n"
    "TKF6NWpe2rKjWTBXMA4GA1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcD\n"
    "CTAPBgkrBgEFBQcwAQUEAgUAMB8GA1UdIwQYMBaAFHzvTZY1ok0WxsVh0mjqJ5qC\n"
    "VC6eMAoGCCqGSM49BAMCA0kAMEYCIQD7ZwtzKW1LRfVSDJ5yX2GLraLjTd/JKDHj\n"
    "9+RyBtAt4AIhAPwe+DDMyyzPdboHkikYL/TjrJV8Anpgdb8VHkI6IhN8\n"
    "-----END OCSP RESPONSE-----\n";
/* another one is good; signed by the authority, which is named by its name, for an hour */
static const char hour[] =
    "-----BEGIN OCSP RESPONSE-----\n"
    "MIIBAgoBAKCB/DCB+QYJKwYBBQUHMAEBBIHrMIHoMIGPoRYwFDESMBAGA1UEAwwJ\n"
    "QXV0aG9yaXR5GA8yMDI2MTEzMDAzMjQzM1owZDBiMDowCQYFKw4DAhoFAAQUvXhH\n"
    "0YAxGZ28HAB1e13/6NCiHGsEFHzvTZY1ok0WxsVh0mjqJ5qCVC6eAgERgAAYDzIw\n"
    "MjYxMTMwMDMyNDMzWqARGA8yMDI2MTEzMDA0MjQzM1owCgYIKoZIzj0EAwIDSAAw\n"
    "RQIhAJaYwTtiziochFP5iOnB0eIHJoYOlDHygcGg72GzRX9CAiAhOgrvs68yrYKa\n"
    "+Oq/3rWB4EJd8NMBsnghU3cIlnXGNw==\n"
    "-----END OCSP RESPONSE-----\n";
/* openssl ca: a certificate with nothing in it but basicConstraints, for 90 days */
static const char leaf[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBZTCCAQqgAwIBAgIBETAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlBdXRob3Jp\n"
    "dHkwHhcNMjYxMTMwMDMyNDMzWhcNMjcwMjI4MDMyNDMzWjAUMRIwEAYDVQQDDAli\n"
    "LmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR9Smvq6AIjhCql12xp\n"
    "ECbMu4txnSXoY9va7wwTWHOfcvWt4U0A4VQLLC+ZPLoqodyOqDvYmtNtgJb12AP6\n"
    "Bjl5o00wSzAJBgNVHRMEAjAAMB0GA1UdDgQWBBRaDKFlU6UngtTT6Rt7axQhnI5j\n"
    "CzAfBgNVHSMEGDAWgBR8702WNaJNFsbFYdJo6ieaglQunjAKBggqhkjOPQQDAgNJ\n"
    "ADBGAiEA1Nq5raKKIyuzRx8CGQleaFUFkZIZ5hcDouVycNIkatUCIQC9a14cF7Lw\n"
    "ODlr71nTt2Ik+fTQtXLV5bOMXNZst6NpZA==\n"
    "-----END CERTIFICATE-----\n";
// clang-format on

#define SHARD "http://status.example/crl/1/7.crl"
#define DAY   "2026-12-01"

#define lint(file, ...)                                                                            \
    run_with(lint_command, WORDS(path_of(file)), WORDS("issuer", path_of("ca.pem"), __VA_ARGS__))

static bool says(const char *text)
{
    return strstr(output, text) != NULL;
}

static void good_ones(void **state)
{
    (void)state;
    must(lint("crl.pem", "at", DAY, "url", SHARD));
    assert_int_equal(status, 0);
    must_say("crl_signature");
    must_say("crl_idp_url");
    assert_false(says("fails"));
    must(lint("revoked.pem", "at", DAY, "crl", path_of("crl.pem")));
    assert_int_equal(status, 0);
    must_say("ocsp_signer_no_check");
    assert_false(says("fails"));
    must(lint("crl.pem", "at", DAY, "json", ""));
    must_say("\"check\":\"crl_version\"");
}

static void bad_ones(void **state)
{
    (void)state;
    must(lint("crl.pem", "at", DAY, "url", "http://status.example/crl/1/8.crl"));
    assert_int_equal(status, 1);
    must_say("issuingDistributionPoint is not http://status.example/crl/1/8.crl");
    must(lint("hour.pem", "at", DAY));
    assert_int_equal(status, 1);
    must_say("is valid for 3601 s, 28800 s at least are needed");
    must_say("advice");
    must(lint("hour.pem", "at", DAY, "unassigned", ""));
    must_say("says good of a number that no certificate has");
    must(lint("crl.pem", "at", DAY, "scope", "CA"));
    must_say("does not say onlyContainsCACerts alone");
}

static void it_ends_with_the_sum(void **state)
{
    (void)state;
    must(lint("crl.pem", "at", DAY, "url", SHARD));
    must_say(" checked: 0 errors, 0 warnings\n");
    size_t lines = 0;
    for (const char *at = output; *at; at++)
        lines += *at == '\n';
    must_say(arena_format(&arena, "\n\n%zu checked: ", lines - 3)); /* heading, empty line, sum */
    must(lint("hour.pem", "at", DAY));
    must_say(
        " checked: 1 error, 1 warning; first error: ocsp_life_min: is valid for 3601 s, 28800");
    must(lint("crl.pem", "at", DAY, "json", ""));
    assert_false(says("checked:"));
}

/* By the profile that is asked for, and on the day on which it was made. */
static void certificates(void **state)
{
    (void)state;
    must(lint("leaf.pem", "profile", "tls-dv"));
    assert_int_equal(status, 1);
    must_say("issuer_exact");
    must_say("BR 7.1.2.7.12");
    must(lint("leaf.pem", "profile", "tls-dv", "at", "2027-12-01"));
    must_say("hours from now");
    must(run_with(lint_command, WORDS(path_of("ca.pem")), WORDS("profile", "ca-root")));
    assert_int_equal(status, 1);
    must_say("signature");
    must_fail(lint("leaf.pem", "profile", "tls-none"), "which the policy has not");
    must_fail(run_with(lint_command, WORDS(path_of("leaf.pem")), NULL), "--issuer must name");
}

/* The last day without a rule, and its first. */
static void rules_by_date(void **state)
{
    static const struct {
        const char *check, *file, *before, *from;
    } rows[] = {
        { "crl_life_max", "crl.pem", "2024-03-14T23:59:59Z", "2024-03-15" },
        { "crl_no_invalidity_date", "crl.pem", "2024-03-14T23:59:59Z", "2024-03-15" },
        { "crl_idp_present", "crl.pem", "2023-09-14T23:59:59Z", "2023-09-15" },
        { "crl_reasons_allowed", "crl.pem", "2020-09-29T23:59:59Z", "2020-09-30" },
        { "ocsp_life_min", "hour.pem", "2020-09-29T23:59:59Z", "2020-09-30" },
        { "ocsp_life_max", "hour.pem", "2020-09-29T23:59:59Z", "2020-09-30" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        must(lint(rows[i].file, "at", rows[i].before));
        assert_false(says(rows[i].check));
        must(lint(rows[i].file, "at", rows[i].from));
        must_say(rows[i].check);
    }
}

static void what_is_none(void **state)
{
    (void)state;
    file_put(path_of("text"), "nothing\n");
    must_fail(lint("text", "at", DAY), "has no certificate, CRL or OCSP response in PEM");
    must_fail(lint("none", "at", DAY), "cannot be read");
    file_put(path_of("text"), "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n");
    must_fail(lint("text", "at", DAY), "is no CertificateList");
    must_fail(lint("crl.pem", "at", "yesterday"), "is no date");
    must_fail(lint("crl.pem", "at", DAY, "scope", "NONE"), "which no rule has");
    must_fail(run_with(lint_command, WORDS(path_of("crl.pem")), WORDS("issuer", path_of("text"))),
              "issuer is no certificate");
}

static int make_files(void **state)
{
    (void)state;
    arena_init(&arena);
    strcpy(folder, "/tmp/lint-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    file_put(path_of("ca.pem"), authority);
    file_put(path_of("crl.pem"), crl);
    file_put(path_of("revoked.pem"), revoked);
    file_put(path_of("hour.pem"), hour);
    file_put(path_of("leaf.pem"), leaf);
    return 0;
}

static int remove_files(void **state)
{
    static const char *const names[] = { "ca.pem",   "crl.pem", "revoked.pem", "hour.pem",
                                         "leaf.pem", "text",    "precert.pem", "logged.pem" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
    rmdir(folder);
    arena_free(&arena);
    return 0;
}

/* The leaf as another kind: its bytes changed as precertificates are, and a signature that is none. */
static void leaf_put(const char *name, bool logged)
{
    struct certificate c;
    struct bytes der, tbs, scts[] = { { NULL, 0 } };
    struct sct promise = { .log_id = { (const uint8_t *)"0123456789abcdef0123456789abcdef",
                                       SCT_LOG_ID_SIZE },
                           .timestamp_ms = 1796079600000, /* 2026-11-30T23:00 */
                           .signature = DER_BYTES("\4\3\0\1x") };
    struct text t, pem;
    assert_true(pem_read(&arena, leaf, "CERTIFICATE", &der, &f, "leaf"));
    assert_true(certificate_read(der, &c, &f, "leaf"));
    assert_true(precertificate_poison(c.tbs, &arena, &tbs, &f));
    scts[0] = sct_write(&promise, &arena);
    if (logged)
        assert_true(precertificate_final(tbs, sct_list_write(scts, 1, &arena), &arena, &tbs, &f));
    text_init(&t, &arena);
    size_t list = der_begin(&t, DER_SEQUENCE);
    der_add_raw(&t, tbs);
    der_add_raw(&t, c.algorithm);
    der_add_bits(&t, c.signature);
    der_end(&t, list);
    text_init(&pem, &arena);
    pem_write(&pem, "CERTIFICATE", der_written(&t), "\n");
    file_put(path_of(name), pem.data);
}

static bool row_says(const char *lint, const char *what)
{
    const char *row = strstr(output, arena_format(&arena, "\n%s ", lint));
    const char *end = row ? strchr(row + 1, '\n') : NULL;
    const char *said = row ? strstr(row, what) : NULL;
    return said && (!end || said < end);
}

/* Which kind of leaf it is stands in it; a certificate is signed after its logs have promised. */
static void kinds_of_leaves(void **state)
{
    (void)state;
    must(lint("leaf.pem", "profile", "tls-dv"));
    assert_true(row_says("no_poison", "holds") && row_says("no_sct", "holds"));
    assert_false(says("sct_present") || says("poison_present"));
    leaf_put("precert.pem", false);
    must(lint("precert.pem", "profile", "tls-dv"));
    assert_true(row_says("poison_present", "holds") && row_says("no_sct", "holds"));
    assert_false(says("no_poison") || says("sct_present"));
    leaf_put("logged.pem", true);
    must(lint("logged.pem", "profile", "tls-dv"));
    assert_true(row_says("sct_present", "holds") && row_says("no_poison", "holds"));
    assert_true(row_says("sct_past", "holds") && row_says("logged_in_time", "holds"));
    assert_false(says("no_sct") || says("poison_present"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones),       cmocka_unit_test(bad_ones),
        cmocka_unit_test(rules_by_date),   cmocka_unit_test(certificates),
        cmocka_unit_test(what_is_none),    cmocka_unit_test(it_ends_with_the_sum),
        cmocka_unit_test(kinds_of_leaves),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
