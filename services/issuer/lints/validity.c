/* From when until when. A day is 86,400 seconds, both ends are included, and a part of a day is a day (BR 6.3.2). */
#include "lints/read.h"

static bool validity_order(struct lint_case *c)
{
    return instant_before(c->tbs.not_before, c->tbs.not_after) ||
           lint_miss(c, "it ends before it begins");
}

static struct duration period(const struct lint_case *c)
{
    return (struct duration){ instant_since(c->tbs.not_after, c->tbs.not_before).us +
                              seconds(1).us };
}

static bool validity_max(struct lint_case *c)
{
    return period(c).us <= days(c->value).us ||
           lint_miss(c, "it is valid for longer than %lld days", (long long)c->value);
}

static bool validity_min(struct lint_case *c)
{
    return period(c).us >= days(c->value).us ||
           lint_miss(c, "it is valid for less than %lld days", (long long)c->value);
}

static bool not_before_skew(struct lint_case *c)
{
    int64_t skew = instant_since(c->tbs.not_before, c->in->now).us;

    return (skew < 0 ? -skew : skew) <= seconds(c->value * 3600).us ||
           lint_miss(c, "notBefore is more than %lld hours from now", (long long)c->value);
}

static bool begins_with_issuer(struct lint_case *c)
{
    return !c->in->ca || !instant_before(c->tbs.not_before, c->in->ca->not_before) ||
           lint_miss(c, "it begins before the authority's certificate");
}

static bool within_issuer(struct lint_case *c)
{
    return !c->in->ca || !instant_before(c->in->ca->not_after, c->tbs.not_after) ||
           lint_miss(c, "it ends after the authority's certificate");
}

static bool time_fits(struct instant at, unsigned tag)
{
    static const struct instant first_of_2050 = { INT64_C(2524608000) * 1000000 };

    return tag == (instant_before(at, first_of_2050) ? DER_UTC_TIME : DER_GENERALIZED_TIME);
}

static bool time_encoding(struct lint_case *c)
{
    return (time_fits(c->tbs.not_before, c->tbs.not_before_tag) &&
            time_fits(c->tbs.not_after, c->tbs.not_after_tag)) ||
           lint_miss(c, "a time is no UTCTime through 2049, or no GeneralizedTime later");
}

/* For ever (RFC 5280 4.1.2.5) is nothing that anybody may be certified for. */
static bool time_certain(struct lint_case *c)
{
    static const struct instant end_of_9999 = { INT64_C(253402300799) * 1000000 };

    return c->tbs.not_after.us != end_of_9999.us || lint_miss(c, "it never ends");
}

// clang-format off
const struct lint validity_lints[] = {
    { "validity_order",     "RFC 5280 4.1.2.5", LINT_ALL,             ALWAYS, NULL, 0,  validity_order },
    { "validity_max",       "BR 6.3.2",         LINT_LEAF,            ASKED,  "d",  0,  validity_max },
    { "not_before_skew",    "BR 7.1.2.7",       LINT_UNLOGGED | LINT_PRECERT | LINT_OCSP, ALWAYS, "h", 48, not_before_skew },
    { "logged_in_time",     "BR 7.1.2.7",       LINT_LOGGED,          ALWAYS, "h",  48, not_before_skew },
    { "root_validity_max",  "BR 7.1.2.1.1",     LINT_ROOT,            ASKED,  "d",  0,  validity_max },
    { "root_validity_min",  "BR 7.1.2.1.1",     LINT_ROOT,            ASKED,  "d",  0,  validity_min },
    { "root_not_before",    "BR 7.1.2.1.1",     LINT_ROOT,            ASKED,  "h",  24, not_before_skew },
    { "begins_with_issuer", "BR 7.1.2.7",       LINT_ISSUED,          ALWAYS, NULL, 0,  begins_with_issuer },
    { "within_issuer",      "BR 7.1.2.7",       LINT_ISSUED,          ALWAYS, NULL, 0,  within_issuer },
    { "time_encoding",      "RFC 5280 4.1.2.5", LINT_ALL,             ALWAYS, NULL, 0,  time_encoding },
    { "time_certain",       "RFC 5280 4.1.2.5", LINT_ALL,             ALWAYS, NULL, 0,  time_certain },
    { 0 },
};
// clang-format on
