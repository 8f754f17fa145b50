/* What is heavy or slow, and those that could share a statement with it. */
#include "store/committer_rig.h"

STATEMENT(echo_thrice, row, row, true, SQL_MANY,
          "SELECT id, text FROM unnest($1, $2) t(id, text), generate_series(1, 3)", "id", "text",
          NULL);
/* Tells each item how many shared its statement; what has hundreds of rows does not end by itself. */
STATEMENT(weighed, sample, row, true, SQL_MANY,
          "SELECT id, (count(*) OVER ())::text AS text FROM unnest($1) AS t (id)"
          " CROSS JOIN (SELECT pg_sleep(CASE WHEN count(*) > 256 THEN 3600 ELSE 0 END)"
          " FROM unnest($2)) s",
          "id", "parts.name", NULL);
/* The same of items that have no lists; the first item never ends. */
STATEMENT(crowd, row, row, true, SQL_MANY,
          "SELECT id, (count(*) OVER ())::text AS text FROM unnest($1) AS t (id)"
          " WHERE id <> 1 OR pg_sleep(3600) IS NOT NULL",
          "id", NULL);

/* The committer's only thread stays here until the test lets it go, whatever a statement's time is. */
static bool held;

static void held_done(struct commit *c, const struct rows *rows, const struct fault *fault)
{
    pthread_mutex_lock(&lock);
    while (held)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
    done(c, rows, fault);
}

static void let_go(void)
{
    pthread_mutex_lock(&lock);
    held = false;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
}

/* Anew and held: `most` items of a statement, which has a second. */
static void restart_hasty(int most)
{
    const char *hasty = "options='-c statement_timeout=1s'";
    const char *url = arena_format(&arena, "%s %s", database_url(database, NULL), hasty);
    const struct store_options options = { .url = { url }, .prepare = true, .timeout = patience() };

    if (gatekeeper)
        open_gate();
    committer_free(committer);
    committer = committer_start(&options, 1, most);
    finished = 0;
    held = true;
    items[0] = (struct item){ .in = row_of(0, NULL) };
    items[0].commit = (struct commit){ .sql = &echo_thrice,
                                       .in = &items[0].in.base,
                                       .key = "id",
                                       .done = held_done,
                                       .context = &items[0] };
    must(committer_put(committer, &items[0].commit, &f));
}

static void put_weighed(int i, Sample *in, size_t parts, int64_t account_id)
{
    static Part part;
    static char name[] = "part";

    part__init(&part);
    part.name = name;
    sample__init(in);
    in->has_id = true;
    in->id = i;
    in->parts = arena_array(&arena, Part *, parts);
    while (in->n_parts < parts)
        in->parts[in->n_parts++] = &part;
    items[i] = (struct item){ .number = i };
    items[i].commit = (struct commit){ .sql = &weighed,
                                       .in = &in->base,
                                       .key = "id",
                                       .account_id = account_id,
                                       .done = done,
                                       .context = &items[i] };
    must(committer_put(committer, &items[i].commit, &f));
}

/* Wherever it stands among them: they share a statement, and it has one of its own. */
static void a_heavy_item_delays_only_itself(void **state)
{
    static Sample in[33];

    (void)state;
    for (int heavy = 1; heavy <= 32; heavy += 31) {
        restart_hasty(32);
        for (int i = 1; i <= 32; i++)
            put_weighed(i, &in[i], i == heavy ? 1000 : 4, 0);
        let_go();
        wait_for(33);
        for (int i = 1; i <= 32; i++) {
            assert_int_equal(items[i].fault.code, i == heavy ? FAULT_TOO_SLOW : FAULT_NONE);
            if (i != heavy)
                assert_string_equal(items[i].first_text, "31");
        }
        assert_int_equal(order[heavy == 1 ? 1 : 32], heavy);
    }
}

/* Whoever fills the queue waits behind others who come later with less. */
static void accounts_take_turns(void **state)
{
    static const int expected[] = { 0, 1, 4, 2, 3 };
    static Sample in[5];

    (void)state;
    restart_hasty(32);
    for (int i = 1; i <= 3; i++)
        put_weighed(i, &in[i], 200, 100);
    put_weighed(4, &in[4], 100, 200);
    let_go();
    wait_for(5);
    assert_memory_equal(order, expected, sizeof expected);
}

/* What was in it goes alone; the others go by halves, then by one more each time. */
static void a_slow_batch_makes_the_next_ones_smaller(void **state)
{
    (void)state;
    restart_hasty(8);
    for (int i = 1; i <= 24; i++)
        put(i, &crowd, i);
    let_go();
    wait_for(25);
    for (int i = 1; i <= 8; i++) {
        assert_int_equal(items[i].fault.code, i == 1 ? FAULT_TOO_SLOW : FAULT_NONE);
        if (i != 1)
            assert_string_equal(items[i].first_text, "1");
    }
    for (int i = 9; i <= 24; i++) /* of two batches of eight: 4 and 4, then 5 and 3 */
        assert_string_equal(items[i].first_text, i <= 16 ? "4" : i <= 21 ? "5" : "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATED(a_heavy_item_delays_only_itself),
        GATED(accounts_take_turns),
        GATED(a_slow_batch_makes_the_next_ones_smaller),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
