/* What the lints of one certificate cost, in nanoseconds of one thread: those in force today for a public leaf with a
 * name or with 250, and for a root, which somebody signs once.
 *
 *     make V=release build/release/bench/lints && build/release/bench/lints
 */
#include <time.h>

#include "lints/trip_rules.h"
#include "lints/trips.h"

static struct arena arena;
static struct trip_rules rules;

static const char *names(size_t count)
{
    struct text t;

    text_init(&t, &arena);
    text_add(&t, "+SAN seq{$san");
    for (size_t i = 2; i < count; i++)
        text_format(&t, " [2]'host%zu.example.com'", i);
    text_add(&t, "}");
    return t.data;
}

static int64_t spent(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool measure(const char *what, const char *profile, const char *changes, int64_t rounds)
{
    struct lint_rule all[TRIP_RULES_MAX];
    struct instant now = clock_now();
    struct lint_outcome out;
    struct fault f = { 0 };
    struct trip trip;

    trip_of(&arena, profile, changes, 0, now, &trip);
    size_t count = trip_rules_at(&rules, trip.profile->rule_scope, now, all);
    struct lint_plan *plan = lint_plan_new(trip.profile, all, count, &f);
    bool good = plan && lint_run(plan, &trip.input, &out, &f);
    if (good) {
        int64_t begun = spent();
        for (int64_t i = 0; i < rounds; i++)
            lint_run(plan, &trip.input, &out, &f);
        printf("%-24s %4zu lints %8lld ns\n", what, out.held,
               (long long)((spent() - begun) / rounds));
    } else {
        fprintf(stderr, "%s: %s %s\n", what, f.field, f.detail);
    }
    lint_plan_free(plan);
    return good;
}

int main(void)
{
    arena_init(&arena);
    trip_rules_read(&arena, &rules);
    bool good = measure("leaf, P-256, 2 names", "tls-dv", "", 20000) &&
                measure("leaf, RSA-2048, 2 names", "tls-dv", "spki rsa:2048", 20000) &&
                measure("leaf, P-256, 250 names", "tls-dv", names(250), 1000) &&
                measure("root, P-384", "ca-root", "", 1000);
    arena_free(&arena);
    return good ? 0 : 1;
}
