/* arena - memory for one call: grows while the call lives, freed at once.
 *
 * Nothing in an arena is freed by itself. Allocation never returns NULL: where there is no
 * memory the process ends (base/memory.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks;
    char *next;            /* where the next allocation starts in the newest chunk */
    size_t left;           /* bytes left there */
    ProtobufCAllocator pb; /* hand &a.pb to protobuf-c: what it unpacks lives here */
};

void arena_init(struct arena *a);

/* Frees everything; the arena may be used again at once. */
void arena_free(struct arena *a);

/* Zeroed, aligned for any type; size 0 gives a unique pointer. */
void *arena_alloc(struct arena *a, size_t size);

void *arena_copy(struct arena *a, const void *from, size_t size);

/* `s` may be NULL: then so is the copy. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t length);
char *arena_format(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, count) ((type *)arena_alloc((a), sizeof(type) * (count)))

#endif
