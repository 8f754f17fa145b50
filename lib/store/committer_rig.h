/* committer_rig - a committer whose only thread waits at a gate while a test puts what it is about.
 * Included by tests only. */
#ifndef STORE_COMMITTER_RIG_H
#define STORE_COMMITTER_RIG_H

#include "store/committer.h"

#include <pthread.h>
#include <stdio.h>

#include "store/fixture_test.h"

/* Waits until the test lets go: what is put meanwhile is queued. */
STATEMENT(gate, row, row, true, SQL_NONE, "SELECT pg_advisory_xact_lock(4711) FROM unnest($1)",
          "id", NULL);

enum { ITEMS = 100 };

struct item {
    struct commit commit;
    Row in;
    struct fault fault;
    int number;
    size_t rows;
    int64_t first_id;
    char first_text[16];
    int done; /* how often */
};

static struct item items[ITEMS];
static struct committer *committer;
static struct script *gatekeeper;
static int order[ITEMS], finished; /* in which order they were done */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;

SHARED void done(struct commit *c, const struct rows *rows, const struct fault *fault)
{
    struct item *item = c->context;

    pthread_mutex_lock(&lock);
    item->done++;
    if (finished < ITEMS)
        order[finished] = item->number;
    finished++;
    if (fault)
        item->fault = *fault;
    else if (rows->count) {
        const Row *row = (const Row *)rows->items[0];

        item->rows = rows->count;
        item->first_id = row->id;
        snprintf(item->first_text, sizeof item->first_text, "%s", row->text);
    }
    pthread_cond_signal(&change);
    pthread_mutex_unlock(&lock);
}

SHARED void wait_for(int count)
{
    pthread_mutex_lock(&lock);
    while (finished < count)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
}

SHARED bool put_item(struct item *item, int number, const struct sql *sql, int64_t id)
{
    *item =
        (struct item){ .number = number, .in = row_of(id, arena_format(&arena, "t%d", number)) };
    item->commit = (struct commit){
        .sql = sql, .in = &item->in.base, .key = "id", .done = done, .context = item
    };
    return committer_put(committer, &item->commit, &f);
}

SHARED void put(int i, const struct sql *sql, int64_t id)
{
    must(put_item(&items[i], i, sql, id));
}

SHARED int begin(void **state)
{
    const struct store_options options = { .url = { database_url(database, NULL) },
                                           .prepare = true,
                                           .timeout = patience() };

    open_store(state);
    finished = 0;
    committer = committer_start(&options, 1, 8);
    gatekeeper = script_open(options.url, &f);
    must(script_run(gatekeeper, "SELECT pg_advisory_lock(4711)", &f));
    put(0, &gate, 0);
    return 0;
}

SHARED void open_gate(void)
{
    script_close(gatekeeper);
    gatekeeper = NULL;
}

SHARED int end(void **state)
{
    script_close(gatekeeper);
    committer_free(committer);
    return close_store(state);
}

#define GATED(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
