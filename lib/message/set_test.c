#include "message/json.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "bus.pb-c.h"
#include "codec.pb-c.h"
#include "message/field.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void sets_members_from_text(void **state)
{
    static const struct {
        const char *path, *text, *json; /* json NULL: refused */
    } cases[] = {
        // clang-format off
        { "i32", "-5", "{\"i32\":-5}" },
        { "u64", "18446744073709551615", "{\"u64\":18446744073709551615}" },
        { "flag", "1", "{\"flag\":true}" }, { "flag", "false", "{\"flag\":false}" },
        { "colour", "dark_blue", "{\"colour\":\"dark_blue\"}" },
        { "spelling", "one-word", "{\"spelling\":\"one-word\"}" },
        { "text", "caf\xC3\xA9 \"x\"", "{\"text\":\"caf\xC3\xA9 \\\"x\\\"\"}" }, { "text", "", "{\"text\":\"\"}" },
        { "data", "AAEC", "{\"data\":\"AAEC\"}" }, { "real64", "2.5", "{\"real64\":2.5}" },
        { "at", "2024-03-01", "{\"at\":\"2024-03-01T00:00:00+00:00\"}" },
        { "inner.deeper.note", "n", "{\"inner\":{\"id\":0,\"deeper\":{\"id\":0,\"note\":\"n\"}}}" },
        { "texts", "a", "{\"texts\":[\"a\"]}" }, { "ats", "2024-03-01", "{\"ats\":[\"2024-03-01T00:00:00+00:00\"]}" },
        { "i32", "x", NULL }, { "i32", "", NULL }, { "i32", " 1", NULL }, { "flag", "yes", NULL },
        { "colour", "", NULL }, { "at", "soon", NULL }, { "data", "?", NULL }, { "i32s", "1,2", NULL },
        { "text", "\xFF", NULL }, { "text", "\xC3", NULL },
        { "inner", "{}", NULL }, { "inners", "x", NULL }, { "inners.id", "1", NULL },
        { "nobody", "1", NULL }, { "", "1", NULL }, { "text.x", "1", NULL }, { "inner.", "1", NULL },
        { ".i32", "1", NULL }, { "at.us", "1", NULL }, { "inner.nobody", "1", NULL },
        // clang-format on
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ProtobufCMessage *message = message_new(&arena, &codec__descriptor);
        struct fault f = { 0 };
        struct text out;
        bool ok = message_set_text(&arena, message, cases[i].path, cases[i].text, &f);
        if (ok != (cases[i].json != NULL))
            fail_msg("%s = %s: %s", cases[i].path, cases[i].text, ok ? "set" : "refused");
        if (ok) {
            text_init(&out, &arena);
            message_to_json(message, &out);
            assert_string_equal(out.data, cases[i].json);
        } else {
            assert_int_equal(f.code, FAULT_INVALID);
            assert_string_equal(f.field, cases[i].path);
            assert_true(*f.detail);
        }
    }
}

static void appends_to_lists(void **state)
{
    static const char json[] = "{\"i32s\":[0,1,2,3,4]}"; /* with exactly the room of five */
    struct fault f;

    (void)state;
    Codec *c = (Codec *)message_from_json(&arena, &codec__descriptor, json, strlen(json), &f);
    assert_non_null(c);
    for (int i = 5; i < JSON_MEMBERS_MAX; i++) {
        const char *text = arena_format(&arena, "%d", i);
        assert_true(message_set_text(&arena, &c->base, "i32s", text, &f));
    }
    assert_int_equal(c->n_i32s, JSON_MEMBERS_MAX);
    for (int i = 0; i < JSON_MEMBERS_MAX; i++)
        assert_int_equal(c->i32s[i], i);
    assert_false(message_set_text(&arena, &c->base, "i32s", "1", &f));
    assert_int_equal(c->n_i32s, JSON_MEMBERS_MAX);
}

static void keeps_its_own_copy(void **state)
{
    char path[] = "texts", text[] = "abc";
    Codec *c = (Codec *)message_new(&arena, &codec__descriptor);
    struct fault f;

    (void)state;
    assert_true(message_set_text(&arena, &c->base, path, text, &f));
    memset(path, 'x', 5);
    memset(text, 'x', 3);
    assert_string_equal(c->texts[0], "abc");
}

/* Parts of a message that is filled step by step, and what is missing after each. */
static void says_what_is_missing(void **state)
{
    static const struct {
        const char *path, *text, *missing;
    } steps[] = {
        { "text", "", "number" },
        { "number", "1", "flag" },
        { "flag", "1", "colour" },
        { "colour", "dark_blue", "data" },
        { "data", "", "at" },
        { "at", "1970-01-01", "inner" },
        { "inner.note", "n", "inner.id" },
        { "inner.id", "1", "real" },
        { "real", "0.5", NULL },
    };
    ProtobufCMessage *message = message_new(&arena, &codec_required__descriptor);
    struct fault f;

    (void)state;
    assert_false(message_complete(message, &f));
    assert_string_equal(f.field, "text");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(message_set_text(&arena, message, steps[i].path, steps[i].text, &f));
        assert_int_equal(message_complete(message, &f), steps[i].missing == NULL);
        if (steps[i].missing) {
            assert_int_equal(f.code, FAULT_REQUIRED);
            assert_string_equal(f.field, steps[i].missing);
        }
    }
}

static void looks_into_lists(void **state)
{
    CodecInner whole = CODEC_INNER__INIT, part = CODEC_INNER__INIT;
    Codec c = CODEC__INIT;
    struct fault f;

    (void)state;
    whole.id = 1;
    c.n_inners = 2;
    c.inners = (CodecInner *[]){ &whole, &part };
    assert_false(message_complete(&c.base, &f));
    assert_string_equal(f.field, "inners[1].id");
    part.id = 2;
    assert_true(message_complete(&c.base, &f));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(sets_members_from_text), TEST(appends_to_lists), TEST(keeps_its_own_copy),
        TEST(says_what_is_missing),   TEST(looks_into_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
