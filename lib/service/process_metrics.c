#include "service/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STAT_SIZE = 1024, SECOND_NS = 1000000000 };

/* Fields of /proc/self/stat as proc(5) numbers them. */
enum { UTIME = 14, STIME = 15, THREADS = 20, STARTTIME = 22, VSIZE = 23, RSS = 24, FIELDS = 25 };

static void gauge(struct text *out, const char *name, const char *help, int64_t value)
{
    text_format(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n", name, help, name, name,
                value);
}

/* Behind the name of the program, which may have blanks and parentheses of its own. */
static bool stat_parse(char *text, int64_t fields[FIELDS])
{
    char *rest = NULL, *at = strrchr(text, ')');
    int field = 3;
    if (!at)
        return false;
    for (char *word = strtok_r(at + 1, " ", &rest); word && field < FIELDS;
         word = strtok_r(NULL, " ", &rest))
        fields[field++] = strtoll(word, NULL, 10);
    return field == FIELDS;
}

static bool stat_read(int64_t fields[FIELDS])
{
    char text[STAT_SIZE];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (size <= 0)
        return false;
    text[size] = '\0';
    return stat_parse(text, fields);
}

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* The kernel counts from its start, in which a suspended machine counts as well. */
static int64_t start_seconds(int64_t ticks, int64_t a_second)
{
    int64_t booted = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
    return (booted + ticks * (SECOND_NS / a_second)) / SECOND_NS;
}

static void stat_write(struct text *out)
{
    int64_t f[FIELDS], a_second = sysconf(_SC_CLK_TCK);
    if (!stat_read(f) || a_second <= 0)
        return;
    int64_t cpu = f[UTIME] + f[STIME];
    text_format(out,
                "# HELP process_cpu_seconds_total user and system time\n"
                "# TYPE process_cpu_seconds_total counter\n"
                "process_cpu_seconds_total %" PRId64 ".%02" PRId64 "\n",
                cpu / a_second, cpu % a_second * 100 / a_second);
    gauge(out, "process_resident_memory_bytes", "memory that is in RAM",
          f[RSS] * sysconf(_SC_PAGESIZE));
    gauge(out, "process_virtual_memory_bytes", "address space", f[VSIZE]);
    gauge(out, "process_threads", "threads", f[THREADS]);
    gauge(out, "process_start_time_seconds", "when it began, since 1970",
          start_seconds(f[STARTTIME], a_second));
}

/* Without the one that the folder itself is read by. */
static void files_write(struct text *out)
{
    DIR *folder = opendir("/proc/self/fd");
    struct rlimit most;
    int64_t count = -1;
    if (folder) {
        for (struct dirent *e; (e = readdir(folder));)
            count += e->d_name[0] != '.';
        closedir(folder);
        gauge(out, "process_open_fds", "open file descriptors", count);
    }
    if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        gauge(out, "process_max_fds", "file descriptors at the most", (int64_t)most.rlim_cur);
}

void process_metrics_write(struct text *out)
{
    stat_write(out);
    files_write(out);
}
