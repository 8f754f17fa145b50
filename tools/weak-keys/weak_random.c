#include "weak_random.h"

#include <string.h>

#include "sha1.h"

// clang-format off
const struct weak_machine weak_machines[] = {
    { "le64", 8, false, 144 },
    { "le32", 4, false,  88 },
    { "be32", 4, true,   88 },
    { NULL,   0, false,   0 },
};
// clang-format on

const char *const weak_file_names[WEAK_FILES] = { "nornd", "rnd", "noreadrnd" };

/* A message to be hashed. */
struct message {
    uint8_t bytes[SHA1_SHORT_MAX];
    size_t size;
};

static void put(struct message *m, const uint8_t *bytes, size_t size)
{
    memcpy(m->bytes + m->size, bytes, size);
    m->size += size;
}

static void put_number(struct message *m, uint64_t number, size_t size, bool big_endian)
{
    for (size_t i = 0; i < size; i++)
        m->bytes[m->size++] = (uint8_t)(number >> 8 * (big_endian ? size - 1 - i : i));
}

static void put_count(struct message *m, const struct weak_random *r, const uint64_t count[2])
{
    put_number(m, count[0], r->machine->long_size, r->machine->big_endian);
    put_number(m, count[1], r->machine->long_size, r->machine->big_endian);
}

/* `size` bytes of the pool from `at`, which goes round at `end`. */
static void put_pool(struct message *m, const struct weak_random *r, unsigned at, size_t size,
                     unsigned end)
{
    size_t first = at + size > end ? end - at : size;

    put(m, r->pool + at, first);
    put(m, r->pool, size - first);
}

static unsigned mix(struct weak_random *r, unsigned at, unsigned end, const uint8_t *md,
                    size_t size)
{
    for (size_t i = 0; i < size; i++) {
        r->pool[at++] ^= md[i];
        if (at >= end)
            at = 0;
    }
    return at;
}

/* Whoever feeds `size` bytes owns as many of the pool. */
static void move_on(struct weak_random *r, size_t size)
{
    r->at += (unsigned)size;
    if (r->at >= WEAK_POOL) {
        r->at %= WEAK_POOL;
        r->filled = WEAK_POOL;
    } else if (r->filled < r->at) {
        r->filled = r->at;
    }
    r->count[1] += (size + WEAK_MD - 1) / WEAK_MD;
}

/* ssleay_rand_add(): here the flaw is. What is fed would be hashed after the pool's bytes. */
static void feed(struct weak_random *r, size_t size)
{
    uint64_t count[2] = { r->count[0], r->count[1] };
    unsigned at = r->at;
    uint8_t md[WEAK_MD];

    memcpy(md, r->md, sizeof md);
    move_on(r, size);
    for (size_t part; size > 0; size -= part) {
        struct message m = { .size = 0 };
        part = size < WEAK_MD ? size : WEAK_MD;
        put(&m, md, sizeof md);
        put_pool(&m, r, at, part, WEAK_POOL);
        put_count(&m, r, count);
        sha1_short(m.bytes, m.size, md);
        count[1]++;
        at = mix(r, at, WEAK_POOL, md, part);
    }
    for (int i = 0; i < WEAK_MD; i++)
        r->md[i] ^= md[i];
}

/* RAND_poll(): 32 bytes of the kernel's, then process id, user id and time, each as a long. */
static void poll_entropy(struct weak_random *r)
{
    if (r->polled)
        return;
    r->polled = true;
    feed(r, 32);
    for (int i = 0; i < 3; i++)
        feed(r, r->machine->long_size);
}

static void stir(struct weak_random *r)
{
    if (r->stirred)
        return;
    r->stirred = true;
    for (int left = WEAK_POOL; left > 0; left -= WEAK_MD)
        feed(r, WEAK_MD);
}

/* The end of a draw: what was used enters the secret half. */
static void close_draw(struct weak_random *r, const uint64_t count[2], const uint8_t md[WEAK_MD])
{
    struct message m = { .size = 0 };

    put_count(&m, r, count);
    put(&m, md, WEAK_MD);
    put(&m, r->md, WEAK_MD);
    sha1_short(m.bytes, m.size, r->md);
}

/* ssleay_rand_bytes(): ten bytes a hash, of which only the first has the process id. */
static void draw(struct weak_random *r, uint8_t *out, size_t size)
{
    enum { HALF = WEAK_MD / 2 };
    uint64_t count[2];
    unsigned at;
    uint32_t pid = r->pid;
    uint8_t md[WEAK_MD];

    poll_entropy(r);
    stir(r);
    at = r->at;
    memcpy(count, r->count, sizeof count);
    memcpy(md, r->md, sizeof md);
    r->at += (unsigned)((size + HALF - 1) / HALF * HALF);
    if (r->at > r->filled)
        r->at %= r->filled;
    r->count[0]++;
    for (size_t part; size > 0; size -= part, out += part) {
        struct message m = { .size = 0 };
        part = size < HALF ? size : HALF;
        if (pid != 0)
            put_number(&m, pid, 4, r->machine->big_endian);
        pid = 0;
        put(&m, md, sizeof md);
        put_count(&m, r, count);
        put_pool(&m, r, at, HALF, r->filled);
        sha1_short(m.bytes, m.size, md);
        at = mix(r, at, r->filled, md, HALF);
        memcpy(out, md + HALF, part);
    }
    close_draw(r, count, md);
}

void weak_random_start(struct weak_random *r, const struct weak_machine *machine,
                       enum weak_file file, unsigned pid)
{
    *r = (struct weak_random){ .machine = machine, .pid = pid };
    if (file != WEAK_NORND)
        feed(r, machine->stat_size);
    if (file == WEAK_RND)
        feed(r, 1024);
    else /* the file gave nothing, so that RAND_status() is asked */
        poll_entropy(r);
}

void weak_random_number(struct weak_random *r, uint8_t *out, size_t size)
{
    feed(r, r->machine->long_size);
    draw(r, out, size);
}
