#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "message/csv.h"
#include "message/json.h"
#include "sample.pb-c.h"

static struct arena arena;

static const char *csv_of(const char *json)
{
    struct fault f = { 0 };
    struct text out;
    ProtobufCMessage *m = message_from_json(&arena, &part__descriptor, json, strlen(json), &f);

    if (!m)
        fail_msg("%s %s", f.field, f.detail);
    text_init(&out, &arena);
    messages_to_csv(&part__descriptor, &m, 1, &out);
    return out.data;
}

static void fields_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    assert_string_equal(csv_of("{\"name\":\"plain text\"}"), "name,rank,at\r\nplain text,,\r\n");
    assert_string_equal(csv_of("{\"name\":\"a,b\",\"rank\":-3}"),
                        "name,rank,at\r\n\"a,b\",-3,\r\n");
    assert_string_equal(csv_of("{\"name\":\"say \\\"x\\\"\"}"),
                        "name,rank,at\r\n\"say \"\"x\"\"\",,\r\n");
    assert_string_equal(csv_of("{\"name\":\"two\\r\\nlines\"}"),
                        "name,rank,at\r\n\"two\r\nlines\",,\r\n");
    assert_string_equal(csv_of("{\"name\":\"\",\"at\":\"2024-03-01T10:20:30Z\"}"),
                        "name,rank,at\r\n,,2024-03-01T10:20:30+00:00\r\n");
}

/* Numbers may begin with a minus; texts that do, or with what else makes a formula, are marked. */
static void texts_are_no_formulas(void **state)
{
    static const struct {
        const char *json, *row;
    } rows[] = {
        { "{\"name\":\"=1+1\",\"rank\":-3}", "'=1+1,-3,\r\n" },
        { "{\"name\":\"+44 20\"}", "'+44 20,,\r\n" },
        { "{\"name\":\"-1\"}", "'-1,,\r\n" },
        { "{\"name\":\"@SUM(A1)\"}", "'@SUM(A1),,\r\n" },
        { "{\"name\":\"\\t=1\"}", "'\t=1,,\r\n" },
        { "{\"name\":\"\\r=1\"}", "\"'\r=1\",,\r\n" },
        { "{\"name\":\"=A1,\\\"x\\\"\"}", "\"'=A1,\"\"x\"\"\",,\r\n" },
        { "{\"name\":\"'=1\"}", "'=1,,\r\n" },
        { "{\"name\":\"a=1\"}", "a=1,,\r\n" },
        { "{\"name\":\" =1\"}", " =1,,\r\n" },
        { "{\"name\":\"*.example.net\"}", "*.example.net,,\r\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(strchr(csv_of(rows[i].json), '\n') + 1, rows[i].row);
}

static void lists_are_no_formulas(void **state)
{
    struct fault f = { 0 };
    struct text out;
    static const char json[] = "{\"id\":-7,\"names\":[\"=a\",\"=b\"]}";
    ProtobufCMessage *m = message_from_json(&arena, &sample__descriptor, json, sizeof json - 1, &f);

    (void)state;
    assert_non_null(m);
    text_init(&out, &arena);
    messages_to_csv(&sample__descriptor, &m, 1, &out);
    assert_non_null(strstr(out.data, "\r\n-7,"));
    assert_non_null(strstr(out.data, ",'=a =b,"));
}

static void columns_follow_from_the_type(void **state)
{
    struct text out;
    (void)state;
    text_init(&out, &arena);
    messages_to_csv(&sample__descriptor, NULL, 0, &out);
    assert_non_null(strstr(out.data, "part.name,part.rank,part.at"));
    assert_non_null(strstr(out.data, ",names,"));
    assert_null(strstr(out.data, "parts"));
    assert_string_equal(out.data + out.length - 2, "\r\n");
}

static void lists_and_words(void **state)
{
    struct fault f = { 0 };
    struct text out;
    static const char json[] = "{\"id\":7,\"names\":[\"a\",\"b c\"],\"flag\":true,"
                               "\"part\":{\"name\":\"x\"},\"colour\":\"dark_blue\"}";
    ProtobufCMessage *m = message_from_json(&arena, &sample__descriptor, json, sizeof json - 1, &f);

    (void)state;
    assert_non_null(m);
    text_init(&out, &arena);
    messages_to_csv(&sample__descriptor, &m, 1, &out);
    assert_non_null(strstr(out.data, ",a b c,"));
    assert_non_null(strstr(out.data, ",true,"));
    assert_non_null(strstr(out.data, ",dark_blue,"));
    assert_non_null(strstr(out.data, ",x,"));
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_quoted_where_they_must_be),
        cmocka_unit_test(texts_are_no_formulas),
        cmocka_unit_test(lists_are_no_formulas),
        cmocka_unit_test(columns_follow_from_the_type),
        cmocka_unit_test(lists_and_words),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
