/* What is kept of looks, and that nobody's server fills the database with it. */
#include "look/sighting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message/json.h"

enum { LOOKS = 3, URL_LENGTH = GUARD_URL_SIZE - 1, BODY = 65536 };

static struct arena arena;

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

static const char *json_of(const ProtobufCMessage *message)
{
    struct text out;

    text_init(&out, &arena);
    message_to_json(message, &out);
    return out.data;
}

#define RECORD(text)                                                                               \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static void records_are_kept_as_in_a_zone_file(void **state)
{
    struct bytes records[] = { RECORD("\005hello"), RECORD("\003a\033b"), RECORD("\377short"),
                               RECORD("\001c"), RECORD("\001d") };
    struct resolver_ask ask = { .name = "_dnsauth.example.com", .type = DNS_TXT };
    struct resolver_answer answer = { .state = RESOLVER_FOUND,
                                      .secure = true,
                                      .records = records,
                                      .count = 5,
                                      .ttl = 60,
                                      .server = "192.0.2.53",
                                      .canonical = "proofs.example.net" };
    DcvLook *look = sighting_of_answer(&arena, &ask, &answer);

    (void)state;
    look->outcome = arena_strdup(&arena, "x");
    assert_string_equal(
        json_of(&look->base),
        "{\"type\":\"TXT\",\"name\":\"_dnsauth.example.com\",\"outcome\":\"x\",\"state\":\"found\","
        "\"dnssec\":\"secure\",\"ttl\":60,\"server\":\"192.0.2.53\",\"found_at\":\"proofs.example."
        "net\",\"record_count\":5,\"records\":[\"hello\",\"a\\\\027b\",\"\\\\255short\",\"c\"]}");
}

static const struct {
    enum resolver_state state;
    bool secure;
    const char *says;
} outcomes[] = {
    // clang-format off
    { RESOLVER_FOUND,   true,  "\"state\":\"found\",\"dnssec\":\"secure\"" },
    { RESOLVER_NO_DATA, true,  "\"state\":\"no_data\",\"dnssec\":\"secure\"" },
    { RESOLVER_NO_NAME, false, "\"state\":\"no_name\",\"dnssec\":\"insecure\"" },
    { RESOLVER_BOGUS,   false, "\"state\":\"bogus\",\"dnssec\":\"bogus\"}" },
    { RESOLVER_FAILED,  false, "\"state\":\"failed\"}" },
    { RESOLVER_TIMEOUT, false, "\"state\":\"timeout\"}" },
    { RESOLVER_UNASKED, false, "\"state\":\"unasked\"}" },
    { RESOLVER_STOPPED, false, "\"state\":\"stopped\"}" },
    // clang-format on
};

static void dnssec_is_told_where_there_is_an_answer(void **state)
{
    struct resolver_ask ask = { .name = "example.com", .type = DNS_CAA };

    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct resolver_answer answer = { .state = outcomes[i].state,
                                          .secure = outcomes[i].secure,
                                          .canonical = "example.com" };
        DcvLook *look = sighting_of_answer(&arena, &ask, &answer);
        const char *json;

        look->has_ttl = false;
        look->outcome = arena_strdup(&arena, "x");
        json = json_of(&look->base);
        if (!strstr(json, outcomes[i].says))
            fail_msg("%s has no %s", json, outcomes[i].says);
    }
}

static void hops_and_the_beginning_of_the_body_are_kept(void **state)
{
    struct fetch_hop hops[] = {
        { .url = "http://example.com/a",
          .address = "192.0.2.1",
          .tried = { "2001:db8::1" },
          .tried_count = 1,
          .status = 302 },
        { .url = "https://example.org/b", .address = "192.0.2.2", .status = 200, .secure = true },
    };
    struct fetch_answer answer = {
        .state = FETCH_ANSWERED, .body = RECORD("<html>\n\"x\""), .hops = hops, .hop_count = 2
    };
    DcvLook *look = sighting_of_file(&arena, hops[0].url, &answer);

    (void)state;
    look->outcome = arena_strdup(&arena, "x");
    assert_string_equal(
        json_of(&look->base),
        "{\"type\":\"HTTP\",\"name\":\"http://example.com/"
        "a\",\"outcome\":\"x\",\"state\":\"answered\",\"dnssec\":\"secure\","
        "\"hops\":[{\"url\":\"http://example.com/a\",\"address\":\"192.0.2.1\",\"status\":302,"
        "\"dnssec_secure\":false,\"tried\":[\"2001:db8::1\"]},{\"url\":\"https://example.org/b\","
        "\"address\":\"192.0.2.2\",\"status\":200,\"dnssec_secure\":true}],"
        "\"body\":\"<html>\\\\010\\\\\\\"x\\\\\\\"\",\"body_size\":10}");
}

/* ---- the worst */

static DcvLook *worst_answer(uint8_t filling)
{
    static struct bytes records[RESOLVER_RECORDS_MAX];
    static uint8_t rdata[65535];
    struct resolver_ask ask = { .type = DNS_TXT };
    struct resolver_answer answer = { .state = RESOLVER_FOUND,
                                      .records = records,
                                      .count = RESOLVER_RECORDS_MAX,
                                      .canonical = ask.name };

    memset(ask.name, 'a', sizeof ask.name - 1);
    memset(rdata, filling, sizeof rdata);
    for (size_t i = 0; i < RESOLVER_RECORDS_MAX; i++)
        records[i] = (struct bytes){ rdata, sizeof rdata };
    return sighting_of_answer(&arena, &ask, &answer);
}

static DcvLook *worst_file(uint8_t filling)
{
    static struct fetch_hop hops[WEB_REDIRECTS_MAX + 1];
    static uint8_t body[BODY];
    static char url[URL_LENGTH + 1];
    struct fetch_answer answer = { .state = FETCH_ANSWERED,
                                   .body = { body, sizeof body },
                                   .hops = hops,
                                   .hop_count = sizeof hops / sizeof *hops };

    memset(url, '"', URL_LENGTH);
    memset(body, filling, sizeof body);
    for (size_t i = 0; i < answer.hop_count; i++) {
        hops[i].url = url;
        hops[i].tried_count = FETCH_TRIED_MAX;
        memset(hops[i].address, 'f', FETCH_ADDRESS_SIZE - 1);
        for (size_t k = 0; k < FETCH_TRIED_MAX; k++)
            memset(hops[i].tried[k], 'f', FETCH_ADDRESS_SIZE - 1);
    }
    return sighting_of_file(&arena, "http://example.com/", &answer);
}

/* As many bytes as the database takes, and some are left: whatever the bytes are. */
static void a_proof_has_an_end(void **state)
{
    static DcvLook *(*const worst[])(uint8_t filling) = { worst_answer, worst_file };
    char outcome[320];

    (void)state;
    memset(outcome, '"', sizeof outcome - 1);
    outcome[sizeof outcome - 1] = '\0';
    for (int i = 0; i < 2 * 256; i++) {
        DcvProof proof = DCV_PROOF__INIT;
        DcvLook *looks[LOOKS];
        Instant at = INSTANT__INIT;

        proof.at = &at;
        proof.perspective = outcome;
        proof.looks = looks;
        for (; proof.n_looks < LOOKS; proof.n_looks++) {
            looks[proof.n_looks] = worst[i / 256]((uint8_t)i);
            looks[proof.n_looks]->outcome = outcome;
        }
        assert_in_range(strlen(sighting_proof(&arena, &proof)), 1, SIGHTING_PROOF_MAX);
        arena_free(&arena);
        arena_init(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_kept_as_in_a_zone_file),
        cmocka_unit_test(dnssec_is_told_where_there_is_an_answer),
        cmocka_unit_test(hops_and_the_beginning_of_the_body_are_kept),
        cmocka_unit_test(a_proof_has_an_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
