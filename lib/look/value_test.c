#include "look/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define VALUE "0123456789abcdefghijklmnopqrstuv"
#define SPF   "v=spf1 include:_spf.mail.example.net ~all"
#define HEX   "5f0c2a7e9b4d4c1fa3d86b0e1c2d3e4f5f0c2a7e9b4d4c1fa3d86b0e1c2d3e4f"
#define HALF  "5f0c2a7e9b4d4c1fa3d86b0e1c2d3e4f"

static const struct {
    const char *text, *value;
    bool stands;
} texts[] = {
    { VALUE, VALUE, true },
    { "  " VALUE "\r\n", VALUE, true },
    { "\"" VALUE "\"", VALUE, true },
    { "v=spf1 -all; " VALUE, VALUE, true },
    { "one," VALUE ",two", VALUE, true },
    { "a line\n" VALUE "\nanother", VALUE, true },
    { VALUE "x " VALUE, VALUE, true },
    /* Within a longer word. */
    { "x" VALUE, VALUE, false },
    { VALUE "x", VALUE, false },
    { VALUE VALUE, VALUE, false },
    { "dcv=" VALUE, VALUE, false },
    { "https://www.example.com/" VALUE "/", VALUE, false },
    { VALUE ".example.com", VALUE, false },
    { "stripe-verification=" HEX, HEX, false },
    { "stripe-verification=" HEX, HALF, false },
    { HEX, HALF, false },
    { "<p>" VALUE "</p>", VALUE, false },
    /* What may stand there anyway is no value. */
    { SPF, SPF, false },
    { SPF, "include:_spf.mail.example.net", false },
    { "stripe-verification=" HEX, "stripe-verification=" HEX, false },
    { "the quick brown fox jumps over", "quick brown fox jumps over", false },
    /* Nearly. */
    { "0123456789ABCDEFGHIJKLMNOPQRSTUV", VALUE, false },
    { "0123456789abcdefghijklmnopqrstu", VALUE, false },
    { "0123456789 abcdefghijklmnopqrstuv", VALUE, false },
    { "0123456789abcdefghijk", "0123456789abcdefghijk", false },
    { "anything", "", false },
    { "", "", false },
    { "", VALUE, false },
};

static void a_value_stands_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (value_matches(BYTES_OF(texts[i].text), texts[i].value, DCV_CONTAINS) != texts[i].stands)
            fail_msg("\"%s\" in \"%s\"", texts[i].value, texts[i].text);
    assert_false(value_stands((struct bytes){ NULL, 0 }, VALUE));
}

static void other_bytes_are_of_the_word(void **state)
{
    static const uint8_t zeros[] = "\0" VALUE "\0";
    static const uint8_t high[] = "\xc2\xa0" VALUE;
    (void)state;
    assert_false(value_stands((struct bytes){ zeros, sizeof zeros - 1 }, VALUE));
    assert_false(value_stands((struct bytes){ high, sizeof high - 1 }, VALUE));
}

static void of_a_cut_text_the_last_word_may_go_on(void **state)
{
    (void)state;
    assert_false(value_stands(value_whole_words(BYTES_OF("a " VALUE)), VALUE));
    assert_false(value_stands(value_whole_words(BYTES_OF(VALUE)), VALUE));
    assert_true(value_stands(value_whole_words(BYTES_OF(VALUE "\n")), VALUE));
    assert_true(value_stands(value_whole_words(BYTES_OF("a " VALUE " b")), VALUE));
}

static void an_address_mentions_it_anywhere(void **state)
{
    (void)state;
    assert_true(value_is_mentioned("http://www.example.com/?x=" VALUE "y", VALUE));
    assert_true(value_is_mentioned("http://0123456789ABCDEFGHIJKLMNOPQRSTUV.example.com/", VALUE));
    assert_false(value_is_mentioned("http://www.example.com/", VALUE));
}

#define KEYED                                                                                      \
    "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"

static const struct {
    const char *text, *value;
    bool equal, trimmed;
} wholes[] = {
    { KEYED, KEYED, true, true },
    { KEYED "\r\n", KEYED, false, true },
    { KEYED " \t\n\v\f\r", KEYED, false, true },
    { " " KEYED, KEYED, false, false },
    { KEYED "\nmore", KEYED, false, false },
    { "\"" KEYED "\"", KEYED, false, false },
    { KEYED "x", KEYED, false, false },
    { VALUE, KEYED, false, false },
    { VALUE, VALUE, true, true },
    { "v=spf1 -all; " VALUE, VALUE, false, false },
    { "0123456789ABCDEFGHIJKLMNOPQRSTUV", VALUE, false, false },
    { "0123456789abcdefghijk", "0123456789abcdefghijk", false, false },
    { "", "", false, false },
    { "   ", "", false, false },
};

static void a_value_is_all_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; i++) {
        struct bytes text = BYTES_OF(wholes[i].text);

        if (value_matches(text, wholes[i].value, DCV_EQUAL) != wholes[i].equal ||
            value_matches(text, wholes[i].value, DCV_TRIMMED) != wholes[i].trimmed)
            fail_msg("\"%s\" in \"%s\"", wholes[i].value, wholes[i].text);
    }
    assert_false(value_matches((struct bytes){ NULL, 0 }, VALUE, DCV_TRIMMED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_stands_alone),
        cmocka_unit_test(a_value_is_all_of_it),
        cmocka_unit_test(other_bytes_are_of_the_word),
        cmocka_unit_test(of_a_cut_text_the_last_word_may_go_on),
        cmocka_unit_test(an_address_mentions_it_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
