#include "key_session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "caller.h"
#include "http.h"
#include "pki/digest.h"
#include "service/metrics.h"
#include "services/gateway/key_session.sql.h"
#include "store/store.h"

/* Two tables of fixed size, so that nobody who tries keys pushes out the good ones. */
enum { SETS = 2048, WAYS = 4, LOCKS = 64, KEY_MAX = 256 };

#define BETWEEN_LINES seconds(60) /* about keys that are refused */

struct entry {
    uint8_t hash[SHA256_SIZE];
    Session session;
    int64_t until; /* a tick; what is past may have changed, and was true once */
};

struct table {
    struct entry entries[SETS][WAYS];
};

struct key_sessions {
    struct key_session_options options;
    atomic_uint changes; /* what was read before one of them is not kept after it */
    pthread_mutex_t locks[LOCKS];
    struct table present, absent;
    atomic_int_least64_t tell_at; /* a tick: refusals are logged again from then on */
    atomic_int_least64_t untold;
};

static bool find_stored(struct arena *a, const SessionKey *key, Session *out, bool *found,
                        struct fault *f)
{
    if (!store_mine())
        return fault_set(f, FAULT_UNAVAILABLE, NULL, "this thread has no connection");
    return store_maybe(store_mine(), a, &sql_key_session_find, &key->base, &out->base, found, f);
}

struct key_sessions *key_sessions_new(const struct key_session_options *options)
{
    struct key_sessions *s = calloc(1, sizeof *s);
    s->options = *options;
    s->options.find = options->find ? options->find : find_stored;
    if (!options->absent.us)
        s->options.absent = options->fresh.us < 1000000 ? options->fresh : seconds(1);
    for (int i = 0; i < LOCKS; i++)
        pthread_mutex_init(&s->locks[i], NULL);
    return s;
}

void key_sessions_free(struct key_sessions *s)
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

static struct entry *entry_of(struct table *t, const uint8_t hash[SHA256_SIZE])
{
    struct entry *set = t->entries[set_of(hash)];
    for (int i = 0; i < WAYS; i++)
        if (memcmp(set[i].hash, hash, SHA256_SIZE) == 0)
            return &set[i];
    return NULL;
}

/* In the place of the same key, or of what ends first. */
static void keep(struct table *t, const uint8_t hash[SHA256_SIZE], const Session *session,
                 int64_t until)
{
    struct entry *set = t->entries[set_of(hash)], *place = entry_of(t, hash);
    if (!place) {
        place = &set[0];
        for (int i = 1; i < WAYS; i++)
            place = set[i].until < place->until ? &set[i] : place;
    }
    memcpy(place->hash, hash, SHA256_SIZE);
    place->session = *session;
    place->until = until;
}

/* The key was good once, and is no more. */
static void drop(struct table *t, const uint8_t hash[SHA256_SIZE])
{
    struct entry *e = entry_of(t, hash);
    if (e)
        *e = (struct entry){ 0 };
}

static bool ask(struct key_sessions *s, struct call *call, const uint8_t hash[SHA256_SIZE],
                Session *out, bool *found)
{
    SessionKey key = SESSION_KEY__INIT;
    key.key_hash =
        (ProtobufCBinaryData){ SHA256_SIZE, arena_copy(&call->arena, hash, SHA256_SIZE) };
    metric_add(METRIC_SESSION_LOOKUPS, 1);
    return s->options.find(&call->arena, &key, out, found, &call->fault);
}

/* Of a key, as the tables have it. */
struct standing {
    bool present, absent;
    bool once; /* it was good, if perhaps it is no more */
    unsigned changes;
    int64_t at; /* a tick before anybody was asked: nothing is believed for longer than it may */
};

static struct standing recall(struct key_sessions *s, const uint8_t hash[SHA256_SIZE], Session *out)
{
    pthread_mutex_t *lock = &s->locks[set_of(hash) % LOCKS];
    int64_t now = tick_now().us;
    pthread_mutex_lock(lock);
    const struct entry *good = entry_of(&s->present, hash);
    const struct entry *bad = entry_of(&s->absent, hash);
    struct standing k = { .present = good && good->until > now,
                          .absent = bad && bad->until > now,
                          .once = good != NULL,
                          .changes = atomic_load(&s->changes),
                          .at = now };
    if (k.present)
        *out = good->session;
    pthread_mutex_unlock(lock);
    return k;
}

static void remember(struct key_sessions *s, const uint8_t hash[SHA256_SIZE],
                     const Session *session, bool found, const struct standing *before)
{
    pthread_mutex_t *lock = &s->locks[set_of(hash) % LOCKS];
    struct duration life = found ? s->options.fresh : s->options.absent;
    pthread_mutex_lock(lock);
    if (!found)
        drop(&s->present, hash);
    if (before->changes == atomic_load(&s->changes))
        keep(found ? &s->present : &s->absent, hash, session, before->at + life.us);
    pthread_mutex_unlock(lock);
}

/* Counted each time, logged now and then: whoever tries keys does not fill the log. */
static bool refuse(struct key_sessions *s, struct call *call)
{
    int64_t now = tick_now().us, at = atomic_load(&s->tell_at);
    metric_add(METRIC_KEYS_REFUSED, 1);
    atomic_fetch_add(&s->untold, 1);
    if (at <= now && atomic_compare_exchange_strong(&s->tell_at, &at, tick_after(BETWEEN_LINES).us))
        log_warn("requests with API keys that are not known",
                 LOG_INT("count", atomic_exchange(&s->untold, 0)),
                 LOG_TEXT("last_from", call->actor.ip));
    return fault_set(&call->fault, FAULT_KEY, NULL, "%s", "");
}

/* A key that never was good here costs its address a request, which it gets back if it is. */
static bool find(struct key_sessions *s, struct call *call, const uint8_t hash[SHA256_SIZE],
                 Session *out)
{
    struct standing k = recall(s, hash, out);
    bool strange = !k.present && !k.once && s->options.strange, found = false;
    if (k.present) {
        metric_add(METRIC_SESSION_HITS, 1);
        return true;
    }
    if (strange && !limit_by_address(s->options.strange, call))
        return false;
    bool answered = k.absent || ask(s, call, hash, out, &found);
    if (strange && (found || !answered))
        limit_return_address(s->options.strange, call);
    if (!answered)
        return false;
    if (!k.absent)
        remember(s, hash, out, found, &k);
    return found || refuse(s, call);
}

static void enter(const struct key_sessions *s, struct call *call, const Session *session)
{
    caller_enter(call, &(struct caller){ .account_id = session->account_id,
                                         .user_id = session->user_id,
                                         .api_key_id = session->api_key_id,
                                         .roles = s->options.roles,
                                         .role_id = session->role_id,
                                         .key_role_id = session->key_role_id });
}

/* A key that is too long is answered as one that is unknown (services-api 6). */
static bool key_hash(struct key_sessions *s, struct call *call, uint8_t out[SHA256_SIZE])
{
    const char *key = http_request_header(call, "X-DC-DEVKEY");
    if (!key || !*key)
        return fault_set(&call->fault, FAULT_KEY, NULL,
                         "Access denied: the header X-DC-DEVKEY must have an API key.");
    if (strlen(key) > KEY_MAX)
        return refuse(s, call);
    digest_sha256(BYTES_OF(key), out);
    return true;
}

/* Of the key first: what it is refused is not taken from the account's other keys. */
static bool within_limits(const struct key_session_options *o, struct call *call)
{
    const struct actor *by = &call->actor;
    if (o->limits && !limit_take(o->limits, by->api_key_id, call))
        return false;
    if (!o->accounts || limit_take(o->accounts, by->account_id, call))
        return true;
    if (o->limits)
        limit_return(o->limits, by->api_key_id);
    return false;
}

bool key_session_admit(struct call *call, const struct route *route, void *sessions)
{
    struct key_sessions *s = sessions;
    Session session = SESSION__INIT;
    uint8_t hash[SHA256_SIZE];
    if (!route->permission)
        return true;
    if (!key_hash(s, call, hash) || !find(s, call, hash, &session))
        return false;
    enter(s, call, &session);
    if (s->options.uses)
        key_uses_note(s->options.uses, session.api_key_id, session.account_id, clock_now());
    return within_limits(&s->options, call) &&
           (caller_may(call, route->permission) || caller_refuse(call, route->permission));
}

/* What is not known is for a worker to ask the database. */
bool key_session_glance(struct call *call, const struct route *route, void *sessions)
{
    struct key_sessions *s = sessions;
    Session session = SESSION__INIT;
    uint8_t hash[SHA256_SIZE];
    if (!route->permission)
        return true;
    if (!key_hash(s, call, hash))
        return false;
    struct standing k = recall(s, hash, &session);
    if (!k.present && k.absent)
        return refuse(s, call);
    return !k.present ||
           roles_allow(s->options.roles, session.role_id, session.key_role_id, route->permission) ||
           caller_refuse(call, route->permission);
}

/* An absent key has no name, so all of them are forgotten. */
static void forget_set(struct key_sessions *s, size_t set, int64_t user_id, int64_t api_key_id)
{
    for (int i = 0; i < WAYS; i++) {
        struct entry *e = &s->present.entries[set][i];
        if ((user_id && e->session.user_id == user_id) ||
            (api_key_id && e->session.api_key_id == api_key_id))
            e->until = 0;
        s->absent.entries[set][i].until = 0;
    }
}

void key_sessions_forget(struct key_sessions *s, int64_t user_id, int64_t api_key_id)
{
    atomic_fetch_add(&s->changes, 1);
    for (size_t set = 0; set < SETS; set++) {
        pthread_mutex_lock(&s->locks[set % LOCKS]);
        forget_set(s, set, user_id, api_key_id);
        pthread_mutex_unlock(&s->locks[set % LOCKS]);
    }
}
