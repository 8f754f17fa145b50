#include "token/connection.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum { SLOTS_MAX = 256 };

void connection_init(struct connection *connection, const char *module_path, const char *label,
                     struct secret pin)
{
    *connection = (struct connection){ .module_path = module_path, .label = label };
    connection->pin.text = strdup(pin.text ? pin.text : "");
    pthread_mutex_init(&connection->lock, NULL);
    pthread_mutex_init(&connection->make_lock, NULL);
}

static void pin_wipe(struct connection *connection)
{
    union {
        const char *text;
        char *ours;
    } pin = { .text = connection->pin.text };

    if (!pin.text)
        return;
    explicit_bzero(pin.ours, strlen(pin.text));
    free(pin.ours);
    connection->pin.text = NULL;
}

CK_RV session_called(struct session *s, const char *call, CK_RV rv)
{
    s->call = call;
    return rv;
}

/* Loaded once and kept: unloading a module whose threads may still run is not sound. */
static CK_RV module_load(struct session *s)
{
    struct connection *connection = s->connection;
    CK_C_GetFunctionList get;

    if (connection->calls)
        return CKR_OK;
    if (!connection->module)
        connection->module = dlopen(connection->module_path, RTLD_NOW | RTLD_LOCAL);
    if (!connection->module) {
        const char *reason = dlerror();
        log_error("PKCS#11 module cannot be loaded", LOG_TEXT("reason", reason));
        return session_called(s, "dlopen", CKR_GENERAL_ERROR);
    }
    *(void **)&get = dlsym(connection->module, "C_GetFunctionList");
    if (!get)
        return session_called(s, "dlsym", CKR_GENERAL_ERROR);
    return session_called(s, "C_GetFunctionList", get(&connection->calls));
}

static CK_RV module_initialize(struct session *s)
{
    struct connection *connection = s->connection;
    CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

    if (connection->initialized)
        return CKR_OK;
    CK_RV rv = session_called(s, "C_Initialize", connection->calls->C_Initialize(&args));
    if (rv == CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return CKR_OK;
    connection->initialized = rv == CKR_OK;
    return rv;
}

/* PKCS#11 pads labels with blanks to 32 bytes and ends them with no NUL. */
static bool label_is(const CK_TOKEN_INFO *info, const char *label)
{
    char padded[sizeof info->label];
    size_t length = strlen(label);

    if (length > sizeof padded)
        return false;
    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, length);
    return memcmp(padded, info->label, sizeof padded) == 0;
}

static CK_RV slot_choose(struct session *s, const CK_SLOT_ID *slots, CK_ULONG count)
{
    struct connection *connection = s->connection;
    int found = 0;

    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        /* A slot that fails here is somebody else's: ours is missed below. */
        if (connection->calls->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            !label_is(&info, connection->label))
            continue;
        connection->slot = slots[i];
        found++;
    }
    if (found == 1)
        return CKR_OK;
    return session_called(s, found ? "several tokens have this label" : "no token has this label",
                          CKR_TOKEN_NOT_PRESENT);
}

static CK_RV slot_list(struct session *s)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    CK_RV rv = session_called(s, "C_GetSlotList",
                              s->connection->calls->C_GetSlotList(CK_TRUE, slots, &count));

    return rv == CKR_OK ? slot_choose(s, slots, count) : rv;
}

/* Somebody else in this process may have finalized the module, and all sessions with it. */
static CK_RV slot_find(struct session *s)
{
    struct connection *connection = s->connection;
    CK_RV rv = slot_list(s);

    if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
        return rv;
    connection->initialized = false;
    connection->void_before = connection->generation + 1;
    rv = module_initialize(s);
    return rv == CKR_OK ? slot_list(s) : rv;
}

static CK_RV mechanisms_ask(struct session *s)
{
    struct connection *connection = s->connection;
    CK_ULONG count = 0;
    CK_RV rv = connection->calls->C_GetMechanismList(connection->slot, NULL, &count);
    CK_MECHANISM_TYPE *list = calloc(count + 1, sizeof *list);

    if (rv == CKR_OK)
        rv = connection->calls->C_GetMechanismList(connection->slot, list, &count);
    if (rv == CKR_OK)
        connection->schemes = schemes_among(list, count);
    free(list);
    return session_called(s, "C_GetMechanismList", rv);
}

static CK_RV log_in(struct session *s)
{
    struct connection *connection = s->connection;
    union {
        const char *text;
        CK_UTF8CHAR *pkcs11; /* C_Login takes no const, and changes nothing */
    } pin = { .text = connection->pin.text };

    CK_RV rv = connection->calls->C_Login(connection->kept, CKU_USER, pin.pkcs11, strlen(pin.text));
    if (rv == CKR_USER_ALREADY_LOGGED_IN)
        return CKR_OK;
    if (return_class(rv) == RETURN_PIN) {
        connection->pin_refused = true;
        pin_wipe(connection); /* nobody asks for it again */
    }
    return session_called(s, "C_Login", rv);
}

static CK_RV open_kept(struct session *s)
{
    struct connection *connection = s->connection;
    CK_RV rv = connection->calls->C_OpenSession(
        connection->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &connection->kept);
    if (rv != CKR_OK)
        return session_called(s, "C_OpenSession", rv);
    if ((rv = log_in(s)) != CKR_OK)
        connection->calls->C_CloseSession(connection->kept);
    return rv;
}

/* Some modules look for tokens only when they are initialized (SoftHSM does): one that is missing
 * now can be seen later only so. Never while another thread is inside: it may hang there. */
static void module_start_over(struct connection *connection)
{
    if (!connection->initialized || connection->inside > 0 ||
        connection->calls->C_Finalize(NULL) != CKR_OK)
        return;
    connection->initialized = false;
    connection->void_before = connection->generation + 1;
}

static CK_RV connect_locked(struct session *s)
{
    struct connection *connection = s->connection;
    CK_RV rv;

    if (connection->pin_refused)
        return session_called(s, "C_Login (not tried again)", CKR_PIN_INCORRECT);
    if ((rv = module_load(s)) != CKR_OK || (rv = module_initialize(s)) != CKR_OK)
        return rv;
    if ((rv = slot_find(s)) != CKR_OK) {
        module_start_over(connection);
        return rv;
    }
    if ((rv = mechanisms_ask(s)) != CKR_OK || (rv = open_kept(s)) != CKR_OK)
        return rv;
    connection->connected = true;
    connection->generation++;
    return CKR_OK;
}

/* The kept session may live on (when only handles changed), so it is closed; whether that works
 * does not matter. */
static void disconnect_locked(struct connection *connection)
{
    if (connection->connected)
        connection->calls->C_CloseSession(connection->kept);
    connection->connected = false;
}

static CK_RV open_own(struct session *s)
{
    CK_RV rv = s->calls->C_OpenSession(s->connection->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                       NULL, NULL, &s->handle);
    s->open = rv == CKR_OK;
    memset(s->keys, 0, sizeof s->keys); /* CK_INVALID_HANDLE is 0 */
    return session_called(s, "C_OpenSession", rv);
}

static void close_own(struct session *s)
{
    if (s->open && s->generation >= s->connection->void_before)
        s->calls->C_CloseSession(s->handle);
    s->open = false;
}

static CK_RV renew_own(struct session *s)
{
    struct connection *connection = s->connection;

    if (s->open && s->generation == connection->generation)
        return CKR_OK;
    close_own(s);
    s->calls = connection->calls;
    s->generation = connection->generation;
    return open_own(s);
}

CK_RV session_enter(struct session *s)
{
    struct connection *connection = s->connection;

    pthread_mutex_lock(&connection->lock);
    CK_RV rv = connection->connected ? CKR_OK : connect_locked(s);
    if (rv == CKR_OK && (rv = renew_own(s)) == CKR_OK)
        connection->inside++;
    else if (return_class(rv) == RETURN_STALE)
        disconnect_locked(connection);
    pthread_mutex_unlock(&connection->lock);
    return rv;
}

void session_leave(struct session *s, CK_RV rv)
{
    enum return_class class = return_class(rv);
    struct connection *connection = s->connection;

    pthread_mutex_lock(&connection->lock);
    connection->inside--;
    if ((class == RETURN_STALE || class == RETURN_DEVICE) &&
        s->generation == connection->generation)
        disconnect_locked(connection);
    pthread_mutex_unlock(&connection->lock);
}

CK_RV session_logged_in(struct session *s)
{
    CK_SESSION_INFO info;
    CK_RV rv = s->calls->C_GetSessionInfo(s->handle, &info);

    if (rv == CKR_OK && info.state != CKS_RW_USER_FUNCTIONS)
        rv = CKR_USER_NOT_LOGGED_IN;
    return session_called(s, "C_GetSessionInfo", rv);
}

void session_close(struct session *s)
{
    pthread_mutex_lock(&s->connection->lock);
    close_own(s);
    pthread_mutex_unlock(&s->connection->lock);
}

void connection_close(struct connection *connection)
{
    disconnect_locked(connection);
    module_start_over(connection);
    pin_wipe(connection);
    pthread_mutex_destroy(&connection->lock);
    pthread_mutex_destroy(&connection->make_lock);
}
