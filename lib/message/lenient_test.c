/* What requests of existing clients write otherwise, and what it means: a table. */
#include "message/json.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
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

/* What `json` becomes when it is read as a request and written again, or the fault as "CODE field". */
static const char *meaning(const ProtobufCMessageDescriptor *type, const char *json)
{
    struct fault f = { 0 };
    struct text out;
    ProtobufCMessage *message = message_new(&arena, type);

    if (!message_merge_request(&arena, message, json, strlen(json), NULL, &f))
        return arena_format(&arena, "%s %s", fault_name(f.code), f.field);
    text_init(&out, &arena);
    message_to_json(message, &out);
    return out.data;
}

struct pair {
    const char *json, *means;
};

static void check(const ProtobufCMessageDescriptor *type, const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = meaning(type, pairs[i].json);
        if (strcmp(got, pairs[i].means) != 0)
            fail_msg("%s: %s instead of %s", pairs[i].json, got, pairs[i].means);
    }
}
#define CHECK(type, pairs) check(&type##__descriptor, pairs, sizeof pairs / sizeof *pairs)

static const char *const members[] = {
    "i32",          "s32",    "f32",   "i64",     "s64",     "f64",    "u32",
    "x32",          "u64",    "x64",   "real32",  "real64",  "colour", "spelling",
    "text",         "data",   "at",    "inner",   "yes",     "number", "number_default",
    "with_default", "i32s",   "u64s",  "flags",   "colours", "texts",  "datas",
    "ats",          "inners", "reals", "dropped",
};

/* Whatever the member is. [] for a list is the list, empty. */
static void nothing_is_not_given(void **state)
{
    static const char *const nothings[] = { "null", "0", "0.0", "\"\"", "{}", "{ }", "[]", "[\n]" };

    (void)state;
    for (size_t m = 0; m < sizeof members / sizeof *members; m++)
        for (size_t n = 0; n < sizeof nothings / sizeof *nothings; n++) {
            const char *json = arena_format(&arena, "{\"%s\":%s}", members[m], nothings[n]);
            const char *list = arena_format(&arena, "{\"%s\":[]}", members[m]);
            const char *got = meaning(&codec__descriptor, json);
            if (strcmp(got, "{}") != 0 && (*nothings[n] != '[' || strcmp(got, list) != 0))
                fail_msg("%s: %s", json, got);
        }
}

// clang-format off
static const struct pair values[] = {
    /* false is a value, and 0 and "0" are false */
    { "{\"flag\":false}", "{\"flag\":false}" }, { "{\"flag\":0}", "{\"flag\":false}" },
    { "{\"flag\":\"0\"}", "{\"flag\":false}" }, { "{\"flag\":0.0}", "{\"flag\":false}" },
    { "{\"flag\":\"\"}", "{}" }, { "{\"flag\":[]}", "{}" }, { "{\"flag\":null}", "{}" },
    /* "0" is a number where one is wanted, else a text */
    { "{\"i64\":\"0\",\"u32\":\"00\",\"text\":\"0\"}", "{\"text\":\"0\"}" },
    { "{\"text\":\" \"}", "{\"text\":\" \"}" }, { "{\"text\":false}", "INVALID text" },
    { "{\"at\":\"0\"}", "INVALID at" }, { "{\"colour\":\"0\"}", "INVALID colour" },
    /* the rows of wire.def, of which "" or 0 is a value: that of their own type */
    { "{\"kept_text\":\"\",\"kept_number\":0}", "{\"kept_text\":\"\",\"kept_number\":0}" },
    { "{\"kept_text\":null,\"kept_number\":null}", "{}" }, { "{\"kept_number\":\"0\"}", "{\"kept_number\":0}" },
    { "{\"kept_text\":0,\"kept_number\":\"\"}", "{}" }, { "{\"kept_text\":[],\"kept_number\":{}}", "{}" },
    /* items of lists are what they are */
    { "{\"i32s\":[0,\"0\"],\"texts\":[\"\"],\"flags\":[0]}", "{\"i32s\":[0,0],\"flags\":[false],\"texts\":[\"\"]}" },
    { "{\"texts\":[0]}", "INVALID texts[0]" }, { "{\"i32s\":[\"\"]}", "INVALID i32s[0]" },
    { "{\"inners\":[[]]}", "INVALID inners[0]" }, { "{\"texts\":[{}]}", "INVALID texts[0]" },
    { "{\"inners\":[{}]}", "REQUIRED inners[0].id" },
    /* an object is given when a member of it is */
    { "{\"inner\":{\"note\":\"\",\"deeper\":{}}}", "{}" }, { "{\"inner\":{\"unknown\":1,\"others\":[]}}", "{}" },
    { "{\"inner\":{\"deeper\":{\"deeper\":{\"note\":\"\"}}}}", "{}" },
    { "{\"inner\":{\"note\":\"x\"}}", "REQUIRED inner.id" },
    { "{\"inner\":{\"id\":0}}", "{\"inner\":{\"id\":0}}" },
    { "{\"inner\":{\"id\":1,\"deeper\":{\"note\":\"\"}}}", "{\"inner\":{\"id\":1}}" },
    /* what is no value is refused still */
    { "{\"i32\":[1]}", "INVALID i32" }, { "{\"inner\":[{\"id\":1}]}", "INVALID inner" },
    { "{\"texts\":{\"0\":\"a\"}}", "INVALID texts" }, { "{\"inner\":false}", "INVALID inner" },
    { "{\"i32\":0x}", "BODY_FORMAT " }, { "{\"i32\":0.}", "BODY_FORMAT " }, { "{\"i32\":[}", "BODY_FORMAT " },
    { "{\"i32\":0,\"i32\":0}", "BODY_FORMAT " }, { "{\"i32\":{},\"i32\":1}", "BODY_FORMAT " },
};

static const struct pair spellings[] = {
    { "{\"i32\":1.0,\"u64\":7.000}", "{\"i32\":1,\"u64\":7}" }, { "{\"i32\":-3.0}", "{\"i32\":-3}" },
    { "{\"i32s\":[1.0]}", "{\"i32s\":[1]}" }, { "{\"i32\":1.5}", "INVALID i32" }, { "{\"i32\":1e0}", "INVALID i32" },
    { "{\"i32\":1.0e0}", "INVALID i32" }, { "{\"i32\":\"1.0\"}", "INVALID i32" }, { "{\"i32\":true}", "INVALID i32" },
    { "{\"flag\":1.0}", "{\"flag\":true}" }, { "{\"flag\":\"True\"}", "{\"flag\":true}" }, { "{\"flag\":2}", "INVALID flag" },
    { "{\"colour\":\"DARK_Blue\",\"spelling\":\"One-Word\"}", "{\"colour\":\"dark_blue\",\"spelling\":\"one-word\"}" },
    { "{\"colours\":[\"RED\"]}", "{\"colours\":[\"red\"]}" }, { "{\"colour\":\"BLUE\"}", "INVALID colour" },
    { "{\"text\":\"RED\"}", "{\"text\":\"RED\"}" },
    { "{\"yes\":true}", "{\"yes\":1}" }, { "{\"yes\":false}", "{}" }, { "{\"yes\":\"TRUE\"}", "{\"yes\":1}" },
    { "{\"yes\":1}", "{\"yes\":1}" }, { "{\"yes\":\"1\"}", "{\"yes\":1}" }, { "{\"yes\":\"perhaps\"}", "INVALID yes" },
};

static const struct pair documents[] = {
    { "", "{}" }, { " \n", "{}" }, { "null", "{}" }, { " null\n", "{}" }, { "[]", "{}" }, { " [ ] ", "{}" },
    { "\"\"", "{}" }, { "{}", "{}" }, { "\xEF\xBB\xBF", "{}" }, { "\xEF\xBB\xBF{\"i32\":1}", "{\"i32\":1}" },
    { "\xEF\xBB\xBF \r\n{\"i32\":1}", "{\"i32\":1}" }, { "\xEF\xBB\xBF[]", "{}" },
    { "{\"i32\":\xEF\xBB\xBF" "1}", "BODY_FORMAT " }, { "\xEF\xBB\xBF\xEF\xBB\xBF{}", "BODY_FORMAT " },
    { "[1]", "BODY_FORMAT " }, { "[[]]", "BODY_FORMAT " }, { "[{}]", "BODY_FORMAT " }, { "[]x", "BODY_FORMAT " },
    { "nulls", "BODY_FORMAT " }, { "null null", "BODY_FORMAT " }, { "\"a\"", "BODY_FORMAT " }, { "0", "BODY_FORMAT " },
    { "false", "BODY_FORMAT " }, { "order_id=1", "BODY_FORMAT " }, { "[", "BODY_FORMAT " }, { "\"", "BODY_FORMAT " },
};

static const struct pair required[] = {
    { "", "REQUIRED text" }, { "[]", "REQUIRED text" }, { "null", "REQUIRED text" }, { "{\"text\":0}", "INVALID text" },
    { "{\"text\":\"\",\"number\":0}", "REQUIRED flag" },
    { "{\"text\":\"\",\"number\":\"\"}", "INVALID number" }, { "{\"text\":{}}", "INVALID text" },
    { "{\"text\":\"\",\"number\":0,\"flag\":0,\"colour\":\"RED\",\"data\":\"\",\"at\":\"1970-01-01\",\"inner\":{},\"real\":0}",
      "REQUIRED inner.id" },
};
// clang-format on

static void values_are_told_from_nothing(void **state)
{
    (void)state;
    CHECK(codec, values);
}

static void other_spellings_are_taken(void **state)
{
    (void)state;
    CHECK(codec, spellings);
}

static void a_missing_body_has_many_forms(void **state)
{
    (void)state;
    CHECK(codec, documents);
}

static void what_is_required_stays_so(void **state)
{
    (void)state;
    CHECK(codec_required, required);
}

/* What the path has set is kept, and not taken for given by the body. */
static void the_path_is_kept(void **state)
{
    static const char json[] = "{\"i32\":0,\"inner\":{\"id\":\"0\",\"note\":\"\"}}";
    Codec c = CODEC__INIT;
    CodecInner inner = CODEC_INNER__INIT;
    struct fault f;

    (void)state;
    c.has_i32 = true;
    c.i32 = 5;
    c.inner = &inner;
    assert_true(message_merge_request(&arena, &c.base, json, strlen(json), NULL, &f));
    assert_int_equal(c.i32, 5);
    assert_ptr_equal(c.inner, &inner);
    assert_null(inner.note);
}

static bool opens(const void *context, const char *name)
{
    return strcmp(name, context) != 0;
}

static const char *strays_of(const char *json)
{
    struct fault f = { 0 };
    struct json_strays strays = { .opens = opens, .context = "i32" };
    struct text out;
    ProtobufCMessage *message = message_new(&arena, &codec__descriptor);

    message_merge_request(&arena, message, json, strlen(json), &strays, &f);
    text_init(&out, &arena);
    for (size_t i = 0; i < strays.count; i++)
        text_format(&out, "%s%.*s|%s", i ? " " : "", (int)strays.all[i].outer, strays.all[i].path,
                    strays.all[i].path + strays.all[i].outer);
    return out.data;
}

/* What a message does not have: where it stands, and once for all objects of a list. */
static void strays_are_found(void **state)
{
    static const struct pair pairs[] = {
        { "{\"i64\":1,\"inner\":{},\"inners\":[{}]}", "" },
        { "{\"x\":{\"y\":1},\"i32\":1}", "|x |i32" },
        { "{\"inners\":[{},{\"x\":1},{\"x\":2,\"y\":{},\"i32\":1}],\"x\":3}",
          "inners[1].|x inners[2].|y inners[2].|i32 |x" },
        { "{\"inners\":[{\"others\":[{\"x\":1}]}],\"i64\":\"no\",\"z\":1}",
          "inners[0].others[0].|x |z" },
        { "{\"inners\":null,\"\":1}", "|" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_string_equal(strays_of(pairs[i].json), pairs[i].means);
}

/* However many and however long they are. */
static void strays_are_bounded(void **state)
{
    struct fault f = { 0 };
    struct json_strays strays = { 0 };
    struct text json;
    ProtobufCMessage *message = message_new(&arena, &codec__descriptor);
    (void)state;
    text_init(&json, &arena);
    text_add(&json, "{\"inners\":[{\"id\":1");
    for (int i = 0; i < 100; i++)
        text_format(&json, ",\"%0200d\":1,\"%d\":2", i, i);
    text_add(&json, "}]}");
    assert_true(message_merge_request(&arena, message, json.data, json.length, &strays, &f));
    assert_int_equal(strays.count, JSON_STRAYS_MAX);
    for (size_t i = 0; i < strays.count; i++)
        assert_in_range(strays.all[i].outer, 1, strlen(strays.all[i].path));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_not_given),      TEST(values_are_told_from_nothing),
        TEST(other_spellings_are_taken), TEST(a_missing_body_has_many_forms),
        TEST(what_is_required_stays_so), TEST(the_path_is_kept),
        TEST(strays_are_found),          TEST(strays_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
