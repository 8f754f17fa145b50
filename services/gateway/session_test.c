#include "http_toy.h"
#include "pki/digest.h"
#include "session.h"

/* Keys "k-ROLE-KEYROLE" exist; asking for "down" finds no database. */
static atomic_int asked;
static struct sessions *changes_meanwhile; /* something changes during each look-up */

static const struct {
    const char *text;
    int role, key_role;
} keys[] = { { "k-1-0", 1, 0 }, { "k-5-102", 5, 102 }, { "k-9-0", 9, 0 } };

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
        sessions_forget(changes_meanwhile, 7, 0);
    if (has_hash(key, "down"))
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "no database");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!has_hash(key, keys[i].text))
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
    out->body = session_may(call, "order:create") ? BYTES_OF("may") : BYTES_OF("may not");
    return true;
}

static bool forget_shape(struct call *call, const ProtobufCMessage *answer, struct http_answer *out)
{
    (void)answer, (void)out;
    session_forget(call, call->actor.user_id, 0);
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
#define NO_RIGHT "{\"errors\":[{\"code\":\"access_denied|missing_permission\",\"message\":\"Access denied due to missing_permission.\"}]}"
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
    { "GET /any",     "k-9-0",   403, NO_RIGHT },
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
    struct sessions *sessions;
    struct route_family families[2];
    struct http *http;
};

static void open_house(struct house *h, struct duration fresh, struct duration absent)
{
    struct fault f = { 0 };
    h->roles = roles_load("policy/roles.json", &f);
    h->sessions = sessions_new(&(struct session_options){
        .roles = h->roles, .fresh = fresh, .absent = absent, .find = find_key });
    h->families[0] = (struct route_family){
        .base = "", .tables = tables, .admit = session_admit, .context = h->sessions
    };
    h->families[1] = (struct route_family){ 0 };
    h->http = http_start(
        &(struct http_options){ HTTP_DEFAULTS, .listen = "127.0.0.1:0", .families = h->families },
        &f);
    assert_non_null(h->http);
    atomic_store(&asked, 0);
}

static void close_house(struct house *h)
{
    toy_stop(h->http);
    sessions_free(h->sessions);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_permissions_are_asked_for),
        cmocka_unit_test(what_was_found_is_believed_for_a_while),
        cmocka_unit_test(what_has_changed_is_forgotten),
        cmocka_unit_test(what_changes_meanwhile_is_not_kept),
        cmocka_unit_test(an_outage_is_not_remembered),
        cmocka_unit_test(bad_keys_do_not_push_out_good_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
