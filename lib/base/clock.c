#include "base/clock.h"

#include <ctype.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum { SECOND = 1000000, DAY_SECONDS = 86400 };

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return sum;
}

static int64_t times(int64_t n, int64_t unit)
{
    int64_t product;

    if (__builtin_mul_overflow(n, unit, &product))
        return n < 0 ? INT64_MIN : INT64_MAX;
    return product;
}

static int64_t difference(int64_t a, int64_t b)
{
    int64_t result;

    if (__builtin_sub_overflow(a, b, &result))
        return a < 0 ? INT64_MIN : INT64_MAX;
    return result;
}

static int64_t read_clock(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec / 1000;
}

#ifdef TESTING
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool offset_allowed;
static const int64_t *offset_file;
static pthread_once_t offset_once = PTHREAD_ONCE_INIT;

/* A test that names a file which is not there must not run with the real time unawares. */
static void offset_map(void)
{
    const char *path = getenv("CHANCERY_TEST_CLOCK");
    struct stat st;

    if (!path || !*path)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof *offset_file) {
        fprintf(stderr, "CHANCERY_TEST_CLOCK: no file of 8 bytes: %s\n", path);
        abort();
    }
    void *map = mmap(NULL, sizeof *offset_file, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        abort();
    offset_file = map;
}

static int64_t test_offset(void)
{
    if (!__atomic_load_n(&offset_allowed, __ATOMIC_ACQUIRE))
        return 0;
    pthread_once(&offset_once, offset_map);
    return offset_file ? __atomic_load_n(offset_file, __ATOMIC_RELAXED) : 0;
}

void clock_allow_test_offset(void)
{
    __atomic_store_n(&offset_allowed, true, __ATOMIC_RELEASE);
}
#else
static int64_t test_offset(void)
{
    return 0;
}

void clock_allow_test_offset(void)
{
}
#endif

struct duration clock_test_offset(void)
{
    return (struct duration){ test_offset() };
}

struct instant clock_now(void)
{
    return (struct instant){ add(read_clock(CLOCK_REALTIME), test_offset()) };
}

struct instant clock_real(void)
{
    return (struct instant){ read_clock(CLOCK_REALTIME) };
}

/* Boot time goes on while the host sleeps, as the real one does. */
struct duration clock_lead(void)
{
    return (struct duration){ difference(read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME)) };
}

enum judgement { NEVER, RIGHT, WRONG };
static _Atomic enum judgement judgement;
static _Atomic int64_t judged_lead;

void clock_judge(bool right)
{
    atomic_store(&judged_lead, clock_lead().us);
    atomic_store(&judgement, right ? RIGHT : WRONG);
}

bool clock_trusted(void)
{
    enum judgement j = atomic_load(&judgement);
    int64_t step = difference(clock_lead().us, atomic_load(&judged_lead));

    return j == NEVER || (j == RIGHT && step <= CLOCK_TOLERANCE.us && step >= -CLOCK_TOLERANCE.us);
}

struct tick tick_now(void)
{
    return (struct tick){ read_clock(CLOCK_MONOTONIC) };
}

struct tick tick_after(struct duration wait)
{
    return (struct tick){ add(tick_now().us, wait.us) };
}

struct duration tick_left(struct tick deadline)
{
    int64_t left = difference(deadline.us, tick_now().us);

    return (struct duration){ left > 0 ? left : 0 };
}

struct duration seconds(int64_t n)
{
    return (struct duration){ times(n, SECOND) };
}

struct duration milliseconds(int64_t n)
{
    return (struct duration){ times(n, 1000) };
}

struct duration days(int64_t n)
{
    return (struct duration){ times(n, (int64_t)DAY_SECONDS * SECOND) };
}

struct instant instant_add(struct instant at, struct duration d)
{
    return (struct instant){ add(at.us, d.us) };
}

struct duration instant_since(struct instant later, struct instant earlier)
{
    return (struct duration){ difference(later.us, earlier.us) };
}

bool instant_before(struct instant a, struct instant b)
{
    return a.us < b.us;
}

struct instant instant_from_unix(int64_t unix_seconds)
{
    return (struct instant){ times(unix_seconds, SECOND) };
}

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    { "ms", 1000 },
    { "s", SECOND },
    { "m", (int64_t)60 * SECOND },
    { "h", (int64_t)3600 * SECOND },
    { "d", (int64_t)DAY_SECONDS *SECOND },
};

bool duration_read(const char *text, struct duration *out)
{
    int64_t n = 0;

    if (!isdigit((unsigned char)*text))
        return false;
    for (; isdigit((unsigned char)*text); text++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *text - '0', &n))
            return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text, units[i].name) == 0)
            return !__builtin_mul_overflow(n, units[i].us, &out->us);
    }
    return false;
}
