#include "testing/bus_rig.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char trust[] = "{\"rules\":[{\"service\":\"issuer\",\"method\":\"Jobs.Run\","
                            "\"callers\":[\"gateway\",\"validation\"]}]}";

static const char *const services[] = { "gateway", "issuer", "validation", "notifier" };

#define REQUIRE(condition, f)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s: %s\n", #condition, (f)->detail);                                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* ---- the folder */

void bus_rig_path(const struct bus_rig *rig, const char *name, char out[RIG_PATH_SIZE])
{
    snprintf(out, RIG_PATH_SIZE, "%s/%s", rig->folder, name);
}

void bus_rig_open(struct bus_rig *rig)
{
    struct fault f = { .detail = "no folder" };

    snprintf(rig->folder, sizeof rig->folder, "/tmp/chancery-bus-XXXXXX");
    REQUIRE(mkdtemp(rig->folder), &f);
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        REQUIRE(bus_make_keys(rig->folder, services[i], &f), &f);
    bus_rig_path(rig, "trust.json", rig->trust);
    FILE *file = fopen(rig->trust, "we");
    REQUIRE(file && fputs(trust, file) >= 0 && fclose(file) == 0, &f);
}

void bus_rig_close(struct bus_rig *rig)
{
    DIR *dir = opendir(rig->folder);
    const struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(rig->folder);
}

/* ---- the service */

enum { HELD_MAX = 8192 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int begun[RIG_LANES], releases, held_count;
static struct held {
    struct call *call;
    int64_t id;
} held[HELD_MAX];

static void answer_with(struct call *call, int64_t id, size_t size)
{
    JobOutcome out = JOB_OUTCOME__INIT;
    IssuedCertificate body = ISSUED_CERTIFICATE__INIT;

    body.id = id;
    body.order_id = call->actor.account_id;
    body.ca_id = arena_strdup(&call->arena, call->peer);
    body.der.len = size;
    body.der.data = arena_alloc(&call->arena, size);
    out.result = JOB_OUTCOME__RESULT__DONE;
    out.certificate = &body;
    call_answer(&out.base, call);
}

static void lane_say(struct call *call, int64_t id, int seen)
{
    (void)seen;
    answer_with(call, id, 0);
}

static void lane_who(struct call *call, int64_t id, int seen)
{
    (void)seen;
    (void)id;
    answer_with(call, getpid(), 0);
}

static void lane_fail(struct call *call, int64_t id, int seen)
{
    (void)seen;
    fault_set(&call->fault, FAULT_NO_ORDER, "order.id", "there is no order %lld", (long long)id);
    call_fail(call);
}

static void lane_big(struct call *call, int64_t id, int seen)
{
    (void)seen;
    answer_with(call, id, (size_t)id);
}

/* `seen` is how many releases there were when the call was counted. */
static void lane_block(struct call *call, int64_t id, int seen)
{
    pthread_mutex_lock(&lock);
    while (seen == releases)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    answer_with(call, id, 0);
}

// clang-format off
static const struct {
    const char *name;
    void (*run)(struct call *call, int64_t id, int seen);
} lanes[RIG_LANES] = {
    [RIG_SAY]   = { "say",   lane_say },
    [RIG_WHO]   = { "who",   lane_who },
    [RIG_FAIL]  = { "fail",  lane_fail },
    [RIG_BIG]   = { "big",   lane_big },
    [RIG_HOLD]  = { "hold",  NULL },
    [RIG_BLOCK] = { "block", lane_block },
};
// clang-format on

/* A lane that is none counts as "say". */
static void jobs_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    int lane = RIG_LANES - 1;

    (void)self;
    (void)answer;
    while (lane > 0 && strcmp(lanes[lane].name, in->lane) != 0)
        lane--;
    pthread_mutex_lock(&lock);
    if (lane == RIG_HOLD) /* together with the count: who awaits that may release it */
        held[held_count++] = (struct held){ data, in->id };
    begun[lane]++;
    int seen = releases;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (lane != RIG_HOLD)
        lanes[lane].run(data, in->id, seen);
}

static Jobs_Service jobs = JOBS__INIT(jobs_);

struct bus *bus_rig_serve(const struct bus_rig *rig, const char *bind, int workers)
{
    struct bus_options options = {
        .service = "issuer",
        .bind = bind,
        .keys = rig->folder,
        .trust = rig->trust,
        .serves = { &jobs.base },
        .workers = workers,
        .heartbeat = RIG_HEARTBEAT,
        .drain = patience(),
    };
    struct fault f = { 0 };
    struct bus *b = bus_start(&options, &f);

    REQUIRE(b, &f);
    return b;
}

void bus_rig_release(void)
{
    pthread_mutex_lock(&lock);
    int count = held_count;
    held_count = 0;
    releases++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < count; i++)
        answer_with(held[i].call, held[i].id, 0);
}

int bus_rig_begun(enum rig_lane lane)
{
    pthread_mutex_lock(&lock);
    int count = begun[lane];
    pthread_mutex_unlock(&lock);
    return count;
}

void bus_rig_await_begun(enum rig_lane lane, int count)
{
    pthread_mutex_lock(&lock);
    while (begun[lane] < count)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* ---- the caller */

static struct bus *dial_with(const struct bus_rig *rig, const char *service, const char *endpoint,
                             struct duration heartbeat)
{
    struct bus_options options = {
        .service = service,
        .keys = rig->folder,
        .peers = { { "issuer", endpoint } },
        .heartbeat = heartbeat,
    };
    struct fault f = { 0 };
    struct bus *b = bus_start(&options, &f);

    REQUIRE(b, &f);
    return b;
}

struct bus *bus_rig_dial(const struct bus_rig *rig, const char *service, const char *endpoint)
{
    return dial_with(rig, service, endpoint, RIG_HEARTBEAT);
}

struct bus *bus_rig_dial_hasty(const struct bus_rig *rig, const char *service, const char *endpoint)
{
    return dial_with(rig, service, endpoint, RIG_HASTY_HEARTBEAT);
}

void bus_rig_await_peer(struct bus *b, bool there)
{
    while (bus_has_peer(b, "issuer") != there)
        patience_nap(); /* the bus tells readiness by being asked */
}

void rig_on_answer(const JobOutcome *out, void *data)
{
    struct rig_call *c = (struct rig_call *)data; /* its first member is the struct bus_call */

    pthread_mutex_lock(&lock);
    c->answered = out != NULL;
    if (out && out->certificate) {
        c->id = out->certificate->id;
        c->account = out->certificate->order_id;
        c->size = out->certificate->der.len;
        snprintf(c->peer, sizeof c->peer, "%s", out->certificate->ca_id);
    }
    c->at = tick_now();
    c->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

void rig_call_begin(struct rig_call *c, struct bus *b, const char *lane, int64_t id,
                    struct duration wait)
{
    JobRef in = JOB_REF__INIT;
    char name[16];

    *c = (struct rig_call){ 0 };
    c->call.actor.account_id = id + 1000;
    c->call.deadline = tick_after(wait);
    snprintf(name, sizeof name, "%s", lane);
    in.id = id;
    in.lane = name;
    jobs__run(bus_client(b, "issuer", &jobs__descriptor), &in, rig_on_answer, c);
}

static struct rig_call *first_done(struct rig_call *calls, int count)
{
    for (int i = 0; i < count; i++) {
        if (calls[i].done)
            return &calls[i];
    }
    return NULL;
}

struct rig_call *rig_call_await_any(struct rig_call *calls, int count)
{
    struct rig_call *done;

    pthread_mutex_lock(&lock);
    while (!(done = first_done(calls, count)))
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
    return done;
}

void rig_call_await(struct rig_call *c)
{
    rig_call_await_any(c, 1);
}

void rig_call(struct rig_call *c, struct bus *b, const char *lane, int64_t id)
{
    rig_call_begin(c, b, lane, id, patience());
    rig_call_await(c);
}
