/* What becomes of a webhook's secret when it or the endpoint is changed. */
#include "api/placed_test.h"

#include "api/webhooks.sql.h"
#include "delivery.pb-c.h"

#define HERE  "https://hooks.example.com/here"
#define THERE "https://hooks.example.com/there"

static int64_t webhook_new(void)
{
    run_sql("TRUNCATE webhook");
    return strtoll(ask("INSERT INTO webhook (account_id, endpoint, secret_sealed, events, status, "
                       "instant, chain, instant_chain, frequency, created_at, "
                       "secret_before_sealed, secret_before_until) VALUES (%d, '" HERE
                       "', 'first', '{}', 'active', true, false, false, '{}', '2026-01-01', "
                       "'zeroth', '2026-01-01') RETURNING id::text",
                       ACCOUNT),
                   NULL, 10);
}

struct change {
    const char *endpoint, *secret; /* NULL: absent; secret "": removed */
    bool keeps;
    const char *secrets; /* now and before */
    bool dated;          /* the one before counts for a day from now on */
};

static void change_run(int64_t id, const struct change *c, struct instant now)
{
    WebhookChange in = WEBHOOK_CHANGE__INIT;
    WebhookRow out = WEBHOOK_ROW__INIT;
    struct fault f = { 0 };
    bool found = false;
    in.has_webhook_id = true;
    in.webhook_id = id;
    in.endpoint = c->endpoint ? arena_strdup(&arena, c->endpoint) : NULL;
    in.has_keeps_secret = true;
    in.keeps_secret = c->keeps;
    in.has_set_secret = in.set_secret = c->secret != NULL;
    in.has_secret_sealed = c->secret && *c->secret;
    if (in.has_secret_sealed)
        in.secret_sealed =
            (ProtobufCBinaryData){ strlen(c->secret), (uint8_t *)arena_strdup(&arena, c->secret) };
    if (!store_maybe_by(store_mine(), &arena, &sql_webhook_change, caller_at(now), &in.base,
                        &out.base, &found, &f))
        fail_msg("%s", f.detail);
    assert_true(found);
}

static void a_secret_follows_only_who_may_see_it(void **state)
{
    static const struct change changes[] = {
        { NULL, NULL, false, "first zeroth", false },
        { NULL, "second", false, "second first", true },
        { NULL, "second", true, "second first", true },
        { NULL, "", true, "none none", true },
        { HERE, NULL, false, "first zeroth", false },
        { HERE, "second", false, "second first", true },
        { THERE, NULL, false, "none none", false },
        { THERE, NULL, true, "first none", false },
        { THERE, "second", false, "second none", true },
        { THERE, "second", true, "second none", true },
        { THERE, "", true, "none none", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char now[INSTANT_TEXT_SIZE];
        struct instant at = instant_from_unix(clock_now().us / 1000000);
        int64_t id = webhook_new();
        change_run(id, &changes[i], at);
        assert_string_equal(ask("SELECT coalesce(encode(secret_sealed, 'escape'), 'none') || ' ' "
                                "|| coalesce(encode(secret_before_sealed, 'escape'), 'none') "
                                "FROM webhook"),
                            changes[i].secrets);
        assert_string_equal(ask("SELECT (secret_before_until = '%s'::timestamptz + "
                                "interval '1 day')::text FROM webhook",
                                instant_text(at, now)),
                            changes[i].dated ? "true" : "false");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_secret_follows_only_who_may_see_it) };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
