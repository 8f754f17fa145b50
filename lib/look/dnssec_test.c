/* What DNSSEC says of look-ups (rules dnssec-primary, dnssec-algo, dnssec-fail): proven, proven not to be
 * signed, or wrong, with the reason in words; and that nothing switches it off (dnssec-noopt). */
#include <unistd.h>

#include "look/resolver_rig.h"

static const char world[] = "txt.example.com TXT hello\n"
                            "over.example.com CNAME there.insecure.example.net\n"
                            "back.insecure.example.net CNAME txt.example.com\n"
                            "late.example.com CNAME txt.expired.example.org\n"
                            "chain.example.com CNAME over.example.com\n"
                            "*.wild.example.com TXT wild\n"
                            "there.insecure.example.net TXT there\n"
                            "txt.bogus.example.org TXT forged\n"
                            "txt.stripped.example.org TXT bare\n"
                            "txt.strange.example.org TXT strange\n"
                            "a.example.com A 192.0.2.1\n"
                            "a.bogus.example.org A 192.0.2.1\n"
                            "caa.insecure.example.net CAA 0 issue \"chancery.example\"\n"
                            "caa.bogus.example.org CAA 0 issue \"chancery.example\"\n"
                            "cname.bogus.example.org CNAME txt.example.com\n";

static int set_up(void **state)
{
    (void)state;
    return world_start("127.77.47.53", world, 512);
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

#define NO_KEY(zone) "the parent zone's DS is of none of the zone's keys (zone " zone ")"

// clang-format off
static const struct {
    const char *name;
    int type;
    enum resolver_state state;
    bool secure;
    const char *why;
} cases[] = {
    /* Signed from the root down. */
    { "txt.example.com",            DNS_TXT,   RESOLVER_FOUND,   true,  NULL },
    { "a.example.com",              DNS_A,     RESOLVER_FOUND,   true,  NULL },
    { "x.wild.example.com",         DNS_TXT,   RESOLVER_FOUND,   true,  NULL }, /* RFC 4035 5.3.4 */
    /* What is not there is proven as well (RFC 5155 8). */
    { "txt.example.com",            DNS_AAAA,  RESOLVER_NO_DATA, true,  NULL },
    { "x.wild.example.com",         DNS_CAA,   RESOLVER_NO_DATA, true,  NULL },
    { "no.example.com",             DNS_CAA,   RESOLVER_NO_NAME, true,  NULL },
    /* The parent proves that the zone is not signed. */
    { "there.insecure.example.net", DNS_TXT,   RESOLVER_FOUND,   false, NULL },
    { "caa.insecure.example.net",   DNS_CAA,   RESOLVER_FOUND,   false, NULL },
    { "no.insecure.example.net",    DNS_TXT,   RESOLVER_NO_NAME, false, NULL },
    /* A zone whose only keys are of an algorithm that nobody knows counts as not signed (RFC 4035 5.2). */
    { "txt.strange.example.org",    DNS_TXT,   RESOLVER_FOUND,   false, NULL },
    /* Of a chain each step counts (BR 3.2.2.4): secure is what is so from end to end. */
    { "over.example.com",           DNS_TXT,   RESOLVER_FOUND,   false, NULL },
    { "over.example.com",           DNS_CNAME, RESOLVER_FOUND,   true,  NULL },
    { "chain.example.com",          DNS_TXT,   RESOLVER_FOUND,   false, NULL },
    { "back.insecure.example.net",  DNS_TXT,   RESOLVER_FOUND,   false, NULL },
    /* Wrong: refused, and why. */
    { "txt.bogus.example.org",      DNS_TXT,   RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "a.bogus.example.org",        DNS_A,     RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "a.bogus.example.org",        DNS_AAAA,  RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "caa.bogus.example.org",      DNS_CAA,   RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "cname.bogus.example.org",    DNS_CNAME, RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "cname.bogus.example.org",    DNS_TXT,   RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "no.bogus.example.org",       DNS_CAA,   RESOLVER_BOGUS,   false, NO_KEY("bogus.example.org") },
    { "txt.stripped.example.org",   DNS_TXT,   RESOLVER_BOGUS,   false, "the zone's keys (DNSKEY) are not there (zone stripped.example.org)" },
    { "txt.expired.example.org",    DNS_TXT,   RESOLVER_BOGUS,   false, "a signature has expired (zone expired.example.org)" },
    { "late.example.com",           DNS_TXT,   RESOLVER_BOGUS,   false, "a signature has expired (zone expired.example.org)" },
};
// clang-format on

static void each_outcome_is_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen s = look(cases[i].name, cases[i].type, patience());
        const char *why = cases[i].why ? cases[i].why : "";

        if (s.state != cases[i].state || s.secure != cases[i].secure || strcmp(s.reason, why) != 0)
            fail_msg("%s %s: state %d secure %d %s", cases[i].name,
                     resolver_type_name(cases[i].type), s.state, s.secure, s.reason);
        assert_true(s.state != RESOLVER_BOGUS || s.count == 0); /* nobody may build on it */
    }
}

/* ---- nothing switches it off */

static struct resolver *resolver_with(const char *anchor, struct fault *f)
{
    char path[] = "/tmp/chancery-dnssec-XXXXXX";
    int fd = mkstemp(path);
    struct resolver_options options = {
        .anchor = path, .hints = rig.hints, .cache = seconds(1), .most = 8, .loopback = true
    };
    struct resolver *r;

    assert_true(fd >= 0 && write(fd, anchor, strlen(anchor)) == (ssize_t)strlen(anchor));
    close(fd);
    r = resolver_start(&options, f);
    unlink(path);
    return r;
}

/* Whoever has only keys that cannot be used has none, and for libunbound all the world is unsigned. */
static void no_start_with_keys_that_validate_nothing(void **state)
{
    static const char *const anchors[] = {
        ". IN DS 12345 250 2 0000000000000000000000000000000000000000000000000000000000000077\n",
        ". IN DS 12345 13 1 0000000000000000000000000000000000000077\n",
        "example.com. IN DS 12345 13 2 "
        "0000000000000000000000000000000000000000000000000000000000000077\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++) {
        struct fault f = { 0 };

        if (resolver_with(anchors[i], &f))
            fail_msg("started with %s", anchors[i]);
        assert_true(strlen(f.detail) > 0);
    }
}

// clang-format off
static const char *const roots[] = {
    ". IN DS 12345 13 2 0000000000000000000000000000000000000000000000000000000000000077\n",
    ". IN DNSKEY 257 3 13 !\n",
};
// clang-format on

/* A root that is not that of the anchor answers nothing that counts: neither names of signed zones nor
 * others. */
static void another_root_proves_nothing(void **state)
{
    static const char *const names[] = { "txt.example.com", "there.insecure.example.net" };
    static struct seen s;

    (void)state;
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        struct fault f = { 0 };
        struct resolver *other = resolver_with(roots[i], &f);

        assert_non_null(other);
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            fire(other, &s, names[k], DNS_TXT, patience());
            await_answers(1);
            assert_int_equal(s.state, RESOLVER_BOGUS);
            assert_int_equal(s.count, 0);
        }
        resolver_stop(other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_outcome_is_told_apart),
        cmocka_unit_test(no_start_with_keys_that_validate_nothing),
        cmocka_unit_test(another_root_proves_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
