#include "message/json.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <string.h>

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

/* What `json` becomes when it is read as `type` and written again, or the fault as "CODE field". */
static const char *again(const ProtobufCMessageDescriptor *type, const char *json)
{
    struct fault f = { 0 };
    struct text out;
    ProtobufCMessage *message = message_from_json(&arena, type, json, strlen(json), &f);

    if (!message)
        return arena_format(&arena, "%s %s", fault_name(f.code), f.field);
    text_init(&out, &arena);
    message_to_json(message, &out);
    return out.data;
}

struct pair {
    const char *json, *expected; /* NULL: the same */
};

static void check(const ProtobufCMessageDescriptor *type, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *expected = pairs[i].expected ? pairs[i].expected : pairs[i].json;
        const char *got = again(type, pairs[i].json);
        if (strcmp(got, expected) != 0)
            fail_msg("%s: %s instead of %s", pairs[i].json, got, expected);
    }
}
#define CHECK(type, pairs) check(&type##__descriptor, pairs, sizeof pairs / sizeof *pairs)

// clang-format off
static const struct pair same[] = {
    { "{}", NULL },
    { "{\"i32\":-2147483648}", NULL }, { "{\"i32\":2147483647}", NULL }, { "{\"i32\":0}", NULL },
    { "{\"s32\":-1,\"f32\":-2}", NULL },
    { "{\"i64\":-9223372036854775808}", NULL }, { "{\"i64\":9223372036854775807}", NULL },
    { "{\"i64\":9007199254740993}", NULL }, { "{\"s64\":-3,\"f64\":-4}", NULL },
    { "{\"u32\":4294967295,\"x32\":4294967295}", NULL },
    { "{\"u64\":18446744073709551615,\"x64\":18446744073709551615}", NULL },
    { "{\"real32\":0.1,\"real64\":0.1}", NULL }, { "{\"real64\":0.30000000000000004}", NULL },
    { "{\"real64\":-1.5e+300}", NULL }, { "{\"real64\":123456}", NULL },
    { "{\"flag\":true}", NULL }, { "{\"flag\":false}", NULL },
    { "{\"colour\":\"dark_blue\",\"spelling\":\"another-one\"}", NULL },
    { "{\"colour\":\"negative\"}", NULL },
    { "{\"text\":\"\"}", NULL }, { "{\"text\":\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}", NULL },
    { "{\"text\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\"}", NULL },
    { "{\"data\":\"\"}", NULL }, { "{\"data\":\"AAEC/w==\"}", NULL },
    { "{\"at\":\"2024-02-29T23:59:59+00:00\"}", NULL },
    { "{\"inner\":{\"id\":1,\"note\":\"n\",\"deeper\":{\"id\":2}}}", NULL },
    { "{\"i32s\":[],\"texts\":[],\"inners\":[],\"datas\":[]}",
      "{\"i32s\":[],\"texts\":[],\"datas\":[],\"inners\":[]}" },
    { "{\"i32s\":[1,-2,3,4,5,6,7,8,9],\"u64s\":[18446744073709551615],\"flags\":[true,false]}", NULL },
    { "{\"colours\":[\"red\",\"dark_blue\"],\"texts\":[\"a\",\"\",\"c\"],\"datas\":[\"AA==\",\"\"]}", NULL },
    { "{\"ats\":[\"1970-01-01T00:00:00+00:00\"],\"inners\":[{\"id\":1},{\"id\":2,\"others\":[]}]}", NULL },
    { "{\"reals\":[1,2.5]}", NULL },
    { "{\"with_default\":\"preset\",\"number_default\":7}", NULL },
};

/* Types are taken leniently. */
static const struct pair lenient[] = {
    { "{\"i32\":\"-12\",\"u64\":\"18446744073709551615\"}", "{\"i32\":-12,\"u64\":18446744073709551615}" },
    { "{\"i32\":-0}", "{\"i32\":0}" }, { "{\"u32\":\"007\"}", "{\"u32\":7}" },
    { "{\"flag\":1}", "{\"flag\":true}" }, { "{\"flag\":0}", "{\"flag\":false}" },
    { "{\"flag\":\"1\"}", "{\"flag\":true}" }, { "{\"flag\":\"false\"}", "{\"flag\":false}" },
    { "{\"flag\":\"true\"}", "{\"flag\":true}" }, { "{\"flag\":\"0\"}", "{\"flag\":false}" },
    { "{\"real64\":\"2.5e0\",\"real32\":3}", "{\"real32\":3,\"real64\":2.5}" },
    { "{\"i32s\":[\"1\",2],\"flags\":[\"1\",0,true]}", "{\"i32s\":[1,2],\"flags\":[true,false,true]}" },
    { "{\"data\":\" AAEC_w \"}", "{\"data\":\"AAEC/w==\"}" },
    { "{\"at\":\"2024-03-01\"}", "{\"at\":\"2024-03-01T00:00:00+00:00\"}" },
    { "{\"at\":\"2024-03-01T12:00:00.999+02:00\"}", "{\"at\":\"2024-03-01T10:00:00+00:00\"}" },
    { "{\"text\":null,\"i32\":null,\"inner\":null,\"texts\":null,\"at\":null}", "{}" },
    { "{\"nobody\":{\"a\":[1.5e-3,{\"b\":null}],\"c\":\"\\u00e9\"},\"i32\":1,\"x\":-0.0}", "{\"i32\":1}" },
    { " \t\r\n{ \"i32\" : 1 , \"texts\" : [ \"a\" , \"b\" ] } \n", "{\"i32\":1,\"texts\":[\"a\",\"b\"]}" },
    { "{\"\\u0069\\u00332\":5}", "{\"i32\":5}" },
    { "{\"text\":\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\\/\"}", "{\"text\":\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80/\"}" },
};

static const struct pair wrong[] = {
    { "{\"i32\":2147483648}", "INVALID i32" }, { "{\"i32\":-2147483649}", "INVALID i32" },
    { "{\"i32\":1.0}", "INVALID i32" }, { "{\"i32\":1e2}", "INVALID i32" },
    { "{\"i32\":\"\"}", "INVALID i32" }, { "{\"i32\":\" 1\"}", "INVALID i32" },
    { "{\"i32\":\"+1\"}", "INVALID i32" }, { "{\"i32\":\"1x\"}", "INVALID i32" },
    { "{\"i32\":\"-\"}", "INVALID i32" }, { "{\"i32\":true}", "INVALID i32" },
    { "{\"i32\":{}}", "INVALID i32" }, { "{\"i32\":[1]}", "INVALID i32" },
    { "{\"i64\":9223372036854775808}", "INVALID i64" }, { "{\"i64\":-9223372036854775809}", "INVALID i64" },
    { "{\"s32\":2147483648}", "INVALID s32" }, { "{\"f64\":99999999999999999999}", "INVALID f64" },
    { "{\"u32\":-1}", "INVALID u32" }, { "{\"u32\":4294967296}", "INVALID u32" },
    { "{\"u32\":-0}", "INVALID u32" },
    { "{\"u64\":18446744073709551616}", "INVALID u64" }, { "{\"u64\":-1}", "INVALID u64" },
    { "{\"u64\":1844674407370955161600}", "INVALID u64" },
    { "{\"real64\":1e999}", "INVALID real64" }, { "{\"real32\":1e39}", "INVALID real32" },
    { "{\"real64\":\"0x10\"}", "INVALID real64" }, { "{\"real64\":\"inf\"}", "INVALID real64" },
    { "{\"real64\":\"nan\"}", "INVALID real64" }, { "{\"real64\":\"\"}", "INVALID real64" },
    { "{\"real64\":\" 1\"}", "INVALID real64" },
    { "{\"flag\":2}", "INVALID flag" }, { "{\"flag\":\"yes\"}", "INVALID flag" },
    { "{\"flag\":\"TRUE\"}", "INVALID flag" }, { "{\"flag\":\"\"}", "INVALID flag" },
    { "{\"flag\":1.0}", "INVALID flag" },
    { "{\"colour\":\"blue\"}", "INVALID colour" }, { "{\"colour\":1}", "INVALID colour" },
    { "{\"colour\":\"RED\"}", "INVALID colour" }, { "{\"spelling\":\"one_word\"}", "INVALID spelling" },
    { "{\"text\":1}", "INVALID text" }, { "{\"text\":true}", "INVALID text" },
    { "{\"text\":{}}", "INVALID text" }, { "{\"text\":\"a\\u0000b\"}", "INVALID text" },
    { "{\"nobody\":\"\\u0000\"}", "INVALID nobody" }, { "{\"a\\u0000b\":1}", "INVALID " },
    { "{\"data\":\"A\"}", "INVALID data" }, { "{\"data\":1}", "INVALID data" },
    { "{\"at\":\"yesterday\"}", "INVALID at" }, { "{\"at\":1709288430}", "INVALID at" },
    { "{\"at\":{\"us\":1}}", "INVALID at" }, { "{\"at\":\"2023-02-29\"}", "INVALID at" },
    { "{\"inner\":\"x\"}", "INVALID inner" }, { "{\"inner\":[{\"id\":1}]}", "INVALID inner" },
    { "{\"inner\":true}", "INVALID inner" }, { "{\"inner\":7}", "INVALID inner" },
    { "{\"texts\":\"a\"}", "INVALID texts" }, { "{\"texts\":{\"0\":\"a\"}}", "INVALID texts" },
    { "{\"texts\":true}", "INVALID texts" }, { "{\"i32s\":5}", "INVALID i32s" },
    { "{\"texts\":[\"a\",\"b\",3]}", "INVALID texts[2]" }, { "{\"texts\":[null]}", "INVALID texts[0]" },
    { "{\"texts\":[[]]}", "INVALID texts[0]" }, { "{\"inners\":[{\"id\":1},null]}", "INVALID inners[1]" },
    { "{\"inners\":[{\"id\":1},{\"id\":\"x\"}]}", "INVALID inners[1].id" },
    { "{\"inner\":{\"id\":1,\"others\":[{\"id\":2,\"deeper\":{\"id\":[]}}]}}", "INVALID inner.others[0].deeper.id" },
    { "{\"inner\":{}}", "REQUIRED inner.id" }, { "{\"inner\":{\"id\":null}}", "REQUIRED inner.id" },
    { "{\"inners\":[{\"id\":1},{}]}", "REQUIRED inners[1].id" },
    /* The first that is wrong is named, and whether it is JSON comes before all. */
    { "{\"i32\":\"x\",\"text\":1}", "INVALID i32" },
    { "{\"inner\":{},\"i32\":\"x\"}", "REQUIRED inner.id" },
    { "{\"i32\":\"x\",\"text\":1", "BODY_FORMAT " }, { "{\"i32\":\"x\",,}", "BODY_FORMAT " },
    { "{\"texts\":[{\"a\":1,\"a\":2}]}", "BODY_FORMAT " },
};

#define ALL "\"text\":\"\",\"number\":0,\"flag\":false,\"colour\":\"red\",\"data\":\"\"," \
            "\"at\":\"1970-01-01T00:00:00+00:00\",\"inner\":{\"id\":0}"
static const struct pair required[] = {
    { "{" ALL ",\"real\":0}", NULL },
    { "{}", "REQUIRED text" }, { "{\"text\":\"\"}", "REQUIRED number" },
    { "{\"text\":\"\",\"number\":0}", "REQUIRED flag" },
    { "{\"text\":\"\",\"number\":0,\"flag\":0}", "REQUIRED colour" },
    { "{\"text\":\"\",\"number\":0,\"flag\":0,\"colour\":\"red\"}", "REQUIRED data" },
    { "{\"text\":\"\",\"number\":0,\"flag\":0,\"colour\":\"red\",\"data\":\"\"}", "REQUIRED at" },
    { "{" ALL "}", "REQUIRED real" }, { "{" ALL ",\"real\":null}", "REQUIRED real" },
};
// clang-format on

static void reads_and_writes_the_same(void **state)
{
    (void)state;
    CHECK(codec, same);
}

static void takes_types_leniently(void **state)
{
    (void)state;
    CHECK(codec, lenient);
}

static void names_the_member_that_is_wrong(void **state)
{
    (void)state;
    CHECK(codec, wrong);
}

static void names_what_is_required(void **state)
{
    (void)state;
    CHECK(codec_required, required);
}

static void tells_what_is_wanted(void **state)
{
    static const char json[] = "{\"colour\":\"blue\"}";
    struct fault f;

    (void)state;
    assert_null(message_from_json(&arena, &codec__descriptor, json, strlen(json), &f));
    assert_string_equal(f.detail, "must be one of negative, red, dark_blue");
}

static void an_empty_list_is_not_an_absent_one(void **state)
{
    static const char json[] = "{\"texts\":[]}";
    struct fault f;

    (void)state;
    Codec *c = (Codec *)message_from_json(&arena, &codec__descriptor, json, strlen(json), &f);
    assert_non_null(c->texts);
    assert_int_equal(c->n_texts, 0);
    assert_null(c->inners);
    assert_int_equal(protobuf_c_message_get_packed_size(&c->base), 0);
}

static void merges_into_what_is_there(void **state)
{
    static const char json[] = "{\"text\":\"new\",\"inner\":{\"note\":\"n\"},\"texts\":[\"x\"]}";
    Codec c = CODEC__INIT;
    CodecInner inner = CODEC_INNER__INIT;
    struct fault f;

    (void)state;
    c.has_i32 = true;
    c.i32 = 5;
    c.inner = &inner;
    inner.id = 9; /* required: from the path */
    c.n_texts = 2;
    c.texts = (char *[]){ (char[]){ "a" }, (char[]){ "b" } };
    assert_true(message_merge_json(&arena, &c.base, json, strlen(json), &f));
    assert_int_equal(c.i32, 5);
    assert_string_equal(c.text, "new");
    assert_ptr_equal(c.inner, &inner);
    assert_string_equal(inner.note, "n");
    assert_int_equal(c.n_texts, 1);
    assert_string_equal(c.texts[0], "x");
    inner.id = 0;
    assert_false(message_merge_json(&arena, &c.base, json, strlen(json), &f));
    assert_int_equal(f.code, FAULT_REQUIRED);
    assert_string_equal(f.field, "inner.id");
}

static void writes_what_json_cannot_say_as_null(void **state)
{
    Codec c = CODEC__INIT;
    struct text out;

    (void)state;
    c.has_real64 = c.has_real32 = c.has_colour = true;
    c.real64 = NAN;
    c.real32 = -INFINITY;
    c.colour = (CodecColour__Value)77;
    text_init(&out, &arena);
    message_to_json(&c.base, &out);
    assert_string_equal(out.data, "{\"real32\":null,\"real64\":null,\"colour\":null}");
}

static void writes_strings_safely(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        { "", "\"\"" },
        { "plain text that is longer than eight", "\"plain text that is longer than eight\"" },
        { "1234567\"", "\"1234567\\\"\"" },
        { "a\x01\x1F\x7F", "\"a\\u0001\\u001f\x7F\"" },
        { "</script>", "\"</script>\"" },
        { "\xC3\xA9\xFF\xC3", "\"\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text out;
        text_init(&out, &arena);
        json_add_string(&out, cases[i].text);
        assert_string_equal(out.data, cases[i].json);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(reads_and_writes_the_same),      TEST(takes_types_leniently),
        TEST(names_the_member_that_is_wrong), TEST(names_what_is_required),
        TEST(tells_what_is_wanted),           TEST(an_empty_list_is_not_an_absent_one),
        TEST(merges_into_what_is_there),      TEST(writes_what_json_cannot_say_as_null),
        TEST(writes_strings_safely),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
