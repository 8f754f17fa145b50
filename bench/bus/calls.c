/* How many calls a second go over the bus between two processes, with 64 and with one outstanding,
 * under CURVE. Usage: calls [SECONDS [tcp://ADDRESS:PORT | ipc:///PATH]] */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/bus_rig.h"

enum { OUTSTANDING_MAX = 64, SAMPLES = 1 << 20 };

static void jobs_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    JobOutcome out = JOB_OUTCOME__INIT;

    (void)self;
    (void)in;
    out.result = JOB_OUTCOME__RESULT__DONE;
    answer(&out, data);
}

static Jobs_Service jobs = JOBS__INIT(jobs_);

static void serve(const struct bus_rig *rig, const char *bind, int in)
{
    const struct bus_options options = { .service = "issuer",
                                         .bind = bind,
                                         .keys = rig->folder,
                                         .trust = rig->trust,
                                         .serves = { &jobs.base },
                                         .workers = 2 };
    struct rusage use;
    struct fault f;
    char end;
    struct bus *b = bus_start(&options, &f);

    if (!b)
        _exit(1);
    while (read(in, &end, 1) > 0)
        continue;
    bus_free(b);
    getrusage(RUSAGE_SELF, &use);
    printf("  serving process: %.1f s CPU\n",
           (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
               (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    exit(0);
}

/* ---- the caller: each answer begins the next call, on the bus thread */

struct slot {
    struct bus_call call;
    struct tick begun;
};

static ProtobufCService *client;
static atomic_bool stop;
static atomic_int running;
static long answered, failed, sampled;
static uint32_t sample[SAMPLES];

static void on_answer(const JobOutcome *out, void *data);

static void begin(struct slot *s)
{
    JobRef in = JOB_REF__INIT;
    char lane[] = "issue";

    in.id = 123456789;
    in.lane = lane;
    s->begun = tick_now();
    s->call.actor.account_id = 1;
    s->call.deadline = tick_after(seconds(10));
    jobs__run(client, &in, on_answer, s);
}

static void on_answer(const JobOutcome *out, void *data)
{
    struct slot *s = data;

    answered += out != NULL;
    failed += out == NULL;
    if (sampled < SAMPLES)
        sample[sampled++] = (uint32_t)(tick_now().us - s->begun.us);
    if (atomic_load(&stop))
        atomic_fetch_sub(&running, 1);
    else
        begin(s);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void measure(int outstanding, unsigned duration)
{
    static struct slot slots[OUTSTANDING_MAX];
    struct tick start = tick_now();

    answered = failed = sampled = 0;
    atomic_store(&stop, false);
    atomic_store(&running, outstanding);
    for (int i = 0; i < outstanding; i++)
        begin(&slots[i]);
    sleep(duration);
    atomic_store(&stop, true);
    while (atomic_load(&running) > 0)
        usleep(1000);
    double took = (double)(tick_now().us - start.us) / 1e6;
    qsort(sample, (size_t)sampled, sizeof sample[0], compare);
    printf("%3d outstanding: %8.0f calls/s, p50 %u us, p99 %u us, %ld failed\n", outstanding,
           (double)answered / took, sample[sampled / 2], sample[sampled * 99 / 100], failed);
}

int main(int argc, char **argv)
{
    unsigned duration = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 3;
    const char *bind = argc > 2 ? argv[2] : "tcp://127.0.0.9:17003";
    struct bus_rig rig;
    struct rusage use;
    int in[2];

    bus_rig_open(&rig);
    if (pipe(in) != 0)
        return 1;
    if (fork() == 0) {
        close(in[1]);
        serve(&rig, bind, in[0]);
    }
    struct bus *gateway = bus_rig_dial(&rig, "gateway", bind);
    client = bus_client(gateway, "issuer", &jobs__descriptor);
    bus_rig_await_peer(gateway, true);
    measure(64, duration);
    measure(1, duration);
    bus_free(gateway);
    getrusage(RUSAGE_SELF, &use);
    printf("  calling process: %.1f s CPU\n",
           (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
               (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    fflush(stdout);
    close(in[1]);
    wait(NULL);
    bus_rig_close(&rig);
    return 0;
}
