/* What stands in a certificate beside its precertificate: the timestamps of the logs (RFC 6962 3.3, BR 7.1.2.11.3).
 * Who has verified them says which they are; whether they are enough is no question of the bytes. */
#include "lints/read.h"

/* SignedCertificateTimestamp of version 1 (RFC 6962 3.2): version, log id, milliseconds since 1970 ... */
enum { SCT_LOG_AT = 1, SCT_LOG_SIZE = 32, SCT_TIME_AT = 33, SCT_TIME_SIZE = 8, SCT_HEAD = 41 };

static bool sct_version(struct lint_case *c)
{
    for (size_t i = 0; i < c->scts.count; i++)
        if (c->scts.all[i].size < SCT_HEAD || c->scts.all[i].data[0] != 0)
            return lint_miss(c, "timestamp %zu is not of version 1", i + 1);
    return true;
}

static struct bytes log_of(struct bytes sct)
{
    return sct.size < SCT_HEAD ? sct : (struct bytes){ sct.data + SCT_LOG_AT, SCT_LOG_SIZE };
}

static bool sct_distinct(struct lint_case *c)
{
    for (size_t i = 0; i < c->scts.count; i++)
        for (size_t j = i + 1; j < c->scts.count; j++)
            if (bytes_equal(log_of(c->scts.all[i]), log_of(c->scts.all[j])))
                return lint_miss(c, "timestamps %zu and %zu are of one log", i + 1, j + 1);
    return true;
}

static uint64_t time_of(struct bytes sct)
{
    uint64_t ms = 0;

    for (size_t i = 0; sct.size >= SCT_HEAD && i < SCT_TIME_SIZE; i++)
        ms = ms << 8 | sct.data[SCT_TIME_AT + i];
    return ms;
}

/* Whoever checks it takes its own clock for the present; ours and the log's may be so far apart. */
static bool sct_past(struct lint_case *c)
{
    int64_t latest = c->in->now.us / 1000 + c->value * 1000;

    for (size_t i = 0; i < c->scts.count; i++)
        if (time_of(c->scts.all[i]) > (uint64_t)(latest < 0 ? 0 : latest))
            return lint_miss(c, "timestamp %zu is of the future", i + 1);
    return true;
}

static bool is_verified(const struct lint_input *in, struct bytes sct)
{
    size_t i = 0;

    while (i < in->sct_count && !bytes_equal(in->scts[i], sct))
        i++;
    return i < in->sct_count;
}

static bool sct_exact(struct lint_case *c)
{
    for (size_t i = 0; c->in->scts && i < c->scts.count; i++)
        if (!is_verified(c->in, c->scts.all[i]))
            return lint_miss(c, "timestamp %zu is none of those that were verified", i + 1);
    return !c->in->scts || !lint_has(c, EXT_SCT_LIST) || c->scts.count == c->in->sct_count ||
           lint_miss(c, "it has %zu timestamps, and %zu were verified", c->scts.count,
                     c->in->sct_count);
}

// clang-format off
const struct lint transparency_lints[] = {
    { "sct_version",  "RFC 6962 3.2",     LINT_LOGGED, ALWAYS, NULL, 0,  sct_version },
    { "sct_distinct", "Chrome CT Policy", LINT_LOGGED, ALWAYS, NULL, 0,  sct_distinct },
    { "sct_past",     "RFC 6962 5.2",     LINT_LOGGED, ALWAYS, "s",  60, sct_past },
    { "sct_exact",    "BR 7.1.2.11.3",    LINT_LOGGED, ALWAYS, NULL, 0,  sct_exact },
    { 0 },
};
// clang-format on
