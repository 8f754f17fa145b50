/* The jobs of an order, one after the other, as services answer them on a real bus. */
#include "api/course.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "testing/bus_rig.h"

/* ---- services that do as they are told */

enum { JOBS_MOST = 64 };

/* What becomes of job n: rows of a course are jobs 1, 2, ... */
struct job_row {
    const char *lane;
    const char
        *ends; /* NULL: with the next row's job; "certificate", "nothing", "fault", "never" */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static const struct job_row *rows;
static char ran[512]; /* "caa@validation issue@issuer" */
static int run_count;
static struct call *held;

/* `next` is the lane of the row after it. */
static void answer_row(struct call *call, int64_t id, const char *ends, const char *next)
{
    JobOutcome out = JOB_OUTCOME__INIT;
    IssuedCertificate c = ISSUED_CERTIFICATE__INIT;
    char lane[16], none[] = "";
    out.result = JOB_OUTCOME__RESULT__WAITING;
    if (!ends) {
        snprintf(lane, sizeof lane, "%s", next);
        out.has_next_job_id = true;
        out.next_job_id = id + 1;
        out.next_lane = lane;
    } else if (strcmp(ends, "certificate") == 0) {
        c.order_id = id;
        c.ca_id = none;
        out.certificate = &c;
    }
    call_answer(&out.base, call);
}

static void note(const char *lane, const char *service)
{
    size_t length = strlen(ran);
    snprintf(ran + length, sizeof ran - length, "%s%s@%s", length ? " " : "", lane, service);
    run_count++;
}

static void job_of(const JobRef *in, struct call *call, const char *service)
{
    pthread_mutex_lock(&lock);
    const char *ends = rows[in->id - 1].ends, *next = ends ? NULL : rows[in->id].lane;
    note(in->lane, service);
    if (ends && strcmp(ends, "never") == 0)
        held = call;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (ends && strcmp(ends, "fault") == 0) {
        fault_set(&call->fault, FAULT_INTERNAL, NULL, "it is broken");
        call_fail(call);
    } else if (!ends || strcmp(ends, "never") != 0) {
        answer_row(call, in->id, ends, next);
    }
}

static void issuer_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    (void)self, (void)answer;
    job_of(in, data, "issuer");
}

static void validation_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer,
                           void *data)
{
    (void)self, (void)answer;
    job_of(in, data, "validation");
}

static Jobs_Service issuer_jobs = JOBS__INIT(issuer_), validation_jobs = JOBS__INIT(validation_);

/* ---- the world */

static struct bus_rig rig;
static struct bus *served[2];
static struct service_run service_run;

static struct bus *start(const struct bus_options *options)
{
    struct fault f = { 0 };
    struct bus *b = bus_start(options, &f);
    if (!b)
        fail_msg("%s: %s", f.field, f.detail);
    return b;
}

static struct bus *serve(const char *service, Jobs_Service *jobs)
{
    return start(&(struct bus_options){ .service = service,
                                        .bind = "tcp://127.0.0.1:*",
                                        .keys = rig.folder,
                                        .trust = rig.trust,
                                        .serves = { &jobs->base },
                                        .workers = 1,
                                        .heartbeat = RIG_HEARTBEAT,
                                        .drain = patience() });
}

static void trust_write(void)
{
    FILE *file = fopen(rig.trust, "we");
    assert_non_null(file);
    fprintf(
        file,
        "{\"rules\":[{\"service\":\"issuer\",\"method\":\"Jobs.Run\",\"callers\":[\"gateway\"]},"
        "{\"service\":\"validation\",\"method\":\"Jobs.Run\",\"callers\":[\"gateway\"]}]}");
    assert_int_equal(fclose(file), 0);
}

static int world_start(void **state)
{
    (void)state;
    bus_rig_open(&rig);
    trust_write();
    served[0] = serve("issuer", &issuer_jobs);
    served[1] = serve("validation", &validation_jobs);
    service_run.bus =
        start(&(struct bus_options){ .service = "gateway",
                                     .keys = rig.folder,
                                     .peers = { { "issuer", bus_endpoint(served[0]) },
                                                { "validation", bus_endpoint(served[1]) } },
                                     .heartbeat = RIG_HEARTBEAT });
    gateway.run = &service_run;
    return 0;
}

static int world_stop(void **state)
{
    (void)state;
    bus_free(service_run.bus);
    bus_free(served[0]);
    bus_free(served[1]);
    bus_rig_close(&rig);
    return 0;
}

/* ---- a course */

static struct {
    bool done, heard, next;
    int64_t certificate;
    enum fault_code code;
} end;

static void over(const JobOutcome *outcome, struct course *c)
{
    pthread_mutex_lock(&lock);
    end.heard = outcome != NULL;
    end.next = outcome && outcome->has_next_job_id;
    end.certificate = outcome && outcome->certificate ? outcome->certificate->order_id : 0;
    end.code = c->call.fault.code;
    end.done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void follow(struct course *c, const struct job_row *of)
{
    pthread_mutex_lock(&lock);
    rows = of;
    ran[0] = '\0';
    run_count = 0;
    memset(&end, 0, sizeof end);
    pthread_mutex_unlock(&lock);
    c->done = over;
    snprintf(c->call.actor.source, sizeof c->call.actor.source, "api");
    course_run(c, of->lane, 1);
    pthread_mutex_lock(&lock);
    while (!end.done)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void ran_so_far(int count, const char *what)
{
    pthread_mutex_lock(&lock);
    while (run_count < count)
        pthread_cond_wait(&changed, &lock);
    assert_string_equal(ran, what);
    pthread_mutex_unlock(&lock);
}

static const char *const at_once[] = { "caa", "issue", "ct", NULL };

// clang-format off
static const struct {
    struct job_row jobs[8];
    const char *ran;
    int64_t certificate; /* the job that brought it; 0: none */
} courses[] = {
    { { { "issue", "certificate" } }, "issue@issuer", 1 },
    { { { "caa", 0 }, { "issue", "certificate" } }, "caa@validation issue@issuer", 2 },
    { { { "caa", 0 }, { "issue", 0 }, { "ct", 0 }, { "issue", "certificate" } },
      "caa@validation issue@issuer ct@validation issue@issuer", 4 },
    { { { "issue", 0 }, { "ct", "nothing" } }, "issue@issuer ct@validation", 0 }, /* no log answers */
    { { { "issue", 0 }, { "ct", "fault" } },   "issue@issuer ct@validation", 0 },
    { { { "issue", 0 }, { "ct", 0 }, { "issue", 0 }, { "ct", 0 }, { "issue", "certificate" } }, /* a bad timestamp */
      "issue@issuer ct@validation issue@issuer ct@validation issue@issuer", 5 },
    { { { "issue", 0 }, { "caa", 0 }, { "issue", "certificate" } }, "issue@issuer caa@validation issue@issuer", 3 },
};
// clang-format on

static void whatever_comes_next_is_waited_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof courses / sizeof *courses; i++) {
        struct course c = { .lanes = at_once, .call.deadline = tick_after(patience()) };
        follow(&c, courses[i].jobs);
        assert_string_equal(ran, courses[i].ran);
        assert_int_equal(end.certificate, courses[i].certificate);
        assert_false(end.next);
    }
}

/* The customer has something to do: he is answered, and the job is told of. */
static void what_is_not_waited_for_ends_it(void **state)
{
    static const struct job_row of[] = { { "caa", NULL }, { "dcv", "nothing" } };
    struct course c = { .lanes = at_once, .call.deadline = tick_after(patience()) };
    (void)state;
    follow(&c, of);
    assert_true(end.heard && end.next);
    ran_so_far(2, "caa@validation dcv@validation");
    c.lanes = NULL; /* a check of domain control waits for whatever comes */
    c.call.deadline = tick_after(patience());
    follow(&c, of);
    assert_true(end.heard && !end.next);
}

static void the_deadline_ends_it(void **state)
{
    static const struct job_row of[] = { { "issue", NULL }, { "ct", "never" } };
    struct course c = { .lanes = at_once };
    (void)state;
    held = NULL;
    c.call.deadline = tick_after(milliseconds(300));
    follow(&c, of);
    assert_false(end.heard);
    assert_int_equal(end.code, FAULT_TIMEOUT);
    pthread_mutex_lock(&lock);
    struct call *call = held;
    pthread_mutex_unlock(&lock);
    if (call) /* else the machine was slow, and it was never begun */
        answer_row(call, 2, "never", NULL);
}

/* Two services that send it to and fro. */
static void it_ends_in_any_case(void **state)
{
    static struct job_row of[JOBS_MOST];
    struct course c = { .lanes = at_once, .call.deadline = tick_after(patience()) };
    (void)state;
    for (int i = 0; i < JOBS_MOST; i++)
        of[i].lane = i % 2 ? "ct" : "issue";
    of[20].ends = "nothing"; /* what was told of at the end goes on by itself */
    follow(&c, of);
    assert_true(end.next);
    assert_int_equal(c.steps, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_comes_next_is_waited_for),
        cmocka_unit_test(what_is_not_waited_for_ends_it),
        cmocka_unit_test(the_deadline_ends_it),
        cmocka_unit_test(it_ends_in_any_case),
    };
    return cmocka_run_group_tests(tests, world_start, world_stop);
}
