#include "look/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINE(text) "[1796007227] libunbound[28044:0] info: " text

static const struct tick ever = { INT64_MIN };

static const char *who(const char *name, const char *type)
{
    static char address[WITNESS_ADDRESS_SIZE];

    return witness_find(name, type, ever, address) ? address : "-";
}

static void who_answers_is_kept_by_question(void **state)
{
    char address[WITNESS_ADDRESS_SIZE];
    struct tick before = tick_now();

    (void)state;
    assert_true(witness_line(LINE("response for www.example.com. TXT IN")));
    assert_true(witness_line(LINE("reply from <com.> 192.0.2.1#53")));
    assert_false(witness_line(LINE("query response was REFERRAL")));
    assert_true(witness_line(LINE("response for www.example.com. TXT IN")));
    assert_true(witness_line(LINE("reply from <example.com.> 2001:db8::53#53")));
    assert_true(witness_line(LINE("response for www.example.com. CAA IN")));
    assert_true(witness_line(LINE("reply from <a> 203.0.113.9#53 > 192.0.2.9#53")));
    assert_string_equal(who("www.example.com", "TXT"), "2001:db8::53");
    assert_string_equal(who("WWW.example.com", "TXT"), "2001:db8::53");
    assert_string_equal(who("www.example.com", "CAA"), "192.0.2.9");
    assert_string_equal(who("www.example.com", "A"), "-");
    assert_true(witness_find("www.example.com", "TXT", before, address));
    assert_false(witness_find("www.example.com", "TXT", (struct tick){ INT64_MAX }, address));
}

/* Whatever stands there. */
static void what_is_not_understood_is_not_kept(void **state)
{
    char longest[1000];

    (void)state;
    memset(longest, 'a', sizeof longest);
    snprintf(longest, sizeof longest, "%s", LINE("response for "));
    longest[strlen(longest)] = 'a';
    longest[sizeof longest - 5] = '\0';
    strncat(longest, " IN", 4);
    assert_false(witness_line(""));
    assert_false(witness_line("warning: reply from somebody"));
    assert_true(witness_line(longest));
    assert_true(witness_line(LINE("reply from <com.> 192.0.2.1#53")));
    assert_true(witness_line(LINE("response for x.example. TXT IN")));
    assert_true(witness_line(LINE("reply from nobody")));
    assert_true(witness_line(LINE("reply from <x.> ")));
    assert_string_equal(who("x.example", "TXT"), "-");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(who(longest, "TXT"), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_answers_is_kept_by_question),
        cmocka_unit_test(what_is_not_understood_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
