/* What names lead to. */
#include "sender_rig.h"
#include <dlfcn.h>
#include <netdb.h>

/* This program's getaddrinfo() stands before the C library's, so it is the one that libcurl finds. It
 * knows whole names only: one without a final dot would be looked for below this host's own domains. */
static int lookups, stuck_lookups;
static bool stuck_may_go;

// clang-format off
static const struct name { const char *name; const char *addresses[3]; } names[] = {
    { "sink.example.com.",   { "10.255.255.1", SINK, "fd00::1" } },
    { "alias.example.com.",  { SINK } },
    { "inside.example.com.", { "10.255.255.1", "169.254.169.254", "fd00::1" } },
};
// clang-format on

static const struct name *name_find(const char *host)
{
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(names[i].name, host) == 0)
            return &names[i];
    return NULL;
}

static void stuck_wait(const char *host)
{
    pthread_mutex_lock(&lock);
    lookups++;
    pthread_cond_broadcast(&changed);
    if (strcmp(host, "stuck.example.com.") == 0) {
        stuck_lookups++;
        while (!stuck_may_go)
            pthread_cond_wait(&changed, &lock);
        stuck_lookups--;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
}

static int addresses_chain(const struct name *n, const char *port, struct addrinfo **out)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo"); /* as dlsym(3) says */
    for (size_t i = 0; i < COUNT(n->addresses) && n->addresses[i]; i++) {
        if (real(n->addresses[i], port, &hints, out) != 0)
            abort();
        out = &(*out)->ai_next;
    }
    return 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *req,
                struct addrinfo **pai)
{
    const struct name *n = name_find(name);

    (void)req;
    stuck_wait(name);
    return n ? addresses_chain(n, service, pai) : EAI_NONAME;
}

/* Of several addresses the good one is used, wherever it stands. */
static void good_address_among_bad_ones_is_used(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];

    (void)state;
    assert_int_equal(post_and_wait(s, url_of(url, "sink.example.com", sink.port, "/ok")).status,
                     200);
    assert_int_equal(log_lines("\"host\":\"sink.example.com.:"), 0); /* as it was given */
    assert_true(log_lines("\"host\":\"sink.example.com:") > 0);
    stop(s);
}

/* The text is good, the answer of DNS is not: what the guard's second check is for. */
static void inside_addresses_are_refused(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];
    struct post_result r;

    (void)state;
    r = post_and_wait(s, url_of(url, "inside.example.com", sink.port, "/"));
    assert_int_equal(r.outcome, POST_REFUSED);
    assert_non_null(strstr(r.reason, "is not a public address"));
    r = post_and_wait(s, "https://10.255.255.1/");
    assert_int_equal(r.outcome, POST_REFUSED);
    assert_int_equal(r.sent.us, 0);
    stop(s);
}

static void loopback_behind_a_name_wants_the_setting(void **state)
{
    const struct sender_options strict = { .ca_file = sink.ca_file,
                                           .guard.ports = { (uint16_t)sink.port } };
    struct fault f = { 0 };
    struct sender *s = sender_start(&strict, &f);
    char url[URL_SIZE];

    (void)state;
    assert_non_null(s);
    url_of(url, "sink.example.com", sink.port, "/strict");
    assert_int_equal(post_and_wait(s, url).outcome, POST_REFUSED);
    assert_int_equal(log_lines("/strict"), 0);
    stop(s);
}

static void certificate_must_have_the_name(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    char url[URL_SIZE];
    struct post_result r;

    (void)state;
    r = post_and_wait(s, url_of(url, "alias.example.com", sink.port, "/alias"));
    assert_int_equal(r.outcome, POST_FAILED);
    assert_non_null(strstr(r.reason, "certificate"));
    assert_int_equal(log_lines("/alias"), 0);
    stop(s);
}

static void unknown_names_are_told(void **state)
{
    struct sender *s = start((struct sender_options){ 0 });
    struct post_result r = post_and_wait(s, "https://missing.example.com/");

    (void)state;
    assert_int_equal(r.outcome, POST_FAILED);
    assert_non_null(strstr(r.reason, "resolve"));
    stop(s);
}

/* The look-up hangs until the end of this test, the timeout comes all the same, and the loop has
 * time for others before and after it. */
static void silent_name_server_stops_nobody(void **state)
{
    struct sender *s = start((struct sender_options){ .timeout = seconds(2) });
    char url[URL_SIZE];
    struct sent stuck;
    struct post_result r;

    (void)state;
    url_of(url, SINK, sink.port, "/ok");
    post(s, &stuck, "https://stuck.example.com/");
    await_number(&stuck_lookups, 1);
    assert_int_equal(post_and_wait(s, url).status, 200);
    await_number(&stuck.times, 1);
    r = stuck.result;
    assert_int_equal(stuck_lookups, 1);
    assert_int_equal(r.outcome, POST_FAILED);
    assert_int_equal(post_and_wait(s, url).status, 200);
    stop(s);
    pthread_mutex_lock(&lock);
    stuck_may_go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    await_number(&stuck_lookups, 0);
}

/* Nobody answers the first before the second was told that it will not be sent. */
static void on_stopped(const struct post_result *result, void *context)
{
    on_done(result, context);
    https_sink_let_go(&sink);
}

/* The look-up tells that the first is under way when the stop comes. */
static void stop_lets_the_started_end(void **state)
{
    struct sender *s = start((struct sender_options){ .per_host = 1 });
    struct sent started, waiting;
    char url[URL_SIZE];
    int before;

    (void)state;
    pthread_mutex_lock(&lock);
    before = lookups;
    pthread_mutex_unlock(&lock);
    url_of(url, "sink.example.com", sink.port, "/held/200");
    post(s, &started, url);
    await_number(&lookups, before + 1);
    waiting = (struct sent){ 0 };
    sender_post(s, &(struct post){ .url = url, .body = BYTES_OF("{}") }, on_stopped, &waiting);
    sender_stop(s, patience());
    assert_int_equal(started.times, 1);
    assert_int_equal(started.result.status, 200);
    assert_int_equal(waiting.times, 1);
    assert_int_equal(waiting.result.outcome, POST_STOPPED);
    assert_int_equal(waiting.result.sent.us, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_address_among_bad_ones_is_used),
        cmocka_unit_test(inside_addresses_are_refused),
        cmocka_unit_test(loopback_behind_a_name_wants_the_setting),
        cmocka_unit_test(certificate_must_have_the_name),
        cmocka_unit_test(unknown_names_are_told),
        cmocka_unit_test(silent_name_server_stops_nobody),
        cmocka_unit_test(stop_lets_the_started_end),
    };

    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
