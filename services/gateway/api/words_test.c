/* What people may type. */
#include "api/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "user.pb-c.h"

static const struct word_rule rules[] = {
    { "username", 8, WORD_REQUIRED, word_is_username, "is no name" },
    { "first_name", 4, WORD_FREE, NULL, NULL },
    { "email", 20, WORD_FILLED, word_is_email, "is no address" },
    { "telephone", 12, WORD_FREE, word_is_telephone, "is no number" },
    { 0 },
};

// clang-format off
static const struct {
    const char *username, *first_name, *email, *telephone, *fault; /* the member; NULL: all is good */
} cases[] = {
    { "a",         NULL,           NULL,           NULL,           NULL },
    { "A@-_+.9z",  "\u00e4\u00f6\u4e16\U0001f600", "a@b.example",  "+1 (2)-3.4", NULL },
    { "a",         "",             NULL,           "",             NULL },
    { "a",         NULL,           "",             NULL,           "email" },
    { "a",         NULL,           "   ",          NULL,           "email" },
    { NULL,        NULL,           NULL,           NULL,           "username" },
    { "",          NULL,           NULL,           NULL,           "username" },
    { "  ",        NULL,           NULL,           NULL,           "username" },
    { "abcdefghi", NULL,           NULL,           NULL,           "username" },
    { "a b",       NULL,           NULL,           NULL,           "username" },
    { "\u00e4",    NULL,           NULL,           NULL,           "username" },
    { "a'",        NULL,           NULL,           NULL,           "username" },
    { "a",         "abcde",        NULL,           NULL,           "first_name" },
    { "a",         "a\n",          NULL,           NULL,           "first_name" },
    { "a",         "\x1b[1m",      NULL,           NULL,           "first_name" },
    { "a",         "\x7f",         NULL,           NULL,           "first_name" },
    { "a",         "\xc2\x85",     NULL,           NULL,           "first_name" },
    { "a",         "\xc2\xa0",     NULL,           NULL,           NULL },
    { "a",         "\xff",         NULL,           NULL,           "first_name" },
    { "a",         NULL,           "a",            NULL,           "email" },
    { "a",         NULL,           "@b.example",   NULL,           "email" },
    { "a",         NULL,           "a@",           NULL,           "email" },
    { "a",         NULL,           "a@b",          NULL,           "email" },
    { "a",         NULL,           "a@b@c.org",    NULL,           "email" },
    { "a",         NULL,           "a@.org",       NULL,           "email" },
    { "a",         NULL,           "a@b.org.",     NULL,           "email" },
    { "a",         NULL,           "a@b..org",     NULL,           "email" },
    { "a",         NULL,           "a@b.org,c@d",  NULL,           "email" },
    { "a",         NULL,           "A <a@b.org>",  NULL,           "email" },
    { "a",         NULL,           NULL,           "call me",      "telephone" },
    { "a",         NULL,           NULL,           "+",            "telephone" },
};
// clang-format on

static void members_are_as_their_rules_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct call call = { 0 };
        UserRequest in = USER_REQUEST__INIT;
        in.username = (char *)(uintptr_t)cases[i].username;
        in.first_name = (char *)(uintptr_t)cases[i].first_name;
        in.email = (char *)(uintptr_t)cases[i].email;
        in.telephone = (char *)(uintptr_t)cases[i].telephone;
        bool good = words_good(&call, &in.base, rules);
        if (good != !cases[i].fault)
            fail_msg("case %zu: %s %s", i, call.fault.field, call.fault.detail);
        if (!good)
            assert_string_equal(call.fault.field, cases[i].fault);
    }
}

static void length_is_of_characters(void **state)
{
    struct call call = { 0 };
    UserRequest in = USER_REQUEST__INIT;
    char *long_name = calloc(1, 10001);
    (void)state;
    memset(long_name, 'a', 10000);
    in.username = long_name;
    assert_false(words_good(&call, &in.base, rules));
    assert_int_equal(call.fault.code, FAULT_INVALID);
    assert_string_equal(call.fault.detail, "is longer than 8 characters");
    free(long_name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_as_their_rules_say),
        cmocka_unit_test(length_is_of_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
