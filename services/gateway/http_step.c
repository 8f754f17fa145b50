/* How far a request has come, drawn once. Two things happen to it at the same time, and neither waits
 * for the other: it is worked on, and it is answered.
 *
 *     COMES ───▶ QUEUED ───▶ SERVED ───▶ BEGUN ───▶ LATE        r->work
 *       │                      ▲
 *       └──────── INLINE ──────┘
 *
 *     OPEN ───▶ CLAIMED ───▶ READY                              r->said
 *
 * Its handler claims it when it answers; so does the late rpc, the deadline, the drain, or a full
 * queue, at whatever step the work is. What the work finds claimed it does not begin; what it has
 * begun goes on, and its answer is dropped. */
#include <assert.h>

#include "http_request.h"

static const struct step_row {
    enum step from, to;
} steps[] = {
    { COMES, QUEUED },  /* HTTP thread: head and body are there, and its row is for workers */
    { COMES, SERVED },  /* HTTP thread: ... or INLINE */
    { QUEUED, SERVED }, /* a worker has taken it */
    { SERVED, BEGUN },  /* ... admitted it and read the input, which the handler is given */
    { BEGUN, LATE },    /* once, at the deadline or as the handler asks: the late rpc has it too */
    { OPEN, CLAIMED },  /* once, any thread: whoever did it writes the answer */
    { CLAIMED, READY }, /* ... and has: the HTTP thread may send it */
};

bool step_exists(enum step from, enum step to)
{
    size_t i = 0, count = sizeof steps / sizeof *steps;
    while (i < count && (steps[i].from != from || steps[i].to != to))
        i++;
    return i < count;
}

bool step_try(_Atomic(enum step) *at, enum step from, enum step to)
{
    assert(step_exists(from, to));
    return atomic_compare_exchange_strong(at, &from, to);
}

void step_take(_Atomic(enum step) *at, enum step from, enum step to)
{
    bool taken = step_try(at, from, to);
    assert(taken);
    (void)taken;
}
