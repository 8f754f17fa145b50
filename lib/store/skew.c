#include "store/skew.h"

#include <endian.h>
#include <string.h>

#include "store/connection.h"

struct duration skew_least(struct instant before, struct instant there, struct instant after)
{
    if (instant_before(there, before))
        return instant_since(there, before);
    if (instant_before(after, there))
        return instant_since(there, after);
    return (struct duration){ 0 };
}

static bool clock_there(struct store *s, struct instant *out, struct fault *f)
{
    AUTO(PGresult)
    result = connection_command(
        s, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", f);
    uint64_t us;

    if (!result)
        return false;
    if (PQntuples(result) != 1 || PQgetlength(result, 0, 0) != (int)sizeof us)
        return fault_set(f, FAULT_INTERNAL, NULL, "the database's clock could not be read");
    memcpy(&us, PQgetvalue(result, 0, 0), sizeof us);
    out->us = (int64_t)be64toh(us);
    return true;
}

bool store_clock_check(struct store *s, struct fault *f)
{
    struct instant before = clock_real(), there = { 0 };

    if (!clock_there(s, &there, f))
        return false;
    int64_t off = skew_least(before, there, clock_real()).us;
    bool right = off <= CLOCK_TOLERANCE.us && off >= -CLOCK_TOLERANCE.us;
    clock_judge(right);
    return right ||
           fault_set(f, FAULT_UNAVAILABLE, NULL,
                     "this host's clock is %lld ms %s the database's: no work is taken",
                     (long long)(off < 0 ? -off : off) / 1000, off < 0 ? "ahead of" : "behind");
}
