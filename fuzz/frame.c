/* What a peer sends over the bus, as the serving and as the calling side read it. Whatever a
 * request is, it is answered or dropped; what was read is written and read again to the same
 * effect. */
#include <assert.h>
#include <string.h>

#include "bus/frame.h"
#include "job.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void jobs_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer, void *data)
{
    (void)self;
    (void)in;
    (void)answer;
    (void)data;
}

static Jobs_Service jobs = JOBS__INIT(jobs_);
static ProtobufCService *const serves[] = { &jobs.base, NULL };

static void check_refusal(struct arena *a, uint64_t id, const struct fault *f)
{
    const Reply *reply = frame_open_reply(a, frame_write_refusal(a, id, f));
    struct fault back = { 0 };

    assert(f->code != FAULT_NONE && reply && reply->id == id);
    assert(!frame_read_answer(a, reply, &job_outcome__descriptor, &back));
    assert(back.code == f->code && strcmp(back.field, f->field) == 0);
}

static bool read_request(const Envelope *e, struct call *call)
{
    struct frame_target target;
    ProtobufCMessage *in;

    if (!frame_read_caller(e, call) || !frame_find_target(serves, e, &target, &call->fault))
        return false;
    in = frame_read_input(&call->arena, &target, (struct bytes){ e->body.data, e->body.len },
                          &call->fault);
    if (in)
        target.service->invoke(target.service, target.index, in, call_answer, call);
    return in != NULL;
}

static void as_request(struct bytes frame)
{
    struct call call = { 0 };
    const Envelope *e;

    arena_init(&call.arena);
    e = frame_open(&call.arena, frame);
    if (e && !read_request(e, &call))
        check_refusal(&call.arena, e->id, &call.fault);
    arena_free(&call.arena);
}

static void as_reply(struct bytes frame)
{
    struct arena a;
    struct fault f = { 0 };
    const Reply *reply;

    arena_init(&a);
    reply = frame_open_reply(&a, frame);
    if (reply && !frame_read_answer(&a, reply, &job_outcome__descriptor, &f))
        assert(f.code != FAULT_NONE);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    as_request((struct bytes){ data, size });
    as_reply((struct bytes){ data, size });
    return 0;
}
