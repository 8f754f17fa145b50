#include "token/return_code.h"

#include <stddef.h>

struct return_row {
    CK_RV rv;
    enum return_class class;
    const char *text;
};

#define ROW(name, class)                                                                           \
    {                                                                                              \
        CKR_##name, RETURN_##class, "CKR_" #name                                                   \
    }

// clang-format off
static const struct return_row rows[] = {
    ROW(OK,                          OK),

    ROW(CANCEL,                      AGAIN),
    ROW(CANT_LOCK,                   AGAIN),
    ROW(FUNCTION_CANCELED,           AGAIN),
    ROW(FUNCTION_NOT_PARALLEL,       AGAIN),

    ROW(SESSION_CLOSED,              STALE),
    ROW(SESSION_HANDLE_INVALID,      STALE),
    ROW(USER_NOT_LOGGED_IN,          STALE),
    ROW(KEY_HANDLE_INVALID,          STALE),
    ROW(OBJECT_HANDLE_INVALID,       STALE),
    ROW(OPERATION_ACTIVE,            STALE),
    ROW(OPERATION_NOT_INITIALIZED,   STALE),
    ROW(CRYPTOKI_NOT_INITIALIZED,    STALE),
    ROW(DEVICE_REMOVED,              STALE),
    ROW(TOKEN_NOT_PRESENT,           STALE),
    ROW(TOKEN_NOT_RECOGNIZED,        STALE),
    ROW(SLOT_ID_INVALID,             STALE),

    ROW(HOST_MEMORY,                 DEVICE),
    ROW(GENERAL_ERROR,               DEVICE),
    ROW(FUNCTION_FAILED,             DEVICE),
    ROW(DEVICE_ERROR,                DEVICE),
    ROW(DEVICE_MEMORY,               DEVICE),
    ROW(SESSION_COUNT,               DEVICE),
    ROW(MUTEX_BAD,                   DEVICE),
    ROW(RANDOM_NO_RNG,               DEVICE),

    /* of C_Login, before it looks at a PIN: asking again locks nothing, an operator may mend it */
    ROW(USER_TYPE_INVALID,           DEVICE),
    ROW(USER_PIN_NOT_INITIALIZED,    DEVICE),
    ROW(USER_ANOTHER_ALREADY_LOGGED_IN, DEVICE),
    ROW(USER_TOO_MANY_TYPES,         DEVICE),

    ROW(PIN_INCORRECT,               PIN),
    ROW(PIN_INVALID,                 PIN),
    ROW(PIN_LEN_RANGE,               PIN),
    ROW(PIN_EXPIRED,                 PIN),
    ROW(PIN_LOCKED,                  PIN),

    ROW(ARGUMENTS_BAD,               FATAL),
    ROW(ATTRIBUTE_READ_ONLY,         FATAL),
    ROW(ATTRIBUTE_SENSITIVE,         FATAL),
    ROW(ATTRIBUTE_TYPE_INVALID,      FATAL),
    ROW(ATTRIBUTE_VALUE_INVALID,     FATAL),
    ROW(BUFFER_TOO_SMALL,            FATAL),
    ROW(CURVE_NOT_SUPPORTED,         FATAL),
    ROW(DATA_INVALID,                FATAL),
    ROW(DATA_LEN_RANGE,              FATAL),
    ROW(DOMAIN_PARAMS_INVALID,       FATAL),
    ROW(FUNCTION_NOT_SUPPORTED,      FATAL),
    ROW(FUNCTION_REJECTED,           FATAL),
    ROW(KEY_FUNCTION_NOT_PERMITTED,  FATAL),
    ROW(KEY_SIZE_RANGE,              FATAL),
    ROW(KEY_TYPE_INCONSISTENT,       FATAL),
    ROW(MECHANISM_INVALID,           FATAL),
    ROW(MECHANISM_PARAM_INVALID,     FATAL),
    ROW(SESSION_READ_ONLY,           FATAL),
    ROW(TEMPLATE_INCOMPLETE,         FATAL),
    ROW(TEMPLATE_INCONSISTENT,       FATAL),
    ROW(TOKEN_WRITE_PROTECTED,       FATAL),
};
// clang-format on

/* A value that we do not know comes from the vendor: its device is the likeliest cause. */
static const struct return_row unknown = { 0, RETURN_DEVICE, "CKR_?" };

static const struct return_row *row_of(CK_RV rv)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].rv == rv)
            return &rows[i];
    return &unknown;
}

enum return_class return_class(CK_RV rv)
{
    return row_of(rv)->class;
}

const char *return_text(CK_RV rv)
{
    return row_of(rv)->text;
}

bool return_fault(struct fault *f, const char *function, CK_RV rv)
{
    enum fault_code code = return_class(rv) == RETURN_FATAL ? FAULT_INTERNAL : FAULT_UNAVAILABLE;
    return fault_set(f, code, NULL, "the token: %s: %s (0x%lx)", function, return_text(rv), rv);
}
