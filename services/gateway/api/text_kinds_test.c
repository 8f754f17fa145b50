/* What people may type about themselves, and what they must. */
#include "api/text_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "user.pb-c.h"

static const struct text_rule rules[] = {
    { "username", TEXT_USERNAME, 8, .need = TEXT_REQUIRED },
    { "first_name", TEXT_LINE, 4 },
    { "email", TEXT_EMAIL, 20, .need = TEXT_FILLED },
    { "telephone", TEXT_TELEPHONE, 12 },
    { 0 },
};

// clang-format off
static const struct {
    char *username, *first_name, *email, *telephone;
    const char *fault; /* the member; NULL: all is good */
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
        struct call call = { .fault = { 0 } };
        UserRequest in = USER_REQUEST__INIT;
        arena_init(&call.arena);
        in.username = cases[i].username;
        in.first_name = cases[i].first_name;
        in.email = cases[i].email;
        in.telephone = cases[i].telephone;
        bool good = texts_good(&call, &in.base, rules, "");
        if (good != !cases[i].fault)
            fail_msg("case %zu: %s %s", i, call.fault.field, call.fault.detail);
        if (!good)
            assert_string_equal(call.fault.field, cases[i].fault);
        arena_free(&call.arena);
    }
}

static void length_is_of_characters(void **state)
{
    struct call call = { .fault = { 0 } };
    arena_init(&call.arena);
    UserRequest in = USER_REQUEST__INIT;
    char *long_name = calloc(1, 10001);
    (void)state;
    memset(long_name, 'a', 10000);
    in.username = long_name;
    assert_false(texts_good(&call, &in.base, rules, ""));
    assert_int_equal(call.fault.code, FAULT_INVALID);
    assert_string_equal(call.fault.detail, "is longer than 8 characters");
    free(long_name);
    arena_free(&call.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_as_their_rules_say),
        cmocka_unit_test(length_is_of_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
