#include "look/probe.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "message/json.h"
#include "pki/authkey.h"
#include "testing/dns.h"
#include "testing/patience.h"

#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define OTHER  "zzzz456789abcdefghijklmnopqrstuv"
#define TARGET "dcv.chancery.example"

/* A deadline is kept when what comes then is told before a test is tired of waiting. */
enum { SLACK_US = PATIENCE_S * 1000000, MANY = 300 };

static struct dns_rig rig;
static struct prober prober = { .perspective = "primary", .cname_target = TARGET };

/* What one probe gave, copied. */
struct seen {
    struct probe_result result;
    char proof[2048];
    int calls;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int told;

static void note(void *context, const struct probe_result *result)
{
    struct seen *s = context;

    pthread_mutex_lock(&lock);
    s->result = *result;
    snprintf(s->proof, sizeof s->proof, "%s", result->proof);
    s->calls++;
    told++;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
}

static void await_results(int count)
{
    pthread_mutex_lock(&lock);
    while (told < count)
        pthread_cond_wait(&changed, &lock);
    told = 0;
    pthread_mutex_unlock(&lock);
}

static struct probe_request request_for(DcvMethod__Value method, const char *domain)
{
    return (struct probe_request){ .method = probe_method(method),
                                   .domain = domain,
                                   .wanted.text = VALUE,
                                   .deadline = tick_after(patience()) };
}

static const struct seen *probe(const struct probe_request *request)
{
    static struct seen s;

    memset(&s, 0, sizeof s);
    probe_start(&prober, request, note, &s);
    await_results(1);
    assert_int_equal(s.calls, 1);
    return &s;
}

// clang-format off
static const char world[] =
    "home.example.com TXT " VALUE "\n"
    "_dnsauth.label.example.com TXT " VALUE "\n"
    "label.example.com TXT v=spf1 -all\n"
    "within.example.com TXT v=x; " VALUE "; more\n"
    "split.example.com TXT \"0123456789abcdefghij\" \"klmnopqrstuv\"\n"
    "wrong.example.com TXT " OTHER "\n"
    "wrong.example.com TXT something else\n"
    "crowd.example.com TXT one\ncrowd.example.com TXT two\ncrowd.example.com TXT three\n"
    "crowd.example.com TXT four\ncrowd.example.com TXT five\n"
    "odd.example.com TXT \"x\\\"y\\\\z\"\n"
    "moved.example.com CNAME home.example.com\n"
    "_dnsauth.handed.example.com CNAME proofs.example.org\n"
    "proofs.example.org TXT " VALUE "\n"
    "plain.insecure.example.net TXT " VALUE "\n"
    "forged.bogus.example.org TXT " VALUE "\n"
    "_dnsauth.sent.example.com CNAME proof.bogus.example.org\n"
    "proof.bogus.example.org TXT " VALUE "\n"
    "_dnsauth.one.example.com CNAME " VALUE "." TARGET "\n"
    "_" VALUE ".two.example.com CNAME " TARGET "\n"
    VALUE ".bare.example.com CNAME " TARGET "\n"
    "*.wild.example.com CNAME " TARGET "\n"
    "_dnsauth.off.example.com CNAME " VALUE ".dcv.chancery.example.org\n"
    "_dnsauth.bad.bogus.example.org CNAME " VALUE "." TARGET "\n"
    "_dnsauth.soft.insecure.example.net CNAME " VALUE "." TARGET "\n"
    "_dnsauth.eleven.example.com CNAME c1.eleven.example.com\n"
    "c1.eleven.example.com CNAME c2.eleven.example.com\n"
    "c2.eleven.example.com CNAME c3.eleven.example.com\n"
    "c3.eleven.example.com CNAME c4.eleven.example.com\n"
    "c4.eleven.example.com CNAME c5.eleven.example.com\n"
    "c5.eleven.example.com CNAME c6.eleven.example.com\n"
    "c6.eleven.example.com CNAME c7.eleven.example.com\n"
    "c7.eleven.example.com CNAME c8.eleven.example.com\n"
    "c8.eleven.example.com CNAME c9.eleven.example.com\n"
    "c9.eleven.example.com CNAME c10.eleven.example.com\n"
    "c10.eleven.example.com CNAME c11.eleven.example.com\n"
    "c11.eleven.example.com TXT " VALUE "\n"
    "_dnsauth.twelve.example.com CNAME c1.twelve.example.com\n"
    "c1.twelve.example.com CNAME c2.twelve.example.com\n"
    "c2.twelve.example.com CNAME c3.twelve.example.com\n"
    "c3.twelve.example.com CNAME c4.twelve.example.com\n"
    "c4.twelve.example.com CNAME c5.twelve.example.com\n"
    "c5.twelve.example.com CNAME c6.twelve.example.com\n"
    "c6.twelve.example.com CNAME c7.twelve.example.com\n"
    "c7.twelve.example.com CNAME c8.twelve.example.com\n"
    "c8.twelve.example.com CNAME c9.twelve.example.com\n"
    "c9.twelve.example.com CNAME c10.twelve.example.com\n"
    "c10.twelve.example.com CNAME c11.twelve.example.com\n"
    "c11.twelve.example.com CNAME c12.twelve.example.com\n"
    "c12.twelve.example.com TXT " VALUE "\n"
    "_dnsauth.round.example.com CNAME about.round.example.com\n"
    "about.round.example.com CNAME _dnsauth.round.example.com\n"
    "_dnsauth.broken.example.com CNAME no.refused.example.net\n";

#define TXT DCV_METHOD__VALUE__DNS_TXT_TOKEN
#define CNAME DCV_METHOD__VALUE__DNS_CNAME_TOKEN

static const struct {
    DcvMethod__Value method;
    const char *domain;
    bool found, failed;
    const char *says; /* in the proof when found, else in the reason */
} cases[] = {
    { TXT,   "home.example.com",           true,  false, "\"dnssec_secure\":true" },
    { TXT,   "label.example.com",          true,  false, "\"name\":\"_dnsauth.label.example.com\"" },
    { TXT,   "within.example.com",         true,  false, "\"record\":\"v=x; " VALUE "; more\"" },
    { TXT,   "split.example.com",          true,  false, VALUE },
    { TXT,   "handed.example.com",         true,  false, "\"found_at\":\"proofs.example.org\"" },
    { TXT,   "plain.insecure.example.net", true,  false, "\"dnssec_secure\":false" },
    { TXT,   "wrong.example.com",          false, false, "TXT wrong.example.com: 2 records, but not with the value: \"" },
    { TXT,   "wrong.example.com",          false, false, "\"something else\"" },
    { TXT,   "wrong.example.com",          false, false, "\"" OTHER "\"" },
    { TXT,   "crowd.example.com",          false, false, "5 records, but not with the value: \"" },
    { TXT,   "crowd.example.com",          false, false, "\", ..." },
    { TXT,   "odd.example.com",            false, false, "1 record, but not with the value: \"x\\\"y\\\\z\"" },
    { TXT,   "nothing.example.com",        false, false, "TXT _dnsauth.nothing.example.com: no such name" },
    { TXT,   "two.example.com",            false, false, "TXT two.example.com: no such record" },
    { TXT,   "moved.example.com",          false, false, "is a CNAME to home.example.com" },
    { TXT,   "forged.bogus.example.org",   false, true,  "DNSSEC validation failed" },
    { TXT,   "sent.example.com",           false, true,  "DNSSEC validation failed" },
    { TXT,   "no.refused.example.net",     false, true,  "no name server of the zone" },
    { TXT,   "eleven.example.com",         true,  false, "\"found_at\":\"c11.eleven.example.com\"" },
    { TXT,   "twelve.example.com",         false, true,  "TXT _dnsauth.twelve.example.com: the chain of CNAMEs is too long" },
    { TXT,   "round.example.com",          false, true,  "TXT _dnsauth.round.example.com: the chain of CNAMEs is too long" },
    { TXT,   "broken.example.com",         false, true,  "CNAMEs lead to no.refused.example.net: no name server of the zone" },
    { CNAME, "one.example.com",            true,  false, "\"record\":\"" VALUE "." TARGET "\"" },
    { CNAME, "two.example.com",            true,  false, "\"name\":\"_" VALUE ".two.example.com\"" },
    { CNAME, "soft.insecure.example.net",  true,  false, "\"dnssec_secure\":false" },
    { CNAME, "bare.example.com",           false, false, "no such name" },
    { CNAME, "wild.example.com",           false, false, "wildcard record" },
    { CNAME, "off.example.com",            false, false, "a CNAME, but to " VALUE ".dcv.chancery.example.org" },
    { CNAME, "home.example.com",           false, false, "no such name" },
    { CNAME, "bad.bogus.example.org",      false, true,  "DNSSEC validation failed" },
};
// clang-format on

static int set_up(void **state)
{
    struct resolver_options options = { .cache = seconds(5), .most = 512, .loopback = true };
    struct fault f = { 0 };

    (void)state;
    if (!dns_rig_start(&rig, "127.77.22.53", &f) || !dns_rig_load(&rig, world, &f)) {
        print_error("%s\n", f.detail);
        return 1;
    }
    options.anchor = rig.anchor;
    options.hints = rig.hints;
    prober.resolver = resolver_start(&options, &f);
    return prober.resolver ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    resolver_stop(prober.resolver);
    dns_rig_stop(&rig);
    return 0;
}

static void what_proves_and_what_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct probe_request request = request_for(cases[i].method, cases[i].domain);
        const struct seen *s = probe(&request);

        if (s->result.found != cases[i].found || s->result.failed != cases[i].failed ||
            !strstr(s->result.found ? s->proof : s->result.reason, cases[i].says))
            fail_msg("%s: %s | %s", cases[i].domain, s->result.reason, s->proof);
        assert_true(strlen(s->result.reason) == 0 || !s->result.found);
        assert_int_equal(s->result.heard, !strstr(cases[i].domain, "refused"));
        assert_false(s->result.silent);
    }
}

static void the_proof_says_what_was_asked(void **state)
{
    struct probe_request request = request_for(TXT, "home.example.com");
    const struct seen *s = probe(&request);
    struct arena a;
    struct fault f = { 0 };
    DcvProof *proof;

    (void)state;
    arena_init(&a);
    proof =
        (DcvProof *)message_from_json(&a, &dcv_proof__descriptor, s->proof, strlen(s->proof), &f);
    assert_non_null(proof);
    assert_string_equal(proof->perspective, "primary");
    assert_string_equal(proof->type, "TXT");
    assert_string_equal(proof->found_at, "home.example.com");
    assert_int_equal(proof->n_looks, 2);
    assert_int_equal(proof->at->us / 1000000, s->result.at.us / 1000000);
    arena_free(&a);
}

static void what_was_not_found_leaves_no_record_in_the_proof(void **state)
{
    struct probe_request request = request_for(CNAME, "wild.example.com");

    (void)state;
    assert_null(strstr(probe(&request)->proof, "\"record\""));
}

static void silence_fails_at_the_deadline(void **state)
{
    struct probe_request request = request_for(TXT, "www.silent.example.net");
    struct tick begun = tick_now();
    const struct seen *s;

    (void)state;
    request.deadline = tick_after(milliseconds(300));
    s = probe(&request);
    assert_in_range(tick_now().us - begun.us, 300000, 300000 + SLACK_US);
    assert_false(s->result.found);
    assert_true(s->result.failed);
    assert_non_null(strstr(s->result.reason, "did not answer in time"));
    assert_true(s->result.silent);
    assert_false(s->result.heard);
}

static void no_value_proves_nothing(void **state)
{
    static const char *const values[] = { "", "0123", NULL };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct probe_request request = request_for(TXT, "home.example.com");

        request.wanted.text = values[i];
        assert_false(probe(&request)->result.found);
        request.method = probe_method(CNAME);
        request.domain = "one.example.com";
        assert_false(probe(&request)->result.found);
    }
}

/* 253 characters are a name; with the label before them they are none. */
static void the_longest_domain_is_looked_at(void **state)
{
    char domain[254] = "";
    struct probe_request request = request_for(TXT, domain);

    (void)state;
    memset(domain, 'a', sizeof domain - 1);
    for (size_t i = 60; i < 240; i += 60)
        domain[i] = '.';
    memcpy(domain + 241, ".example.com", 13);
    assert_int_equal(strlen(domain), 253);
    assert_non_null(strstr(probe(&request)->result.reason, "not a name that DNS allows; TXT aaa"));
}

static struct seen all[MANY];

static void hundreds_at_once(void **state)
{
    static char lines[MANY * 96];
    struct fault f = { 0 };
    size_t n = 0;
    char domain[64];

    (void)state;
    for (int i = 0; i < MANY; i += 2)
        n += (size_t)snprintf(lines + n, sizeof lines - n,
                              "_dnsauth.p%d.example.org TXT " VALUE "\n", i);
    assert_true(dns_rig_load(&rig, lines, &f));
    for (int i = 0; i < MANY; i++) {
        struct probe_request request = request_for(TXT, domain);

        snprintf(domain, sizeof domain, "p%d.example.org", i);
        request.deadline = tick_after(patience());
        probe_start(&prober, &request, note, &all[i]);
    }
    await_results(MANY);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(all[i].calls, 1);
        assert_true(all[i].result.found == (i % 2 == 0));
    }
}

/* ---- AuthKey request tokens */

static const uint8_t csr[] = "certification request";
static const char auth_key[] = "the account's key";

static struct probe_request token_request(DcvMethod__Value method, const char *domain)
{
    struct probe_request request = request_for(method, domain);

    request.wanted.text = NULL;
    request.wanted.auth_key.text = auth_key;
    request.wanted.csr = (struct bytes){ csr, sizeof csr };
    request.wanted.token_life = days(30);
    return request;
}

static const char *make_token(struct arena *a, struct duration age)
{
    struct instant at = clock_now();

    at.us -= age.us;
    return authkey_token(a, auth_key, (struct bytes){ csr, sizeof csr }, at);
}

static void a_request_token_proves(void **state)
{
    struct probe_request request = token_request(TXT, "token.example.com");
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(dns_rig_set_txt(&rig, "_dnsauth.token.example.com", make_token(&a, days(29)), &f));
    arena_free(&a);
    assert_true(probe(&request)->result.found);
    assert_non_null(strstr(probe(&request)->proof, "\"token_made\""));
    request.wanted.csr.size--;
    assert_false(probe(&request)->result.found);
    request.wanted.csr.size++;
    request.wanted.token_life = days(28);
    assert_false(probe(&request)->result.found);
    request.wanted.token_life = days(30);
    request.wanted.auth_key.text = "another key";
    assert_false(probe(&request)->result.found);
}

static void a_request_token_may_be_split_into_labels(void **state)
{
    struct probe_request request = token_request(CNAME, "chain.example.com");
    struct fault f = { 0 };
    char target[128];
    const char *token;
    struct arena a;

    (void)state;
    arena_init(&a);
    token = make_token(&a, seconds(5));
    snprintf(target, sizeof target, "%.40s.%s." TARGET, token, token + 40);
    arena_free(&a);
    assert_true(dns_rig_set_cname(&rig, "_dnsauth.chain.example.com", target, &f));
    assert_true(probe(&request)->result.found);
}

static void stopping_ends_probes(void **state)
{
    static struct seen doomed[10];

    (void)state;
    for (int i = 0; i < 10; i++) {
        struct probe_request request =
            request_for(i % 2 ? TXT : CNAME, i % 4 ? "a.silent.example.net" : "two.example.com");

        request.deadline = tick_after(seconds(60));
        probe_start(&prober, &request, note, &doomed[i]);
    }
    resolver_stop(prober.resolver);
    prober.resolver = NULL;
    await_results(10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(doomed[i].calls, 1);
    assert_non_null(strstr(doomed[1].result.reason, "interrupted"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_proves_and_what_does_not),
        cmocka_unit_test(the_proof_says_what_was_asked),
        cmocka_unit_test(what_was_not_found_leaves_no_record_in_the_proof),
        cmocka_unit_test(silence_fails_at_the_deadline),
        cmocka_unit_test(no_value_proves_nothing),
        cmocka_unit_test(the_longest_domain_is_looked_at),
        cmocka_unit_test(hundreds_at_once),
        cmocka_unit_test(a_request_token_proves),
        cmocka_unit_test(a_request_token_may_be_split_into_labels),
        cmocka_unit_test(stopping_ends_probes),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
