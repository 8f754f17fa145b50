/* Attempts at a certificate that were reserved and then left. Their job is gone, so that the issuer will not
 * come back to them; or it would, and cannot while the token is away: their orders are free all the same
 * (design: exactly one certificate). And precertificates that wait for what never comes: they are too old, or their
 * key is known to others. */
#include "base/log.h"
#include "common.pb-c.h"
#include "issuance.pb-c.h"
#include "scheduler.h"
#include "scheduler.pb-c.h"
#include "services/scheduler/jobs/ghosts.sql.h"

enum { GHOSTS_A_RUN = 500 };

static const struct sql *const kinds[] = { &sql_ghosts_mark, &sql_precertificates_mark };

static bool give_up(const struct sql *kind, const GhostQuery *in, struct cadence_call *call,
                    struct fault *f)
{
    struct rows rows;
    if (!store_all(call->store, call->arena, kind, &in->base, &rows, f))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const GhostRow *row = (const GhostRow *)rows.items[i];
        log_warn("serial abandoned", LOG_INT("request_id", row->request_id),
                 LOG_TEXT("ca_id", row->ca_id), LOG_TEXT("serial", row->serial));
    }
    if (rows.count)
        log_warn("attempts without a certificate were given up", LOG_INT("count", rows.count));
    call->more = call->more || rows.count >= GHOSTS_A_RUN;
    return true;
}

bool ghosts_run(struct cadence_call *call, struct fault *f)
{
    GhostQuery in = GHOST_QUERY__INIT;
    Instant now = INSTANT__INIT, before = INSTANT__INIT;
    now.us = call->now.us;
    before.us = call->now.us - scheduler.ghost_after.us;
    in.now = &now;
    in.before = &before;
    in.room = GHOSTS_A_RUN;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!give_up(kinds[i], &in, call, f))
            return false;
    return true;
}
