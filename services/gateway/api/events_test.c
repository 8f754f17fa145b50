#include "api/events.h"

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/event_feed.h"
#include "message/json.h"
#include "store/script.h"
#include "testing/database.h"
#include "testing/patience.h"

static struct arena arena;
static struct database *database;
static struct script *admin, *other;
static struct store_options options;
static struct store *store;

/* ---- a call that is answered here */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

struct feed_call {
    struct call call;
    void (*before)(void); /* the answer; may be NULL */
    bool done;
    char said[4096]; /* ids, each with a space behind it; or the fault's field */
    char cursor[64];
};

static void asked_finish(struct call *call, const ProtobufCMessage *answer)
{
    struct feed_call *a = call->door;
    const EventFeed *feed = (const EventFeed *)answer;
    if (a->before)
        a->before();
    pthread_mutex_lock(&lock);
    if (!answer)
        snprintf(a->said, sizeof a->said, "%s", call->fault.field);
    for (size_t i = 0; answer && i < feed->n_events; i++)
        snprintf(a->said + strlen(a->said), sizeof a->said - strlen(a->said), "%lld ",
                 (long long)feed->events[i]->id);
    if (answer)
        snprintf(a->cursor, sizeof a->cursor, "%s", feed->cursor);
    a->done = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void ignore(const EventFeed *answer, void *data)
{
    (void)answer, (void)data;
}

static void ask_then(struct feed_call *a, void (*before)(void), int64_t account_id,
                     const char *after, int64_t wait, int64_t limit)
{
    EventQuery in = EVENT_QUERY__INIT;
    *a = (struct feed_call){ .call = { .finish = asked_finish, .door = a }, .before = before };
    arena_init(&a->call.arena);
    a->call.actor.account_id = account_id;
    in.after = after ? arena_strdup(&arena, after) : NULL;
    in.has_wait = in.has_limit = true;
    in.wait = wait;
    in.limit = limit;
    events_service.list(&events_service, &in, ignore, &a->call);
}

static void ask(struct feed_call *a, int64_t account_id, const char *after, int64_t wait,
                int64_t limit)
{
    ask_then(a, NULL, account_id, after, wait, limit);
}

static const char *await(struct feed_call *a)
{
    await_under(&lock, &changed, a->done);
    arena_free(&a->call.arena);
    return a->said;
}

static const char *seen(int64_t account_id, const char *after, int64_t limit, char cursor[64])
{
    struct feed_call *a = arena_new(&arena, struct feed_call);
    ask(a, account_id, after, 0, limit);
    await(a);
    snprintf(cursor, 64, "%s", a->cursor);
    return a->said;
}

/* ---- the database */

static void run(struct script *s, const char *sql)
{
    struct fault f = { 0 };
    if (!script_run(s, sql, &f))
        fail_msg("%s: %s", sql, f.detail);
}

static void happen(struct script *s, int id, int account_id)
{
    run(s, arena_format(&arena,
                        "INSERT INTO event (id, account_id, name, order_id, instant, at) "
                        "OVERRIDING SYSTEM VALUE VALUES (%d, %d, 'order_rejected', 7, false, "
                        "'2026-01-01')",
                        id, account_id));
}

static bool is_settled(void)
{
    const char *settled = "";
    struct fault f = { 0 };
    if (!script_ask(admin, &arena,
                    "SELECT max(xid::text::bigint) < "
                    "pg_snapshot_xmin(pg_current_snapshot())::text::bigint FROM event",
                    NULL, 0, &settled, &f))
        fail_msg("%s", f.detail);
    return strcmp(settled, "t") == 0;
}

/* Other tests share the server, and their transactions hold the feed back. */
static void settle(void)
{
    await_that(is_settled());
}

static int begin(void **state)
{
    struct fault f = { 0 };
    (void)state;
    arena_init(&arena);
    database = database_new("db/migrations");
    admin = script_open((struct secret){ database_url(database, NULL) }, &f);
    other = script_open((struct secret){ database_url(database, NULL) }, &f);
    options = (struct store_options){ .url = { database_url(database, "gateway") },
                                      .prepare = true,
                                      .timeout = patience(),
                                      .application = "events_test" };
    store = store_new(&options);
    store_set_mine(store);
    feed_open(&(struct feed_options){
        .store = &options, .every = milliseconds(50), .waiters = 4, .waiters_per_account = 3 });
    return admin && other ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    feed_close();
    store_set_mine(NULL);
    store_free(store);
    script_close(other);
    script_close(admin);
    database_free(database);
    arena_free(&arena);
    return 0;
}

/* ---- the tests */

static void cursors_come_back(void **state)
{
    static const char *const bad[] = { "x",
                                       "AQ",
                                       "////",
                                       "AgAAAAAAAAAAAAAAAAAAAAA",
                                       "AQAAAAAAAAAA__________8",
                                       "AQAAAAAAAAABAAAAAAAAAAE=",
                                       " AQAAAAAAAAABAAAAAAAAAAE" };
    uint64_t xid;
    int64_t id;
    (void)state;
    assert_true(event_cursor_read(&arena, event_cursor_write(&arena, UINT64_MAX - 5, INT64_MAX),
                                  &xid, &id));
    assert_true(xid == UINT64_MAX - 5 && id == INT64_MAX);
    assert_true(event_cursor_read(&arena, "AQAAAAAAAAABAAAAAAAAAAE", &xid, &id));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (event_cursor_read(&arena, bad[i], &xid, &id))
            fail_msg("%s", bad[i]);
}

static void pages_lead_to_the_end(void **state)
{
    char cursor[64];
    (void)state;
    for (int id = 1; id <= 5; id++)
        happen(admin, id, 900);
    happen(admin, 6, 901);
    settle();
    assert_string_equal(seen(900, NULL, 2, cursor), "1 2 ");
    assert_string_equal(seen(900, cursor, 2, cursor), "3 4 ");
    assert_string_equal(seen(900, cursor, 2, cursor), "5 ");
    assert_string_equal(seen(900, cursor, 2, cursor), "");
    assert_string_equal(seen(900, cursor, 2, cursor), "");
    assert_string_equal(seen(901, cursor, 2, cursor), "6 ");
    assert_string_equal(seen(902, NULL, 2, cursor), "");
}

/* What commits late comes late, and in front of nothing that was handed out. */
static void late_commits_are_not_missed(void **state)
{
    char cursor[64];
    (void)state;
    run(other, "BEGIN");
    happen(other, 10, 900);
    happen(admin, 11, 900);
    assert_string_equal(seen(900, NULL, 10, cursor), "");
    run(other, "COMMIT");
    settle();
    assert_string_equal(seen(900, cursor, 10, cursor), "10 11 ");
    run(other, "BEGIN");
    run(other, "INSERT INTO account (name, status, dcv_scope, created_at)"
               " VALUES ('A', 'active', 'fqdn', '2026-01-01')"); /* draws its number now */
    happen(admin, 12, 900);
    happen(other, 13, 900);
    assert_string_equal(seen(900, cursor, 10, cursor), "");
    run(other, "COMMIT");
    settle();
    assert_string_equal(seen(900, cursor, 10, cursor), "13 12 ");
}

static void a_cursor_from_elsewhere_is_refused(void **state)
{
    char cursor[64];
    (void)state;
    assert_string_equal(seen(900, event_cursor_write(&arena, UINT64_MAX >> 1, 1), 1, cursor),
                        "after");
    assert_string_equal(seen(900, "nonsense", 1, cursor), "after");
    assert_string_equal(seen(900, NULL, 1001, cursor), "limit");
}

static void who_waits_is_told(void **state)
{
    struct feed_call first, second, stranger, early;
    char cursor[64];
    (void)state;
    happen(admin, 1, 900);
    settle();
    seen(900, NULL, 10, cursor);
    ask(&first, 900, cursor, 30, 10);
    ask(&second, 900, cursor, 30, 1);
    ask(&stranger, 901, NULL, 30, 10);
    ask(&early, 900, cursor, 1, 10);
    assert_string_equal(await(&early), "");
    assert_string_equal(early.cursor, cursor);
    run(admin, "BEGIN");
    happen(admin, 2, 900);
    happen(admin, 3, 900);
    run(admin, "COMMIT");
    assert_string_equal(await(&first), "2 3 ");
    assert_string_equal(await(&second), "2 ");
    assert_false(stranger.done);
    feed_close();
    assert_string_equal(await(&stranger), "");
    ask(&stranger, 901, NULL, 30, 10);
    assert_string_equal(await(&stranger), "");
}

static void there_is_room_for_so_many(void **state)
{
    struct feed_call a[5];
    struct call extra = { 0 };
    EventPosition p = EVENT_POSITION__INIT;
    (void)state;
    for (int i = 0; i < 3; i++)
        ask(&a[i], 900, NULL, 30, 10);
    arena_init(&extra.arena);
    extra.actor.account_id = 900;
    p.after_xid = (char[]){ "0" };
    assert_int_equal(feed_wait(&extra, &p, tick_after(patience())), FEED_CROWDED);
    ask(&a[3], 901, NULL, 30, 10);
    extra.actor.account_id = 902;
    assert_int_equal(feed_wait(&extra, &p, tick_after(patience())), FEED_BUSY);
    arena_free(&extra.arena);
    feed_close();
    for (int i = 0; i < 4; i++)
        assert_string_equal(await(&a[i]), "");
}

static void *close_thread(void *arg)
{
    (void)arg;
    feed_close();
    return NULL;
}

static pthread_t closer;

/* On the feed's own thread: closed after a look, before the next. */
static void feed_closes(void)
{
    struct call probe = { 0 };
    EventPosition p = EVENT_POSITION__INIT;
    pthread_create(&closer, NULL, close_thread, NULL);
    probe.actor.account_id = 900;
    arena_init(&probe.arena);
    while (feed_wait(&probe, &p, tick_after(patience())) == FEED_CROWDED)
        patience_nap();
    arena_free(&probe.arena);
}

static void who_waits_is_answered_whenever_the_feed_closes(void **state)
{
    struct feed_call waiting[3];
    struct feed_call first;
    (void)state;
    for (int i = 0; i < 3; i++)
        ask(&waiting[i], 900, NULL, 30, 10);
    ask_then(&first, feed_closes, 901, NULL, 1, 10);
    assert_string_equal(await(&first), "");
    pthread_join(closer, NULL);
    for (int i = 0; i < 3; i++)
        assert_string_equal(await(&waiting[i]), "");
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(cursors_come_back),
        FRESH(pages_lead_to_the_end),
        FRESH(late_commits_are_not_missed),
        FRESH(a_cursor_from_elsewhere_is_refused),
        FRESH(who_waits_is_told),
        FRESH(there_is_room_for_so_many),
        FRESH(who_waits_is_answered_whenever_the_feed_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
