/* Files on real web servers, by a real resolver: what proves, what does not, and what is said. */
#include "look/fetch.h"

#define HERE "127.77.25.80"
#include "look/fetch_rig.h"
#include "message/json.h"
#include "pki/authkey.h"

enum { BYTES = 5000 };

/* ---- the world */

#define MOVED(n, to) "HTTP/1.1 " n " Moved\r\nLocation: " to "\r\nContent-Length: 0\r\n\r\n"

// clang-format off
static const struct {
    const char *host, *manner, *reply;
} servers[] = {
    { "good.example.com",      "reply", FOUND(VALUE "\r\n") },
    { "within.example.com",    "reply", FOUND("<html>\n" VALUE "\n</html>") },
    { "soft.insecure.example.net", "reply", FOUND(VALUE) },
    { "forged.bogus.example.org",  "reply", FOUND(VALUE) },
    { "created.example.com",   "reply", "HTTP/1.1 201 Created\r\nContent-Length: 32\r\n\r\n" VALUE },
    { "wrong.example.com",     "reply", FOUND("zzzz456789abcdefghijklmnopqrstuv") },
    { "cut.example.com",       "reply", FOUND("0123456789abcdefghijklmnopqrstu") },
    { "empty.example.com",     "reply", "HTTP/1.1 204 No Content\r\n\r\n" },
    { "error.example.com",     "reply", "HTTP/1.1 500 Oops\r\nContent-Length: 32\r\n\r\n" VALUE },
    { "denied.example.com",    "reply", "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic\r\nContent-Length: 32\r\n\r\n" VALUE },
    { "partial.example.com",   "reply", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" VALUE },
    { "old.example.com",       "reply", VALUE },
    { "none.example.com",      "reply", "" },
    { "drip.example.com",      "drip",  "HTTP/1.1 200 OK\r\n\r\n" VALUE },
    { "hang.example.com",      "hang",  "HTTP/1.1 200 OK\r\n" },
    { "headers.example.com",   "flood", "HTTP/1.1 200 OK\r\nX: " },
    { "endless.example.com",   "flood", FOUND(VALUE "\n") },
    { "late.example.com",      "flood", FOUND("") },
    { "to1.example.com",       "reply", MOVED("301", "http://good.example.com" WEB_PATH) },
    { "to2.example.com",       "reply", MOVED("302", "//to1.example.com/x") },
    { "to7.example.com",       "reply", MOVED("307", "https://good.example.com/elsewhere#part") },
    { "to8.example.com",       "reply", MOVED("308", "http://" HERE "/a") },
    { HERE,                    "reply", FOUND(VALUE) },
    { "to9.example.com",       "reply", MOVED("302", "http://half2.silent.example.net/x") },
    { "to3.example.com",       "reply", MOVED("303", "http://good.example.com/") },
    { "to0.example.com",       "reply", MOVED("300", "http://good.example.com/") },
    { "kept.example.com",      "hang",  "HTTP/1.1 302 Found\r\nLocation: http://good.example.com/\r\n\r\n" },
    { "loop.example.com",      "reply", MOVED("302", "{path}x") },
    { "port.example.com",      "reply", MOVED("302", "http://good.example.com:8080/") },
    { "ssh.example.com",       "reply", MOVED("302", "http://good.example.com:22/") },
    { "ftp.example.com",       "reply", MOVED("302", "ftp://good.example.com/") },
    { "file.example.com",      "reply", MOVED("302", "file:///etc/passwd") },
    { "user.example.com",      "reply", MOVED("302", "http://me:it@good.example.com/") },
    { "private.example.com",   "reply", MOVED("302", "http://10.0.0.1/") },
    { "octal.example.com",     "reply", MOVED("302", "http://0177.0.0.1/") },
    { "inner.example.com",     "reply", MOVED("302", "http://ten.example.com/") },
    { "gone.example.com",      "reply", MOVED("302", "http://nowhere.example.com/") },
    { "lost.example.com",      "reply", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n" },
    { "two.example.com",       "reply", "HTTP/1.1 302 Found\r\nLocation: http://good.example.com/\r\nLocation: /\r\nContent-Length: 0\r\n\r\n" },
    { "blank.example.com",     "reply", MOVED("302", "") },
    { "meta.example.com",      "reply", FOUND("<meta http-equiv=refresh content='0; url=http://good.example.com/'>") },
    { "echo.example.com",      "reply", MOVED("302", "http://mirror.example.com/" VALUE) },
    { "mirror.example.com",    "reply", FOUND("{path}") },
};

/* What stands in the rows above is at HERE; and there is: */
static const char more[] =
    "ten.example.com A 10.0.0.1\n"
    "mapped.example.com AAAA ::ffff:10.0.0.1\n"
    "refusing.example.com A 127.77.25.81\n"
    "second.example.com A 127.77.25.81\n"
    "second.example.com A " HERE "\n"
    "mixed.example.com A 10.0.0.1\n"
    "mixed.example.com A " HERE "\n"
    "alias.example.com CNAME good.example.com\n"
    "chained.example.com CNAME c1.chained.example.com\n"
    "c1.chained.example.com CNAME c2.chained.example.com\n"
    "c2.chained.example.com CNAME c3.chained.example.com\n"
    "c3.chained.example.com CNAME c4.chained.example.com\n"
    "c4.chained.example.com CNAME c5.chained.example.com\n"
    "c5.chained.example.com CNAME c6.chained.example.com\n"
    "c6.chained.example.com CNAME c7.chained.example.com\n"
    "c7.chained.example.com CNAME c8.chained.example.com\n"
    "c8.chained.example.com CNAME c9.chained.example.com\n"
    "c9.chained.example.com CNAME c10.chained.example.com\n"
    "c10.chained.example.com CNAME c11.chained.example.com\n"
    "c11.chained.example.com CNAME c12.chained.example.com\n"
    "c12.chained.example.com CNAME good.example.com\n"
    "unnamed.example.com A " HERE "\n"
    "text.example.com TXT nothing\n";

static const struct {
    const char *domain;
    bool found, failed;
    const char *says; /* in the proof when found, else in the reason */
} cases[] = {
    { "good.example.com",      true,  false, "\"record\":\"" VALUE },
    { "good.example.com",      true,  false, "\"name\":\"http" },
    { "good.example.com",      true,  false, "\"address\":\"" HERE "\",\"status\":200,\"dnssec_secure\":true" },
    { "within.example.com",    true,  false, VALUE },
    { "soft.insecure.example.net", true, false, "\"dnssec_secure\":false" },
    { "created.example.com",   true,  false, "\"status\":201" },
    { "endless.example.com",   true,  false, VALUE },
    { "second.example.com",    true,  false, "\"address\":\"" HERE "\"" },
    { "mixed.example.com",     true,  false, "\"address\":\"" HERE "\"" },
    { "alias.example.com",     true,  false, "alias.example.com/.well-known" },
    { "to1.example.com",       true,  false, "\"found_at\":\"http://good.example.com" WEB_PATH "\"" },
    { "to2.example.com",       true,  false, "to1.example.com/x\",\"address\":\"" HERE "\",\"status\":301" },
    { "to7.example.com",       true,  false, "\"found_at\":\"https://good.example.com/elsewhere\"" },
    { "to8.example.com",       true,  false, "\"found_at\":\"http://" HERE "/a\"" },
    { "kept.example.com",      true,  false, "\"status\":302" },
    { "wrong.example.com",     false, false, "the file does not hold the value" },
    { "cut.example.com",       false, false, "the file does not hold the value" },
    { "late.example.com",      false, false, "does not hold the value in the part that is read" },
    { "empty.example.com",     false, false, "the file does not hold the value" },
    { "error.example.com",     false, false, "answered 500" },
    { "denied.example.com",    false, false, "answered 401" },
    { "to3.example.com",       false, false, "answered 303" },
    { "to0.example.com",       false, false, "answered 300" },
    { "nothing.example.com",   false, false, "answered 404" },
    { "partial.example.com",   false, true,  "broke off its answer" },
    { "old.example.com",       false, true,  "gave an answer that is not HTTP" },
    { "none.example.com",      false, true,  "without an answer" },
    { "headers.example.com",   false, true,  "too many headers" },
    { "many.example.com",      false, true,  "too many headers" },
    { "refusing.example.com",  false, true,  "no connection: refused" },
    { "unnamed.example.com",   false, false, "the TLS handshake failed: the server does not know the name" },
    { "chained.example.com",   false, true,  "the chain of CNAMEs is too long" },
    { "loop.example.com",      false, false, "redirects too often" },
    { "port.example.com",      false, false, "must not use port 8080" },
    { "ssh.example.com",       false, false, "must not use port 22" },
    { "ftp.example.com",       false, false, "must begin with https:// or http://" },
    { "file.example.com",      false, false, "must begin with https:// or http://" },
    { "user.example.com",      false, false, "no user" },
    { "private.example.com",   false, false, "10.0.0.1 is not a public address: private (RFC 1918)" },
    { "octal.example.com",     false, false, "four decimal numbers" },
    { "inner.example.com",     false, false, "redirected to http://ten.example.com/: 10.0.0.1 is not a public address" },
    { "gone.example.com",      false, false, "no such name" },
    { "lost.example.com",      false, false, "there is no Location" },
    { "two.example.com",       false, false, "more than one Location" },
    { "blank.example.com",     false, false, "well-formed Location" },
    { "meta.example.com",      false, false, "does not hold the value" },
    { "echo.example.com",      false, false, "stands in the address" },
    { "ten.example.com",       false, false, "10.0.0.1 is not a public address" },
    { "mapped.example.com",    false, false, "not a public address" },
    { "text.example.com",      false, false, "has no address" },
    { "nowhere.example.com",   false, false, "no such name" },
    { "forged.bogus.example.org", false, true, "DNSSEC validation failed" },
    { "no.refused.example.net",   false, true, "no name server of the zone" },
    { "half.silent.example.net",  true,  false, "\"address\":\"" HERE "\"" },
    { "to9.example.com",          true,  false, "\"found_at\":\"http://half2.silent.example.net/x\"" },
};
// clang-format on

/* 20 KB of them, each short. */
static void many_headers_load(void)
{
    static char reply[32768];
    size_t n = (size_t)snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\n");

    while (n < 20000)
        n += (size_t)snprintf(reply + n, sizeof reply - n, "X-Filler: 0123456789\r\n");
    n += (size_t)snprintf(reply + n, sizeof reply - n, "\r\n" VALUE);
    web_rig_set(&web, "many.example.com", "reply", reply, n);
}

static void world_load(void)
{
    static char lines[16384];
    struct fault f = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        web_rig_set(&web, servers[i].host, servers[i].manner, servers[i].reply,
                    strlen(servers[i].reply));
        if (strcmp(servers[i].host, HERE) != 0)
            n += (size_t)snprintf(lines + n, sizeof lines - n, "%s A " HERE "\n", servers[i].host);
    }
    snprintf(lines + n, sizeof lines - n,
             "nothing.example.com A " HERE "\nmany.example.com A " HERE "\n%s", more);
    many_headers_load();
    for (const char *const *h =
             (const char *const[]){ "second.example.com", "mixed.example.com", "alias.example.com",
                                    "half.silent.example.net", "half2.silent.example.net", NULL };
         *h; h++)
        web_rig_set(&web, *h, "reply", FOUND(VALUE), strlen(FOUND(VALUE)));
    if (!dns_rig_load(&dns, lines, &f))
        fail_msg("%s", f.detail);
}

static int set_up(void **state)
{
    (void)state;
    if (world_start("127.77.25.53") != 0)
        return 1;
    world_load();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return world_stop();
}

/* ---- tests */

static void what_proves_and_what_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct probe_request request = request_for(cases[i].domain);
        const struct seen *s = probe(&request);

        if (s->result.found != cases[i].found || s->result.failed != cases[i].failed ||
            !strstr(s->result.found ? s->proof : s->result.reason, cases[i].says))
            fail_msg("%s: %d %d %s | %s", cases[i].domain, s->result.found, s->result.failed,
                     s->result.reason, s->proof);
        assert_true(strlen(s->result.reason) == 0 || !s->result.found);
    }
}

static void the_proof_names_each_hop(void **state)
{
    struct probe_request request = request_for("to2.example.com");
    const struct seen *s = probe(&request);
    struct arena a;
    struct fault f = { 0 };

    (void)state;
    arena_init(&a);
    DcvProof *proof =
        (DcvProof *)message_from_json(&a, &dcv_proof__descriptor, s->proof, strlen(s->proof), &f);
    assert_non_null(proof);
    assert_string_equal(proof->type, "HTTP");
    assert_string_equal(proof->perspective, "primary");
    assert_int_equal(proof->n_hops, 3);
    assert_string_equal(proof->hops[1]->url + strlen(proof->hops[1]->url) - 2, "/x");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(proof->hops[i]->address, HERE);
    assert_int_equal(proof->hops[2]->status, 200);
    assert_int_equal(proof->n_looks, 2);
    assert_string_equal(proof->looks[proof->name[4] == 's']->outcome, "found");
    arena_free(&a);
}

/* What is slow costs its own time, and no more than that. */
static void slowness_ends_at_the_deadline(void **state)
{
    static const char *const hosts[] = { "drip.example.com", "hang.example.com" };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct probe_request request = request_for(hosts[i]);
        struct tick begun = tick_now();
        const struct seen *s;

        request.deadline = tick_after(milliseconds(700));
        s = probe(&request);
        assert_true(tick_now().us - begun.us < 700000 + SLACK_US);
        assert_false(s->result.found);
        assert_true(s->result.failed);
        assert_non_null(strstr(s->result.reason, "did not answer in time"));
    }
}

/* Without its NUL. */
static void put(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

/* The first 5000 bytes are read: the value must stand in them, and end in them. */
static void only_the_beginning_of_a_file_is_read(void **state)
{
    static char reply[2 * 1000 * 1000];
    static const char head[] = FOUND("");
    struct fault f = { 0 };

    (void)state;
    assert_true(dns_rig_set(&dns, "long.example.com", "A", HERE, &f));
    for (size_t beyond = 0; beyond < 2; beyond++) {
        struct probe_request request = request_for("long.example.com");

        memset(reply, ' ', sizeof reply);
        put(reply, head);
        put(reply + strlen(head) + BYTES - strlen(VALUE " ") + beyond, VALUE);
        web_rig_set(&web, "long.example.com", "reply", reply, sizeof reply);
        assert_true(probe(&request)->result.found == (beyond == 0));
    }
}

static void no_value_proves_nothing(void **state)
{
    static const char *const values[] = { "", "0123", NULL };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct probe_request request = request_for("good.example.com");

        request.wanted.text = values[i];
        assert_false(probe(&request)->result.found);
    }
}

static void a_request_token_proves(void **state)
{
    static const uint8_t csr[] = "certification request";
    struct probe_request request = request_for("token.example.com");
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    request.wanted.text = NULL;
    request.wanted.auth_key.text = "the account's key";
    request.wanted.csr = (struct bytes){ csr, sizeof csr };
    request.wanted.token_life = days(30);
    arena_init(&a);
    const char *reply = arena_format(&a, FOUND("%s"),
                                     authkey_token(&a, "the account's key", request.wanted.csr,
                                                   instant_add(clock_now(), seconds(-5))));
    web_rig_set(&web, "token.example.com", "reply", reply, strlen(reply));
    arena_free(&a);
    assert_true(dns_rig_set(&dns, "token.example.com", "A", HERE, &f));
    assert_non_null(strstr(probe(&request)->proof, "\"token_made\""));
    request.wanted.auth_key.text = "another key";
    assert_false(probe(&request)->result.found);
}

/* Nothing of ours goes out but the question. */
static void the_request_says_nothing_more(void **state)
{
    static const char *const unwanted[] = { "Cookie", "Authorization", "Referer", VALUE };
    static char said[65536];
    char path[96];
    struct probe_request request = request_for("denied.example.com");

    (void)state;
    probe(&request);
    snprintf(path, sizeof path, "%s/headers", web.folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    fclose(file);
    assert_non_null(strstr(said, "GET " WEB_PATH " HTTP/1.1\r\nHost: good.example.com\r\n"));
    assert_non_null(strstr(said, "User-Agent: chancery-validation"));
    assert_non_null(strstr(said, "Accept-Encoding: identity\r\n"));
    for (size_t i = 0; i < 3; i++)
        assert_null(strcasestr(said, unwanted[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_proves_and_what_does_not),
        cmocka_unit_test(the_proof_names_each_hop),
        cmocka_unit_test(slowness_ends_at_the_deadline),
        cmocka_unit_test(only_the_beginning_of_a_file_is_read),
        cmocka_unit_test(no_value_proves_nothing),
        cmocka_unit_test(a_request_token_proves),
        cmocka_unit_test(the_request_says_nothing_more),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
