/* return_code - what a CKR_ value means to us. */
#ifndef TOKEN_RETURN_CODE_H
#define TOKEN_RETURN_CODE_H

#include <p11-kit-1/p11-kit/pkcs11.h>
#include <stdbool.h>

#include "base/fault.h"

enum return_class {
    RETURN_OK,
    RETURN_AGAIN,  /* the same call may go well in a moment */
    RETURN_STALE,  /* a session, login, slot or handle is gone: all are got anew, then once more */
    RETURN_DEVICE, /* the device is ill: counts for the breaker, the caller comes back later */
    RETURN_PIN,    /* the PIN is refused: nothing is tried until an operator restarts us */
    RETURN_FATAL,  /* we asked for something that this token cannot do, or asked wrongly */
};

enum return_class return_class(CK_RV rv);

/* "CKR_DEVICE_ERROR"; "CKR_?" for one that the table does not have. */
const char *return_text(CK_RV rv);

/* UNAVAILABLE, or INTERNAL for RETURN_FATAL; names the function and the value. */
bool return_fault(struct fault *f, const char *function, CK_RV rv);

#endif
