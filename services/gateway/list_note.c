#include "list_note.h"

#include <pthread.h>
#include <string.h>

#include "gateway.h"
#include "message/convert.h"
#include "pki/digest.h"
#include "store/cache.h"

/* A walk that rests for longer begins anew. */
#define NOTE_LIFE seconds(10 * 60)
/* What was placed longer ago than this is committed: no call takes as long, by far, and the clocks
 * of two hosts may differ by a minute. As in db/functions/order.sql. */
#define SETTLED_AFTER seconds(15 * 60)

static pthread_key_t caches;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void free_cache(void *cache)
{
    cache_free(cache);
}

static void make_key(void)
{
    pthread_key_create(&caches, free_cache);
}

/* This thread's; NULL where the house is run without Redis. */
static struct cache *cache_mine(void)
{
    struct fault ignored = { 0 };
    struct secret url = gateway.run->shared.redis;
    pthread_once(&once, make_key);
    struct cache *cache = pthread_getspecific(caches);
    if (!cache && *url.text && (cache = cache_new(url, &ignored)))
        pthread_setspecific(caches, cache);
    return cache;
}

static void add_parts(struct text *out, const struct pick *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        text_format(out, " %s", parts->parts[i]);
}

/* The same for all pages of a walk, and for nobody else's. */
static const char *key_of(struct call *call, const char *list, const ProtobufCMessage *query,
                          const struct pick *parts, const struct pick *order)
{
    struct text asked;
    uint8_t hash[SHA256_SIZE];
    size_t size = protobuf_c_message_get_packed_size(query);
    uint8_t *packed = arena_alloc(&call->arena, size);
    protobuf_c_message_pack(query, packed);
    text_init(&asked, &call->arena);
    text_format(&asked, "%s %lld %lld", list, (long long)call->actor.account_id,
                (long long)call->actor.api_key_id);
    add_parts(&asked, parts);
    text_add(&asked, " by");
    add_parts(&asked, order);
    text_add_char(&asked, '\n');
    text_add_bytes(&asked, packed, size);
    digest_sha256((struct bytes){ (const uint8_t *)asked.data, asked.length }, hash);
    return arena_format(&call->arena, "list:%s",
                        hex_lower(&call->arena, (struct bytes){ hash, sizeof hash }));
}

bool list_walk_find(struct call *call, const char *list, const ProtobufCMessage *query,
                    const struct pick *parts, const struct pick *order,
                    const struct list_page *page, struct list_walk *out)
{
    struct bytes kept;
    struct cache *cache = cache_mine();
    *out = (struct list_walk){ .key = key_of(call, list, query, parts, order) };
    if (page->offset == 0 || !cache || !cache_get(cache, &call->arena, out->key, &kept))
        return false;
    ListNote *note = list_note__unpack(&call->arena.pb, kept.size, kept.data);
    if (!note)
        return false;
    out->note = *note;
    out->noted = true;
    out->behind = note->after_at && note->has_next_offset && note->next_offset == page->offset;
    return true;
}

void list_walk_begin(struct call *call, struct list_walk *w, const ListTotal *counted)
{
    list_note__init(&w->note);
    w->note.total = counted->total;
    w->note.seen = counted->seen;
    w->note.settled = instant_message(
        &call->arena, instant_add(clock_now(), (struct duration){ -SETTLED_AFTER.us }));
}

void list_walk_went(struct call *call, struct list_walk *w, const struct list_page *page,
                    size_t count, Instant *at, int64_t id)
{
    struct cache *cache = cache_mine();
    int64_t next = page->offset + (int64_t)count;
    if (!cache || count == 0 || next >= w->note.total)
        return;
    w->note.after_at = at;
    w->note.has_after_id = w->note.has_next_offset = at != NULL;
    w->note.after_id = id;
    w->note.next_offset = next;
    size_t size = list_note__get_packed_size(&w->note);
    uint8_t *packed = arena_alloc(&call->arena, size);
    list_note__pack(&w->note, packed);
    cache_put(cache, w->key, (struct bytes){ packed, size }, NOTE_LIFE);
}
