#include "pki/csr.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "pki/csr_make.h"
#include "pki/der.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* An extensionRequest with a critical extension of another kind, then these names. */
static struct bytes attributes_with(struct arena *a, struct bytes alternative_names)
{
    struct text t;
    size_t open[5];

    text_init(&t, a);
    open[0] = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, DER_BYTES("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"));
    open[1] = der_begin(&t, DER_SET);
    open[2] = der_begin(&t, DER_SEQUENCE);
    open[3] = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, DER_BYTES("\x55\x1d\x0f")); /* keyUsage: nothing is taken from it */
    der_add_bool(&t, true);
    der_add(&t, DER_OCTET_STRING, DER_BYTES("\x03\x02\x07\x80"));
    der_end(&t, open[3]);
    open[3] = der_begin(&t, DER_SEQUENCE);
    der_add(&t, DER_OID, DER_BYTES("\x55\x1d\x11"));
    open[4] = der_begin(&t, DER_OCTET_STRING);
    der_add(&t, DER_SEQUENCE, alternative_names);
    for (int i = 4; i >= 0; i--)
        der_end(&t, open[i]);
    return der_written(&t);
}

static struct bytes unhex(struct arena *a, const char *text)
{
    struct bytes out;

    assert_true(hex_read(a, text, &out));
    return out;
}

// clang-format off
static const struct { const char *general_names, *wanted; bool others; } alternatives[] = {
    { "8203612e62",               "a.b",     false },
    { "8203612e628203632e64",     "a.b c.d", false },
    { "87047f0000018203612e62",   "a.b",     true },  /* an IP address too */
    { "81036140628203612e62",     "a.b",     true },  /* a mail address too */
    { "",                         NULL,      false }, /* SIZE (1..MAX) */
    { "8200",                     NULL,      false },
    { "8203610062",              NULL,      false }, /* a NUL inside */
    { "8201ff",                   NULL,      false }, /* not UTF-8 */
    { "8205612e62",               NULL,      false }, /* cut off */
};

static const struct { const char *attributes, *why; } malformed[] = {
    { "300d06092a864886f70d01090e3100", "no extensions" },
    { "300f06092a864886f70d01090e31020500", "extensions are no sequence" },
    { "301106092a864886f70d01090e310430003000", "two lists" },
    { "301106092a864886f70d01090e310430020500", "an extension is no sequence" },
};

static const struct { const char *subject, *wanted; } subjects[] = {
    { "3000",                                     "" },
    { "300c310a30080603550403" "0c0161",          "a" },
    { "300c310a30080603550403" "140161",          "a" },
    { "300c310a30080603550403" "1401e9",          "\xc3\xa9" }, /* TeletexString as ISO 8859-1 */
    { "300c310a3008060355040a" "0c0161",          "" },         /* an organisation */
    { "300c310a30080603550403" "0c01e9",          NULL },       /* not UTF-8 */
    { "300c310a30080603550403" "0c010a",          NULL },       /* a control character */
    { "300d310b30090603550403" "1e020061",        NULL },       /* BMPString */
    { "30023100",                                 NULL },       /* an empty set */
    { "300431023000",                             NULL },
};
// clang-format on

static const char *joined(struct arena *a, const struct csr_names *found)
{
    struct text t;

    text_init(&t, a);
    for (size_t i = 0; i < found->count; i++)
        text_format(&t, "%s%s", i > 0 ? " " : "", found->names[i]);
    return t.data;
}

/* `wanted` NULL: must be refused. */
static void check(struct arena *a, struct bytes subject, struct bytes attributes,
                  const char *wanted, bool others)
{
    const struct csr csr = { .subject = subject, .attributes = attributes };
    struct csr_names found;
    struct fault f = { 0 };
    bool ok = csr_names(a, &csr, &found, &f);

    if (ok != (wanted != NULL))
        fail_msg("%s", wanted ? f.detail : joined(a, &found));
    if (!wanted) {
        assert_int_equal(f.code, FAULT_CSR);
        return;
    }
    assert_string_equal(joined(a, &found), wanted);
    assert_int_equal(found.others, others);
}

static void alternative_names_are_read_or_refused(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(alternatives); i++) {
        struct bytes names = unhex(&a, alternatives[i].general_names);
        check(&a, DER_BYTES("\x30\x00"), attributes_with(&a, names), alternatives[i].wanted,
              alternatives[i].others);
    }
    arena_free(&a);
}

static void malformed_extensions_are_refused(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(malformed); i++)
        check(&a, DER_BYTES("\x30\x00"), unhex(&a, malformed[i].attributes), NULL, false);
    arena_free(&a);
}

static void common_names_are_read_or_refused(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a);
    for (size_t i = 0; i < COUNT(subjects); i++)
        check(&a, unhex(&a, subjects[i].subject), (struct bytes){ 0 }, subjects[i].wanted, false);
    arena_free(&a);
}

static void a_whole_request_gives_all_its_names(void **state)
{
    static const char *const names[] = { "a.example", "b.example", "c.example", "d.example" };
    struct evp_pkey_st *key = csr_make_key("P-256");
    struct arena a;
    struct csr csr;
    struct csr_names found;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    assert_true(
        csr_read(csr_make(&a, key, names, COUNT(names)), (struct csr_rules){ 0 }, &csr, &f));
    assert_true(csr_names(&a, &csr, &found, &f));
    assert_string_equal(joined(&a, &found), "a.example a.example b.example c.example d.example");
    arena_free(&a);
    csr_make_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alternative_names_are_read_or_refused),
        cmocka_unit_test(malformed_extensions_are_refused),
        cmocka_unit_test(common_names_are_read_or_refused),
        cmocka_unit_test(a_whole_request_gives_all_its_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
