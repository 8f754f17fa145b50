#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under AddressSanitizer what is not handed out is poisoned, and a gap follows each piece, so
 * that an overrun inside a chunk is seen as one of malloc() would be. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISONED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_POISONED)
#include <sanitizer/asan_interface.h>
enum { GAP = 16 };
#define POISON(p, size)   ASAN_POISON_MEMORY_REGION(p, size)
#define UNPOISON(p, size) ASAN_UNPOISON_MEMORY_REGION(p, size)
#else
enum { GAP = 0 };
#define POISON(p, size)   ((void)(p), (void)(size))
#define UNPOISON(p, size) ((void)(p), (void)(size))
#endif

enum { CHUNK_FIRST = 4096, CHUNK_MAX = 65536, ALIGN = _Alignof(max_align_t) };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of data */
    _Alignas(max_align_t) char data[];
};

static void *pb_alloc(void *data, size_t size)
{
    return arena_alloc(data, size);
}

static void pb_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

static void clear(struct arena *a)
{
    a->chunks = NULL;
    a->next = NULL;
    a->left = 0;
}

void arena_init(struct arena *a)
{
    clear(a);
    a->pb = (ProtobufCAllocator){ .alloc = pb_alloc, .free = pb_free, .allocator_data = a };
}

void arena_free(struct arena *a)
{
    struct arena_chunk *older;

    for (struct arena_chunk *c = a->chunks; c; c = older) {
        older = c->older;
        UNPOISON(c->data, c->size);
        free(c);
    }
    clear(a);
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *c = malloc(sizeof *c + size);

    c->older = NULL;
    c->size = size;
    POISON(c->data, size);
    return c;
}

static size_t next_size(const struct arena *a)
{
    if (!a->chunks)
        return CHUNK_FIRST;
    return a->chunks->size * 2 > CHUNK_MAX ? CHUNK_MAX : a->chunks->size * 2;
}

/* A large piece gets a chunk of its own behind the newest, whose rest stays in use. */
static char *take_own_chunk(struct arena *a, size_t room)
{
    struct arena_chunk *c = chunk_new(room);

    if (a->chunks) {
        c->older = a->chunks->older;
        a->chunks->older = c;
    } else {
        a->chunks = c;
    }
    return c->data;
}

static void open_chunk(struct arena *a)
{
    struct arena_chunk *c = chunk_new(next_size(a));

    c->older = a->chunks;
    a->chunks = c;
    a->next = c->data;
    a->left = c->size;
}

static char *take(struct arena *a, size_t room)
{
    if (room > a->left) {
        if (room > next_size(a) / 2)
            return take_own_chunk(a, room);
        open_chunk(a);
    }
    char *p = a->next;
    a->next += room;
    a->left -= room;
    return p;
}

/* A size that is no size is a mistake of ours. */
void *arena_alloc(struct arena *a, size_t size)
{
    if (size > PTRDIFF_MAX - CHUNK_MAX)
        abort();
    size_t whole = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    char *p = take(a, whole + GAP);

    UNPOISON(p, size);
    return memset(p, 0, size);
}

void *arena_copy(struct arena *a, const void *from, size_t size)
{
    void *to = arena_alloc(a, size);

    return size ? memcpy(to, from, size) : to;
}

char *arena_strndup(struct arena *a, const char *s, size_t length)
{
    if (!s)
        return NULL;
    size_t size = strnlen(s, length);
    char *to = arena_alloc(a, size + 1);
    memcpy(to, s, size);
    return to;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_copy(a, s, strlen(s) + 1) : NULL;
}

char *arena_format(struct arena *a, const char *fmt, ...)
{
    va_list args, again;

    va_start(args, fmt);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        abort();
    char *to = arena_alloc(a, (size_t)length + 1);
    vsnprintf(to, (size_t)length + 1, fmt, again);
    va_end(again);
    return to;
}
