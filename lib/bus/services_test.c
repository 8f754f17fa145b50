/* Many services: each called by a name of its own, and each with calls of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "testing/bus_rig.h"

enum { SERVICES = 20, LEFT = 7 };

static struct bus_rig rig;
static struct arena arena;
static ProtobufCServiceDescriptor types[SERVICES];
static Jobs_Service handlers[SERVICES];

/* ---- services whose answer says which of them it was */

static const ProtobufCServiceDescriptor *type_of(const Jobs_Service *self)
{
    return self->base.descriptor;
}

static void answer_by_run(Jobs_Service *self, const JobRef *in, JobOutcome_Closure answer,
                          void *data)
{
    struct call *call = data;
    JobOutcome out = JOB_OUTCOME__INIT;
    IssuedCertificate body = ISSUED_CERTIFICATE__INIT;

    (void)answer;
    body.id = in->id;
    body.ca_id = arena_strdup(&call->arena, type_of(self)->name);
    out.result = JOB_OUTCOME__RESULT__DONE;
    out.certificate = &body;
    call_answer(&out.base, call);
}

static const char *name_of(int i)
{
    return arena_format(&arena, "perspective-%d", i);
}

static void types_make(void)
{
    for (int i = 0; i < SERVICES; i++) {
        types[i] = jobs__descriptor;
        types[i].name = arena_format(&arena, "Jobs%d", i);
        handlers[i] = (Jobs_Service)JOBS__INIT(answer_by_);
        handlers[i].base.descriptor = &types[i];
    }
}

/* ---- the world */

static void trust_write(void)
{
    FILE *file = fopen(rig.trust, "we");

    assert_non_null(file);
    fprintf(file, "{\"rules\":[");
    for (int i = 0; i < SERVICES; i++)
        for (int j = 0; j < SERVICES; j++)
            fprintf(file,
                    "%s{\"service\":\"perspective-%d\",\"method\":\"Jobs%d.Run\",\"callers\":"
                    "[\"gateway\"]}",
                    i + j ? "," : "", i, j);
    fprintf(file, "]}");
    assert_int_equal(fclose(file), 0);
}

static int open_world(void **state)
{
    struct fault f = { 0 };

    (void)state;
    arena_init(&arena);
    bus_rig_open(&rig);
    types_make();
    trust_write();
    for (int i = 0; i < SERVICES; i++)
        if (!bus_make_keys(rig.folder, name_of(i), &f))
            return 1;
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    bus_rig_close(&rig);
    arena_free(&arena);
    return 0;
}

static struct bus *start(const struct bus_options *options)
{
    struct fault f = { 0 };
    struct bus *b = bus_start(options, &f);

    if (!b)
        fail_msg("%s: %s", f.field, f.detail);
    return b;
}

static struct bus_options options_of(const char *service)
{
    return (struct bus_options){ .service = service,
                                 .keys = rig.folder,
                                 .trust = rig.trust,
                                 .workers = 1,
                                 .heartbeat = milliseconds(500) };
}

/* The generated stub knows one descriptor; the client does as it is told. */
static void call(struct rig_call *c, struct bus *b, const char *service, int type)
{
    JobRef in = JOB_REF__INIT;
    char lane[] = "say";
    ProtobufCService *client = bus_client(b, service, &types[type]);

    *c = (struct rig_call){ .call.deadline = tick_after(seconds(20)) };
    in.id = type;
    in.lane = lane;
    client->invoke(client, 0, &in.base, (ProtobufCClosure)rig_on_answer, c);
    rig_call_await(c);
}

/* ---- what it must do */

static void each_of_many_services_is_called(void **state)
{
    struct bus *served[SERVICES];
    struct bus_options gateway = options_of("gateway");
    struct rig_call c;

    (void)state;
    for (int i = 0; i < SERVICES; i++) {
        struct bus_options o = options_of(name_of(i));

        o.bind = "tcp://127.0.0.1:*";
        o.serves[0] = &handlers[i].base;
        served[i] = start(&o);
        gateway.peers[i] = (struct bus_peer){ name_of(i), bus_endpoint(served[i]) };
    }
    struct bus *b = start(&gateway);
    for (int i = 0; i < SERVICES; i++) {
        call(&c, b, name_of(i), i);
        assert_true(c.answered);
        assert_string_equal(c.peer, types[i].name);
    }
    bus_free(served[LEFT]);
    call(&c, b, name_of(LEFT), LEFT);
    assert_false(c.answered);
    call(&c, b, name_of(LEFT + 1), LEFT + 1); /* none stands for another */
    assert_string_equal(c.peer, types[LEFT + 1].name);
    bus_free(b);
    for (int i = 0; i < SERVICES; i++)
        if (i != LEFT)
            bus_free(served[i]);
}

static void one_process_serves_many(void **state)
{
    struct bus_options o = options_of(name_of(0)), gateway = options_of("gateway");
    struct rig_call c;

    (void)state;
    o.bind = "tcp://127.0.0.1:*";
    for (int i = 0; i < SERVICES; i++)
        o.serves[i] = &handlers[i].base;
    struct bus *served = start(&o);
    gateway.peers[0] = (struct bus_peer){ name_of(0), bus_endpoint(served) };
    struct bus *b = start(&gateway);
    for (int i = 0; i < SERVICES; i++) {
        call(&c, b, name_of(0), i);
        assert_string_equal(c.peer, types[i].name);
    }
    bus_free(b);
    bus_free(served);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_many_services_is_called),
        cmocka_unit_test(one_process_serves_many),
    };

    return cmocka_run_group_tests(tests, open_world, close_world);
}
