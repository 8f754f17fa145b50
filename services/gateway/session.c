#include "session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "pki/digest.h"
#include "service/metrics.h"
#include "services/gateway/session.sql.h"
#include "store/store.h"

/* Two tables of fixed size, so that nobody who tries keys pushes out the good ones. */
enum { SETS = 2048, WAYS = 4, LOCKS = 64, KEY_MAX = 256 };

enum { NO_KEY_ROLE = 0 }; /* of policy/roles.json: a key that is not restricted */

struct entry {
    uint8_t hash[SHA256_SIZE];
    Session session;
    int64_t until; /* a tick; 0: unused */
};

struct table {
    struct entry entries[SETS][WAYS];
};

struct sessions {
    struct session_options options;
    atomic_uint changes; /* what was read before one of them is not kept after it */
    pthread_mutex_t locks[LOCKS];
    struct table present, absent;
};

struct caller {
    struct sessions *sessions;
    int role_id, key_role_id;
};

static bool find_stored(struct arena *a, const SessionKey *key, Session *out, bool *found,
                        struct fault *f)
{
    if (!store_mine())
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "this thread has no connection");
    return store_maybe(store_mine(), a, &sql_session_find, &key->base, &out->base, found, f);
}

struct sessions *sessions_new(const struct session_options *options)
{
    struct sessions *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->options = *options;
    s->options.find = options->find ? options->find : find_stored;
    if (!options->absent.us)
        s->options.absent = options->fresh.us < 1000000 ? options->fresh : seconds(1);
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&s->locks[i], NULL);
    return s;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_destroy(&s->locks[i]);
    free(s);
}

static size_t set_of(const uint8_t hash[SHA256_SIZE])
{
    uint32_t n;
    memcpy(&n, hash, sizeof n);
    return n % SETS;
}

static bool look(struct table *t, const uint8_t hash[SHA256_SIZE], int64_t now, Session *out)
{
    struct entry *set = t->entries[set_of(hash)];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].until > now && memcmp(set[i].hash, hash, SHA256_SIZE) == 0) {
            *out = set[i].session;
            return true;
        }
    }
    return false;
}

/* In the place of the same key, or of what ends first. */
static void keep(struct table *t, const uint8_t hash[SHA256_SIZE], const Session *session,
                 int64_t until)
{
    struct entry *set = t->entries[set_of(hash)], *place = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (memcmp(set[i].hash, hash, SHA256_SIZE) == 0) {
            place = &set[i];
            break;
        }
        place = set[i].until < place->until ? &set[i] : place;
    }
    memcpy(place->hash, hash, SHA256_SIZE);
    place->session = *session;
    place->until = until;
}

static bool ask(struct sessions *s, struct call *call, const uint8_t hash[SHA256_SIZE],
                Session *out, bool *found)
{
    SessionKey key = SESSION_KEY__INIT;
    key.key_hash =
        (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(&call->arena, hash, SHA256_SIZE) };
    metric_add(METRIC_SESSION_LOOKUPS, 1);
    return s->options.find(&call->arena, &key, out, found, &call->fault);
}

static bool find(struct sessions *s, struct call *call, const uint8_t hash[SHA256_SIZE],
                 Session *out)
{
    pthread_mutex_t *lock = &s->locks[set_of(hash) % LOCKS];
    int64_t now = tick_now().us;
    pthread_mutex_lock(lock);
    bool found = look(&s->present, hash, now, out);
    bool absent = !found && look(&s->absent, hash, now, out);
    unsigned changes = atomic_load(&s->changes);
    pthread_mutex_unlock(lock);
    if (found)
        return true;
    if (!absent && !ask(s, call, hash, out, &found))
        return false;
    if (!absent) {
        struct duration life = found ? s->options.fresh : s->options.absent;
        pthread_mutex_lock(lock);
        if (changes == atomic_load(&s->changes))
            keep(found ? &s->present : &s->absent, hash, out, now + life.us);
        pthread_mutex_unlock(lock);
    }
    return found || fault_set(&call->fault, FAULT_KEY, NULL, "%s", "");
}

static void enter(struct sessions *s, struct call *call, const Session *session)
{
    struct caller *caller = arena_new(&call->arena, struct caller);
    *caller = (struct caller){ s, session->role_id, session->key_role_id };
    http_set_caller(call, caller);
    call->actor.account_id = session->account_id;
    call->actor.user_id = session->user_id;
    call->actor.api_key_id = session->api_key_id;
}

/* A key that is too long is answered as one that is unknown (services-api 6). */
bool session_admit(struct call *call, const struct route *route, void *sessions)
{
    struct sessions *s = sessions;
    Session session = SESSION__INIT;
    uint8_t hash[SHA256_SIZE];
    if (!route->permission)
        return true;
    const char *key = http_request_header(call, "X-DC-DEVKEY");
    if (!key || !*key)
        return fault_set(&call->fault, FAULT_KEY, NULL,
                         "Access denied: the header X-DC-DEVKEY must have an API key.");
    if (strlen(key) > KEY_MAX)
        return fault_set(&call->fault, FAULT_KEY, NULL, "%s", "");
    digest_sha256(BYTES_OF(key), hash);
    if (!find(s, call, hash, &session))
        return false;
    enter(s, call, &session);
    if (s->options.uses)
        key_uses_note(s->options.uses, session.api_key_id, session.account_id, clock_now());
    if (s->options.limits && !limit_take(s->options.limits, call))
        return false;
    return session_may(call, route->permission) ||
           fault_set(&call->fault, FAULT_PERMISSION, NULL, "%s", "");
}

bool session_may(const struct call *call, const char *permission)
{
    const struct caller *caller = http_caller(call);
    return caller && roles_allow(caller->sessions->options.roles, caller->role_id,
                                 caller->key_role_id, permission);
}

bool session_covers(const struct call *call, int role, int key_role)
{
    const struct caller *caller = http_caller(call);
    return caller && roles_within(caller->sessions->options.roles, role, key_role, caller->role_id,
                                  caller->key_role_id);
}

bool session_role_covers(const struct call *call, int role)
{
    const struct caller *caller = http_caller(call);
    return caller && roles_within(caller->sessions->options.roles, role, NO_KEY_ROLE,
                                  caller->role_id, NO_KEY_ROLE);
}

int session_role(const struct call *call)
{
    const struct caller *caller = http_caller(call);
    return caller ? caller->role_id : 0;
}

const struct roles *session_roles(const struct call *call)
{
    const struct caller *caller = http_caller(call);
    return caller->sessions->options.roles;
}

/* An absent key has no name, so all of them are forgotten. */
static void forget_set(struct sessions *s, size_t set, int64_t user_id, int64_t api_key_id)
{
    for (int i = 0; i < WAYS; i++) {
        struct entry *e = &s->present.entries[set][i];
        if ((user_id && e->session.user_id == user_id) ||
            (api_key_id && e->session.api_key_id == api_key_id))
            e->until = 0;
        s->absent.entries[set][i].until = 0;
    }
}

void sessions_forget(struct sessions *s, int64_t user_id, int64_t api_key_id)
{
    atomic_fetch_add(&s->changes, 1);
    for (size_t set = 0; set < SETS; set++) {
        pthread_mutex_lock(&s->locks[set % LOCKS]);
        forget_set(s, set, user_id, api_key_id);
        pthread_mutex_unlock(&s->locks[set % LOCKS]);
    }
}

void session_forget(const struct call *call, int64_t user_id, int64_t api_key_id)
{
    const struct caller *caller = http_caller(call);
    sessions_forget(caller->sessions, user_id, api_key_id);
}
