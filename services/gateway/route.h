/* route - the REST endpoints as rows, and the search for the row of a request.
 *
 *     const struct route order_routes[] = {
 *         { POST, "/order/certificate/{name_id}", AWAIT, RPC(orders, "Place"), "order:create", 201,
 *           "Place an order", .late = RPC(orders, "Placed") },
 *         { GET, "/order/certificate/{order_id}", WORKER, RPC(orders, "Get"), "order:read", 200,
 *           "Show one order" },
 *         { 0 },
 *     };
 *
 * Input and output types come from the service's descriptor. "{order_id}" is a member of the input
 * message ("{container.id}" reaches into it); "{rest...}", last, takes all that is left of the
 * path.
 */
#ifndef GATEWAY_ROUTE_H
#define GATEWAY_ROUTE_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/text.h"
#include "bus/call.h"

enum method { NO_METHOD, GET, POST, PUT, PATCH, DELETE, METHOD_COUNT };

/* Who answers.
 * INLINE: the HTTP thread, from memory; the handler answers before it returns and never waits.
 * WORKER: a worker thread, whose store_mine() is its own; the handler answers before it returns.
 * AWAIT: a worker begins; the handler may return and leave the answer to another thread. */
enum route_kind { INLINE, WORKER, AWAIT };

struct rpc {
    ProtobufCService *service; /* &orders.base */
    const char *method;
};
#define RPC(service_, method_)                                                                     \
    {                                                                                              \
        &(service_).base, method_                                                                  \
    }

enum route_flag {
    ROUTE_RAW = 1,     /* the body is no JSON: its bytes become the member `body` of the input */
    ROUTE_NO_BODY = 2, /* whatever body comes is ignored; that of GET and DELETE always is */
    ROUTE_JSON = 16,   /* `shape` is for exceptions: the description is of JSON */
    ROUTE_IDEMPOTENCY_KEY = 1024, /* the handler reads that header: said in the description */
    ROUTE_LATE_FAULTS = 512,      /* a fault of the late rpc is the truth as well, and is told */
};

/* What is sent. Filled in from the row before `shape` sees it. */
struct http_answer {
    int status;
    const char *type;  /* Content-Type */
    struct bytes body; /* in the call's arena, constant, or held: */
    /* For a body that may be replaced while it is sent: given `held` once, when nobody reads it any
     * more, by whatever thread that is; of a small body at once, it is copied. NULL: not held. */
    void (*release)(void *held);
    void *held;
};

struct route {
    enum method method;
    const char *path; /* below the family's base */
    enum route_kind kind;
    struct rpc rpc;
    const char *permission; /* "order:create" as in policy/roles.json; "any": any valid key;
                             * NULL: no key needed */
    int ok;                 /* status of success */
    const char *summary;

    /* Columns of few rows. */
    struct rpc late; /* same input type: asked at the deadline, so that the answer is true */
    /* For answers that are no JSON (downloads, CSV): true when it filled in `out`, false to leave
     * it at JSON. */
    bool (*shape)(struct call *call, const ProtobufCMessage *answer, struct http_answer *out);
    const char *takes;        /* as of the family, which it replaces */
    unsigned flags;           /* enum route_flag */
    size_t body_max;          /* bytes; 0: as the door is set */
    struct duration deadline; /* 0: as the door is set */
};

/* A call of the API that this one is like, whether it is served or not. */
struct published {
    enum method method;
    const char *path; /* as of a route; the names of its members do not matter */
};

/* Routes below one base path that share how they admit callers, and how they word faults.
 *
 * `shape_fault` and `dress` run on whatever thread answers, not seldom while the handler still
 * runs. Their call is the door's own: its arena and headers are the answer's, and of the request
 * they may ask what it said, http_request_header(), http_path(), http_is_head(), and nothing that
 * admission or handler find out. */
struct route_family {
    const char *base;                  /* "/services/v2", or "" */
    const struct route *const *tables; /* ends with NULL; each table ends with a row of zeros */
    /* On a worker (INLINE: on the HTTP thread), before the input is read: who is it, is it allowed,
     * is it within limits? Fills in call->actor, or call->fault and returns false. NULL: everybody.
     */
    bool (*admit)(struct call *call, const struct route *route, void *context);
    /* On the HTTP thread, before a body is collected: the same, as far as memory tells without
     * waiting. NULL: it does not. */
    bool (*glance)(struct call *call, const struct route *route, void *context);
    void *context;
    const char *source; /* of the actor: "console"; NULL: "api" */
    /* Where `admit` runs, after it, and not for GET and DELETE: what is in the body that came, which
     * is then read as the row takes it, or call->fault and false. http_body() stays what came. NULL:
     * the body itself. */
    bool (*body)(struct call *call, struct bytes *body);
    /* The media types that a body may have, "application/json, text/csv"; others are answered with
     * 415, and so is a body without a type. NULL: whatever its Content-Type says, it is read as
     * what the row takes. The published API is so: its clients send JSON as application/xml, as a
     * form (curl -d), or without a type. */
    const char *takes;
    /* What the answer to a fault says, status and type included. NULL: the API's {"errors":[...]}. */
    void (*shape_fault)(struct call *call, const struct fault *fault, struct http_answer *out);
    /* Adds to each answer, whoever gives it, the headers that all of the family have: refusals of
     * the door, its 404 and 405, and what it says at the deadline or when it stops, as well. One
     * that a handler has set replaces those of its name. */
    void (*dress)(struct call *call, const struct http_answer *out);
    /* Ends with a row without a path. NULL: there is none that these routes are like. */
    const struct published *published;
};

/* A row, ready to be served. */
struct route_entry {
    const struct route *route;
    const struct route_family *family;
    const char *pattern; /* base and path */
    unsigned rpc, late;  /* method numbers */
    const ProtobufCMessageDescriptor *in, *out;
    const char *const *fields; /* the row's path members in order; NULL at the end */
    bool body;                 /* it has members that only a body can give, or takes bytes */
    bool own;                  /* the family is like a published API that does not have it */
};

/* May clients give this member of the input in a query or a body? Not what the path has. */
bool route_opens(const struct route_entry *e, const char *name);

struct router;

enum { ROUTE_FIELDS_MAX = 8 };

struct route_match {
    const struct route_entry *entry;      /* NULL: none */
    const char *values[ROUTE_FIELDS_MAX]; /* of entry->fields, decoded */
    const struct route_family *family;    /* whose base the path has, also without a match */
    unsigned allowed;                     /* bit 1 << method: other methods of this path */
    const char *unserved;                 /* base and path of the published call that it would be */
};

/* Families end with a row without `tables`. False and a fault that names the row when one cannot
 * be served: unknown method, a path member that its input has not, two rows for the same path, a
 * late rpc with another input. */
struct router *router_new(const struct route_family *families, struct fault *f);
void router_free(struct router *r);

/* `path` as on the request line, percent-encoded, with or without a slash at the end. A segment
 * spelled out wins over a member, also when only the published API has it. */
void router_match(const struct router *r, struct arena *a, enum method method, const char *path,
                  struct route_match *out);

/* All rows in the order of their tables; for tests and openapi. */
size_t router_entries(const struct router *r, const struct route_entry **out);

enum method method_read(const char *name); /* HEAD reads as GET; NO_METHOD when unknown */
const char *method_name(enum method method);

#endif
