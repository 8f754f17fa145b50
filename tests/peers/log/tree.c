#include "tests/peers/log/tree.h"

#include <pthread.h>
#include <stdlib.h>

struct entry {
    struct hash what; /* of what is logged, but for the time */
    struct hash leaf; /* in the tree */
    uint64_t at_ms;
    struct bytes input, extra; /* as get-entries gives them */
};

static struct {
    pthread_mutex_t lock;
    struct arena kept;
    struct entry *entries;
    size_t count, room;
} tree = { .lock = PTHREAD_MUTEX_INITIALIZER };

void tree_open(void)
{
    arena_init(&tree.kept);
}

static struct bytes kept(struct bytes b)
{
    return (struct bytes){ arena_copy(&tree.kept, b.data, b.size), b.size };
}

/* MerkleTreeLeaf; its hash has a zero before it (RFC 6962 2.1). */
static void entry_fill(struct entry *e, struct arena *a, struct bytes logged, struct bytes extra)
{
    struct text leaf;

    text_init(&leaf, a);
    add_number(&leaf, 0, 1);
    add_number(&leaf, 0, 1);
    add_number(&leaf, 0, 1);
    add_number(&leaf, e->at_ms, 8);
    text_add_bytes(&leaf, logged.data, logged.size);
    add_number(&leaf, 0, 2);
    e->leaf = hash_of(bytes_of(&leaf));
    e->input = kept((struct bytes){ (const uint8_t *)leaf.data + 1, leaf.length - 1 });
    e->extra = kept(extra);
}

/* The time of that entry, which is made if it is new. */
uint64_t tree_put(struct arena *a, struct bytes logged, struct bytes extra, uint64_t now)
{
    struct entry e = { .what = hash_of(logged), .at_ms = now };
    size_t i = 0;

    pthread_mutex_lock(&tree.lock);
    while (i < tree.count && !hash_is(&tree.entries[i].what, &e.what))
        i++;
    if (i == tree.count) {
        if (tree.count == tree.room) {
            tree.room = tree.room ? 2 * tree.room : 256;
            tree.entries = realloc(tree.entries, tree.room * sizeof *tree.entries);
        }
        entry_fill(&e, a, logged, extra);
        tree.entries[tree.count++] = e;
    }
    e.at_ms = tree.entries[i].at_ms;
    pthread_mutex_unlock(&tree.lock);
    return e.at_ms;
}

/* RFC 6962 2.1. */
static struct hash hash_over(const struct entry *entries, size_t count)
{
    struct hash left, right;
    uint8_t both[1 + 2 * sizeof left.bytes] = { 1 };
    size_t half = 1;

    if (count == 0)
        return hash_of((struct bytes){ both, 0 });
    if (count == 1)
        return entries->leaf;
    while (2 * half < count)
        half *= 2;
    left = hash_over(entries, half);
    right = hash_over(entries + half, count - half);
    memcpy(both + 1, left.bytes, sizeof left.bytes);
    memcpy(both + 1 + sizeof left.bytes, right.bytes, sizeof right.bytes);
    return hash_of((struct bytes){ both, sizeof both });
}

size_t tree_head(struct hash *root)
{
    size_t count;

    pthread_mutex_lock(&tree.lock);
    count = tree.count;
    *root = hash_over(tree.entries, count);
    pthread_mutex_unlock(&tree.lock);
    return count;
}

bool tree_entry(size_t at, struct bytes *input, struct bytes *extra)
{
    bool there;

    pthread_mutex_lock(&tree.lock);
    there = at < tree.count;
    if (there) {
        *input = tree.entries[at].input;
        *extra = tree.entries[at].extra;
    }
    pthread_mutex_unlock(&tree.lock);
    return there;
}
