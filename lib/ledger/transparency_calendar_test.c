/* Rules of how many logs a certificate needs, on their days: what is chosen from logs of all kinds. */
#include "tests/calendar.h"

#include "ledger/transparency.h"
#include "testing/database.h"
#include "testing/patience.h"

enum { LOGS = 12 };

static struct arena arena;
static struct database *database;
static struct script *admin;

/* So many logs, of so many operators, so many of RFC 6962. */
static size_t chosen_of(const struct ct_need *need, size_t operators, size_t rfc6962)
{
    struct ct_log logs[LOGS];
    const struct ct_log *have[LOGS];
    bool chosen[LOGS];
    for (size_t i = 0; i < LOGS; i++) {
        logs[i] = (struct ct_log){
            .operator_name = arena_format(&arena, "%zu", i < operators ? i : operators - 1),
            .tiled = i >= rfc6962,
        };
        have[i] = &logs[i];
    }
    return ct_choose(need, have, LOGS, chosen);
}

/* No rule of the day: none is needed, and nothing can be issued that is to be logged. */
static struct ct_need need_of(const Rule *r, struct instant at, int64_t lifetime)
{
    const struct policy *p = NULL;
    struct ct_need need = { 0 };
    struct fault f = { 0 };
    if (!policy_version_get(calendar.world, &p, &f))
        fail_msg("%s", f.detail);
    if (!ct_needed(p, r->scope, at, instant_add(at, days(lifetime)), at, &need, &f))
        assert_int_equal(f.code, FAULT_UNAVAILABLE);
    return need;
}

static const char *number(size_t n)
{
    return n > 0 ? arena_format(&arena, "%zu", n) : "";
}

static const char *scts_short(const Rule *r, struct instant at)
{
    struct ct_need need = need_of(r, at, 90);
    return number(chosen_of(&need, LOGS, LOGS));
}

static const char *scts_long(const Rule *r, struct instant at)
{
    struct ct_need need = need_of(r, at, 181);
    return number(chosen_of(&need, LOGS, LOGS));
}

/* The fewest that are enough. */
static const char *operators(const Rule *r, struct instant at)
{
    struct ct_need need = need_of(r, at, 90);
    size_t n = need.scts > 0;
    while (need.scts > 0 && n < LOGS && !chosen_of(&need, n, LOGS))
        n++;
    return number(n);
}

static const char *rfc6962(const Rule *r, struct instant at)
{
    struct ct_need need = need_of(r, at, 90);
    size_t n = 0;
    while (need.scts > 0 && n < LOGS && !chosen_of(&need, LOGS, n))
        n++;
    return number(n);
}

static const struct calendar_probe probes[] = {
    { "ct.scts.le180", scts_short, "5" },
    { "ct.scts.gt180", scts_long, "5" },
    { "ct.operators", operators, "3" },
    { "ct.rfc6962", rfc6962, "2" },
    { 0 },
};

int main(void)
{
    struct fault f;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin)
        return 1;
    calendar_open(&arena, admin);
    struct store_options options = { .url = { database_url(database, "issuer") },
                                     .prepare = true,
                                     .timeout = patience(),
                                     .application = "transparency_calendar_test" };
    struct store *store = store_new(&options);
    store_set_mine(store);
    int failed = calendar_tests("lib/ledger/transparency_calendar_test.c", probes);
    store_set_mine(NULL);
    store_free(store);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return failed;
}
