/* Whoever waits has an open task with an owner, or a job: after everything that can happen to an order, in every
 * state that the schema allows, by the statements of the programs and as their roles. */
#include "scheduler.pb-c.h"
#include "tests/states_event.h"

enum { EVENTS = sizeof events / sizeof *events - 1, BEGINNINGS = 6, WALKS = 42, STEPS = 30 };

static int effects[EVENTS];
static const char *adrift, *visit; /* the question, and what notes the states that there are */

/* ---- one event, and what must hold after it */

#define TWICE                                                                                      \
    "SELECT coalesce(string_agg(o.id::text, ' '), '') FROM orders o WHERE"                         \
    " (SELECT count(*) FROM certificate c WHERE c.order_id = o.id) <> (o.status = 'issued')::int"  \
    " OR (SELECT count(*) FROM issuance x WHERE x.request_id = o.request_id AND x.state = "        \
    "'issued') <> (o.status = 'issued')::int"

static const char *orders_adrift(void)
{
    return ask(arena_format(
        &arena, "SELECT coalesce(string_agg(id || ' ' || status, ', '), '') FROM (%s) a",
        filled(adrift)));
}

static void event(const struct event *e, const char *way)
{
    effects[e - events] += happens(e);
    if (*orders_adrift())
        fail_msg("adrift after %s of \"%s\": %s", e->name, way, orders_adrift());
    if (*ask(TWICE))
        fail_msg("not exactly one certificate after %s of \"%s\": %s", e->name, way, ask(TWICE));
}

static const struct event *event_find(const char *name, size_t length)
{
    for (const struct event *e = events; e->name; e++)
        if (strlen(e->name) == length && !strncmp(e->name, name, length))
            return e;
    fail_msg("there is no event %.*s", (int)length, name);
    return NULL;
}

/* Goes it; each of its events must change something, or must not. */
static void go(const char *way)
{
    for (const char *at = way; *at; at += strspn(at, " ")) {
        bool idle = *at == '-';
        at += idle;
        size_t length = strcspn(at, " ");
        const struct event *e = event_find(at, length);
        int before = effects[e - events];
        event(e, way);
        run_sql(filled(visit));
        if ((effects[e - events] == before) != idle)
            fail_msg("%s of \"%s\" changed %sthing", e->name, way, idle ? "some" : "no");
        at += length;
    }
}

static const char *end_of_way(void)
{
    return ask(
        filled("SELECT concat_ws(' ', o.status, r.status || ',',"
               "       (SELECT string_agg(x.state, ' ' ORDER BY x.id) FROM issuance x WHERE "
               "x.request_id = r.id))"
               "       || ',' || coalesce((SELECT string_agg(' ' || j.lane, '') FROM job j"
               "                            WHERE j.id IN ({job}, {look}, {caa}, {ct})), '')"
               "  FROM orders o JOIN request r ON r.id = o.request_id WHERE o.id = {order}"));
}

/* ---- tests */

static void every_way_ends_as_it_should(void **state)
{
    (void)state;
    for (const struct way *w = ways; w->events; w++) {
        order_begin();
        go(w->events);
        if (strcmp(end_of_way(), w->end) != 0)
            complain(w->events, "ends otherwise", end_of_way());
    }
    assert_int_equal(faults, 0);
}

static void every_event_has_happened(void **state)
{
    (void)state;
    for (int i = 0; i < EVENTS; i++)
        if (!effects[i])
            complain(events[i].name, "never happened", "a way must lead there");
    assert_int_equal(faults, 0);
}

static bool is_ahead(const char *value)
{
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++)
        if (!strcmp(ahead[i], value))
            return true;
    return false;
}

/* What the catalogue allows has been visited, but for what lies ahead, which has not. */
static void every_state_was_visited(void **state)
{
    (void)state;
    int64_t count = strtoll(ask("SELECT count(*) FROM allowed"), NULL, 10);
    assert_true(count > 30);
    for (int64_t i = 0; i < count; i++) {
        const char *value = ask(arena_format(
            &arena, "SELECT value FROM allowed ORDER BY value OFFSET %lld LIMIT 1", (long long)i));
        bool visited =
            *ask(arena_format(&arena, "SELECT value FROM visited WHERE value = '%s'", value));
        if (!visited && !is_ahead(value))
            complain(value, "never visited", "a way must lead there");
        if (visited && is_ahead(value))
            complain(value, "visited", "it lies no longer ahead");
    }
    assert_int_equal(faults, 0);
}

/* The same numbers each time, so that what is found is found again. */
static uint64_t chance(uint64_t below)
{
    static uint64_t last = 20260101;
    last = last * 6364136223846793005U + 1442695040888963407U;
    return (last >> 33) % below;
}

/* Where names are not proved, the gateway asks none of these. */
static bool is_asked_for(const struct event *e, const char *placed)
{
    return strcmp(placed, "internal") != 0 || !e->statement ||
           strncmp(e->statement, "order_dcv", strlen("order_dcv")) != 0;
}

/* In any order, sensible or not, from each of the ways to place one. */
static void whatever_comes_in_any_order(void **state)
{
    static const char *const begins[] = { "placed",
                                          "requested",
                                          "internal",
                                          "by_mail",
                                          "token_found placed",
                                          "watched",
                                          "token_found to_be_logged" };
    (void)state;
    for (int i = 0; i < WALKS; i++) {
        struct text way;
        text_init(&way, &arena);
        order_begin();
        text_add(&way, begins[i % 7]);
        go(begins[i % 7]);
        for (int n = 0; n < STEPS; n++) {
            const struct event *e = &events[BEGINNINGS + chance(EVENTS - BEGINNINGS)];
            if (!is_asked_for(e, begins[i % 7]))
                continue;
            text_format(&way, " %s", e->name);
            event(e, way.data);
        }
    }
}

/* ---- the question itself */

static void a_lost_job_is_found(void **state)
{
    static const char *const waits[] = {
        "token_found placed",
        "placed looking not_there",
        "internal claimed",
        "watched looking proved",
        "token_found watched caa_looking caa_forbids",
        "token_found to_be_logged claimed precertified",
        "token_found to_be_logged claimed precertified logs_asked logged"
    };
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        order_begin();
        go(waits[i]);
        run_sql(filled("DELETE FROM job WHERE id IN ({job}, {look}, {caa}, {ct})"));
        assert_string_equal(orders_adrift(), filled("{order} pending"));
        run_sql(filled("SELECT request_advance(ARRAY[{request}::bigint], {sql_now}, NULL)"));
        assert_string_equal(orders_adrift(), "");
    }
}

static void an_approval_that_nobody_is_asked_for_is_found(void **state)
{
    (void)state;
    order_begin();
    go("requested");
    run_sql(filled("UPDATE request SET status = 'approved' WHERE id = {request}"));
    assert_string_equal(orders_adrift(), filled("{order} needs_approval"));
    run_sql(filled("UPDATE request SET status = 'pending' WHERE id = {request}"));
}

/* An end that is refused, since a certificate is under way after all, leaves somebody who tries again. */
static void a_refused_expiry_is_tried_again(void **state)
{
    (void)state;
    order_begin();
    go("internal a_quarter a_quarter a_quarter a_quarter claimed");
    run_sql(filled("INSERT INTO issuance SELECT -id, id, account_id, ca_id, decode(md5('x'), "
                   "'hex'), 0, 'precert_signed', {job}, {epoch}, 1, sha256('x'), '{}', {sql_now}, "
                   "{sql_now}, {sql_now} FROM request WHERE id = {request}"));
    go("past_end");
    assert_string_equal(end_of_way(), "pending approved, precert_signed, issue");
    run_sql(filled("UPDATE issuance SET state = 'ghost' WHERE request_id = {request}"));
    go("claimed past_end");
    assert_string_equal(end_of_way(), "expired approved, ghost,");
}

/* Nor does it matter who stores what proves its name, or for whom. */
static void a_proof_that_nobody_asked_for_is_found(void **state)
{
    (void)state;
    order_begin();
    go("placed minutes tallied looking poll_ended");
    run_sql(filled("INSERT INTO validation (account_id, identifier, method, br_method, "
                   "completed_at, evidence) VALUES ({account}, 'n{order}.example', "
                   "'dns-txt-token', '3.2.2.4.7', {sql_now}, '{}')"));
    assert_string_equal(orders_adrift(), "");
    go("looking poll_ended claimed issued");
}

/* A job that is lost all the same is missed by the calendar (services/scheduler/jobs/expire.c). */
static void the_calendar_finds_what_was_lost(void **state)
{
    (void)state;
    order_begin();
    go("placed minutes tallied looking poll_ended elsewhere");
    run_sql(filled("DELETE FROM job WHERE id = {reuse}"));
    assert_string_equal(orders_adrift(), filled("{order} pending"));
    struct rows page = run_as(NULL, "expire_page",
                              "{\"order_id\": {order_before}, \"room\": 1, \"now\": \"{now}\"}");
    assert_int_equal(page.count, 1);
    assert_true(((const WaitingOrder *)page.items[0])->idle);
    run_as(NULL, "expire_advance", "{\"request_ids\": [{request}], \"now\": \"{now}\"}");
    assert_string_equal(orders_adrift(), "");
    go("claimed issued");
}

/* ---- the world */

static const char world[] =
    "BEGIN; INSERT INTO policy_version (sha256, loaded_at) VALUES (sha256('x'), '2026-01-01');"
    "INSERT INTO policy_active (one, version, activated_at) SELECT true, max(id), '2026-01-01' "
    "FROM "
    "policy_version;"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
    "valid_till,"
    " statement, source)"
    " SELECT version, p, 'TLS', p, v, 'd', 'M', '-infinity', 'infinity', '', ''"
    "   FROM policy_active, (VALUES ('reuse.dcv', '100'), ('random.life', '30'), ('order.pending', "
    "'90'),"
    "                               ('validity.max', '200'), ('validity.advised', '199')) AS r (p, "
    "v);"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
    "valid_till, statement, source)"
    " SELECT version, 'logged ' || id, 'LOGGED', parameter, value, unit, level, valid_from, "
    "valid_till, statement, source FROM policy_rule WHERE scope = 'TLS';"
    "INSERT INTO policy_rule (version, id, scope, parameter, value, unit, level, valid_from, "
    "valid_till, statement, source)"
    " SELECT version, 'web ' || p, 'WEB', p, v, 'd', 'M', '-infinity', 'infinity', '', ''"
    "   FROM (SELECT version, parameter, value FROM policy_rule WHERE scope = 'TLS' UNION ALL"
    "         SELECT version, q, '1' FROM policy_active, (VALUES ('caa.check'), ('caa.window'), "
    "('caa.unheard')) AS c (q)) AS r (version, p, v);"
    "COMMIT;"
    "INSERT INTO authority (id, name, key_label, key_type, der, public, may_sign, created_at)"
    " VALUES ('AAAAAAAAAAAAAAAA', 'P', 'p', 'ec', '', true, true, '2026-01-01'),"
    " ('BBBBBBBBBBBBBBBB', 'Q', 'q', 'ec', '', false, true, '2026-01-01');"
    /* What a column may be is what its CHECK lists; which kinds of task there are is a table. */
    "CREATE TABLE visited (value text PRIMARY KEY);"
    "CREATE TABLE allowed AS"
    " SELECT c.conrelid::regclass::text AS of, a.attname::text AS part, c.conrelid::regclass || "
    "'.' || "
    "a.attname || ' ' || v[1] AS value"
    "   FROM pg_constraint c"
    "   JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]"
    "   CROSS JOIN regexp_matches(pg_get_constraintdef(c.oid), '''([a-z_]+)''::text', 'g') v"
    "  WHERE c.contype = 'c' AND a.attname IN ('status', 'state', 'type', 'asked_by')"
    "    AND c.conrelid IN ('orders'::regclass, 'request'::regclass, 'issuance'::regclass,"
    "                       'challenge'::regclass, 'email_invitation'::regclass, "
    "'order_apart'::regclass)"
    " UNION ALL SELECT NULL, NULL, 'task ' || kind || ' ' || owner FROM task_kind"
    " UNION ALL VALUES (NULL, NULL, 'task dcv ca'), (NULL, NULL, 'task caa customer')";

#define VISIT                                                                                      \
    "SELECT string_agg(format('INSERT INTO visited SELECT DISTINCT %L || %I FROM %I ON CONFLICT "  \
    "DO NOTHING', of || '.' || part || ' ', part, of), ';')"                                       \
    "  FROM (SELECT DISTINCT of, part FROM allowed WHERE of IS NOT NULL) d"
#define VISIT_TASKS                                                                                \
    "INSERT INTO visited SELECT DISTINCT concat('task ', t.kind, ' ', t.owner) FROM orders o"      \
    " CROSS JOIN LATERAL request_open_task(ARRAY[o.request_id], :now) t WHERE o.status IN "        \
    "('pending', "                                                                                 \
    "'needs_approval') ON CONFLICT DO NOTHING"

/* `text` with `value` in the place of each :now. */
static const char *with_now(const char *text)
{
    struct text out;
    text_init(&out, &arena);
    for (const char *at; (at = strstr(text, ":now")); text = at + 4)
        text_format(&out, "%.*s{sql_now}", (int)(at - text), text);
    text_add(&out, text);
    return out.data;
}

static int open_world(void **state)
{
    struct fault f;
    start(state);
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    if (!admin || !instant_read("2026-02-01", &now))
        return -1;
    run_sql(world);
    here.order = 800000;
    here.request = 600000;
    adrift = with_now(file_text("tests/adrift.sql"));
    visit = arena_format(&arena, "%s;%s", ask(VISIT), with_now(VISIT_TASKS));
    return 0;
}

static int close_world(void **state)
{
    stores_close();
    script_close(admin);
    return stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_ends_as_it_should),
        cmocka_unit_test(every_event_has_happened),
        cmocka_unit_test(every_state_was_visited),
        cmocka_unit_test(whatever_comes_in_any_order),
        cmocka_unit_test(a_refused_expiry_is_tried_again),
        cmocka_unit_test(a_lost_job_is_found),
        cmocka_unit_test(an_approval_that_nobody_is_asked_for_is_found),
        cmocka_unit_test(a_proof_that_nobody_asked_for_is_found),
        cmocka_unit_test(the_calendar_finds_what_was_lost),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
