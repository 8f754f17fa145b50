/* Sets of CAA records, and whether they let this CA issue. */
#include "look/caa_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ACCOUNT = 17, RECORDS_MAX = 8 };

static const char *const ours[] = { "chancery.example", "chancery.test" };
static struct arena arena;

/* Lines "FLAGS TAG VALUE". */
static size_t records_read(const char *lines, struct bytes out[RECORDS_MAX])
{
    size_t count = 0;

    while (*lines) {
        const char *tag = strchr(lines, ' ') + 1, *value = strchr(tag, ' ') + 1;
        size_t tag_length = (size_t)(value - 1 - tag), length = strcspn(value, "\n");
        uint8_t *rdata = arena_alloc(&arena, 2 + tag_length + length);

        rdata[0] = (uint8_t)strtol(lines, NULL, 10);
        rdata[1] = (uint8_t)tag_length;
        memcpy(rdata + 2, tag, tag_length);
        memcpy(rdata + 2 + tag_length, value, length);
        out[count++] = (struct bytes){ rdata, 2 + tag_length + length };
        lines = value + length;
        lines += *lines == '\n';
    }
    return count;
}

static const struct {
    const char *records;
    bool wildcard;
    const char *methods; /* NULL: by any */
    const char *reason;  /* NULL: permitted */
} cases[] = {
    // clang-format off
    { "", false, NULL, NULL },
    { "0 issue chancery.example", false, NULL, NULL },
    { "0 ISSUE Chancery.EXAMPLE", false, NULL, NULL },
    { "0 issue chancery.test", true, NULL, NULL },
    { "0 issue other.example", false, NULL, "issue does not name this CA" },
    { "0 issue ;", false, NULL, "issue does not name this CA" },
    { "0 issue %%%%%", false, NULL, "issue does not name this CA" },
    { "0 issue ;\n0 issue chancery.example", false, NULL, NULL },
    { "0 issue other.example\n0 issue chancery.example; policy=ev", false, NULL, NULL },
    /* Wildcards. */
    { "0 issuewild ;", false, NULL, NULL },
    { "0 issuewild ;", true, NULL, "issuewild does not name this CA" },
    { "0 issue chancery.example\n0 issuewild ;", true, NULL, "issuewild does not name this CA" },
    { "0 issue ;\n0 issuewild chancery.example", true, NULL, NULL },
    { "0 issue ;\n0 issuewild chancery.example", false, NULL, "issue does not name this CA" },
    { "0 issue ;", true, NULL, "issue does not name this CA" },
    /* Nothing that is about issuing. */
    { "0 iodef mailto:security@example.com", false, NULL, NULL },
    { "128 iodef mailto:security@example.com", false, NULL, NULL },
    { "0 issuemail other.example", false, NULL, NULL },
    { "0 tbs Unknown", false, NULL, NULL },
    { "128 tbs Unknown", false, NULL, "the tag tbs is critical and not known here" },
    { "0 issue chancery.example\n128 tbs Unknown", false, NULL, "the tag tbs is critical and not known here" },
    { "128 issue chancery.example", false, NULL, NULL },
    { "0 i_s chancery.example", false, NULL, "a record is malformed" },
    /* RFC 8657. */
    { "0 issue chancery.example; accounturi=acct:17@chancery.example", false, NULL, NULL },
    { "0 issue chancery.example; accounturi=acct:17@chancery.test", false, NULL, NULL },
    { "0 issue chancery.example; accounturi=acct:18@chancery.example", false, NULL, "accounturi names another account" },
    { "0 issue chancery.example; accounturi=acct:17@chancery.example.org", false, NULL, "accounturi names another account" },
    { "0 issue chancery.example; accounturi=", false, NULL, "accounturi names another account" },
    { "0 issue chancery.example; accounturi=acct:17@chancery.example; accounturi=acct:17@chancery.example", false, NULL,
      "a parameter stands there twice" },
    { "0 issue chancery.example; accounturi=acct:18@chancery.example\n0 issue chancery.example", false, NULL, NULL },
    { "0 issue chancery.example; validationmethods=ca-tbr-7", false, "ca-tbr-7", NULL },
    { "0 issue chancery.example; validationmethods=DNS-01,ca-tbr-18", false, "dns-01,ca-tbr-18", NULL },
    { "0 issue chancery.example; validationmethods=a\n0 issue chancery.test; validationmethods=b", false, "a,b", NULL },
    { "0 issue chancery.example; validationmethods=a\n0 issue chancery.example", false, NULL, NULL },
    { "0 issue chancery.example; validationmethods=", false, NULL, "validationmethods names no method" },
    { "0 issue chancery.example; validationmethods=NULL,ca-tbr-7", false, "ca-tbr-7", NULL }, /* no element of an array */
    { "0 issue chancery.example; validationmethods=null", false, NULL, "validationmethods names no method" },
    { "0 issue chancery.example; validationmethods=a,", false, NULL, "validationmethods names no method" },
    { "0 issue chancery.example; validationmethods=a;accounturi=acct:18@chancery.example", false, NULL, "accounturi names another account" },
    // clang-format on
};

static struct caa_verdict verdict(const char *lines, bool wildcard, bool parameters)
{
    const struct caa_terms terms = { ours, 2, ACCOUNT, parameters };
    struct bytes records[RECORDS_MAX];
    struct caa_verdict v;

    caa_verdict(&arena, records, records_read(lines, records), wildcard, &terms, &v);
    return v;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void sets_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct caa_verdict v = verdict(cases[i].records, cases[i].wildcard, true);

        if (v.permitted != !cases[i].reason || !same(v.reason, cases[i].reason) ||
            !same(v.methods, cases[i].methods))
            fail_msg("\"%s\"%s: %s %s", cases[i].records, cases[i].wildcard ? " *" : "",
                     v.permitted ? "permitted, by" : v.reason, v.methods ? v.methods : "any");
    }
}

static void parameters_count_from_their_day_on(void **state)
{
    struct caa_verdict v =
        verdict("0 issue chancery.example; validationmethods=a; accounturi=b", false, false);

    (void)state;
    assert_true(v.permitted);
    assert_null(v.methods);
}

static void sets_are_shown(void **state)
{
    struct bytes records[RECORDS_MAX];
    size_t count = records_read("0 issue ;\n128 tbs \x01\"", records);

    (void)state;
    assert_string_equal(caa_shown(&arena, records, count), "0 issue \";\", 128 tbs \"\\001\\\"\"");
    assert_string_equal(caa_shown(&arena, records, 0), "");
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_judged),
        cmocka_unit_test(parameters_count_from_their_day_on),
        cmocka_unit_test(sets_are_shown),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
