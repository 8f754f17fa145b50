/* connection - the process's one connection to its token: the module loaded, the slot found by the
 * token's label, one session kept open for life, one login.
 *
 * Closing a token's last session ends the login, and in SoftHSM races with opening another (softhsm
 * #464): hence the one that is kept. Each renewal has a new generation; what was got from an older
 * one (sessions, handles) is void.
 */
#ifndef TOKEN_CONNECTION_H
#define TOKEN_CONNECTION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/secret.h"
#include "token/return_code.h"
#include "token/scheme.h"

struct connection {
    const char *module_path, *label;
    struct secret pin;         /* its own copy; NULL once it was refused */
    pthread_mutex_t lock;      /* held while connecting, so that one thread does it for all */
    pthread_mutex_t make_lock; /* SoftHSM fails at random when two keys are made at once (#573) */
    atomic_bool pin_refused;

    void *module; /* of dlopen */
    CK_FUNCTION_LIST *calls;
    bool initialized;      /* by us, so that finalizing is ours as well */
    atomic_bool connected; /* logged in, as far as we know; may be read without the lock */
    uint64_t generation;
    uint64_t void_before; /* sessions of older generations ended with C_Finalize */
    int inside;           /* threads between session_enter and session_leave */
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE kept;
    unsigned schemes; /* set of what the token can do; see scheme.h */
};

/* A thread's own session and the handles found in it. */
enum { SESSION_KEYS_MAX = 64 };
struct session {
    struct connection *connection;
    CK_FUNCTION_LIST *calls;
    bool open;
    uint64_t generation;
    CK_SESSION_HANDLE handle;
    CK_OBJECT_HANDLE keys[SESSION_KEYS_MAX]; /* by token_key.index; CK_INVALID_HANDLE: not yet */
    const char *call;                        /* the function that failed, for the fault */
};

/* Texts are borrowed. The PIN is copied, and wiped when it is refused or all is closed. */
void connection_init(struct connection *connection, const char *module_path, const char *label,
                     struct secret pin);

/* Ends the module's work; only when no thread is inside the module. */
void connection_close(struct connection *connection);

/* Connects if need be and opens the thread's session; cheap when all is well. CKR_OK must be
 * followed by session_leave(). */
CK_RV session_enter(struct session *s);

/* `rv` is what the calls in between gave. After RETURN_STALE and RETURN_DEVICE the next
 * session_enter connects anew, once for all threads. */
void session_leave(struct session *s, CK_RV rv);
void session_close(struct session *s);

/* Asks the token; CKR_USER_NOT_LOGGED_IN when somebody else ended our login. */
CK_RV session_logged_in(struct session *s);

/* Notes which function gave `rv`, for the fault. Returns `rv`. */
CK_RV session_called(struct session *s, const char *call, CK_RV rv);

#endif
