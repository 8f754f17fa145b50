#include "api/approvals.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "email.pb-c.h"
#include "http.h"

static void shown(int state, const char *title)
{
    struct call call = { 0 };
    struct http_answer out = { 0 };
    ApprovalPage page = APPROVAL_PAGE__INIT;
    arena_init(&call.arena);
    page.state = (ApprovalPage__State)state;
    assert_true(approval_tables[0]->shape(&call, &page.base, &out));
    if (!strstr((const char *)out.body.data, title))
        fail_msg("state %d: %s", state, (const char *)out.body.data);
    arena_free(&call.arena);
}

static void each_state_has_its_page(void **state)
{
    (void)state;
    shown(APPROVAL_PAGE__STATE__OPEN, "<h1>Approve a certificate</h1>");
    shown(APPROVAL_PAGE__STATE__APPROVED, "<h1>Thank you</h1>");
    shown(APPROVAL_PAGE__STATE__USED, "<h1>Already used</h1>");
    shown(APPROVAL_PAGE__STATE__EXPIRED, "<h1>Expired</h1>");
    shown(APPROVAL_PAGE__STATE__GONE, "<h1>No longer needed</h1>");
    shown(APPROVAL_PAGE__STATE__UNKNOWN, "<h1>Not found</h1>");
}

/* A validation of another release says what this one does not know. */
static void a_state_that_is_none_is_not_found(void **state)
{
    static const int none[] = {
        0, APPROVAL_PAGE__STATE__UNKNOWN + 1, 1000, INT32_MAX, -1, INT32_MIN
    };
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        shown(none[i], "<h1>Not found</h1>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_state_has_its_page),
        cmocka_unit_test(a_state_that_is_none_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
