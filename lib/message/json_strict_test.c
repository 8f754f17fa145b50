/* What is no JSON, or more than we take (RFC 8259 and the limits of json.h). */
#include "message/json.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "codec.pb-c.h"

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

static enum fault_code outcome(const char *json, size_t size)
{
    struct fault f = { 0 };

    return message_from_json(&arena, &codec__descriptor, json, size, &f) ? FAULT_NONE : f.code;
}

// clang-format off
static const char *const no_json[] = {
    "", " ", "null", "true", "1", "\"a\"", "[]", "[{}]", "{", "}", "{}}", "{}{}", "{} x", "x{}",
    "\xEF\xBB\xBF{}", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\" 1}", "{\"a\":1,}", "{\"a\":1 \"b\":2}",
    "{\"a\":1;}", "{a:1}", "{'a':1}", "{\"a\":'b'}", "{1:1}", "{null:1}", "{\"a\":1", "{\"a\":", "{\"a", "{\"",
    "{\"a\":[}", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[1}", "{\"a\":[1", "{\"a\":{]}",
    "{\"a\":True}", "{\"a\":nul}", "{\"a\":nulll}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}",
    "{\"a\":undefined}", "{/**/}", "{}//", "{\"a\":1}\f", "{\"a\":\v1}",
    /* numbers */
    "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1.e1}", "{\"a\":1e}",
    "{\"a\":1e+}", "{\"a\":0x10}", "{\"a\":-01}", "{\"a\":1_0}", "{\"a\":--1}", "{\"i32\":01}", "{\"i32\":1.}",
    "{\"i32\":1e}", "{\"i32\":0x1}", "{\"real64\":0x10}",
    /* strings */
    "{\"a\":\"\n\"}", "{\"a\":\"\t\"}", "{\"a\":\"\x01\"}", "{\"a\":\"12345678\x1F\"}", "{\"a\":\"}", "{\"a\":\"\\\"}",
    "{\"a\":\"\\x41\"}", "{\"a\":\"\\'\"}", "{\"a\":\"\\u\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\U0041\"}",
    "{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\\ud800x\"}",
    "{\"a\":\"\\ud800\\n\"}", "{\"a\":\"\\ud800\\u0041\"}", "{\"a\":\"\\udbff\\ue000\"}", "{\"a\":\"\\ud83d",
    "{\"text\":\"\\ud83d\\", "{\"text\":\"\\ud83d\\u", "{\"text\":\"\\ud83d\\ude0", "{\"text\":\"\\", "{\"text\":\"\\u00",
    /* UTF-8 */
    "{\"a\":\"\x80\"}", "{\"a\":\"\xC3\"}", "{\"a\":\"\xC0\x80\"}", "{\"a\":\"\xE0\x80\x80\"}", "{\"a\":\"\xED\xA0\x80\"}",
    "{\"a\":\"\xF4\x90\x80\x80\"}", "{\"a\":\"\xFF\"}", "{\"\xC3\":1}", "{\"text\":\"\xC3", "{\"text\":\"\xF0\x9F\x98", "\xC3\xA9",
    /* twice */
    "{\"i32\":1,\"i32\":1}", "{\"i32\":null,\"i32\":1}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}",
    "{\"i32\":1,\"\\u00693\\u0032\":1}", "{\"\":1,\"\":1}", "{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", "{\"x\":[{},{\"a\":1,\"a\":1}]}",
    "{\"inner\":{\"id\":1,\"id\":1}}", "{\"inner\":{\"id\":1,\"z\":1,\"z\":1}}", "{\"abcdefghijkl\":1,\"abcdefghijkl\":1}",
};

/* The same key in different objects is no repetition. */
static const char *const json[] = {
    "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}", "{\"id\":1,\"inner\":{\"id\":1,\"deeper\":{\"id\":1}}}",
    "{\"a\":{\"x\":1},\"x\":2,\"b\":{\"x\":3}}", "{\"abcdefgh\":1,\"abcdefgi\":1,\"abcdefg\":1,\"abcdefghi\":1}",
    "{\"\":1,\"a\":\"\\ud83d\\ude00\",\"b\":1E+2,\"c\":0.0e-0,\"d\":-0}",
};
// clang-format on

static void refuses_what_is_no_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof no_json / sizeof *no_json; i++) {
        enum fault_code code = outcome(no_json[i], strlen(no_json[i]));
        if (code != FAULT_BODY_FORMAT)
            fail_msg("%s: %s", no_json[i], fault_name(code));
    }
    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        enum fault_code code = outcome(json[i], strlen(json[i]));
        if (code != FAULT_NONE)
            fail_msg("%s: %s", json[i], fault_name(code));
    }
}

static void nul_bytes_are_no_end(void **state)
{
    (void)state;
    assert_int_equal(outcome("{}\0", 3), FAULT_BODY_FORMAT);
    assert_int_equal(outcome("\0{}", 3), FAULT_BODY_FORMAT);
    assert_int_equal(outcome("{\0}", 3), FAULT_BODY_FORMAT);
    assert_int_equal(outcome("{\"a\":\"\0\"}", 9), FAULT_BODY_FORMAT);
    assert_int_equal(outcome("{\"a\":1}\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 25),
                     FAULT_BODY_FORMAT);
    assert_int_equal(outcome(NULL, 0), FAULT_BODY_FORMAT);
}

/* Whatever is cut off anywhere is refused, and nothing past the end is read: the copy that ends
 * there has poison behind it. */
static void refuses_every_beginning(void **state)
{
    static const char whole[] =
        "{\"i32\":\"-1\",\"text\":\"a\\n\\ud83d\\ude00\xC3\xA9 longer than eight\",\"flag\":true,"
        "\"inner\":{\"id\":1,\"others\":[{\"id\":2.0e1}],\"zz\":[null,false,{}]}}";

    (void)state;
    assert_int_equal(outcome(whole, strlen(whole)), FAULT_INVALID); /* 2.0e1 */
    for (size_t size = 0; size < strlen(whole); size++) {
        char *cut = arena_copy(&arena, whole, size);
        assert_int_equal(outcome(cut, size), FAULT_BODY_FORMAT);
    }
}

/* {"x":{"x":...1}} or {"x":[[...1]]}, `depth` levels in all; known members with name "inner". */
static enum fault_code nested(const char *name, char open, int depth)
{
    struct text t;

    text_init(&t, &arena);
    text_format(&t, "{\"%s\":", name);
    for (int i = 1; i < depth; i++)
        text_format(&t, open == '{' ? "{\"id\":1,\"%s\":" : "[", "deeper");
    text_add(&t, open == '{' ? "null" : "1");
    for (int i = 1; i < depth; i++)
        text_add_char(&t, open == '{' ? '}' : ']');
    text_add_char(&t, '}');
    return outcome(t.data, t.length);
}

static void limits_the_depth(void **state)
{
    static const struct {
        const char *name;
        char open;
    } kinds[] = { { "inner", '{' }, { "unknown", '{' }, { "unknown", '[' } };

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(nested(kinds[i].name, kinds[i].open, JSON_DEPTH_MAX), FAULT_NONE);
        assert_int_equal(nested(kinds[i].name, kinds[i].open, JSON_DEPTH_MAX + 1),
                         FAULT_BODY_FORMAT);
        assert_int_equal(nested(kinds[i].name, kinds[i].open, 100000), FAULT_BODY_FORMAT);
    }
    assert_int_equal(nested("texts", '[', 2), FAULT_INVALID); /* [1] */
    assert_int_equal(nested("texts", '[', JSON_DEPTH_MAX), FAULT_INVALID);
    assert_int_equal(nested("texts", '[', JSON_DEPTH_MAX + 1), FAULT_BODY_FORMAT);
}

/* Siblings do not add up. */
static void depth_is_left_again(void **state)
{
    struct text t;

    (void)state;
    text_init(&t, &arena);
    text_add(&t, "{\"texts\":[]");
    for (int i = 0; i < 100; i++)
        text_format(&t, ",\"a%d\":{\"b\":[[],{}]}", i);
    text_add(&t, ",\"inners\":[{\"id\":1}");
    for (int i = 0; i < 100; i++)
        text_add(&t, ",{\"id\":1,\"deeper\":{\"id\":2,\"others\":[]}}");
    text_add(&t, "]}");
    assert_int_equal(outcome(t.data, t.length), FAULT_NONE);
}

static enum fault_code repeated(const char *head, const char *item, int count, const char *tail)
{
    struct text t;

    text_init(&t, &arena);
    text_add(&t, head);
    for (int i = 0; i < count; i++) {
        text_add(&t, i ? "," : "");
        for (const char *c = item; *c; c++) {
            if (*c == '#')
                text_format(&t, "%d", i);
            else
                text_add_char(&t, *c);
        }
    }
    text_add(&t, tail);
    return outcome(t.data, t.length);
}

static void limits_members_and_items(void **state)
{
    static const struct {
        const char *head, *item, *tail;
        int most;
    } cases[] = {
        { "{", "\"k#\":#", "}", JSON_MEMBERS_MAX },
        { "{\"x\":{", "\"k#\":#", "}}", JSON_MEMBERS_MAX },
        { "{\"inners\":[{\"id\":1},{\"id\":1,", "\"k#\":#", "}]}", JSON_MEMBERS_MAX - 1 },
        { "{\"i32s\":[", "#", "]}", JSON_ITEMS_MAX },
        { "{\"inners\":[", "{\"id\":#}", "]}", JSON_ITEMS_MAX },
        { "{\"x\":[", "{}", "]}", JSON_ITEMS_MAX },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int most = cases[i].most;
        enum fault_code fits = repeated(cases[i].head, cases[i].item, most, cases[i].tail);
        enum fault_code over = repeated(cases[i].head, cases[i].item, most + 1, cases[i].tail);
        if (fits != FAULT_NONE || over != FAULT_BODY_FORMAT)
            fail_msg("%s: %s, %s", cases[i].head, fault_name(fits), fault_name(over));
    }
}

#define NOT(what, where) "The body is not valid JSON: " what " (" where ")."

/* What was met, and where: as an editor counts. */
static void the_fault_says_where(void **state)
{
    // clang-format off
    static const struct {
        const char *json, *detail;
    } cases[] = {
        { "{\"a\":1,\"b\":?}",           NOT("? is not expected here", "line 1, column 12") },
        { "{\"a\":\"-----BEGIN\nMII\"}", NOT("a line break inside a string: write \\n", "line 1, column 17") },
        { "{\n \"a\": \"\\n\\n\\n\r\nx\"}", NOT("a line break inside a string: write \\r\\n, or \\n", "line 2, column 14") },
        { "{\"a\":\"b\tc\"}",            NOT("a tab inside a string: write \\t", "line 1, column 8") },
        { "{\"a\":\"\x01\"}",            NOT("a control character inside a string: write \\u0001", "line 1, column 7") },
        { "{\"a\":\"\xC3\xA4\xC3\xA4\\d\"}", NOT("\\d is no escape: a backslash is written \\\\", "line 1, column 9") },
        { "{\"a\":\"\\ud83dx\"}",        NOT("\\u takes four hexadecimal digits, and two of them for one character beyond U+FFFF", "line 1, column 7") },
        { "{\"a\":\"\\",                 NOT("a backslash is written \\\\", "line 1, column 7") },
        { "{\"a\":\"x\xFF\"}",           NOT("a string that is not UTF-8", "line 1, column 8") },
        { "{\"a\":\"x",                  NOT("a string without an end", "line 1, column 8") },
        { "{\"text\":\"x",               NOT("a string without an end", "line 1, column 11") },
        { "{",                           NOT("it ends too early", "line 1, column 2") },
        { "{\"a\":[1,2],\n",             NOT("it ends too early", "line 2, column 1") },
        { "{'a':1}",                     NOT("strings and names stand in double quotes", "line 1, column 2") },
        { "{\"a\":1, // one\n\"b\":2}",  NOT("there are no comments in it", "line 1, column 9") },
        { "{\"a\":1,\n}",                NOT("a comma before }", "line 2, column 1") },
        { "{\"a\":[1,2,]}",              NOT("a comma before ]", "line 1, column 11") },
        { "{\"a\":1 \"b\":2}",           NOT("a string is not expected here: perhaps a comma or a colon is missing before it", "line 1, column 8") },
        { "{\"a\" \"b\"}",               NOT("a string is not expected here: perhaps a comma or a colon is missing before it", "line 1, column 6") },
        { "{\"a\":True}",                NOT("T is not expected here", "line 1, column 6") },
        { "{\"a\":\xEF\xBB\xBF 1}",      NOT("byte 0xef is not expected here", "line 1, column 6") },
        { "{} {",                        "The body goes on after its end (line 1, column 4)." },
        { "[]",                          "The body is not a JSON object (line 1, column 1)." },
        { "{\"a\":1,\n\"a\":1}",         "The body has a member twice (line 2, column 5)." },
    };
    // clang-format on
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].json;
        assert_null(message_from_json(&arena, &codec__descriptor, text, strlen(text), &f));
        assert_string_equal(f.field, "");
        assert_string_equal(f.detail, cases[i].detail);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(refuses_what_is_no_json), TEST(nul_bytes_are_no_end), TEST(refuses_every_beginning),
        TEST(limits_the_depth),        TEST(depth_is_left_again),  TEST(limits_members_and_items),
        TEST(the_fault_says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
