/* A token that loses sessions, fails, refuses its PIN or does not answer: what that costs, and whom. */
#include "moody_test.h"

#include <stdatomic.h>

#include "token/connection.h"

static void lost_sessions_are_opened_again(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);

    for (int n = 0; n < 4; n++) {
        CK_SLOT_ID slot = 0;
        assert_signs(token, "p256");
        token_info(&slot);
        assert_int_equal(softhsm()->C_CloseAllSessions(slot), CKR_OK);
    }
    for (int n = 0; n < 8; n++)
        assert_signs(token, "rsa");
    assert_true(token_ready(token, NULL));
    token_close(token);
}

static void lost_module_is_initialized_again(void **state)
{
    (void)state;
    struct token_options o = options();
    struct token *token = token_open(&o);

    assert_signs(token, "p256");
    assert_int_equal(softhsm()->C_Finalize(NULL), CKR_OK);
    for (int n = 0; n < 8; n++)
        assert_signs(token, "p256");
    token_close(token);
}

/* Each is tried once more after everything was got anew; the caller does not notice. */
static void stale_answers_are_tried_once_more(void **state)
{
    (void)state;
    static const CK_RV stale[] = { CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN,
                                   CKR_DEVICE_REMOVED, CKR_KEY_HANDLE_INVALID };
    struct token_options o = moody();
    struct token *token = token_open(&o);

    assert_signs(token, "p256");
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++) {
        char line[40];
        snprintf(line, sizeof line, "C_Sign once 0x%lx\n", stale[i]);
        control(line);
        assert_signs(token, "p256");
    }
    token_close(token);
}

static void await_ready(struct token *token)
{
    await_that(token_ready(token, NULL)); /* which sends a probe */
}

/* Each probe in between goes well and still hides none of the failures. */
static void fail_three_times(struct token *token)
{
    control("C_Sign 0x30\n");
    for (int i = 0; i < 3; i++) {
        await_ready(token);
        assert_refused(token, FAULT_UNAVAILABLE, "CKR_DEVICE_ERROR");
        assert_false(token_ready(token, NULL)); /* until it has been looked after */
    }
}

static void assert_each_refused(struct token *token, const struct token_key *key, const char *why)
{
    struct token_signing all[3];

    for (size_t i = 0; i < 3; i++)
        all[i] = (struct token_signing){ .key = key, .data = BYTES_OF("to be signed") };
    assert_false(token_sign_all(token, all, 3, soon(), &arena));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(all[i].fault.code, FAULT_UNAVAILABLE);
        assert_non_null(strstr(all[i].fault.detail, why));
        assert_null(all[i].signature.data);
    }
}

static void breaker_opens_after_failures(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f;

    o.failures = 3;
    o.rest = days(1);
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    fail_three_times(token);
    assert_false(token_ready(token, &f));
    assert_non_null(strstr(f.detail, "CKR_DEVICE_ERROR"));
    control(""); /* well again, but nobody asks it before the rest is over */
    assert_each_refused(token, key_of(token, "p256"), "CKR_DEVICE_ERROR");
    assert_false(token_ready(token, NULL));
    token_close(token);
}

static void breaker_closes_by_itself(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 3;
    o.rest = milliseconds(1);
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    fail_three_times(token);
    control("");
    await_ready(token);
    assert_signs(token, "p256");
    token_close(token);
}

static void count_up(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static void await_count(atomic_int *count, int n)
{
    await_that(atomic_load(count) >= n);
    assert_int_equal(atomic_load(count), n);
}

/* Once each time that it comes back, however it went away. */
static void who_waits_is_called_when_it_is_ready(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };
    atomic_int count = 0;

    o.failures = 3;
    o.rest = milliseconds(1);
    o.became_ready = count_up;
    o.context = &count;
    control("C_Login 0x30\n");
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_false(token_ready(token, NULL));
    assert_int_equal(atomic_load(&count), 0);
    control("");
    await_ready(token);
    await_count(&count, 1);
    assert_signs(token, "p256");
    assert_int_equal(atomic_load(&count), 1);
    control("C_Sign 0x30\nC_Login 0x30\n");
    assert_refused(token, FAULT_UNAVAILABLE, "CKR_DEVICE_ERROR");
    assert_false(token_ready(token, NULL));
    control("");
    await_ready(token);
    await_count(&count, 2);
    token_close(token);
}

/* It says nothing about the PIN: it is asked again, and not for ever in vain. */
static void login_that_looks_at_no_pin_is_tried_again(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };

    control("C_Login 0x103\n"); /* CKR_USER_TYPE_INVALID */
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_non_null(strstr(f.detail, "CKR_USER_TYPE_INVALID"));
    assert_false(token_ready(token, NULL));
    control("");
    assert_true(token_connect(token, soon(), &f));
    assert_signs(token, "p256");
    token_close(token);
}

/* Each of a batch hears of it, also when the breaker has opened over it. */
static void refused_pin_is_told_to_each(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 2;
    o.rest = days(1);
    struct token *token = token_open(&o);
    const struct token_key *key = key_of(token, "p256");
    control("C_Sign 0x32\nC_Login 0xa0\n"); /* CKR_DEVICE_REMOVED, CKR_PIN_INCORRECT */
    for (int i = 0; i < 3; i++)
        assert_each_refused(token, key, "CKR_PIN_INCORRECT");
    control("");
    token_close(token);
}

static void refused_pin_is_forgotten(void **state)
{
    (void)state;
    struct connection connection;
    struct session session = { .connection = &connection };

    connection_init(&connection, SCRATCH_TOKEN_MODULE, LABEL, (struct secret){ "wrong" });
    assert_string_equal(connection.pin.text, "wrong");
    assert_int_equal(session_enter(&session), CKR_PIN_INCORRECT);
    assert_null(connection.pin.text);
    assert_int_equal(session_enter(&session), CKR_PIN_INCORRECT);
    session_close(&session);
    connection_close(&connection);
    /* lets the token forget the try, which others count */
    struct token_options o = options();
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    token_close(token);
}

/* CKR_KEY_FUNCTION_NOT_PERMITTED says something about the request, nothing about the device. */
static void refused_requests_do_not_open_the_breaker(void **state)
{
    (void)state;
    struct token_options o = moody();

    o.failures = 2;
    struct token *token = token_open(&o);
    assert_signs(token, "p256");
    control("C_Sign 0x68\n");
    for (int i = 0; i < 4; i++)
        assert_refused(token, FAULT_INTERNAL, "CKR_KEY_FUNCTION_NOT_PERMITTED");
    assert_true(token_ready(token, NULL));
    control("");
    assert_signs(token, "p256");
    token_close(token);
}

static void hanging_module_costs_its_caller_only(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct token *token;
    struct fault f;

    o.sessions = 2;
    o.patience = milliseconds(100);
    o.failures = 1000;
    token = token_open(&o);
    assert_signs_at_last(token, "p256");
    control("C_Sign hang\n");
    for (int i = 0; i < 3; i++) /* each takes a thread with it */
        assert_refused(token, FAULT_UNAVAILABLE, "did not answer");
    assert_false(try_sign(token, "p256", tick_after(milliseconds(1)), &f));
    control("");
    assert_signs_at_last(token, "rsa"); /* by threads that took their place */
    token_close(token);
}

static void threads_that_hang_are_bounded(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct token *token;
    struct fault f = { 0 };

    o.patience = milliseconds(100);
    o.failures = 1000;
    token = token_open(&o);
    assert_signs_at_last(token, "p256");
    control("C_Sign hang\n");
    for (int i = 0; !strstr(f.detail, "all signing threads hang"); i++) {
        assert_true(i < 100);
        assert_false(try_sign(token, "p256", soon(), &f));
        assert_int_equal(f.code, FAULT_UNAVAILABLE);
    }
    assert_false(token_ready(token, NULL));
    control("");
    assert_signs_at_last(token, "p256"); /* they come back and are replaced */
    assert_true(token_ready(token, NULL));
    token_close(token);
}

static void hang_at_login_is_bounded_too(void **state)
{
    (void)state;
    struct token_options o = moody();
    struct fault f = { 0 };

    o.patience = milliseconds(50);
    control("C_Login hang\n");
    struct token *token = token_open(&o);
    assert_false(token_connect(token, soon(), &f));
    assert_int_equal(f.code, FAULT_UNAVAILABLE);
    assert_false(token_ready(token, NULL));
    control("");
    await_that(token_connect(token, soon(), &f));
    token_close(token);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lost_sessions_are_opened_again),
        cmocka_unit_test(lost_module_is_initialized_again),
        cmocka_unit_test(stale_answers_are_tried_once_more),
        cmocka_unit_test(breaker_opens_after_failures),
        cmocka_unit_test(breaker_closes_by_itself),
        cmocka_unit_test(who_waits_is_called_when_it_is_ready),
        cmocka_unit_test(login_that_looks_at_no_pin_is_tried_again),
        cmocka_unit_test(refused_pin_is_told_to_each),
        cmocka_unit_test(refused_pin_is_forgotten),
        cmocka_unit_test(refused_requests_do_not_open_the_breaker),
        cmocka_unit_test(hanging_module_costs_its_caller_only),
        cmocka_unit_test(threads_that_hang_are_bounded),
        cmocka_unit_test(hang_at_login_is_bounded_too),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
