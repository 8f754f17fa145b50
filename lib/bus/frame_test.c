#include "bus/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "job.pb-c.h"

static void jobs_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    (void)self;
    (void)in;
    (void)answer;
    (void)data;
}

static Jobs_Service jobs = JOBS__INIT(jobs_);
static ProtobufCService *const serves[] = { &jobs.base, NULL };

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static Envelope request(char *service, char *method)
{
    Envelope e = ENVELOPE__INIT;

    e.service = service;
    e.method = method;
    e.id = 7;
    return e;
}

static const Envelope *through_the_wire(const Envelope *e)
{
    size_t size = envelope__get_packed_size(e);
    uint8_t *data = arena_alloc(&arena, size);

    envelope__pack(e, data);
    return frame_open(&arena, (struct bytes){ data, size });
}

static void caller_crosses_the_wire(void **state)
{
    struct bus_call from = { .actor = { 1, 2, 3, "acme", "2001:db8::1" },
                             .deadline = tick_after(seconds(60)),
                             .traceparent =
                                 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    Envelope e = request("Jobs", "Run");
    struct call to = { 0 };
    Actor actor;

    (void)state;
    frame_fill_caller(&e, &actor, &from);
    assert_true(frame_read_caller(through_the_wire(&e), &to));
    assert_int_equal(to.actor.account_id, 1);
    assert_int_equal(to.actor.user_id, 2);
    assert_int_equal(to.actor.api_key_id, 3);
    assert_string_equal(to.actor.source, "acme");
    assert_string_equal(to.actor.ip, "2001:db8::1");
    assert_string_equal(to.traceparent, from.traceparent);
    assert_in_range(e.remaining_ms, 1, 60000);
}

static void the_system_is_an_actor_without_ids(void **state)
{
    struct bus_call from = { .deadline = tick_now() };
    Envelope e = request("Jobs", "Run");
    struct call to = { .actor = { 9, 9, 9, "x", "x" } };
    Actor actor;

    (void)state;
    frame_fill_caller(&e, &actor, &from);
    assert_false(actor.has_account_id);
    assert_null(actor.source);
    assert_int_equal(e.remaining_ms, 0);
    assert_true(frame_read_caller(through_the_wire(&e), &to));
    assert_int_equal(to.actor.account_id, 0);
    assert_string_equal(to.actor.source, "");
}

static void too_long_texts_are_refused(void **state)
{
    char source[] = "twelve chars", ip[47], trace[TRACEPARENT_SIZE + 1];
    Actor by_source = ACTOR__INIT, by_ip = ACTOR__INIT, plain = ACTOR__INIT;
    struct {
        Actor *actor;
        char *trace;
        const char *field;
    } cases[] = { { &by_source, NULL, "actor.source" },
                  { &by_ip, NULL, "actor.ip" },
                  { &plain, trace, "traceparent" } };

    (void)state;
    memset(ip, '1', sizeof ip - 1);
    ip[sizeof ip - 1] = '\0';
    memset(trace, '0', sizeof trace - 1);
    trace[sizeof trace - 1] = '\0';
    by_source.source = source;
    by_ip.ip = ip;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Envelope e = request("Jobs", "Run");
        struct call call = { 0 };

        e.actor = cases[i].actor;
        e.traceparent = cases[i].trace;
        assert_false(frame_read_caller(through_the_wire(&e), &call));
        assert_int_equal(call.fault.code, FAULT_BODY_FORMAT);
        assert_string_equal(call.fault.field, cases[i].field);
    }
}

static void method_is_found_by_its_names(void **state)
{
    static char *const cases[][2] = { { "Jobs", "Run" }, { "Jobs", "run" }, { "Job", "Run" },
                                      { "Jobs", "" },    { "", "Run" },     { "jobs", "Run" } };
    struct frame_target target;
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Envelope e = request(cases[i][0], cases[i][1]);
        bool found = frame_find_target(serves, &e, &target, &f);

        assert_int_equal(found, i == 0);
        if (!found)
            assert_int_equal(f.code, FAULT_NO_ROUTE);
    }
    Envelope e = request("Jobs", "Run");
    assert_true(frame_find_target(serves, &e, &target, &f));
    assert_ptr_equal(target.service, &jobs.base);
    assert_string_equal(target.method->name, "Run");
    assert_int_equal(target.index, 0);
}

static void input_that_is_no_message_is_refused(void **state)
{
    static const struct {
        const char *data;
        size_t size;
    } bad[] = { { "", 0 }, { "\x08", 1 }, { "\x08\x01", 2 }, { "\x12\xff\xff\xff\xff\x0f", 6 } };
    Envelope e = request("Jobs", "Run");
    struct frame_target target;
    struct fault f;

    (void)state;
    assert_true(frame_find_target(serves, &e, &target, &f));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bytes body = { (const uint8_t *)bad[i].data, bad[i].size };
        assert_null(frame_read_input(&arena, &target, body, &f));
        assert_int_equal(f.code, FAULT_BODY_FORMAT);
    }
}

static void garbage_is_no_frame(void **state)
{
    static const char *const texts[] = { "", "x", "\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n" };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_null(frame_open(&arena, BYTES_OF(texts[i])));
        assert_null(frame_open_reply(&arena, BYTES_OF(texts[i])));
    }
}

static void every_fault_keeps_its_name(void **state)
{
    struct fault from, to;

    (void)state;
    for (int code = FAULT_NONE + 1; code < FAULT_COUNT; code++) {
        fault_set(&from, (enum fault_code)code, "a.b", "text");
        struct bytes frame = frame_write_reply(&arena, 9, NULL, &from);
        const Reply *reply = frame_open_reply(&arena, frame);

        assert_int_equal(reply->id, 9);
        assert_false(reply->not_begun);
        assert_null(frame_read_answer(&arena, reply, &job_outcome__descriptor, &to));
        assert_memory_equal(&from, &to, sizeof to);
    }
}

static void only_unavailable_may_be_asked_elsewhere(void **state)
{
    struct fault f;

    (void)state;
    fault_set(&f, FAULT_UNAVAILABLE, NULL, "stopping");
    assert_true(frame_open_reply(&arena, frame_write_refusal(&arena, 1, &f))->not_begun);
    fault_set(&f, FAULT_PERMISSION, NULL, "no");
    assert_false(frame_open_reply(&arena, frame_write_refusal(&arena, 1, &f))->not_begun);
}

static void faults_of_a_newer_peer_are_internal(void **state)
{
    Reply reply = REPLY__INIT;
    Fault fault = FAULT__INIT;
    struct fault f;
    char *const names[] = { "NOT_YET_INVENTED", "NONE", "" };

    (void)state;
    reply.fault = &fault;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        fault.code = names[i];
        assert_null(frame_read_answer(&arena, &reply, &job_outcome__descriptor, &f));
        assert_int_equal(f.code, FAULT_INTERNAL);
    }
}

static void answer_crosses_the_wire(void **state)
{
    JobOutcome out = JOB_OUTCOME__INIT;
    struct fault f;

    (void)state;
    out.result = JOB_OUTCOME__RESULT__GONE;
    struct bytes frame = frame_write_reply(&arena, 5, &out.base, NULL);
    const Reply *reply = frame_open_reply(&arena, frame);
    const JobOutcome *back =
        (const JobOutcome *)frame_read_answer(&arena, reply, &job_outcome__descriptor, &f);
    assert_int_equal(back->result, JOB_OUTCOME__RESULT__GONE);
    /* Another type than was asked for: */
    assert_null(frame_read_answer(&arena, reply, &job_ref__descriptor, &f));
    assert_int_equal(f.code, FAULT_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caller_crosses_the_wire),
        cmocka_unit_test(the_system_is_an_actor_without_ids),
        cmocka_unit_test(too_long_texts_are_refused),
        cmocka_unit_test(method_is_found_by_its_names),
        cmocka_unit_test(input_that_is_no_message_is_refused),
        cmocka_unit_test(garbage_is_no_frame),
        cmocka_unit_test(every_fault_keeps_its_name),
        cmocka_unit_test(only_unavailable_may_be_asked_elsewhere),
        cmocka_unit_test(faults_of_a_newer_peer_are_internal),
        cmocka_unit_test(answer_crosses_the_wire),
    };

    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
