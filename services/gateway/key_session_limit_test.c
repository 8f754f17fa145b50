/* How many requests the keys of an account may make. */
#include "http_toy.h"

#include "key_session.h"
#include "pki/digest.h"

enum { OF_A_KEY = 3, OF_AN_ACCOUNT = 5 };

static const struct {
    const char *text;
    int64_t id, account;
} keys[] = { { "first", 61, 5 }, { "second", 62, 5 }, { "another", 63, 6 } };

static bool find_key(struct arena *a, const SessionKey *key, Session *out, bool *found,
                     struct fault *f)
{
    (void)a, (void)f;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        uint8_t hash[SHA256_SIZE];
        digest_sha256(BYTES_OF(keys[i].text), hash);
        if (memcmp(key->key_hash.data, hash, sizeof hash) != 0)
            continue;
        *found = true;
        out->account_id = keys[i].account;
        out->user_id = 7;
        out->api_key_id = keys[i].id;
        out->role_id = 1;
    }
    return true;
}

// clang-format off
static const struct route routes[] = {
    { GET, "/read", WORKER, RPC(toys, "Echo"), "order:read", 200, "Read" },
    { 0 },
};
// clang-format on
static const struct route *const tables[] = { routes, NULL };

static struct house {
    struct arena arena;
    struct roles *roles;
    struct limits *keys, *accounts;
    struct key_sessions *sessions;
    struct route_family families[2];
    struct http *http;
} house;

/* Without Redis a quarter is left; nothing is gained while a test runs. */
static struct limits *limits_of(const char *burst, const char *name, int requests)
{
    struct fault f = { 0 };
    return limits_new(&(struct limit_options){ .windows = { { burst, 4 * requests, days(1) },
                                                            { name, 4 * requests, days(2) } },
                                               .redis = { "" } },
                      &f);
}

static int open_house(void **state)
{
    struct fault f = { 0 };
    (void)state;
    arena_init(&house.arena);
    signal(SIGPIPE, SIG_IGN);
    house.keys = limits_of("burst", "sustained", OF_A_KEY);
    house.accounts = limits_of("account-burst", "account-sustained", OF_AN_ACCOUNT);
    house.roles = roles_load("policy/roles.json", &f);
    house.sessions = key_sessions_new(&(struct key_session_options){ .roles = house.roles,
                                                                     .limits = house.keys,
                                                                     .accounts = house.accounts,
                                                                     .fresh = days(1),
                                                                     .find = find_key });
    house.families[0] = (struct route_family){
        .base = "", .tables = tables, .admit = key_session_admit, .context = house.sessions
    };
    struct http_options o = toy_options();
    o.doors[0] = (struct http_door){ .listen = "127.0.0.1:0", .families = house.families };
    house.http = http_start(&o, &f);
    return house.http ? 0 : -1;
}

static int close_house(void **state)
{
    (void)state;
    toy_stop(house.http);
    key_sessions_free(house.sessions);
    limits_free(house.keys);
    limits_free(house.accounts);
    roles_free(house.roles);
    arena_free(&house.arena);
    return 0;
}

static const char *answer_to(const char *key)
{
    return exchange(house.http, &house.arena, "GET /read",
                    arena_format(&house.arena, "x-dc-devkey: %s\r\n", key), NULL);
}

/* The last of so many is refused, by the limit with that name; "": none is. */
static void many(const char *key, int count, const char *refused_by)
{
    for (int i = 1; i <= count; i++) {
        const char *answer = answer_to(key);
        bool last = i == count && *refused_by;
        assert_int_equal(status_of(answer), last ? 429 : 200);
        if (last && !strstr(answer, arena_format(&house.arena, "RateLimit: \"%s\"", refused_by)))
            fail_msg("%s", answer);
    }
}

static void all_keys_of_an_account_share(void **state)
{
    (void)state;
    many("first", OF_A_KEY + 1, "burst");
    many("second", OF_AN_ACCOUNT - OF_A_KEY + 1, "account-burst");
    many("another", OF_A_KEY, "");
}

/* One that asks on and on takes nothing from the others but what it is given. */
static void what_a_key_is_refused_is_left_to_the_account(void **state)
{
    (void)state;
    many("first", OF_A_KEY, "");
    for (int i = 0; i < 20; i++)
        many("first", 1, "burst");
    many("second", OF_AN_ACCOUNT - OF_A_KEY, "");
}

static void what_an_account_is_refused_is_left_to_the_key(void **state)
{
    struct call call = { 0 };
    (void)state;
    many("first", OF_A_KEY, "");
    many("second", OF_AN_ACCOUNT - OF_A_KEY, "");
    for (int i = 0; i < 20; i++)
        many("second", 1, "account-burst");
    assert_true(limit_take(house.keys, 62, &call));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_keys_of_an_account_share),
        CASE(what_a_key_is_refused_is_left_to_the_account),
        CASE(what_an_account_is_refused_is_left_to_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
