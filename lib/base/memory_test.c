#include "base/memory.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

/* A sanitizer has its own strdup() and operator new, and ends the process for what is too much for it
 * before we could, if it is not told. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
// NOLINTBEGIN(bugprone-reserved-identifier)
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
// NOLINTEND(bugprone-reserved-identifier)
const char *__asan_default_options(void) // NOLINT(bugprone-reserved-identifier)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void) // NOLINT(bugprone-reserved-identifier)
{
    return "allocator_may_return_null=1";
}
#else
#define SANITIZED 0
#endif

static char folder[] = "/tmp/memory_test.XXXXXX";
static int64_t *left;
static char said[8192];
static volatile size_t nothing;

static int setup(void **state)
{
    char path[sizeof folder + 8];

    (void)state;
    if (!mkdtemp(folder) || setenv("CHANCERY_TEST_ALLOCATIONS", folder, 1) != 0)
        return 1;
    snprintf(path, sizeof path, "%s/test", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof *left) != 0)
        return 1;
    left = mmap(NULL, sizeof *left, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    memory_allow_test_failure("test");
    log_start("test", LOG_ERROR);
    return unlink(path) != 0 || rmdir(folder) != 0;
}

/* How a child ends that does this, whose `fails`th allocation fails; what it wrote is in said[]. */
static int status_of(void (*allocate)(void), int64_t fails)
{
    int out[2], status = 0;

    assert_int_equal(pipe(out), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out[1], STDERR_FILENO);
        *left = fails;
        allocate();
        _exit(0);
    }
    close(out[1]);
    size_t size = 0;
    for (ssize_t n; (n = read(out[0], said + size, sizeof said - 1 - size)) > 0;)
        size += (size_t)n;
    said[size] = '\0';
    close(out[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    *left = 0; /* it is shared with the child */
    return status;
}

static void assert_ended(int status)
{
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(said, "\"service\":\"test\",\"message\":\"out of memory\",\"bytes\":"));
    assert_string_equal(said + strlen(said) - 2, "}\n");
}

/* ---- whoever allocates. Kept from the optimizer, which may leave out what nobody uses. */

static void *volatile got;

#define ALLOCATES(name, expression)                                                                \
    static void name(void)                                                                         \
    {                                                                                              \
        got = (expression);                                                                        \
    }

static char *formatted(void)
{
    char *text = NULL;

    return asprintf(&text, "%d", 1) < 0 ? NULL : text;
}

static void *by_posix(size_t alignment, size_t size)
{
    void *p = NULL;

    return posix_memalign(&p, alignment, size) == 0 ? p : NULL;
}

ALLOCATES(by_malloc, malloc(10))
ALLOCATES(by_malloc_nothing, malloc(nothing))
ALLOCATES(by_calloc, calloc(2, 10))
ALLOCATES(by_realloc, realloc(NULL, 10))
ALLOCATES(by_reallocarray, reallocarray(NULL, 2, 10))
ALLOCATES(by_aligned_alloc, aligned_alloc(64, 128))
ALLOCATES(by_memalign, memalign(64, 128))
ALLOCATES(by_posix_memalign, by_posix(64, 100))
ALLOCATES(by_libc_strdup, SANITIZED ? malloc(5) : strdup("text"))
ALLOCATES(by_libc_asprintf, formatted())
ALLOCATES(by_libc_fopen, fopen("/dev/null", "r"))

static void each_allocation_that_fails_ends_the_process(void **state)
{
    static void (*const ways[])(void) = {
        by_malloc,       by_malloc_nothing, by_calloc,     by_realloc,
        by_reallocarray, by_aligned_alloc,  by_memalign,   by_posix_memalign,
        by_libc_strdup,  by_libc_asprintf,  by_libc_fopen,
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        assert_int_equal(status_of(ways[i], 0), 0);
        assert_string_equal(said, "");
        assert_ended(status_of(ways[i], 1));
    }
}

/* ---- in libraries that are loaded later */

static struct {
    const char *library;
    const char *function; /* of nothing, which does not see what it is given, or of a size */
    bool replaced;        /* by sanitizers */
} const loaded[] = {
    { "libcrypto.so.3", "BN_new", false },        { "libcurl.so.4", "curl_url", false },
    { "libpq.so.5", "createPQExpBuffer", false }, { "libunbound.so.8", "ub_ctx_create", false },
    { "libstdc++.so.6", "_Znwm", true }, /* operator new */
};
static size_t chosen;

static void by_loaded(void)
{
    void *library = dlopen(loaded[chosen].library, RTLD_NOW);
    void *symbol = library ? dlsym(library, loaded[chosen].function) : NULL;
    void *(*function)(size_t);

    if (!symbol)
        _exit(2);
    memcpy(&function, &symbol, sizeof symbol);
    *left = *left > 0 ? 1 : 0; /* those of dlopen() are not meant */
    got = function(10);
}

static void each_allocation_in_a_library_ends_the_process(void **state)
{
    (void)state;
    for (chosen = 0; chosen < sizeof loaded / sizeof *loaded; chosen++) {
        if (SANITIZED && loaded[chosen].replaced)
            continue;
        assert_int_equal(status_of(by_loaded, 0), 0);
        assert_ended(status_of(by_loaded, INT64_MAX));
    }
}

/* ---- more than there is */

static volatile size_t too_much = PTRDIFF_MAX - 4096, half = SIZE_MAX / 2 + 1;

ALLOCATES(by_large_malloc, malloc(too_much))
ALLOCATES(by_large_calloc, calloc(1, too_much))
ALLOCATES(by_large_realloc, realloc(NULL, too_much))
ALLOCATES(by_large_aligned_alloc, aligned_alloc(64, too_much))
ALLOCATES(by_large_posix_memalign, by_posix(64, too_much))
ALLOCATES(by_overflow_of_calloc, calloc(half, 2))
ALLOCATES(by_overflow_of_reallocarray, reallocarray(NULL, half, 2))

static void want_of_memory_ends_the_process(void **state)
{
    static void (*const ways[])(void) = {
        by_large_malloc,
        by_large_calloc,
        by_large_realloc,
        by_large_aligned_alloc,
        by_large_posix_memalign,
        by_overflow_of_calloc,
        by_overflow_of_reallocarray,
    };

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        assert_ended(status_of(ways[i], 0));
}

/* ---- and what is no want of memory */

static char *sized(char *p, size_t size)
{
    return size > 1000 ? reallocarray(p, size / 100, 100) : realloc(p, size);
}

static void what_is_good_goes_on(void **state)
{
    char *p = malloc(nothing);
    void *unused = NULL;

    (void)state;
    assert_non_null(p);
    p = sized(p, 5);
    memcpy(p, "text", 5);
    p = sized(p, 100000);
    assert_string_equal(p, "text");
    p = sized(p, nothing);
    assert_null(p);
    free(p);
    assert_int_equal(posix_memalign(&unused, 3, 10), EINVAL);
    assert_int_equal(posix_memalign(&unused, 24, 10), EINVAL);
    assert_int_equal(posix_memalign(&unused, 0, 10), EINVAL);
    p = aligned_alloc(4096, 4096);
    assert_int_equal((uintptr_t)p % 4096, 0);
    free(p);
}

static void allocations_are_counted(void **state)
{
    (void)state;
    *left = 0;
    got = malloc(1);
    free(got);
    got = calloc(1, 1);
    int64_t counted = *left;
    free(got);
    assert_int_equal(counted, -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_that_fails_ends_the_process),
        cmocka_unit_test(each_allocation_in_a_library_ends_the_process),
        cmocka_unit_test(want_of_memory_ends_the_process),
        cmocka_unit_test(what_is_good_goes_on),
        cmocka_unit_test(allocations_are_counted),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
