#include <fcntl.h>

#include "caller.h"
#include "gateway.h"
#include "http_toy.h"
#include "key_session.h"
#include "pki/digest.h"
#include "service/metrics.h"

/* Keys "k-ROLE-KEYROLE" exist; asking for "down" finds no database. */
static atomic_int asked;
static atomic_bool revoked;                    /* "k-1-revoked" */
static struct key_sessions *changes_meanwhile; /* something changes during each look-up */

static const struct {
    const char *text;
    int role, key_role;
} keys[] = { { "k-1-0", 1, 0 }, { "k-5-102", 5, 102 }, { "k-9-0", 9, 0 }, { "k-1-revoked", 1, 0 } };

static bool has_hash(const SessionKey *key, const char *text)
{
    uint8_t hash[SHA256_SIZE];
    digest_sha256(BYTES_OF(text), hash);
    return key->key_hash.len == SHA256_SIZE && memcmp(key->key_hash.data, hash, SHA256_SIZE) == 0;
}

static bool find_key(struct arena *a, const SessionKey *key, Session *out, bool *found,
                     struct fault *f)
{
    (void)a;
    atomic_fetch_add(&asked, 1);
    *found = false;
    if (changes_meanwhile)
        key_sessions_forget(changes_meanwhile, 7, 0);
    if (has_hash(key, "down"))
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "no database");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!has_hash(key, keys[i].text) || (strstr(keys[i].text, "revoked") && revoked))
            continue;
        *found = true;
        out->account_id = 5;
        out->user_id = 7;
        out->api_key_id = 61 + (int64_t)i;
        out->role_id = keys[i].role;
        out->key_role_id = keys[i].key_role;
    }
    return true;
}

static bool may_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer;
    out->body = caller_may(call, "order:create") ? BYTES_OF("may") : BYTES_OF("may not");
    return true;
}

static bool forget_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer, (void)out;
    key_sessions_forget(gateway.key_sessions, call->actor.user_id, 0);
    return false;
}

// clang-format off
static const struct route routes[] = {
    { GET,  "/read",   WORKER, RPC(toys, "Echo"), "order:read",   200, "Read" },
    { POST, "/create", WORKER, RPC(toys, "Echo"), "order:create", 200, "Create" },
    { GET,  "/any",    WORKER, RPC(toys, "Echo"), "any",          200, "Whoever" },
    { GET,  "/may",    WORKER, RPC(toys, "Echo"), "order:read",   200, "May it?", .shape = may_shape },
    { GET,  "/forget", WORKER, RPC(toys, "Echo"), "order:read",   200, "Forget", .shape = forget_shape },
    { GET,  "/open",   WORKER, RPC(toys, "Echo"), NULL,           200, "Open" },
    { 0 },
};

#define BAD_KEY "{\"errors\":[{\"code\":\"access_denied|access_denied_invalid_key\",\"message\":\"Access denied due to access_denied_invalid_key.\"}]}"
#define NO_KEY "{\"errors\":[{\"code\":\"access_denied|access_denied_invalid_key\",\"message\":\"Access denied: the header X-DC-DEVKEY must have an API key.\"}]}"
#define LACKS(what) "{\"errors\":[{\"code\":\"access_denied|missing_permission\",\"message\":\"Access denied due to missing_permission: this takes " what ".\"}]}"
#define NO_RIGHT LACKS("order:create")
static const struct {
    const char *line, *key;
    int status;
    const char *body; /* NULL: not looked at */
} cases[] = {
    { "GET /read",    "k-1-0",   200, NULL },
    { "POST /create", "k-1-0",   200, NULL },
    { "GET /read",    "k-5-102", 200, NULL },
    { "POST /create", "k-5-102", 403, NO_RIGHT },
    { "GET /any",     "k-5-102", 200, NULL },
    { "GET /any",     "k-9-0",   403, LACKS("a role that is known here") },
    { "GET /read",    "unknown", 403, BAD_KEY },
    { "GET /read",    "",        403, NO_KEY },
    { "GET /read",    NULL,      403, NO_KEY },
    { "GET /open",    NULL,      200, NULL },
    { "GET /open",    "unknown", 200, NULL },
    { "GET /may",     "k-1-0",   200, "may" },
    { "GET /may",     "k-5-102", 200, "may not" },
    { "GET /read",    "down",    503, NULL },
};
// clang-format on

static const struct route *const tables[] = { routes, NULL };

static char *ask_as(struct http *h, struct arena *a, const char *line, const char *key)
{
    return exchange(h, a, line, key ? arena_format(a, "x-dc-devkey: %s\r\n", key) : "", NULL);
}

struct house {
    struct roles *roles;
    struct limits *strange;
    struct key_sessions *sessions;
    struct route_family families[2];
    struct http *http;
};

/* So many keys that are not known, from here; 0: any number. Nothing is gained while a test runs. */
static void open_limited(struct house *h, struct duration fresh, struct duration absent,
                         int strange)
{
    struct fault f = { 0 };
    const struct limit_options limit = { .windows = { { "keys-burst", 4 * strange, days(1) },
                                                      { "keys", 4 * strange, days(2) } },
                                         .redis = { "" } };
    h->strange = limits_new(&limit, &f);
    h->roles = roles_load("policy/roles.json", &f);
    h->sessions = key_sessions_new(&(struct key_session_options){ .roles = h->roles,
                                                                  .strange = h->strange,
                                                                  .fresh = fresh,
                                                                  .absent = absent,
                                                                  .find = find_key });
    gateway.key_sessions = h->sessions;
    h->families[0] = (struct route_family){ .base = "",
                                            .tables = tables,
                                            .admit = key_session_admit,
                                            .glance = key_session_glance,
                                            .context = h->sessions };
    h->families[1] = (struct route_family){ 0 };
    struct http_options o = toy_options();
    o.doors[0].listen = "127.0.0.1:0";
    o.doors[0].families = h->families;
    h->http = http_start(&o, &f);
    assert_non_null(h->http);
    atomic_store(&asked, 0);
}

static void open_house(struct house *h, struct duration fresh, struct duration absent)
{
    open_limited(h, fresh, absent, 0);
}

static void close_house(struct house *h)
{
    toy_stop(h->http);
    key_sessions_free(h->sessions);
    limits_free(h->strange);
    roles_free(h->roles);
}

static void keys_and_permissions_are_asked_for(void **state)
{
    struct house h;
    (void)state;
    open_house(&h, days(1), days(1));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        arena_init(&a);
        char *answer = ask_as(h.http, &a, cases[i].line, cases[i].key);
        if (status_of(answer) != cases[i].status ||
            (cases[i].body && strcmp(body_of(answer), cases[i].body) != 0))
            fail_msg("%s as %s\n%s", cases[i].line, cases[i].key, answer);
        arena_free(&a);
    }
    close_house(&h);
}

static void what_was_found_is_believed_for_a_while(void **state)
{
    struct house h;
    struct arena a;
    (void)state;
    arena_init(&a);
    open_house(&h, days(1), days(1));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "unknown")), 403);
    }
    assert_int_equal(atomic_load(&asked), 2);
    close_house(&h);
    open_house(&h, (struct duration){ 1 }, (struct duration){ 1 });
    for (int i = 0; i < 5; i++) {
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "unknown")), 403);
    }
    assert_int_equal(atomic_load(&asked), 10);
    close_house(&h);
    arena_free(&a);
}

/* Before their bodies come: without a key, or with one that is known not to be one or not to have the
 * permission, nobody is asked and nothing is collected. */
static void bodies_of_strangers_are_not_collected(void **state)
{
    static const struct {
        const char *key, *answer;
    } strangers[] = { { "", NO_KEY }, { "k-5-102", NO_RIGHT }, { "unknown", BAD_KEY } };
    struct house h;
    (void)state;
    open_house(&h, days(1), days(1));
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        struct arena a;
        arena_init(&a);
        ask_as(h.http, &a, "GET /read", strangers[i].key); /* from now on it is known */
        int asked_before = atomic_load(&asked);
        int fd = dial(h.http);
        char *head = arena_format(&a,
                                  "POST /create HTTP/1.1\r\nHost: x\r\nX-DC-DEVKEY: %s\r\n"
                                  "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
                                  strangers[i].key);
        say(fd, head, strlen(head));
        assert_string_equal(body_of(hear(fd, &a)), strangers[i].answer);
        assert_int_equal(atomic_load(&asked), asked_before);
        arena_free(&a);
    }
    close_house(&h);
}

/* What this gateway has changed itself is asked for again at once. */
static void what_has_changed_is_forgotten(void **state)
{
    struct house h;
    struct arena a;
    (void)state;
    arena_init(&a);
    open_house(&h, days(1), days(1));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "unknown")), 403);
    }
    assert_int_equal(atomic_load(&asked), 2);
    assert_int_equal(status_of(ask_as(h.http, &a, "GET /forget", "k-1-0")), 200);
    assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
    assert_int_equal(atomic_load(&asked), 3);
    assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "unknown")), 403);
    assert_int_equal(atomic_load(&asked), 4);
    close_house(&h);
    arena_free(&a);
}

/* A revocation while the key is being looked up: what was read may be old and is not kept. */
static void what_changes_meanwhile_is_not_kept(void **state)
{
    struct house h;
    struct arena a;
    (void)state;
    arena_init(&a);
    open_house(&h, days(1), days(1));
    changes_meanwhile = h.sessions;
    for (int i = 1; i < 4; i++) {
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
        assert_int_equal(atomic_load(&asked), i);
    }
    changes_meanwhile = NULL;
    close_house(&h);
    arena_free(&a);
}

static void an_outage_is_not_remembered(void **state)
{
    struct house h;
    struct arena a;
    (void)state;
    arena_init(&a);
    open_house(&h, days(1), days(1));
    for (int i = 0; i < 3; i++)
        assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "down")), 503);
    assert_int_equal(atomic_load(&asked), 3);
    close_house(&h);
    arena_free(&a);
}

/* Somebody tries more keys than there are places: the good key stays known. */
static void bad_keys_do_not_push_out_good_ones(void **state)
{
    struct house h;
    struct arena a;
    (void)state;
    arena_init(&a);
    open_house(&h, days(1), days(1));
    assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
    int fd = dial(h.http);
    for (int i = 0; i < 12000; i++) {
        char *line = arena_format(&a, "GET /read HTTP/1.1\r\nHost: x\r\nX-DC-DEVKEY: x%d\r\n%s\r\n",
                                  i, i == 11999 ? "Connection: close\r\n" : "");
        char piece[1024];
        say(fd, line, strlen(line));
        if (i < 11999)
            assert_true(recv(fd, piece, sizeof piece, 0) > 0);
    }
    assert_int_equal(status_of(hear(fd, &a)), 403);
    assert_int_equal(atomic_load(&asked), 12001);
    assert_int_equal(status_of(ask_as(h.http, &a, "GET /read", "k-1-0")), 200);
    assert_int_equal(atomic_load(&asked), 12001);
    close_house(&h);
    arena_free(&a);
}

static int status_as(struct house *h, const char *key)
{
    struct arena a;
    arena_init(&a);
    int status = status_of(ask_as(h->http, &a, "GET /read", key));
    arena_free(&a);
    return status;
}

/* Also the same key over and over. */
static void who_tries_keys_is_stopped_before_the_look_up(void **state)
{
    static const char *const wrong[] = { "a", "b", "b", "c", "d" };
    struct house h;
    int64_t refused = metric_get(METRIC_KEYS_REFUSED), limited = metric_get(METRIC_LIMIT_REFUSED);
    (void)state;
    open_limited(&h, days(1), days(1), 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(status_as(&h, wrong[i]), 403);
    assert_int_equal(atomic_load(&asked), 4);
    for (int i = 0; i < 20; i++)
        assert_int_equal(status_as(&h, i % 2 ? "d" : "e"), 429);
    assert_int_equal(status_as(&h, "k-1-0"), 429); /* never seen: perhaps the next guess */
    assert_int_equal(atomic_load(&asked), 4);
    assert_int_equal(metric_get(METRIC_KEYS_REFUSED), refused + 5);
    assert_int_equal(metric_get(METRIC_LIMIT_REFUSED), limited + 21);
    close_house(&h);
}

/* Nothing is believed here, so each request is a look-up: it costs nothing when the key is good. */
static void who_has_a_good_key_goes_on(void **state)
{
    struct house h;
    (void)state;
    open_limited(&h, (struct duration){ 1 }, (struct duration){ 1 }, 3);
    for (int i = 0; i < 10; i++)
        assert_int_equal(status_as(&h, i % 2 ? "k-1-0" : "k-5-102"), 200);
    for (int i = 0; i < 5; i++)
        assert_int_equal(status_as(&h, "down"), 503); /* nobody knows */
    for (int i = 0; i < 6; i++)
        assert_int_equal(status_as(&h, "wrong"), i < 3 ? 403 : 429);
    assert_int_equal(status_as(&h, "k-1-0"), 200);
    assert_int_equal(status_as(&h, "k-5-102"), 200);
    close_house(&h);
}

/* It was good, so its address is not stopped; once it is known to be so no more, it is as any other. */
static void a_key_that_is_revoked_counts_from_then_on(void **state)
{
    struct house h;
    (void)state;
    open_limited(&h, (struct duration){ 1 }, (struct duration){ 1 }, 2);
    atomic_store(&revoked, false);
    assert_int_equal(status_as(&h, "k-1-revoked"), 200);
    atomic_store(&revoked, true);
    for (int i = 0; i < 6; i++)
        assert_int_equal(status_as(&h, "k-1-revoked"), i < 3 ? 403 : 429);
    close_house(&h);
}

/* What is written to standard error meanwhile: how many lines say this? */
static int lines_with(FILE *log, const char *words)
{
    char line[4096];
    int n = 0;
    rewind(log);
    while (fgets(line, sizeof line, log))
        n += strstr(line, words) != NULL;
    return n;
}

static void many_wrong_keys_are_one_line(void **state)
{
    struct house h;
    FILE *log = tmpfile();
    int stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    (void)state;
    open_house(&h, days(1), days(1));
    assert_true(log && dup2(fileno(log), STDERR_FILENO) >= 0);
    for (int i = 0; i < 10; i++)
        status_as(&h, "wrong");
    dup2(stderr_copy, STDERR_FILENO);
    close(stderr_copy);
    assert_int_equal(lines_with(log, "\"requests with API keys that are not known\""), 1);
    assert_int_equal(lines_with(log, "\"last_from\":\"127.0.0.1\""), 1);
    fclose(log);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_permissions_are_asked_for),
        cmocka_unit_test(what_was_found_is_believed_for_a_while),
        cmocka_unit_test(bodies_of_strangers_are_not_collected),
        cmocka_unit_test(what_has_changed_is_forgotten),
        cmocka_unit_test(what_changes_meanwhile_is_not_kept),
        cmocka_unit_test(an_outage_is_not_remembered),
        cmocka_unit_test(bad_keys_do_not_push_out_good_ones),
        cmocka_unit_test(who_tries_keys_is_stopped_before_the_look_up),
        cmocka_unit_test(who_has_a_good_key_goes_on),
        cmocka_unit_test(a_key_that_is_revoked_counts_from_then_on),
        cmocka_unit_test(many_wrong_keys_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
