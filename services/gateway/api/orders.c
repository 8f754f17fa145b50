/* Placing an order. The order of events:
 *   examine, (C0: validation looks for request tokens,) C1, then either what the CA can do at once, or domain
 *   control. At once is the issuer (C2, C3), after a look at CAA records where none counts that was made before, and
 *   with the logs of Certificate Transparency in its middle (P, S). Nothing here waits: each step begins the next from
 *   its callback.
 */
#include "api/orders.h"

#include <stdio.h>
#include <string.h>

#include "api/orders.sql.h"
#include "api/placement.h"
#include "api/renewals.h"
#include "base/log.h"
#include "common.pb-c.h"
#include "gateway.h"
#include "http.h"
#include "ledger/authority.h"
#include "ledger/ids.h"
#include "message/convert.h"
#include "message/field.h"
#include "pki/digest.h"
#include "statement.h"
#include "testing/point.h"

/* How long before its caller's deadline a call to another service gives up, so that the truth can
 * still be read and told. */
#define ANSWER_MARGIN    milliseconds(200)
#define FINGERPRINT_LIFE seconds(10 * 60)
#define KEY_LIFE         days(1)

static void fail(struct placement *p, const struct fault *f)
{
    p->call->fault = *f;
    call_fail(p->call);
}

/* A statement of this order, which a committer runs together with those of others: `done` is called there,
 * unless this is false. */
static bool commit(struct placement *p, const struct sql *sql, const ProtobufCMessage *in,
                   void (*done)(struct commit *c, const struct rows *rows, const struct fault *f),
                   struct fault *f)
{
    p->commit = (struct commit){ .sql = sql,
                                 .in = in,
                                 .caller = statement_caller(p->call),
                                 .key = "order_id",
                                 .account_id = p->call->actor.account_id,
                                 .done = done,
                                 .context = p };
    return committer_put(gateway.committer, &p->commit, f);
}

/* ---- after C1 */

static void state_ask(struct placement *p, int64_t order_id);

static void state_read(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct placement *p = c->context;
    const OrderState *o = !f && rows->count ? (const OrderState *)rows->items[0] : NULL;
    if (!o)
        http_late(p->call); /* nothing is known now: the late rpc asks once more, or fails */
    else if (!o->told)
        state_ask(p, o->order_id);
    else
        placement_answer_state(p, o);
}

/* Where nobody has said anything certain, the database knows. */
static void state_ask(struct placement *p, int64_t order_id)
{
    struct fault f = { 0 };
    order_id__init(&p->id);
    p->id.order_id = order_id;
    if (!commit(p, &sql_order_state, &p->id.base, state_read, &f))
        http_late(p->call);
}

static void course_over(const JobOutcome *outcome, struct course *c)
{
    struct placement *p = c->context;
    if (outcome && outcome->certificate && outcome->certificate->order_id == p->row->order_id)
        placement_answer_issued(p, outcome->certificate);
    else
        state_ask(p, p->row->order_id);
}

static struct tick margin(struct tick deadline)
{
    return (struct tick){ deadline.us - ANSWER_MARGIN.us };
}

static struct bus_call *bus_call_fill(struct placement *p, struct bus_call *bus)
{
    *bus = (struct bus_call){ .actor = p->call->actor,
                              .deadline = margin(p->call->deadline),
                              .context = p };
    memcpy(bus->traceparent, p->call->traceparent, sizeof bus->traceparent);
    return bus;
}

static void placed(struct placement *p)
{
    static const char *const at_once[] = { "caa", "issue", "ct",
                                           NULL }; /* nothing for the customer to do */
    const char *lane = p->placed->lane;
    placement_note(p);
    p->course = (struct course){ .lanes = at_once, .done = course_over, .context = p };
    bus_call_fill(p, &p->course.call);
    if (lane && course_has(&p->course, lane)) {
        course_run(&p->course, lane, p->placed->job_id);
        return;
    }
    if (lane)
        job_hint(gateway.run->bus, lane, p->placed->job_id, p->call->traceparent);
    placement_answer_pending(p);
}

/* ---- the gate */

static bool asked_the_same(const struct placement *p, const OrderBefore *before, struct fault *f)
{
    return bytes_equal(bytes_value(p->row->body_sha256), bytes_value(before->body_sha256)) ||
           fault_set(f, FAULT_IDEMPOTENCY_KEY_REUSED, "Idempotency-Key",
                     "was used for another request");
}

static void duplicate(struct placement *p, const OrderBefore *before)
{
    char id[24];
    struct fault f = { 0 };
    if (!asked_the_same(p, before, &f)) {
        fail(p, &f);
        return;
    }
    snprintf(id, sizeof id, "%lld", (long long)before->id);
    http_header(p->call, "Duplicate-Of", id);
    state_ask(p, before->id);
}

static void before_read(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct placement *p = c->context;
    struct fault gone = { 0 };
    if (f)
        fail(p, f);
    else if (rows->count)
        duplicate(p, (const OrderBefore *)rows->items[0]);
    else { /* swept between the two statements */
        fault_set(&gone, FAULT_CONFLICT, NULL, "the key has just expired: try again");
        fail(p, &gone);
    }
}

static void before_ask(struct placement *p)
{
    struct fault f = { 0 };
    idempotency_key__init(&p->key);
    p->key.order_id = p->row->order_id;
    p->key.idem_key = p->row->idem_key;
    if (!commit(p, &sql_order_before, &p->key.base, before_read, &f))
        fail(p, &f);
}

static void refuse_key(struct placement *p)
{
    struct fault f = { 0 };
    fault_set(&f, FAULT_CSR, "certificate.csr",
              "has a key that is known to be compromised: make a new one");
    fail(p, &f);
}

static void place_done(struct commit *c, const struct rows *rows, const struct fault *f)
{
    struct placement *p = c->context;
    TEST_POINT("gateway.c1.committed");
    if (f) {
        struct fault why = *f;
        renewal_explain(&why);
        fail(p, &why);
        return;
    }
    if (rows->count == 0) {
        before_ask(p);
        return;
    }
    p->placed = (const OrderPlaced *)message_copy(&p->call->arena, rows->items[0]);
    if (p->placed->key_blocked)
        refuse_key(p);
    else
        placed(p);
}

static ProtobufCBinaryData hash_of(struct arena *a, const char *text)
{
    uint8_t *hash = arena_alloc(a, SHA256_SIZE);
    digest_sha256(BYTES_OF(text), hash);
    return (ProtobufCBinaryData){ SHA256_SIZE, hash };
}

/* An explicit key counts for itself; without one the request is its own key for ten minutes. What
 * is asked for is the body and, in the path, the product. */
static void idempotency(struct placement *p, struct instant now)
{
    struct arena *a = &p->call->arena;
    const struct actor *by = &p->call->actor;
    const char *given = http_request_header(p->call, "Idempotency-Key");
    bool explicit_key = given && *given;
    uint8_t body[SHA256_SIZE];
    http_body_sha256(p->call, body);
    const char *asked = arena_format(a, "%s %s", http_path(p->call),
                                     hex_lower(a, (struct bytes){ body, sizeof body }));
    const char *key = explicit_key
                          ? arena_format(a, "key %lld %s", (long long)by->account_id, given)
                          : arena_format(a, "print %lld %s", (long long)by->api_key_id, asked);
    p->row->idem_key = hash_of(a, key);
    p->row->body_sha256 = hash_of(a, asked);
    p->row->idem_until =
        instant_message(a, instant_add(now, explicit_key ? KEY_LIFE : FINGERPRINT_LIFE));
}

static void place(struct placement *p)
{
    struct fault f = { 0 };
    struct arena *a = &p->call->arena;
    p->row->answer_by =
        instant_message(a, instant_add(clock_now(), tick_left(margin(p->call->deadline))));
    TEST_POINT("gateway.c1.before");
    if (!commit(p, &sql_order_place, &p->row->base, place_done, &f))
        fail(p, &f);
}

/* ---- handlers */

static bool ids_fill(struct placement *p)
{
    if (!ids_next(gateway.order_ids, &p->row->order_id, &p->call->fault) ||
        !ids_next(gateway.request_ids, &p->row->request_id, &p->call->fault))
        return false;
    for (size_t i = 0; i < p->row->n_names; i++)
        p->row->names[i]->order_id = p->row->order_id;
    for (size_t i = 0; i < p->row->n_emails; i++)
        p->row->emails[i]->order_id = p->row->order_id;
    return true;
}

static void orders_place(Orders_Service *self, const OrderRequest *in, OrderAnswer_Closure closure,
                         void *data)
{
    (void)self, (void)closure;
    struct call *call = data;
    struct placement *p = arena_new(&call->arena, struct placement);
    p->call = call;
    if (!intake_examine(call, in, &p->intake)) {
        call_fail(call);
        return;
    }
    p->row = p->intake.row;
    idempotency(p, p->intake.now);
    if (!renewal_accept(call, in, p->intake.now, p->row) || !ids_fill(p))
        call_fail(call);
    else if (p->intake.auth_key)
        placement_look(p, bus_call_fill(p, &p->bus), place);
    else
        place(p);
}

/* The order that this request stands for, by its idempotency key: a C1 whose end was not seen may
 * have happened. */
static bool placed_find(struct placement *p, struct rows *rows)
{
    struct call *call = p->call;
    p->row = arena_new(&call->arena, OrderIntake);
    order_intake__init(p->row);
    idempotency(p, clock_now());
    idempotency_key__init(&p->key);
    p->key.idem_key = p->row->idem_key;
    if (!statement_set(call, &sql_order_before, &p->key.base, rows))
        return false;
    if (rows->count == 0)
        return fault_set(&call->fault, FAULT_TIMEOUT, NULL, "the order was not placed in time");
    return asked_the_same(p, (const OrderBefore *)rows->items[0], &call->fault);
}

/* Again while the issuer is quicker than the question. */
static bool placed_state(struct placement *p, int64_t order_id, const OrderState **out)
{
    struct rows rows = { 0 };
    order_id__init(&p->id);
    p->id.order_id = order_id;
    do {
        if (!statement_set(p->call, &sql_order_state, &p->id.base, &rows))
            return false;
        *out = rows.count ? (const OrderState *)rows.items[0] : NULL;
    } while (*out && !(*out)->told);
    return *out ||
           fault_set(&p->call->fault, FAULT_TIMEOUT, NULL, "the order was not placed in time");
}

/* At the deadline, or when nothing else answers: was the order placed, what has become of it? */
static void orders_placed(Orders_Service *self, const OrderRequest *in, OrderAnswer_Closure closure,
                          void *data)
{
    (void)self, (void)closure, (void)in;
    struct call *call = data;
    struct placement *p = arena_new(&call->arena, struct placement);
    struct rows rows = { 0 };
    const OrderState *state = NULL;
    p->call = call;
    if (placed_find(p, &rows) &&
        placed_state(p, ((const OrderBefore *)rows.items[0])->id, &state) && state)
        placement_answer_state(p, state);
    else
        call_fail(call);
}

Orders_Service orders_service = ORDERS__INIT(orders_);

// clang-format off
const struct route order_routes[] = {
    { POST, "/order/certificate/{name_id}",         AWAIT,  RPC(orders_service, "Place"),     "order:create", 201,
      "Place an order for a certificate", .late = RPC(orders_service, "Placed"), .flags = ROUTE_IDEMPOTENCY_KEY },
    { GET,  "/order/certificate/{order_id}",        WORKER, RPC(orders_service, "Info"),      "order:read",   200,
      "Show one order, by its id or by its certificate's thumbprint or serial number" },
    { PUT,  "/order/certificate/{order_id}/status", WORKER, RPC(orders_service, "SetStatus"), "order:update", 204,
      "Cancel an order that is not issued yet; mark an issued one as renewed or not" },
    { PUT,  "/order/certificate/{order_id}/ct-status", WORKER, RPC(orders_service, "SetCtStatus"), "order:update", 204,
      "Keep the next certificates of an order out of the logs of Certificate Transparency, or no longer" },
    { 0 },
};
// clang-format on
