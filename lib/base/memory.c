#include "base/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/log.h"

/* ---- tests */

#ifdef TESTING
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic int64_t *left;

/* A test that waits for a failure must not wait for one that was never to come. */
void memory_allow_test_failure(const char *program)
{
    const char *folder = getenv("CHANCERY_TEST_ALLOCATIONS");
    char path[512];

    if (!folder)
        return;
    snprintf(path, sizeof path, "%s/%s", folder, program);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        fprintf(stderr, "CHANCERY_TEST_ALLOCATIONS: %s cannot be mapped\n", path);
        abort();
    }
    left = map;
}

#define DENIED() (left && atomic_fetch_sub_explicit(left, 1, memory_order_relaxed) == 1)
#else
void memory_allow_test_failure(const char *program)
{
    (void)program;
}

#define DENIED() false
#endif

/* A sanitizer's allocator does not know of it. */
void memory_keep(void)
{
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

/* ---- malloc() and its kin */

/* libFuzzer links its allocator into the program; it ends the process by itself. */
#ifndef FUZZING

/* What there is beneath. A sanitizer keeps its own, and calls for memory before it can bear that code
 * is instrumented. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BENEATH(name) __interceptor_##name
#else
#define BENEATH(name) __libc_##name
#endif
#define RAW __attribute__((no_sanitize("address", "thread", "undefined")))

// NOLINTBEGIN(bugprone-reserved-identifier)
extern void *BENEATH(malloc)(size_t size);
extern void *BENEATH(calloc)(size_t count, size_t size);
extern void *BENEATH(realloc)(void *old, size_t size);
extern void *BENEATH(memalign)(size_t alignment, size_t size);
// NOLINTEND(bugprone-reserved-identifier)

static RAW size_t product(size_t count, size_t size)
{
    size_t all;

    return __builtin_mul_overflow(count, size, &all) ? PTRDIFF_MAX : all;
}

static _Noreturn void end(size_t size)
{
    log_last("out of memory", LOG_INT("bytes", size));
    abort();
}

static inline RAW void *given(void *p, size_t size)
{
    if (__builtin_expect(!p || DENIED(), 0))
        end(size);
    return p;
}

RAW void *malloc(size_t size)
{
    return given(BENEATH(malloc)(size), size);
}

RAW void *calloc(size_t nmemb, size_t size)
{
    return given(BENEATH(calloc)(nmemb, size), product(nmemb, size));
}

/* Nothing comes back for what was only to be freed. */
RAW void *realloc(void *ptr, size_t size)
{
    void *p = BENEATH(realloc)(ptr, size);

    return ptr && size == 0 ? p : given(p, size);
}

RAW void *reallocarray(void *ptr, size_t nmemb, size_t size)
{
    return realloc(ptr, product(nmemb, size));
}

RAW void *memalign(size_t alignment, size_t size)
{
    return given(BENEATH(memalign)(alignment, size), size);
}

RAW void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

RAW int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || __builtin_popcountl(alignment) != 1)
        return EINVAL;
    *memptr = memalign(alignment, size);
    return 0;
}
#endif
