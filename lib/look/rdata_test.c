#include "look/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(s)                                                                                   \
    {                                                                                              \
        (const uint8_t *)(s), sizeof(s) - 1                                                        \
    }
#define VALUE  "0123456789abcdefghijklmnopqrstuv"
#define TARGET "dcv.chancery.example"

static const struct {
    struct bytes rdata;
    const char *text; /* NULL: refused */
} texts[] = {
    { BYTES("\5hello"), "hello" }, { BYTES("\5hello\6 world"), "hello world" },
    { BYTES("\0"), "" },           { BYTES("\0\1a\0\1b"), "ab" },
    { BYTES(""), NULL },           { BYTES("\6hello"), NULL },
    { BYTES("\5hello\1"), NULL },  { BYTES("\377"), NULL },
};

static void texts_are_put_together(void **state)
{
    struct rdata_text out;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(rdata_read_text(texts[i].rdata, &out) == (texts[i].text != NULL));
        if (!texts[i].text)
            continue;
        assert_int_equal(out.size, strlen(texts[i].text));
        assert_memory_equal(out.data, texts[i].text, out.size);
    }
}

static void long_texts_are_not_read(void **state)
{
    static uint8_t big[17 * 256];
    struct rdata_text out;

    (void)state;
    for (size_t i = 0; i < 17; i++)
        big[i * 256] = 255;
    assert_true(rdata_read_text((struct bytes){ big, sizeof big - 256 }, &out));
    assert_int_equal(out.size, 16 * 255);
    assert_false(rdata_read_text((struct bytes){ big, sizeof big }, &out));
}

static const struct {
    struct bytes rdata;
    const char *name;
} names[] = {
    { BYTES("\3WWW\7example\3com\0"), "www.example.com" },
    { BYTES("\10_dnsauth\3a-b\0"), "_dnsauth.a-b" },
    { BYTES("\0"), "" },
    { BYTES(""), NULL },
    { BYTES("\3www"), NULL },
    { BYTES("\3www\0\0"), NULL },
    { BYTES("\3www\300\0"), NULL }, /* a compression pointer */
    { BYTES("\4a.b\0\0"), NULL },   /* NUL in a label */
    { BYTES("\3a.b\0"), NULL },     /* a dot in a label */
    { BYTES("\3a\\b\0"), NULL },
    { BYTES("\100aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\0"), NULL },
};

static void names_are_read_strictly(void **state)
{
    char out[RDATA_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(rdata_read_name(names[i].rdata, out) == (names[i].name != NULL));
        if (names[i].name)
            assert_string_equal(out, names[i].name);
    }
}

static void the_longest_name_fits(void **state)
{
    uint8_t wire[256] = { 0 };
    char out[RDATA_NAME_SIZE];

    (void)state;
    memset(wire, 'a', sizeof wire);
    for (size_t i = 0; i < 254; i += 2)
        wire[i] = 1;
    wire[254] = 0;
    assert_true(rdata_read_name((struct bytes){ wire, 255 }, out));
    assert_int_equal(strlen(out), 253);
    assert_false(rdata_read_name((struct bytes){ wire, 256 }, out));
}

static const struct {
    const char *name, *value;
    bool leads;
} targets[] = {
    { VALUE "." TARGET, VALUE, true },
    { VALUE ".DCV.Chancery.Example", VALUE, true },
    { TARGET, "", true },
    { TARGET, VALUE, false },
    { VALUE "." TARGET, "", false },
    { "x." VALUE "." TARGET, VALUE, false },
    { VALUE "x." TARGET, VALUE, false },
    { VALUE "." TARGET ".evil.example", VALUE, false },
    { VALUE ".evil" TARGET, VALUE, false },
    { "short." TARGET, "short", false },
    { "", "", false },
};

static void targets_are_compared_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        assert_true(rdata_leads_to(targets[i].name, targets[i].value, TARGET) == targets[i].leads);
}

static void labels_are_put_together(void **state)
{
    struct rdata_text out;

    (void)state;
    assert_true(rdata_labels_above("abc.def." TARGET, TARGET, &out));
    assert_int_equal(out.size, 6);
    assert_memory_equal(out.data, "abcdef", 6);
    assert_false(rdata_labels_above(TARGET, TARGET, &out));
    assert_false(rdata_labels_above("abc.example", TARGET, &out));
}

static void what_is_shown_is_printable(void **state)
{
    char out[RDATA_SHOWN_SIZE];
    uint8_t zeros[300] = { 0 };

    (void)state;
    rdata_show((const uint8_t *)"a\"b\\c\n\xff\0d", 9, out);
    assert_string_equal(out, "a\\\"b\\\\c\\010\\255\\000d");
    rdata_show(zeros, 0, out);
    assert_string_equal(out, "");
    rdata_show(zeros, sizeof zeros, out);
    assert_true(strlen(out) < sizeof out);
    assert_string_equal(out + strlen(out) - 7, "\\000...");
}

/* Cut between characters as they are shown. */
static void what_was_seen_is_shorter(void **state)
{
    char out[RDATA_SEEN_SIZE];
    uint8_t text[80];

    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t size = 0; size <= sizeof text; size++) {
        rdata_show_seen(text, size, out);
        assert_true(strlen(out) < sizeof out);
        assert_int_equal(strstr(out, "...") != NULL, strspn(out, "x") != size);
    }
    memset(text, 0xff, sizeof text);
    rdata_show_seen(text, sizeof text, out);
    assert_string_equal(out + strlen(out) - 7, "\\255...");
    assert_int_equal((strlen(out) - 3) % 4, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_put_together),     cmocka_unit_test(long_texts_are_not_read),
        cmocka_unit_test(names_are_read_strictly),    cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(targets_are_compared_whole), cmocka_unit_test(labels_are_put_together),
        cmocka_unit_test(what_is_shown_is_printable), cmocka_unit_test(what_was_seen_is_shorter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
