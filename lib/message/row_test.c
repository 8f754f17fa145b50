#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "codec.pb-c.h"
#include "message/row.h"
#include "message/row_time.h"
#include "sample.pb-c.h"

/* What goes through a server is in store_test.c; here is what must be refused before. */

static const struct {
    const char *path;
    bool set;
    uint32_t type; /* 0: refused */
} parameters[] = {
    { "id", false, SQL_INT8 },
    { "id", true, SQL_INT8_ARRAY },
    { "large", false, SQL_INT8 },
    { "flag", false, SQL_BOOL },
    { "text", true, SQL_TEXT_ARRAY },
    { "data", false, SQL_BYTEA },
    { "colour", false, SQL_TEXT },
    { "at", false, SQL_TIMESTAMPTZ },
    { "at", true, SQL_TIMESTAMPTZ_ARRAY },
    { "part.at", false, SQL_TIMESTAMPTZ },
    { "part.name", false, SQL_TEXT },
    { "parts.name", false, SQL_TEXT_ARRAY },
    { "names", false, SQL_TEXT_ARRAY },
    { "blobs", true, SQL_BYTEA_ARRAY },
    { "part", false, 0 },
    { "parts", false, 0 },
    { "nothing", false, 0 },
    { "part.nothing", false, 0 },
    { "part.name.more", false, 0 },
    { "part.", false, 0 },
    { ".part", false, 0 },
    { "", false, 0 },
};

static void parameter_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        struct fault f = { 0 };
        uint32_t type = 0;
        bool ok =
            row_param_type(&sample__descriptor, parameters[i].path, parameters[i].set, &type, &f);

        if (ok != (parameters[i].type != 0) || (ok && type != parameters[i].type))
            fail_msg("%s: type %u", parameters[i].path, type);
        if (!ok)
            assert_int_equal(f.code, FAULT_INTERNAL);
    }
}

static const struct {
    const char *name;
    uint32_t type;
    bool fits;
} columns[] = {
    { "id", SQL_INT8, true },
    { "id", SQL_INT2, true },
    { "id", SQL_XID8, true },
    { "id", SQL_TEXT, false },
    { "id", SQL_INT8_ARRAY, false },
    { "small", SQL_INT8, true },
    { "flag", SQL_BOOL, true },
    { "flag", SQL_INT4, false },
    { "text", SQL_TEXT, true },
    { "text", SQL_NAME, true },
    { "text", SQL_JSONB, true },
    { "text", SQL_BYTEA, false },
    { "text", 1700 /* numeric */, false },
    { "data", SQL_BYTEA, true },
    { "data", SQL_TEXT, false },
    { "colour", SQL_TEXT, true },
    { "colour", SQL_INT4, false },
    { "at", SQL_TIMESTAMPTZ, true },
    { "at", 1114 /* timestamp */, false },
    { "at", SQL_JSON, false },
    { "part", SQL_JSONB, true },
    { "part", SQL_TEXT, false },
    { "part.name", SQL_TEXT, true },
    { "parts", SQL_JSON, true },
    { "parts.name", SQL_TEXT, false },
    { "parts.name", SQL_TEXT_ARRAY, false },
    { "names", SQL_TEXT_ARRAY, true },
    { "names", SQL_TEXT, false },
    { "names", SQL_JSON, true },
    { "numbers", SQL_JSONB, true },
    { "id", SQL_JSONB, false },
    { "numbers", SQL_INT4_ARRAY, true },
    { "times", SQL_TIMESTAMPTZ_ARRAY, true },
    { "times", SQL_JSON, true },
    { "nothing", SQL_TEXT, false },
    { "?column?", SQL_INT4, false },
};

static void column_types(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        struct row_column column = { .name = columns[i].name, .type = columns[i].type };
        struct fault f = { 0 };

        if (row_resolve(&sample__descriptor, &column, 1, &f) != columns[i].fits)
            fail_msg("%s: type %u: %s", columns[i].name, columns[i].type, f.detail);
        if (!columns[i].fits)
            assert_int_equal(f.code, FAULT_INTERNAL);
    }
}

/* Values as no server sends them: nothing is read past their end. */
#define OF(text) (text), sizeof(text) - 1
static const struct {
    const char *name, *data;
    size_t size;
    uint32_t type;
    bool good;
} values[] = {
    { "id", OF("\0\0\0\0\0\0\0\7"), SQL_INT8, true },
    { "id", OF("\0\0\0\0\0\0\0\0\7"), SQL_INT8, false },
    { "small", OF("\0\0\0\1\0\0\0\0"), SQL_INT8, false },
    { "count", OF("\377\377\377\377"), SQL_INT4, false },
    { "colour", OF("dark_blue"), SQL_TEXT, true },
    { "colour", OF("green"), SQL_TEXT, true },
    { "names", OF(""), SQL_TEXT_ARRAY, false },
    { "names", OF("\0\0\0\0\0\0\0\0\0\0\0\31"), SQL_TEXT_ARRAY, true },
    { "names", OF("\0\0\0\2\0\0\0\0\0\0\0\31"), SQL_TEXT_ARRAY, false },
    { "names", OF("\0\0\0\1\0\0\0\0\0\0\0\31\177\0\0\0\0\0\0\1"), SQL_TEXT_ARRAY, false },
    { "names", OF("\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\1\0\0\0\1\0\0\0\2a"), SQL_TEXT_ARRAY, false },
    { "names", OF("\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\1\0\0\0\1\0\0\0\1a"), SQL_TEXT_ARRAY, true },
    { "names", OF("\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\1\0\0\0\1\377\377\377\377"), SQL_TEXT_ARRAY,
      false },
    { "parts", OF(""), SQL_JSON, false },
    { "parts", OF("{}"), SQL_JSON, false },
    { "parts", OF(" [ ] "), SQL_JSON, true },
    { "parts", OF("[{\"name\":\"a]},\"}, {\"name\":\"\\\"\"}]"), SQL_JSON, true },
    { "parts", OF("[{\"name\":\"a\"}"), SQL_JSON, true },
    { "parts", OF("[{\"rank\":1}]"), SQL_JSON, false },
    { "parts", OF("[1]"), SQL_JSON, false },
    { "parts", OF("[\"\\"), SQL_JSON, false },
    { "names", OF("[\"a\", \"\\u00e4\\n\"]"), SQL_JSON, true },
    { "names", OF("[\"a\", null]"), SQL_JSON, false },
    { "names", OF("[[\"a\"]]"), SQL_JSON, false },
    { "names", OF("[\"a\\u0000b\"]"), SQL_JSON, false },
    { "numbers", OF("\1[9223372036854775807, -1]"), SQL_JSONB, true },
    { "numbers", OF("[1.5]"), SQL_JSON, false },
    { "smalls", OF("[2147483648]"), SQL_JSON, false },
    { "colours", OF("[\"dark_blue\"]"), SQL_JSON, true },
    { "colours", OF("[\"green\"]"), SQL_JSON, false },
    { "times", OF("[\"2024-03-01T10:20:30.5+00:00\"]"), SQL_JSON, true },
    { "part", OF(""), SQL_JSONB, false },
    { "part", OF("\1{\"name\":\"x\",\"at\":\"2024-03-01T10:20:30.123456+00:00\"}"), SQL_JSONB,
      true },
};

static void odd_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct row_column column = { .name = values[i].name, .type = values[i].type };
        struct row_value value = { .size = values[i].size };
        Sample out = SAMPLE__INIT;
        struct fault f = { 0 };
        struct arena a;

        arena_init(&a);
        value.data = arena_copy(&a, values[i].data, values[i].size);
        assert_true(row_resolve(&sample__descriptor, &column, 1, &f));
        if (row_read(&a, &column, 1, &value, &out.base, &f) != values[i].good)
            fail_msg("value %zu of %s: %s", i, values[i].name, f.detail);
        if (!values[i].good)
            assert_int_equal(f.code, FAULT_INTERNAL);
        arena_free(&a);
    }
}

/* Of a newer release: the member stays unset, a list goes without it, and the rest is read. */
static void unknown_enums(void **state)
{
    static const uint8_t colours[] = "\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\3\0\0\0\1"
                                     "\0\0\0\3red\0\0\0\5green\0\0\0\11dark_blue";
    struct row_column members[] = { { .name = "colour", .type = SQL_TEXT },
                                    { .name = "colours", .type = SQL_TEXT_ARRAY },
                                    { .name = "text", .type = SQL_TEXT } };
    struct row_value row[] = { { .data = (const uint8_t *)"green", .size = 5 },
                               { .data = colours, .size = sizeof colours - 1 },
                               { .data = (const uint8_t *)"x", .size = 1 } };
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    for (int i = 0; i < 2; i++) {
        Sample out = SAMPLE__INIT;

        assert_true(row_resolve(&sample__descriptor, members, 3, &f));
        assert_true(row_read(&a, members, 3, row, &out.base, &f));
        assert_true(out.has_colour == (i == 1));
        assert_int_equal(out.n_colours, 2);
        assert_int_equal(out.colours[0], SAMPLE__COLOUR__RED);
        assert_int_equal(out.colours[1], SAMPLE__COLOUR__DARK_BLUE);
        assert_string_equal(out.text, "x");
        row[0] = (struct row_value){ .data = (const uint8_t *)"red", .size = 3 };
    }
    arena_free(&a);
}

/* Nothing can be left out that must be there. */
static void unknown_enum_that_is_required(void **state)
{
    struct row_column column = { .name = "colour", .type = SQL_TEXT };
    struct row_value value = { .data = (const uint8_t *)"green", .size = 5 };
    CodecRequired out = CODEC_REQUIRED__INIT;
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(row_resolve(&codec_required__descriptor, &column, 1, &f));
    assert_false(row_read(&a, &column, 1, &value, &out.base, &f));
    assert_string_equal(f.field, "colour");
    arena_free(&a);
}

static void json_lists(void **state)
{
    static const char json[] = "[ {\"name\" : \"a,]\"} ,\n{\"name\":\"b\\\\\",\"rank\":2}]";
    struct row_column column = { .name = "parts", .type = SQL_JSON };
    struct row_value value = { .data = (const uint8_t *)json, .size = strlen(json) };
    Sample out = SAMPLE__INIT;
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(row_resolve(&sample__descriptor, &column, 1, &f));
    assert_true(row_read(&a, &column, 1, &value, &out.base, &f));
    assert_int_equal(out.n_parts, 2);
    assert_string_equal(out.parts[0]->name, "a,]");
    assert_string_equal(out.parts[1]->name, "b\\");
    assert_int_equal(out.parts[1]->rank, 2);
    arena_free(&a);
}

static void json_texts(void **state)
{
    static const char json[] = "[\"a,]\" , \"b\\\"c\",\"\\u00e4\"]";
    struct row_column column = { .name = "names", .type = SQL_JSON };
    struct row_value value = { .data = (const uint8_t *)json, .size = strlen(json) };
    Sample out = SAMPLE__INIT;
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    assert_true(row_resolve(&sample__descriptor, &column, 1, &f));
    assert_true(row_read(&a, &column, 1, &value, &out.base, &f));
    assert_int_equal(out.n_names, 3);
    assert_string_equal(out.names[0], "a,]");
    assert_string_equal(out.names[1], "b\"c");
    assert_string_equal(out.names[2], "\xc3\xa4");
    arena_free(&a);
}

static void infinities(void **state)
{
    static const int64_t cases[] = {
        0, 1, -1, 946684800000000, INT64_MAX, INT64_MIN, 1709288430123456
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(instant_from_sql(instant_to_sql(cases[i])) == cases[i]);
    assert_true(instant_to_sql(INT64_MAX) == INT64_MAX);
    assert_true(instant_to_sql(INT64_MIN) == INT64_MIN);
}

static void numbers_out_of_range(void **state)
{
    Sample in = SAMPLE__INIT;
    const ProtobufCMessage *base = &in.base;
    struct row_param out;
    struct fault f = { 0 };
    struct arena a;

    (void)state;
    arena_init(&a);
    in.has_large = 1;
    in.large = (uint64_t)INT64_MAX + 1;
    assert_false(row_bind(&a, "large", false, &base, 1, &out, &f));
    assert_string_equal(f.field, "large");
    in.large--;
    assert_true(row_bind(&a, "large", false, &base, 1, &out, &f));
    in.has_colour = 1;
    in.colour = 77;
    assert_false(row_bind(&a, "colour", false, &base, 1, &out, &f));
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameter_types),
        cmocka_unit_test(column_types),
        cmocka_unit_test(odd_values),
        cmocka_unit_test(unknown_enums),
        cmocka_unit_test(unknown_enum_that_is_required),
        cmocka_unit_test(json_lists),
        cmocka_unit_test(json_texts),
        cmocka_unit_test(infinities),
        cmocka_unit_test(numbers_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
