#include "message/front_matter.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "changelog.pb-c.h"
#include "message/json.h"

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

static bool read_into(ChangeEntry *entry, struct bytes file, struct front_matter *out,
                      struct fault *f)
{
    static char set_before[] = "";
    change_entry__init(entry);
    entry->id = entry->text = set_before;
    return front_matter_read(&arena, file, &entry->base, out, f);
}

static void reads_members_and_where_they_stand(void **state)
{
    static const char file[] = "---\n"
                               "title:  Caf\xC3\xA9: less is \"more\" \n"
                               "begins:a, b-2 ,c\n"
                               "kind:\tnew\n"
                               "---\n"
                               "\n---\ntext: x\n";
    (void)state;
    struct fault f = { 0 };
    struct front_matter out;
    struct text json;
    ChangeEntry entry;
    assert_true(read_into(&entry, BYTES_OF(file), &out, &f));
    text_init(&json, &arena);
    message_to_json(&entry.base, &json);
    assert_string_equal(json.data,
                        "{\"id\":\"\",\"title\":\"Caf\xC3\xA9: less is \\\"more\\\"\",\"kind\":"
                        "\"new\",\"begins\":[\"a\",\"b-2\",\"c\"],\"text\":\"\"}");
    assert_int_equal(out.text.size, strlen("\n---\ntext: x\n"));
    assert_memory_equal(out.text.data, "\n---\ntext: x\n", out.text.size);
    assert_int_equal(out.line, 6);
    assert_int_equal(out.lines[0], 0);
    assert_int_equal(out.lines[1], 2);
    assert_int_equal(out.lines[2], 4);
    assert_int_equal(out.lines[3], 3);
}

static void the_text_may_be_missing(void **state)
{
    (void)state;
    struct fault f = { 0 };
    struct front_matter out;
    ChangeEntry entry;
    assert_true(read_into(&entry, BYTES_OF("---\n---"), &out, &f));
    assert_int_equal(out.text.size, 0);
}

static void refuses_what_it_does_not_know(void **state)
{
    // clang-format off
    static const struct {
        const char *file;
        int line;
        const char *says;
    } cases[] = {
        { "", 1, "must be \"---\"" },
        { "title: x\n---\n", 1, "must be \"---\"" },
        { "--- \n---\n", 1, "must be \"---\"" },
        { "\xEF\xBB\xBF---\n---\n", 1, "must be \"---\"" },
        { "---\n", 1, "is the last" },
        { "---\ntitle: x\n", 2, "is the last" },
        { "---\ntitle: x\n----\n", 3, "is no \"name: value\"" },
        { "---\n\n---\n", 2, "is no \"name: value\"" },
        { "---\ntitle x\n---\n", 2, "is no \"name: value\"" },
        { "---\n# title: x\n---\n", 2, "unknown name" },
        { "---\ntitel: x\n---\n", 2, "unknown name" },
        { "---\ntitle : x\n---\n", 2, "unknown name" },
        { "---\n title: x\n---\n", 2, "unknown name" },
        { "---\n: x\n---\n", 2, "unknown name" },
        { "---\nid: x\n---\n", 2, "unknown name" },
        { "---\ntitle: x\ntitle: y\n---\n", 3, "says one again" },
        { "---\nbegins: x\nkind: new\nbegins: y\n---\n", 4, "says one again" },
        { "---\ntitle:\n---\n", 2, "says nothing" },
        { "---\ntitle: \t \n---\n", 2, "says nothing" },
        { "---\nbegins: a,,b\n---\n", 2, "says nothing" },
        { "---\nbegins: a,\n---\n", 2, "says nothing" },
        { "---\ntitle: \"x\"\n---\n", 2, "as in YAML" },
        { "---\ntitle: |\n  x\n---\n", 2, "as in YAML" },
        { "---\nbegins: [a, b]\n---\n", 2, "as in YAML" },
        { "---\nbegins: a, *b\n---\n", 2, "as in YAML" },
        { "---\r\ntitle: x\r\n---\r\n", 1, "CR LF" },
        { "---\ntitle: a\x1B[2J\n---\n", 2, "control character" },
        { "---\ntitle: a\xC2\x9B" "2J\n---\n", 2, "control character" },
        { "---\ntitle: x\n---\n\na\x7F\n", 5, "control character" },
        { "---\ntitle: x\n---\nb\n\xC3\n", 5, "is no UTF-8" },
    };
    // clang-format on
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault f = { 0 };
        struct front_matter out;
        ChangeEntry entry;
        if (read_into(&entry, BYTES_OF(cases[i].file), &out, &f))
            fail_msg("taken: %s", cases[i].file);
        if (out.line != cases[i].line || !strstr(f.detail, cases[i].says))
            fail_msg("%s: line %d %s", cases[i].file, out.line, f.detail);
        assert_int_equal(f.code, FAULT_INVALID);
    }
}

static void what_is_no_text_or_too_much_is_refused(void **state)
{
    static const char with_nul[] = "---\ntitle: a\0b\n---\n";
    (void)state;
    struct fault f = { 0 };
    struct front_matter out;
    struct text many;
    ChangeEntry entry;
    assert_false(read_into(&entry, (struct bytes){ (const uint8_t *)with_nul, sizeof with_nul - 1 },
                           &out, &f));
    assert_non_null(strstr(f.detail, "control character"));
    text_init(&many, &arena);
    text_add(&many, "---\nbegins: a");
    for (int i = 0; i < 1000; i++)
        text_add(&many, ",a");
    text_add(&many, "\n---\n");
    assert_false(read_into(&entry, BYTES_OF(many.data), &out, &f));
    assert_non_null(strstr(f.detail, "one too many"));
    while (many.length <= FRONT_MATTER_SIZE_MAX)
        text_add(&many, "0123456789012345678901234567890123456789\n");
    assert_false(read_into(&entry, BYTES_OF(many.data), &out, &f));
    assert_non_null(strstr(f.detail, "more than a megabyte"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_members_and_where_they_stand),
        cmocka_unit_test(the_text_may_be_missing),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(what_is_no_text_or_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
